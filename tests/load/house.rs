//! The real program, with data in it.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tempfile::TempDir;
use trellis_contracts::common::{JobState, LocalizedText};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, Framework, FrameworkKind, FrameworkTransferFormat, ImportFrameworkRequest,
};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{ImportRosterHeader, ImportRosterRequest, RosterFormat};
use trellis_kernel::{Clock as _, District, Party, SystemClock, Uuid};
use trellis_suite::tokens::Minter;
use trellis_testkit::{Backend, Role, School, postgres};

use crate::calls::{Client, new_entry};
use crate::process::{Database, Process};

/// The district that is read and written.
pub(crate) const DISTRICT: &str = "bench";
/// The district that real data are imported into.
const GRAND_BEND: &str = "grand-bend";
/// How many entries the learner who is read has.
const ENTRIES: usize = 20;

/// Where the program is, which `make bench` has built.
pub(crate) fn program() -> PathBuf {
    let named = std::env::var_os("BENCH_PROGRAM").expect("BENCH_PROGRAM: run this by `make bench`");
    named.into()
}

/// A suite of this run's own.
pub(crate) struct House {
    program: PathBuf,
    /// Its data, its keys.
    pub(crate) directory: TempDir,
    /// Its PostgreSQL database, if it has one.
    pub(crate) url: Option<String>,
}

/// What there is to read in a district.
pub(crate) struct Filled {
    /// A framework.
    pub(crate) framework: String,
    /// What a learner said of themself.
    pub(crate) entry: String,
}

impl House {
    /// A suite with no data.
    pub(crate) fn new(program: &Path, backend: Backend) -> Self {
        Self {
            program: program.to_owned(),
            directory: tempfile::tempdir().expect("a directory"),
            url: (backend == Backend::Postgres).then(postgres::durable),
        }
    }

    /// Its PostgreSQL, if it has one.
    pub(crate) fn database(&self) -> Option<Database> {
        let port = self.url.as_deref()?.rsplit_once(':')?.1.split_once('/')?.0.parse().ok()?;
        Some(Database::on_port(port))
    }

    /// Serves it, with every setting as it comes but for the rate of a single caller, who makes all calls
    /// here: it is counted, and never too high.
    pub(crate) fn serve(&self) -> Process {
        let known = knows(&self.program, "--caller-rate");
        self.serve_with(if known { &["--caller-rate", "1000000"] } else { &[] })
    }

    /// Serves it with other settings.
    pub(crate) fn serve_with(&self, more: &[&str]) -> Process {
        let directory = self.directory.path().display().to_string();
        let mut arguments = vec!["serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", &directory];
        if let Some(url) = &self.url {
            arguments.extend(["--database-url", url]);
        }
        arguments.extend(more);
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        Process::start(&self.program, &arguments).when_ready()
    }

    fn token(&self, district: &str, party: &Party, role: Role) -> String {
        let minter =
            Minter::open(&self.directory.path().join("keys"), Arc::new(SystemClock)).expect("the issuer");
        let district = District::parse(district).expect("a district");
        minter.mint(&district, party, &role.scopes(), SignedDuration::from_hours(2)).expect("a token")
    }

    /// A client of the district's IT.
    pub(crate) fn operator(&self, process: &Process, district: &str) -> Client {
        Client::new(&process.url(), &self.token(district, &Party::Operator, Role::Operator))
    }

    /// A client of a person of a district's school.
    pub(crate) fn person(&self, process: &Process, district: &str, sourced: &str, role: Role) -> Client {
        let party = Party::Person(person(district, sourced));
        Client::new(&process.url(), &self.token(district, &party, role))
    }

    /// Makes a school with a learner who has said something of themself, and a framework.
    pub(crate) async fn fill(&self, process: &Process, district: &str) -> Filled {
        let roster = School::journey(district, Vec::new(), SystemClock.now()).roster;
        import_roster(&self.operator(process, district), district, roster).await;
        let author = self.person(process, district, "educator", Role::Educator);
        let request = CreateFrameworkRequest {
            parent: format!("districts/{district}"),
            framework: Some(framework()),
            ..Default::default()
        };
        let mut frameworks = FrameworkServiceClient::new(author.any());
        let made = frameworks.create_framework(author.request(request)).await.expect("a framework");
        let learner = self.person(process, district, "learner", Role::Learner);
        let mut entry = String::new();
        for _ in 0..ENTRIES {
            let mut entries = LearnerServiceClient::new(learner.any());
            let request = learner.request(new_entry(&learner_name(district, "learner")));
            entry = entries.create_entry(request).await.expect("an entry").into_inner().name;
        }
        Filled { framework: made.into_inner().name, entry }
    }
}

/// A district's person, by what the roster calls them.
fn person(district: &str, sourced: &str) -> Uuid {
    let district = District::parse(district).expect("a district");
    trellis_suite::roster_id(&district, "people", sourced)
}

/// The name of a learner of a district.
pub(crate) fn learner_name(district: &str, sourced: &str) -> String {
    format!("districts/{district}/learners/{}", person(district, sourced))
}

/// Whether a program has a flag: one of an earlier revision may not.
fn knows(program: &Path, flag: &str) -> bool {
    let help = Command::new(program).args(["serve", "--help"]).output().expect("its help");
    String::from_utf8_lossy(&help.stdout).contains(flag)
}

fn framework() -> Framework {
    Framework {
        kind: FrameworkKind::Competencies.into(),
        title: vec![LocalizedText { language: "en".to_owned(), text: "Competencies".to_owned() }],
        ..Framework::default()
    }
}

/// Imports the real CASE package; how long it took.
pub(crate) async fn import_case(house: &House, process: &Process) -> Duration {
    let case = fs::read(demo("mockMATH.json")).expect("the package");
    let first = ImportFrameworkRequest {
        parent: format!("districts/{GRAND_BEND}"),
        format: FrameworkTransferFormat::CaseJson.into(),
        ..Default::default()
    };
    let chunks = case
        .chunks(256 * 1024)
        .map(|chunk| ImportFrameworkRequest { chunk: chunk.to_vec().into(), ..Default::default() });
    let messages: Vec<_> = std::iter::once(first).chain(chunks).collect();
    let client = house.operator(process, GRAND_BEND);
    let begun = Instant::now();
    let mut transfers = FrameworkTransferServiceClient::new(client.any());
    let answer = transfers.import_framework(client.request(tokio_stream::iter(messages))).await;
    let took = begun.elapsed();
    assert_eq!(answer.expect("imported").into_inner().state(), JobState::Succeeded);
    took
}

/// Imports the real roster; how long it took.
pub(crate) async fn import_grand_bend(house: &House, process: &Process) -> Duration {
    let client = house.operator(process, GRAND_BEND);
    import_roster(&client, GRAND_BEND, zipped(&demo("grandbend-1.2"))).await
}

/// Imports a roster; how long it took.
pub(crate) async fn import_roster(client: &Client, district: &str, zip: Vec<u8>) -> Duration {
    let header = ImportRosterHeader {
        parent: format!("districts/{district}"),
        format: RosterFormat::OnerosterCsv.into(),
        time_zone: "America/Chicago".to_owned(),
        ..ImportRosterHeader::default()
    };
    let header = ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() };
    let chunks = zip
        .chunks(256 * 1024)
        .map(|chunk| ImportRosterRequest { chunk: chunk.to_vec().into(), ..ImportRosterRequest::default() });
    let messages: Vec<_> = std::iter::once(header).chain(chunks).collect();
    let begun = Instant::now();
    let mut transfers = RosterTransferServiceClient::new(client.any());
    let answer = transfers.import_roster(client.request(tokio_stream::iter(messages))).await;
    let took = begun.elapsed();
    let transfer = answer.expect("imported").into_inner();
    assert_eq!(transfer.state(), JobState::Succeeded, "{transfer:?}");
    took
}

/// Real data that the program carries for its demonstration.
fn demo(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/trellis/demo").join(file)
}

fn zipped(folder: &Path) -> Vec<u8> {
    packed(fs::read_dir(folder).expect("the folder").map(|entry| {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("the file"))
    }))
}

/// A ZIP of files.
pub(crate) fn packed(files: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("writing to memory");
        archive.write_all(&content).expect("writing to memory");
    }
    archive.finish().expect("writing to memory").into_inner()
}
