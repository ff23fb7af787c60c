//! Databases to test on, and a table to test with.

use std::sync::Arc;
use std::time::Duration;

use sea_orm_migration::prelude::*;
use tempfile::TempDir;
use trellis_kernel::{Clock, District, Failure, RandomIds, SystemClock, Uuid};
use trellis_store::{Change, Idempotency, Options, Sealer, SealingKey, Store, Told, Tx, Write, feed};

/// A database of the test's own.
pub(crate) struct Place {
    pub(crate) options: Options,
    /// SQLite's directory, removed with the place.
    _directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().display());
        Self { options: Options::new(url, sealer()), _directory: Some(directory) }
    }

    pub(crate) fn postgres() -> Self {
        Self { options: Options::new(trellis_testkit::postgres::database(), sealer()), _directory: None }
    }

    /// A store on it, not migrated.
    pub(crate) async fn open(&self) -> Store {
        self.open_with(vec![Box::new(Notes)], Arc::new(SystemClock)).await
    }

    pub(crate) async fn open_with(
        &self,
        migrations: Vec<Box<dyn MigrationTrait>>,
        clock: Arc<dyn Clock>,
    ) -> Store {
        Store::open(&self.options, "testing", migrations, clock, Arc::new(RandomIds)).await.unwrap()
    }

    /// A store on it, migrated.
    pub(crate) async fn store(&self) -> Store {
        let store = self.open().await;
        store.migrate().await.unwrap();
        store
    }
}

/// Runs a test on both databases.
pub(crate) fn each<F: AsyncFn(Place)>(test: F) {
    trellis_testkit::run(async {
        test(Place::sqlite()).await;
        test(Place::postgres()).await;
    });
}

/// Waits for something that must come soon, and fails when it does not.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("it must come soon")
}

/// Everything that happened after a position, in all districts.
pub(crate) async fn events(store: &Store, position: i64) -> Result<Vec<feed::FeedRow>, Failure> {
    let incarnation = store.extent().await?.incarnation;
    store.events(feed::Place { incarnation, position }, 10_000).await
}

pub(crate) fn sealer() -> Sealer {
    Sealer::new(vec![SealingKey::generate(1)]).unwrap()
}

pub(crate) fn district(id: &str) -> District {
    District::parse(id).unwrap()
}

pub(crate) fn change() -> Change {
    Change {
        district: district("grand-bend"),
        actor: "people/a".to_owned(),
        idempotency: None,
        grounds: None,
        since: None,
    }
}

pub(crate) fn request(request_id: u128, method: &'static str, fingerprint: u8) -> Change {
    let idempotency =
        Idempotency { request_id: Uuid::from_u128(request_id), method, fingerprint: [fingerprint; 32] };
    Change { idempotency: Some(idempotency), ..change() }
}

pub(crate) async fn begin(store: &Store, change: Change) -> Tx {
    match store.write::<Uuid>(change).await.unwrap() {
        Write::Begin(tx) => tx,
        Write::Replay(_) => panic!("the request is new"),
    }
}

/// Inserts a note and tells of it.
pub(crate) async fn add(tx: &mut Tx, rank: i64) -> Uuid {
    let id = tx.new_id();
    tx.insert(note::row(id, rank)).await.unwrap();
    tx.tell(told(id));
    id
}

pub(crate) fn told(id: Uuid) -> Told {
    Told {
        kind: "note.created",
        resource: format!("districts/grand-bend/notes/{id}"),
        resource_type: "trellis.dev/Note",
        subjects: vec![id],
        deleted: false,
        payload: None,
    }
}

pub(crate) mod note {
    use sea_orm::Set;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "note")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) title: String,
        pub(crate) rank: i64,
        pub(crate) score: f64,
        pub(crate) done: bool,
        pub(crate) due: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// A note whose every column follows from its rank; the store sets the district.
    pub(crate) fn row(id: Uuid, rank: i64) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            title: Set(format!("Note {rank}")),
            rank: Set(rank),
            score: Set(f64::from(i32::try_from(rank).unwrap()) / 2.0),
            done: Set(rank % 2 == 0),
            due: Set((rank % 3 != 0).then(|| format!("2026-01-{:02}", rank % 28 + 1))),
            ..Default::default()
        }
    }
}

trellis_store::scoped!(note);

/// The migration of the notes.
pub(crate) struct Notes;

impl MigrationName for Notes {
    fn name(&self) -> &'static str {
        "m0001_notes"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Notes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = |name: &'static str| ColumnDef::new(Alias::new(name));
        let key = Index::create().col(Alias::new("district")).col(Alias::new("id")).to_owned();
        let table = Table::create()
            .table(Alias::new("note"))
            .col(column("district").text().not_null())
            .col(column("id").uuid().not_null())
            .col(column("title").text().not_null())
            .col(column("rank").big_integer().not_null())
            .col(column("score").double().not_null())
            .col(column("done").boolean().not_null())
            .col(column("due").text())
            .primary_key(key.clone().primary())
            .to_owned();
        manager.create_table(table).await
    }
}
