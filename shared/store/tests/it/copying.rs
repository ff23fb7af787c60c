//! Backups that are made while their files are written, and put back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tempfile::TempDir;
use trellis_kernel::{Failure, RandomIds, Reason, SystemClock, Timestamp};
use trellis_store::backup::{Asked, DataLock, Manifest, backup, restore};
use trellis_store::{Checkpoint, Follower, Options, Store, check};

use crate::place::{Notes, add, begin, change, district, sealer};

const SERVICES: [&str; 2] = ["first", "second"];

struct Room {
    directory: TempDir,
}

impl Room {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn stores(&self) -> [Store; 2] {
        let options = Options::new(format!("sqlite://{}", self.data().display()), sealer());
        let open = async |service| {
            let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
            let store = Store::open(&options, service, vec![Box::new(Notes)], clock, ids).await.unwrap();
            store.migrate().await.unwrap();
            store
        };
        [open("first").await, open("second").await]
    }

    async fn back_up(&self, name: &str) -> Result<Manifest, Failure> {
        backup(&self.data(), &SERVICES, None, &self.at(name), "test", Timestamp::UNIX_EPOCH).await
    }

    async fn restore(&self, from: &str, data: &Path, force: bool) -> Result<Manifest, Failure> {
        let mut known = Vec::new();
        for service in SERVICES {
            known.push((service, check::known(service, vec![Box::new(Notes)]).await.unwrap()));
        }
        let backup = self.at(from);
        restore(Asked { backup: &backup, data, services: &known, keys: None, force, ids: &RandomIds }).await
    }
}

async fn write(store: &Store, rank: i64) {
    let mut tx = begin(store, change()).await;
    add(&mut tx, rank).await;
    tx.commit(trellis_kernel::Uuid::nil()).await.unwrap();
}

fn notes(manifest: &Manifest, service: &str) -> i64 {
    manifest.services.iter().find(|kept| kept.service == service).unwrap().rows["note"]
}

#[test]
fn the_files_of_a_backup_are_of_one_moment() {
    trellis_testkit::run(async {
        let room = Room::new();
        let [first, second] = room.stores().await;
        let (ended, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
        let (until, count) = (ended.clone(), acknowledged.clone());
        // Whoever sees the second sees the first.
        let writer = tokio::spawn(async move {
            while !until.load(Ordering::SeqCst) {
                let rank = count.load(Ordering::SeqCst);
                write(&first, rank).await;
                write(&second, rank).await;
                count.store(rank + 1, Ordering::SeqCst);
            }
        });
        for number in 0..8 {
            let before = acknowledged.load(Ordering::SeqCst);
            let made = room.back_up(&format!("backup-{number}")).await.unwrap();
            let counts = (notes(&made, "first"), notes(&made, "second"));
            assert!(counts.1 >= before, "{before} were acknowledged, and {counts:?} were kept");
            assert!(counts.0 == counts.1 || counts.0 == counts.1 + 1, "{counts:?} are of two moments");
            for kept in &made.services {
                assert_eq!(kept.head, kept.rows["outbox"], "each note was told once");
            }
        }
        ended.store(true, Ordering::SeqCst);
        writer.await.unwrap();
        assert!(acknowledged.load(Ordering::SeqCst) > 0);
    });
}

#[test]
fn a_backup_is_put_back_whole() {
    trellis_testkit::run(async {
        let room = Room::new();
        let [first, second] = room.stores().await;
        for rank in 0..20 {
            write(&first, rank).await;
        }
        write(&second, 0).await;
        let made = room.back_up("backup").await.unwrap();
        write(&first, 20).await;
        assert_eq!(
            room.back_up("backup").await.unwrap_err().message(),
            "The directory for the backup is not empty; name a new one."
        );
        for store in [first, second] {
            store.close().await;
        }

        // Elsewhere, and over what is there.
        let elsewhere = room.at("elsewhere");
        assert_eq!(room.restore("backup", &elsewhere, false).await.unwrap(), made);
        let refused = room.restore("backup", &room.data(), false).await.unwrap_err();
        assert!(refused.message().contains("--force"), "{refused}");
        room.restore("backup", &room.data(), true).await.unwrap();
        let [first, _second] = room.stores().await;
        let again = room.back_up("again").await.unwrap();
        assert_eq!((notes(&again, "first"), notes(&again, "second")), (20, 1));
        assert_eq!(again.services[0].rows, made.services[0].rows);

        // What comes next does not take a number that was given before.
        write(&first, 21).await;
        assert_eq!(first.head().await.unwrap(), 21);
    });
}

#[test]
fn what_is_put_back_knows_that_its_feeds_are_others() {
    trellis_testkit::run(async {
        let room = Room::new();
        let [first, second] = room.stores().await;
        for rank in 0..5 {
            write(&first, rank).await;
        }
        let of = Follower { consumer: "notes".to_owned(), producer: "first".to_owned() };
        let followed = first.extent().await.unwrap().incarnation;
        let tx = begin(&second, change()).await;
        let none = Checkpoint { position: 0, incarnation: Some(followed) };
        tx.advance(&of, none, 4).await.unwrap();
        tx.commit(trellis_kernel::Uuid::nil()).await.unwrap();
        let made = room.back_up("backup").await.unwrap();
        assert_eq!(made.services[0].incarnation, Some(followed));
        write(&first, 5).await;
        let place = first.feed(&district("grand-bend")).head().await.unwrap();
        for store in [first, second] {
            store.close().await;
        }

        let mut seen = BTreeSet::from([followed]);
        for _ in 0..2 {
            room.restore("backup", &room.data(), true).await.unwrap();
            let [first, second] = room.stores().await;
            for rank in 5..8 {
                write(&first, rank).await;
            }
            let feed = first.feed(&district("grand-bend"));
            assert!(place.position < feed.head().await.unwrap().position, "it was overtaken");
            let refused = feed.read(place, 9).await.unwrap_err();
            assert_eq!(refused.reason(), Reason::ResumeTokenTooOld);
            // Put back together, they belong together.
            let incarnation = first.extent().await.unwrap().incarnation;
            assert!(seen.insert(incarnation), "each restore gives another");
            let checkpoint = second.checkpoint("notes/first").await.unwrap();
            assert_eq!(checkpoint, Checkpoint { position: 4, incarnation: Some(incarnation) });
            for store in [first, second] {
                store.close().await;
            }
        }
    });
}

#[test]
fn nothing_is_put_back_that_is_not_what_was_backed_up() {
    trellis_testkit::run(async {
        let room = Room::new();
        let [first, second] = room.stores().await;
        write(&first, 1).await;
        room.back_up("backup").await.unwrap();
        write(&first, 2).await;
        for store in [first, second] {
            store.close().await;
        }
        let served = DataLock::shared(&room.data()).unwrap();
        let refused = room.restore("backup", &room.data(), true).await.unwrap_err();
        assert!(refused.message().contains("serves this data directory"), "{refused}");
        drop(served);

        let before = std::fs::read(room.data().join("first.db")).unwrap();
        let file = room.at("backup").join("second.db");
        let mut content = std::fs::read(&file).unwrap();
        let middle = content.len() / 2;
        content[middle] ^= 1;
        std::fs::write(&file, content).unwrap();
        let refused = room.restore("backup", &room.data(), true).await.unwrap_err();
        assert!(refused.message().contains("second.db"), "{refused}");
        assert_eq!(std::fs::read(room.data().join("first.db")).unwrap(), before, "nothing was touched");
        let left: BTreeSet<String> = std::fs::read_dir(room.data())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with("restore"))
            .collect();
        assert_eq!(left, BTreeSet::new(), "nothing is left behind");
    });
}

#[test]
fn nothing_serves_a_directory_in_which_a_restore_was_interrupted() {
    trellis_testkit::run(async {
        let room = Room::new();
        let [first, second] = room.stores().await;
        room.back_up("backup").await.unwrap();
        for store in [first, second] {
            store.close().await;
        }
        // As a power cut between two of its steps leaves it.
        std::fs::write(room.data().join("restore.unfinished"), "").unwrap();
        std::fs::remove_file(room.data().join("second.db")).unwrap();
        let refused = DataLock::shared(&room.data()).unwrap_err();
        assert!(refused.message().contains("run trellis restore again"), "{refused}");
        room.restore("backup", &room.data(), false).await.unwrap();
        DataLock::shared(&room.data()).unwrap();
        assert!(room.data().join("second.db").exists());
    });
}
