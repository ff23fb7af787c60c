//! The program is killed in the middle of an import.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use tokio::task::JoinHandle;
use tonic::{Code, Response, Status};
use trellis_contracts::common::sandbox_service_client::SandboxServiceClient;
use trellis_contracts::common::{JobState, ResetSandboxRequest};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{
    FrameworkTransfer, FrameworkTransferFormat, FrameworkTransferPhase, GetFrameworkTransferRequest,
    ImportFrameworkRequest, ListFrameworksRequest,
};
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{ImportRosterHeader, ImportRosterRequest, RosterFormat, RosterTransfer};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::config::Service;
use trellis_testkit::postgres::Own;
use trellis_testkit::{Backend, Caller, Extra, Setup, Shape, Suite, run};

use super::command;
use super::load::{DISTRICT, until};

pub(crate) fn demonstration(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/trellis/demo").join(file)
}

async fn suite(backend: Backend) -> Suite {
    Suite::with(Setup { backend, shape: Shape::Program, clock: None }).await
}

#[test]
fn a_framework_that_was_being_received_on_sqlite() {
    run(a_framework_that_was_being_received(Backend::Sqlite));
}

#[test]
fn a_framework_that_was_being_received_on_postgres() {
    run(a_framework_that_was_being_received(Backend::Postgres));
}

/// Sends half of a document, and waits until some of it is there; the rest could be sent.
async fn half_received(
    operator: &Caller,
    request_id: &str,
    document: &[u8],
) -> (Answer<FrameworkTransfer>, tokio::sync::mpsc::Sender<ImportFrameworkRequest>) {
    let (send, receive) = tokio::sync::mpsc::channel(4);
    let import = framework(operator, receive);
    for message in messages(request_id, &document[..document.len() / 2]) {
        send.send(message).await.expect("the import listens");
    }
    let half_way = async |transfer: &FrameworkTransfer| transfer.received_size > 0;
    transfer_until(operator, request_id, half_way).await;
    (import, send)
}

async fn a_framework_that_was_being_received(backend: Backend) {
    let mut suite = suite(backend).await;
    let operator = suite.operator(DISTRICT);
    let request_id = RandomIds.next().to_string();
    let document = std::fs::read(demonstration("mockMATH.json")).expect("the document");
    let (import, _open) = half_received(&operator, &request_id, &document).await;
    suite.processes().kill(Service::Outcome);
    import.await.expect("the call ends").expect_err("nobody answered it");
    suite.processes().restart(Service::Outcome).await;
    nothing_is_left_and_it_can_be_imported(&suite, backend, &request_id, &document).await;
}

#[test]
fn a_framework_that_was_being_received_in_a_sandbox_on_sqlite() {
    run(a_framework_that_was_being_received_in_a_sandbox(Backend::Sqlite));
}

#[test]
fn a_framework_that_was_being_received_in_a_sandbox_on_postgres() {
    run(a_framework_that_was_being_received_in_a_sandbox(Backend::Postgres));
}

/// The sandbox is emptied in the middle of an import: what goes on fills it with nothing, and the same request begins
/// anew.
async fn a_framework_that_was_being_received_in_a_sandbox(backend: Backend) {
    let setup = Setup { backend, shape: Shape::Program, clock: None };
    let suite = Suite::started(setup, &Extra { flags: &["--sandbox", DISTRICT], ..Extra::default() }).await;
    let operator = suite.operator(DISTRICT);
    let request_id = RandomIds.next().to_string();
    let document = std::fs::read(demonstration("mockMATH.json")).expect("the document");
    let (import, _open) = half_received(&operator, &request_id, &document).await;
    let reset = ResetSandboxRequest { name: format!("districts/{DISTRICT}"), ..Default::default() };
    SandboxServiceClient::new(operator.clone()).reset_sandbox(reset).await.expect("a reset");
    import.await.expect("the call ends").expect_err("it was told to end");
    let gone = transfer(&operator, &request_id).await.expect_err("nothing is known of it");
    assert_eq!(gone.code(), Code::NotFound);
    let again =
        whole(&operator, &request_id, &document).await.expect("the call ends").expect("it is imported");
    assert_eq!(again.into_inner().state(), JobState::Succeeded);
}

#[test]
fn a_framework_that_was_being_written_on_sqlite() {
    run(a_framework_that_was_being_written(Backend::Sqlite));
}

#[test]
fn a_framework_that_was_being_written_on_postgres() {
    run(a_framework_that_was_being_written(Backend::Postgres));
}

async fn a_framework_that_was_being_written(backend: Backend) {
    let mut suite = suite(backend).await;
    let operator = suite.operator(DISTRICT);
    let request_id = RandomIds.next().to_string();
    let document = std::fs::read(demonstration("mockMATH.json")).expect("the document");
    let import = whole(&operator, &request_id, &document);
    let writing = async |transfer: &FrameworkTransfer| transfer.phase() == FrameworkTransferPhase::Writing;
    transfer_until(&operator, &request_id, writing).await;
    suite.processes().kill(Service::Outcome);
    import.await.expect("the call ends").expect_err("nobody answered it");
    suite.processes().restart(Service::Outcome).await;
    nothing_is_left_and_it_can_be_imported(&suite, backend, &request_id, &document).await;
}

async fn nothing_is_left_and_it_can_be_imported(
    suite: &Suite,
    backend: Backend,
    request_id: &str,
    document: &[u8],
) {
    let operator = suite.operator(DISTRICT);
    let mut frameworks = FrameworkServiceClient::new(operator.clone());
    let all =
        ListFrameworksRequest { parent: format!("districts/{DISTRICT}"), ..ListFrameworksRequest::default() };
    let left = frameworks.list_frameworks(all.clone()).await.expect("a page").into_inner().frameworks;
    assert!(left.is_empty(), "{} half-written frameworks", left.len());
    let abandoned = transfer(&operator, request_id).await.expect("it is known").into_inner();
    if backend == Backend::Sqlite {
        // Elsewhere it may run in another process, until that has been silent for a minute.
        assert_eq!(abandoned.state(), JobState::Failed, "{abandoned:?}");
    }
    let again = whole(&operator, request_id, document).await.expect("the call ends").expect("it is imported");
    assert_eq!(again.into_inner().state(), JobState::Succeeded);
    let new = RandomIds.next().to_string();
    let new = whole(&operator, &new, document).await.expect("the call ends").expect("it is imported");
    assert!(!new.get_ref().changed, "nothing was missing: {new:?}");
    let there = frameworks.list_frameworks(all).await.expect("a page").into_inner().frameworks;
    assert_eq!(there.len(), 1);
    if backend == Backend::Sqlite {
        assert_eq!(command::check(suite.directory()).await, Vec::<String>::new());
    }
}

/// Looks at a transfer until it is as wanted.
async fn transfer_until(
    operator: &Caller,
    request_id: &str,
    wanted: impl AsyncFn(&FrameworkTransfer) -> bool,
) {
    loop {
        if let Ok(transfer) = transfer(operator, request_id).await {
            let transfer = transfer.into_inner();
            assert_ne!(transfer.state(), JobState::Succeeded, "it was over before it could be killed");
            if wanted(&transfer).await {
                return;
            }
        }
    }
}

pub(crate) async fn transfer(
    operator: &Caller,
    request_id: &str,
) -> Result<Response<FrameworkTransfer>, Status> {
    let name = format!("districts/{DISTRICT}/frameworkTransfers/{request_id}");
    let request = GetFrameworkTransferRequest { name };
    FrameworkTransferServiceClient::new(operator.clone()).get_framework_transfer(request).await
}

pub(crate) type Answer<T> = JoinHandle<Result<Response<T>, Status>>;

/// Imports what comes from a channel.
pub(crate) fn framework(
    operator: &Caller,
    messages: tokio::sync::mpsc::Receiver<ImportFrameworkRequest>,
) -> Answer<FrameworkTransfer> {
    let mut client = FrameworkTransferServiceClient::new(operator.clone());
    let messages = tokio_stream::wrappers::ReceiverStream::new(messages);
    tokio::spawn(async move { client.import_framework(messages).await })
}

pub(crate) fn whole(operator: &Caller, request_id: &str, document: &[u8]) -> Answer<FrameworkTransfer> {
    let mut client = FrameworkTransferServiceClient::new(operator.clone());
    let messages = tokio_stream::iter(messages(request_id, document));
    tokio::spawn(async move { client.import_framework(messages).await })
}

pub(crate) fn messages(request_id: &str, document: &[u8]) -> Vec<ImportFrameworkRequest> {
    let first = ImportFrameworkRequest {
        parent: format!("districts/{DISTRICT}"),
        format: FrameworkTransferFormat::CaseJson.into(),
        request_id: request_id.to_owned(),
        ..ImportFrameworkRequest::default()
    };
    let chunks = document
        .chunks(256 * 1024)
        .map(|chunk| ImportFrameworkRequest { chunk: chunk.to_vec().into(), ..Default::default() });
    std::iter::once(first).chain(chunks).collect()
}

#[test]
fn a_roster_that_was_being_written_on_sqlite() {
    run(async {
        let mut suite = suite(Backend::Sqlite).await;
        let operator = suite.operator(DISTRICT);
        let (request_id, archive) = (RandomIds.next().to_string(), archive());
        let journal = suite.directory().join("profile.db-wal");
        let size = || std::fs::metadata(&journal).map_or(0, |journal| journal.len());
        let before = size();
        let import = roster(&operator, &request_id, &archive);
        // The journal grows while the transaction is written: it is the only one there is.
        while size() <= before {
            tokio::task::yield_now().await;
        }
        suite.processes().kill(Service::Profile);
        import.await.expect("the call ends").expect_err("nobody answered it");
        suite.processes().restart(Service::Profile).await;
        let people = async || command::rows(suite.directory(), "profile", "people").await;
        let left = people().await;
        assert!(left == 0 || left == 2901, "{left} people are half a roster");
        whole_roster_can_be_imported(&suite, &request_id, &archive).await;
        assert_eq!(people().await, 2901);
        assert_eq!(command::check(suite.directory()).await, Vec::<String>::new());
    });
}

#[test]
fn a_roster_that_was_being_written_on_postgres() {
    run(async {
        let cluster = Own::start();
        let directory = tempfile::tempdir().expect("a directory for the suite");
        let mut suite = Suite::troubled(directory, Some(cluster.database()), &Extra::default()).await;
        let database = suite.database_url().and_then(|url| url.rsplit('/').next()).expect("a database");
        let database = database.to_owned();
        let operator = suite.operator(DISTRICT);
        let (request_id, archive) = (RandomIds.next().to_string(), archive());
        // The people are written before the enrolments, at which it is held up.
        let held = cluster.hold(&database, "lock table profile.enrollments in share mode");
        let import = roster(&operator, &request_id, &archive);
        let waiting = || cluster.ask(&database, "select count(*) from pg_locks where not granted");
        until("the import waits for the lock", || waiting() != "0").await;
        suite.processes().kill(Service::Profile);
        import.await.expect("the call ends").expect_err("nobody answered it");
        drop(held);
        suite.processes().restart(Service::Profile).await;
        let people = || cluster.ask(&database, "select count(*) from profile.people");
        assert_eq!(people(), "0", "nothing is half-written");
        whole_roster_can_be_imported(&suite, &request_id, &archive).await;
        assert_eq!(people(), "2901");
    });
}

async fn whole_roster_can_be_imported(suite: &Suite, request_id: &str, archive: &[u8]) {
    let operator = suite.operator(DISTRICT);
    let again = roster(&operator, request_id, archive).await.expect("the call ends").expect("it is imported");
    assert_eq!(again.into_inner().state(), JobState::Succeeded);
    let new = RandomIds.next().to_string();
    let new = roster(&operator, &new, archive).await.expect("the call ends").expect("it is imported");
    let changed: i32 =
        new.get_ref().files.iter().map(|file| file.created + file.updated + file.retired).sum();
    assert_eq!(changed, 0, "nothing was missing: {new:?}");
}

fn roster(operator: &Caller, request_id: &str, archive: &[u8]) -> Answer<RosterTransfer> {
    let messages = tokio_stream::iter(roster_messages(request_id, archive));
    let mut client = RosterTransferServiceClient::new(operator.clone());
    tokio::spawn(async move { client.import_roster(messages).await })
}

pub(crate) fn roster_messages(request_id: &str, archive: &[u8]) -> Vec<ImportRosterRequest> {
    let header = ImportRosterHeader {
        parent: format!("districts/{DISTRICT}"),
        format: RosterFormat::OnerosterCsv.into(),
        time_zone: "America/Toronto".to_owned(),
        request_id: request_id.to_owned(),
        ..ImportRosterHeader::default()
    };
    let first = ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() };
    let chunks = archive
        .chunks(256 * 1024)
        .map(|chunk| ImportRosterRequest { chunk: chunk.to_vec().into(), ..Default::default() });
    std::iter::once(first).chain(chunks).collect()
}

/// The roster of the demonstration as the ZIP that it comes in.
fn archive() -> Vec<u8> {
    archive_with(&[])
}

/// The same, with so much more in a file that is none of a roster's, and is not compressed.
pub(crate) fn archive_with(more: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for entry in std::fs::read_dir(demonstration("grandbend-1.2")).expect("the roster") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "csv") {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("writing to memory");
            archive.write_all(&std::fs::read(&path).expect("a file")).expect("writing to memory");
        }
    }
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("more", stored).expect("writing to memory");
    archive.write_all(more).expect("writing to memory");
    archive.finish().expect("writing to memory").into_inner()
}
