use std::sync::Arc;

use sea_orm::ConnectionTrait;
use sea_orm_migration::prelude::*;
use trellis_kernel::{Kind, Reason, SystemClock, Uuid};
use trellis_store::Scope;

use crate::place::{Notes, add, begin, change, district, each};

/// A migration that works up to its last statement.
struct Broken;

impl MigrationName for Broken {
    fn name(&self) -> &'static str {
        "m0002_broken"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Broken {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("CREATE TABLE half (id INTEGER)").await?;
        manager.get_connection().execute_unprepared("nonsense").await.map(drop)
    }
}

/// What a newer program adds.
struct Newer;

impl MigrationName for Newer {
    fn name(&self) -> &'static str {
        "m0002_newer"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Newer {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("ALTER TABLE note ADD COLUMN colour TEXT").await.map(drop)
    }
}

#[test]
fn many_replicas_may_start_at_once() {
    each(async |place| {
        let mut starts = tokio::task::JoinSet::new();
        for store in [place.open().await, place.open().await, place.open().await, place.open().await] {
            starts.spawn(async move { store.migrate().await });
        }
        for done in starts.join_all().await {
            done.unwrap();
        }
        let store = place.store().await;
        assert_eq!(store.head().await.unwrap(), 0);
    });
}

#[test]
fn replicas_may_open_a_database_that_is_not_there_yet_at_once() {
    each(async |place| {
        let (one, two, three) = tokio::join!(place.store(), place.store(), place.store());
        for store in [one, two, three] {
            store.ready().await.unwrap();
        }
    });
}

#[test]
fn an_old_program_works_on_a_newer_schema() {
    each(async |place| {
        let newer = place.open_with(vec![Box::new(Notes), Box::new(Newer)], Arc::new(SystemClock)).await;
        newer.migrate().await.unwrap();
        let older = place.store().await;
        let mut tx = begin(&older, change()).await;
        add(&mut tx, 1).await;
        tx.commit(Uuid::nil()).await.unwrap();
        newer.migrate().await.unwrap();
    });
}

/// A step that takes away what the programs before it use.
struct Contract;

impl MigrationName for Contract {
    fn name(&self) -> &'static str {
        "m0003_title_contract"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Contract {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("ALTER TABLE note DROP COLUMN title").await.map(drop)
    }
}

#[test]
fn a_program_that_is_too_old_for_the_schema_is_refused_and_told_which_is_not() {
    each(async |place| {
        let steps = || -> Vec<Box<dyn MigrationTrait>> { vec![Box::new(Notes), Box::new(Contract)] };
        place.store().await.migrate().await.unwrap();
        let newer = place.open_with(steps(), Arc::new(SystemClock)).await;
        newer.migrate().await.unwrap();
        let refused = place.open().await.migrate().await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::FailedPrecondition, Reason::StateConflict));
        for told in [env!("CARGO_PKG_VERSION"), "m0003_title_contract", "testing"] {
            assert!(refused.message().contains(told), "{refused:?}");
        }
        // The one that knows the step goes on.
        newer.migrate().await.unwrap();
        place.open_with(steps(), Arc::new(SystemClock)).await.migrate().await.unwrap();
    });
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    each(async |place| {
        let broken = place.open_with(vec![Box::new(Notes), Box::new(Broken)], Arc::new(SystemClock)).await;
        assert!(broken.migrate().await.is_err());
        assert!(broken.ready().await.is_err(), "the house tables went with it");
        let store = place.store().await;
        let reader = store.read(&district("grand-bend"));
        assert!(reader.conn().execute_unprepared("SELECT id FROM half").await.is_err());
        assert!(reader.conn().execute_unprepared("SELECT id FROM note").await.is_ok());
    });
}
