//! The disk of the database fails under load, and is well again.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use trellis_testkit::{Extra, Suite, run};

use super::command;
use super::load::{DISTRICT, Load, kept, until_ready};

/// A disk that does what a test tells it to (see `disk.c`).
struct Disk {
    directory: TempDir,
}

impl Disk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for the disk");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(directory.path().join("disk.so"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/disk.c"))
            .arg("-ldl")
            .status();
        assert!(built.is_ok_and(|status| status.success()), "cc should build disk.c");
        Self { directory }
    }

    fn told(&self) -> PathBuf {
        self.directory.path().join("fault")
    }

    async fn suite(&self) -> Suite {
        let data = tempfile::tempdir().expect("a directory for the suite");
        let of = |path: &Path| path.display().to_string();
        let environment = [
            ("LD_PRELOAD".to_owned(), of(&self.directory.path().join("disk.so"))),
            ("DISK_FAULT".to_owned(), of(&self.told())),
            ("DISK_FAULT_ROOT".to_owned(), of(data.path())),
        ];
        Suite::troubled(data, None, &Extra { environment: &environment, ..Extra::default() }).await
    }

    fn fails(&self, how: &str) {
        // Renamed into place: it is read while it is written.
        let next = self.directory.path().join("next");
        std::fs::write(&next, how).expect("telling the disk");
        std::fs::rename(&next, self.told()).expect("telling the disk");
    }

    fn is_well(&self) {
        std::fs::remove_file(self.told()).expect("telling the disk");
    }
}

/// Under load the disk fails in a way, which writes are refused for and reads are not, and gets well.
async fn fails(how: &str, reason: &str) {
    let disk = Disk::new();
    let suite = disk.suite().await;
    let load = Load::start(&suite);
    load.more(30).await;
    disk.fails(how);
    load.writes_refused(reason).await;
    load.more_reads(30).await;
    disk.is_well();
    load.more(30).await;
    until_ready(&suite, 200).await;
    for refusal in load.refusals() {
        // The connection that met the failure first may be told in general words.
        let known = [reason, "STORE_UNAVAILABLE"].contains(&refusal.reason.as_str());
        assert!(refusal.write && refusal.retry && known, "{refusal:?}");
    }
    let acknowledged = load.end().await;
    assert_eq!(kept(&suite.operator(DISTRICT)).await, acknowledged);
    assert_eq!(command::check(suite.directory()).await, Vec::<String>::new());
}

#[test]
fn full() {
    run(fails("full", "STORE_FULL"));
}

#[test]
fn read_only() {
    run(fails("read-only", "STORE_READ_ONLY"));
}

#[test]
fn broken() {
    run(fails("broken", "STORE_UNAVAILABLE"));
}
