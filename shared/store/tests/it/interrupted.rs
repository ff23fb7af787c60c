//! A restore that stopped half-way, and what mends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use trellis_kernel::{Failure, RandomIds, SystemClock, Timestamp};
use trellis_store::backup::{Asked, DataLock, Manifest, backup, restore};
use trellis_store::{Options, Store, check};

use crate::place::{Notes, sealer};

const MARK: &str = "restore.unfinished";

/// A backup of two services, and a directory to put it back into.
struct Room {
    directory: TempDir,
}

impl Room {
    async fn new() -> Self {
        let room = Self { directory: tempfile::tempdir().unwrap() };
        let served = room.at("served");
        let options = Options::new(format!("sqlite://{}", served.display()), sealer());
        for service in ["first", "second"] {
            let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
            let store = Store::open(&options, service, vec![Box::new(Notes)], clock, ids).await.unwrap();
            store.migrate().await.unwrap();
            store.close().await;
        }
        let to = room.at("backup");
        backup(&served, &["first", "second"], None, &to, "test", Timestamp::UNIX_EPOCH).await.unwrap();
        room
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.at("data")
    }

    fn mark(&self) -> PathBuf {
        self.data().join(MARK)
    }

    async fn restore(&self, services: &[&'static str]) -> Result<Manifest, Failure> {
        let mut known = Vec::new();
        for service in services {
            known.push((*service, check::known(service, vec![Box::new(Notes)]).await.unwrap()));
        }
        let (backup, data) = (self.at("backup"), self.data());
        restore(Asked { backup: &backup, data: &data, services: &known, keys: None, force: true }).await
    }

    /// Stops a restore of both at the second.
    async fn interrupt(&self) -> PathBuf {
        let blocked = self.data().join("second.db");
        std::fs::create_dir_all(blocked.join("something")).unwrap();
        self.restore(&["first", "second"]).await.unwrap_err();
        assert!(self.data().join("first.db").exists(), "the first was placed");
        assert!(unplaced(&self.mark()).contains("second"));
        blocked
    }
}

fn unplaced(mark: &Path) -> String {
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(mark).unwrap()).unwrap();
    written["unplaced"].to_string()
}

#[test]
fn a_restore_of_one_service_does_not_end_an_interrupted_one_of_more() {
    trellis_testkit::run(async {
        let room = Room::new().await;
        let blocked = room.interrupt().await;
        assert_eq!(unplaced(&room.mark()), r#"["second"]"#);
        room.restore(&["first"]).await.unwrap();
        assert_eq!(unplaced(&room.mark()), r#"["second"]"#);
        DataLock::shared(&room.data()).unwrap_err();

        std::fs::remove_dir_all(blocked).unwrap();
        room.restore(&["first", "second"]).await.unwrap();
        assert!(!room.mark().exists());
        DataLock::shared(&room.data()).unwrap();
    });
}

#[test]
fn what_is_missing_can_be_put_back_alone() {
    trellis_testkit::run(async {
        let room = Room::new().await;
        let blocked = room.interrupt().await;
        std::fs::remove_dir_all(blocked).unwrap();
        room.restore(&["second"]).await.unwrap();
        assert!(!room.mark().exists());
    });
}

#[test]
fn a_mark_that_names_no_service_is_about_all_of_them() {
    trellis_testkit::run(async {
        for old in ["", "A restore is putting its files in place."] {
            let room = Room::new().await;
            std::fs::create_dir(room.data()).unwrap();
            std::fs::write(room.mark(), old).unwrap();
            room.restore(&["second"]).await.unwrap();
            assert_eq!(unplaced(&room.mark()), r#"["first"]"#, "{old:?}");
            room.restore(&["first"]).await.unwrap();
            assert!(!room.mark().exists(), "{old:?}");
        }
    });
}
