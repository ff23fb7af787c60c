//! A restore that stopped half-way, and what mends it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use trellis_kernel::{Failure, RandomIds, SystemClock, Timestamp, Uuid};
use trellis_store::backup::{Asked, DataLock, Manifest, backup, restore};
use trellis_store::{Checkpoint, Follower, Options, Store, check};

use crate::place::{Notes, add, begin, change, sealer};

const MARK: &str = "restore.unfinished";

/// Two backups of two services, which follow each other, and a directory to put one back into.
struct Room {
    directory: TempDir,
}

impl Room {
    async fn new() -> Self {
        let room = Self { directory: tempfile::tempdir().unwrap() };
        let served = room.at("served");
        let stores = [open(&served, "first").await, open(&served, "second").await];
        for (store, producer) in stores.iter().zip(stores.iter().rev()) {
            write(producer).await;
            let of = Follower { consumer: "notes".to_owned(), producer: producer.service().to_owned() };
            let incarnation = Some(producer.extent().await.unwrap().incarnation);
            let tx = begin(store, change()).await;
            tx.advance(&of, Checkpoint { position: 0, incarnation }, 1).await.unwrap();
            tx.commit(Uuid::nil()).await.unwrap();
        }
        for name in ["backup", "later"] {
            let to = room.at(name);
            backup(&served, &["first", "second"], None, &to, "test", Timestamp::UNIX_EPOCH).await.unwrap();
            for store in &stores {
                write(store).await;
            }
        }
        for store in stores {
            store.close().await;
        }
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
        self.restore_from("backup", services).await
    }

    async fn restore_from(&self, backup: &str, services: &[&'static str]) -> Result<Manifest, Failure> {
        let mut known = Vec::new();
        for service in services {
            known.push((*service, check::known(service, vec![Box::new(Notes)]).await.unwrap()));
        }
        let (backup, data) = (self.at(backup), self.data());
        restore(Asked {
            backup: &backup,
            data: &data,
            services: &known,
            keys: None,
            force: true,
            ids: &RandomIds,
        })
        .await
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

async fn open(data: &Path, service: &'static str) -> Store {
    let options = Options::new(format!("sqlite://{}", data.display()), sealer());
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
    let store = Store::open(&options, service, vec![Box::new(Notes)], clock, ids).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn write(store: &Store) {
    let mut tx = begin(store, change()).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap();
}

/// Whether the first follows the second that is there, and the second the first.
async fn follow(data: &Path) -> (bool, bool) {
    let (first, second) = (open(data, "first").await, open(data, "second").await);
    let follows = async |store: &Store, producer: &Store| {
        let checkpoint = store.checkpoint(&format!("notes/{}", producer.service())).await.unwrap();
        checkpoint.incarnation == Some(producer.extent().await.unwrap().incarnation)
    };
    let both = (follows(&first, &second).await, follows(&second, &first).await);
    for store in [first, second] {
        store.close().await;
    }
    both
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
        assert_eq!(follow(&room.data()).await, (true, true), "as if both had been put back at once");
    });
}

#[test]
fn what_is_put_back_from_two_backups_does_not_follow_each_other() {
    trellis_testkit::run(async {
        let room = Room::new().await;
        let blocked = room.interrupt().await;
        std::fs::remove_dir_all(blocked).unwrap();
        room.restore_from("later", &["second"]).await.unwrap();
        assert!(!room.mark().exists());
        assert_eq!(follow(&room.data()).await, (false, false));
        // One alone is of another moment than what it follows, and is followed by.
        room.restore(&["first", "second"]).await.unwrap();
        assert_eq!(follow(&room.data()).await, (true, true));
        room.restore(&["second"]).await.unwrap();
        assert_eq!(follow(&room.data()).await, (false, false));
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
