//! Backups under load, and what they are for.

use std::path::Path;

use tonic::Code;
use trellis_contracts::outcome::GetFrameworkRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_suite::config::Service;
use trellis_testkit::{Caller, Extra, Suite, refused, run};

use super::command;
use super::load::{DISTRICT, Load, framework, kept};

async fn suite(directory: tempfile::TempDir) -> Suite {
    Suite::troubled(directory, None, &Extra::default()).await
}

#[test]
fn a_backup_under_load_holds_every_write_that_was_acknowledged_before() {
    run(async {
        let suite = suite(tempfile::tempdir().expect("a directory")).await;
        let elsewhere = tempfile::tempdir().expect("a directory");
        let operator = suite.operator(DISTRICT);
        suite.school().await;
        let load = Load::start(&suite);
        load.more(40).await;
        let before = kept(&operator).await;
        let backup = elsewhere.path().join("backup");
        command::backup(suite.directory(), &backup).await.expect("a backup");
        load.more(10).await;
        assert!(load.refusals().is_empty(), "nobody noticed: {:?}", load.refusals());
        let refused = command::restore(&backup, suite.directory()).await.expect_err("the suite serves");
        assert!(refused.contains("end it first"), "{refused}");
        let after = load.end().await;
        assert_eq!(command::check(&backup).await, Vec::<String>::new());
        assert_eq!(command::check(suite.directory()).await, Vec::<String>::new());

        // The drill: another machine, nothing but the backup.
        let data = elsewhere.path().join("data");
        command::restore(&backup, &data).await.expect("restored");
        assert_eq!(command::check(&data).await, Vec::<String>::new());
        let restored = Suite::troubled(moved(&data), None, &Extra::default()).await;
        let kept = kept(&restored.operator(DISTRICT)).await;
        assert!(
            before.is_subset(&kept),
            "{} of {} are kept",
            before.intersection(&kept).count(),
            before.len()
        );
        assert!(kept.is_subset(&after), "nothing else is");
        restored.school().await;
    });
}

/// A directory that is gone after the test, with the content of another.
fn moved(data: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for entry in std::fs::read_dir(data).expect("the data") {
        let entry = entry.expect("an entry");
        std::fs::rename(entry.path(), directory.path().join(entry.file_name())).expect("moved");
    }
    directory
}

#[test]
fn a_damaged_page_is_told_of_found_and_healed() {
    run(async {
        let mut suite = suite(tempfile::tempdir().expect("a directory")).await;
        let elsewhere = tempfile::tempdir().expect("a directory");
        let operator = suite.operator(DISTRICT);
        let mut names = Vec::new();
        for number in 0..80 {
            let title = format!("Framework number {number:03} {}", "of many ".repeat(40));
            let request = framework(&title, String::new());
            let made = FrameworkServiceClient::new(operator.clone()).create_framework(request).await;
            names.push(made.expect("a framework").into_inner().name);
        }
        suite.processes().stop(Service::Outcome);
        let backup = elsewhere.path().join("backup");
        command::backup(suite.directory(), &backup).await.expect("a backup");
        damage(&suite.directory().join("outcome.db"), "Framework number 040");
        assert_eq!(command::check(suite.directory()).await, ["outcome: integrity"]);
        let another = elsewhere.path().join("another");
        let words = command::backup(suite.directory(), &another).await.expect_err("no good copy can be made");
        assert!(words.contains("trellis db check") && !another.exists(), "{words}");

        suite.processes().restart(Service::Outcome).await;
        let status = refused(get(&operator, &names[40]).await, Code::DataLoss, "STORE_CORRUPT");
        assert!(!status.message().contains("outcome.db"), "{status:?}");
        get(&operator, &names[0]).await.expect("others are answered");
        get(&operator, &names[79]).await.expect("others are answered");
        suite.school().await;

        suite.processes().stop(Service::Outcome);
        command::restore(&backup, suite.directory()).await.expect("restored");
        suite.processes().restart(Service::Outcome).await;
        get(&operator, &names[40]).await.expect("healed");
        assert_eq!(command::check(suite.directory()).await, Vec::<String>::new());
    });
}

async fn get(
    operator: &Caller,
    name: &str,
) -> Result<tonic::Response<trellis_contracts::outcome::Framework>, tonic::Status> {
    let request = GetFrameworkRequest { name: name.to_owned() };
    FrameworkServiceClient::new(operator.clone()).get_framework(request).await
}

/// Overwrites the head of the page that holds a text.
fn damage(file: &Path, text: &str) {
    const PAGE: usize = 4096;
    let mut content = std::fs::read(file).expect("the file");
    let at = content.windows(text.len()).position(|bytes| bytes == text.as_bytes()).expect("the text");
    let page = at / PAGE * PAGE;
    content[page..page + 8].fill(0xff);
    std::fs::write(file, content).expect("the file");
}
