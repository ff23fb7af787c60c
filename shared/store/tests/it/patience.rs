//! A migration that meets somebody who uses the table.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, TransactionTrait};
use sea_orm_migration::prelude::*;
use tokio::sync::watch;
use trellis_kernel::SystemClock;

use crate::place::{Notes, Place, soon};

/// A step that needs the table to itself, and says how often it was begun.
struct Alone {
    begun: Arc<AtomicUsize>,
    told: watch::Sender<usize>,
}

impl MigrationName for Alone {
    fn name(&self) -> &'static str {
        "m0002_alone"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Alone {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.told.send_replace(self.begun.fetch_add(1, Ordering::SeqCst) + 1);
        manager.get_connection().execute_unprepared("ALTER TABLE note ADD COLUMN colour TEXT").await.map(drop)
    }
}

#[test]
fn a_migration_lets_others_through_and_begins_again() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        place.store().await;
        let mut options = ConnectOptions::new(&place.options.url);
        options.set_schema_search_path("testing");
        let reader = Database::connect(options).await.unwrap().begin().await.unwrap();
        reader.execute_unprepared("LOCK TABLE note IN ACCESS SHARE MODE").await.unwrap();

        let (told, mut begun) = watch::channel(0);
        let alone = Alone { begun: Arc::default(), told };
        let store = place.open_with(vec![Box::new(Notes), Box::new(alone)], Arc::new(SystemClock)).await;
        let migrating = tokio::spawn(async move { store.migrate().await });
        soon(begun.wait_for(|times| *times == 2)).await.unwrap();
        reader.rollback().await.unwrap();
        soon(migrating).await.unwrap().unwrap();
    });
}
