//! Two services on one database, and an effect that shows how often it happened.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use prost_reflect::ReflectMessage;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::prelude::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::metadata::MetadataMap;
use trellis_contracts::guard::{Admission, Gate, Method, Names};
use trellis_contracts::internal::event_service_server::EventServiceServer;
use trellis_contracts::internal::{EventServiceApi, EventServiceGuarded, event_service};
use trellis_events::{Apply, Effect, Event, EventFeed, consumer};
use trellis_kernel::{
    Actor, District, Party, RandomIds, Relations, Result, Scopes, SystemClock, Timestamp, Uuid,
};
use trellis_store::{Change, Options, Scope, Sealer, SealingKey, Store, Task, Told, Tx, Write};

pub(crate) struct Place {
    pub(crate) options: Options,
    pub(crate) producer: Store,
    pub(crate) consumer: Store,
    relays: Vec<JoinHandle<()>>,
    _directory: TempDir,
}

impl Place {
    pub(crate) async fn new(url: Option<String>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sealer = Sealer::new(vec![SealingKey::generate(1)]).unwrap();
        let url = url.unwrap_or_else(|| format!("sqlite://{}", directory.path().display()));
        // The one district of these tests can be emptied.
        let options = Options { sandboxes: vec![district()], ..Options::new(url, sealer) };
        let producer = open(&options, "experience", Vec::new()).await;
        let consumer = open(&options, "profile", vec![Box::new(Effects)]).await;
        let relays = [&producer, &consumer].map(|store| tokio::spawn(store.relay().1)).into();
        Self { options, producer, consumer, relays, _directory: directory }
    }

    /// The consumer's store as another replica has it.
    pub(crate) async fn replica(&self) -> Store {
        open(&self.options, "profile", vec![Box::new(Effects)]).await
    }

    /// Commits `count` events of a kind in the producer, each in a transaction of its own.
    pub(crate) async fn publish(&self, kind: &'static str, count: usize) {
        for _ in 0..count {
            let mut tx = begin(&self.producer).await;
            tell(&mut tx, kind);
            tx.commit(()).await.unwrap();
        }
    }

    /// Commits one event for each number, of the note with that number.
    pub(crate) async fn publish_of(&self, notes: &[u128]) {
        for number in notes {
            self.publish_by("people/a", *number).await;
        }
    }

    /// Commits one event of a note, which somebody caused.
    pub(crate) async fn publish_by(&self, actor: &str, note: u128) {
        let mut tx = begin_as(&self.producer, actor).await;
        tell_of(&mut tx, "note.created", note);
        tx.commit(()).await.unwrap();
    }

    /// Waits until the consumer has moved over this position.
    pub(crate) async fn moved_to(&self, position: i64) {
        Self::has_moved(&self.consumer, position).await;
    }

    /// Waits until a consumer has.
    pub(crate) async fn has_moved(consumer: &Store, position: i64) {
        let moved = async {
            while consumer.checkpoint("notes/experience").await.unwrap().position < position {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), moved).await.expect("the checkpoint must move");
    }

    /// Waits until the consumer knows which feed it follows.
    pub(crate) async fn learnt(&self, incarnation: Uuid) {
        let learnt = async {
            while self.consumer.checkpoint("notes/experience").await.unwrap().incarnation != Some(incarnation)
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), learnt).await.expect("it must be written down");
    }

    /// Ends what uses the databases.
    pub(crate) async fn end(&mut self) {
        for relay in self.relays.drain(..) {
            relay.abort();
            assert!(relay.await.unwrap_err().is_cancelled());
        }
        self.producer.close().await;
        self.consumer.close().await;
    }

    /// Starts a consumer of the producer's events.
    pub(crate) fn follow(&self, apply: impl Apply) -> JoinHandle<()> {
        follow(&self.consumer, server(EventFeed::new(vec![self.producer.clone()])), apply)
    }

    /// Waits until the effects, each of which tells an event of its own, have been told so often.
    pub(crate) async fn effects(&self, count: i64) {
        let mut head = self.consumer.watch();
        let reached = head.wait_for(|head| *head >= count);
        tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the effects must come").unwrap();
    }

    /// In whose name each effect was made, in their order: what it tells is told by them.
    pub(crate) async fn made_by(&self) -> Vec<String> {
        self.consumer.relay_once().await.unwrap();
        let told = self.consumer.feed(&district()).after(0, 1000).await.unwrap();
        told.into_iter().filter(|row| row.kind == "effect.taken").map(|row| row.actor).collect()
    }

    /// The positions of the events that took effect, in the order in which they did.
    pub(crate) async fn applied(&self) -> Vec<i64> {
        let reader = self.consumer.read(&district());
        let sql = "SELECT position FROM effect ORDER BY place";
        let backend = reader.conn().get_database_backend();
        let rows = reader.conn().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }
}

/// Runs a test on both databases.
pub(crate) fn each<F: AsyncFn(Place)>(test: F) {
    trellis_testkit::run(async {
        test(Place::new(None).await).await;
        test(Place::new(Some(trellis_testkit::postgres::database())).await).await;
    });
}

pub(crate) fn follow<A: EventServiceApi>(
    store: &Store,
    server: Server<A>,
    apply: impl Apply,
) -> JoinHandle<()> {
    tokio::spawn(follower(store, server, apply).0.1)
}

/// The task that follows, not started, and the effect.
pub(crate) fn follower<A: EventServiceApi>(
    store: &Store,
    server: Server<A>,
    apply: impl Apply,
) -> (Task, Effect) {
    consumer(store.clone(), None, move || server.clone(), "experience", Arc::new(apply))
}

pub(crate) type Server<A> = EventServiceServer<EventServiceGuarded<A, Open>>;

pub(crate) fn server<A: EventServiceApi>(api: A) -> Server<A> {
    event_service(Arc::new(api), Open)
}

pub(crate) fn district() -> District {
    District::parse("grand-bend").unwrap()
}

pub(crate) async fn begin(store: &Store) -> Tx {
    begin_as(store, "people/a").await
}

async fn begin_as(store: &Store, actor: &str) -> Tx {
    let change = Change {
        district: district(),
        actor: actor.to_owned(),
        idempotency: None,
        grounds: None,
        since: None,
    };
    match store.write::<()>(change).await.unwrap() {
        Write::Begin(tx) => tx,
        Write::Replay(()) => panic!("there is no request_id"),
    }
}

pub(crate) fn tell(tx: &mut Tx, kind: &'static str) {
    tell_of(tx, kind, 0);
}

pub(crate) fn note(number: u128) -> String {
    format!("districts/grand-bend/notes/{}", Uuid::from_u128(number))
}

pub(crate) fn tell_of(tx: &mut Tx, kind: &'static str, number: u128) {
    tx.tell(Told {
        kind,
        resource: note(number),
        resource_type: "trellis.dev/Note",
        subjects: Vec::new(),
        deleted: false,
        payload: None,
    });
}

/// Writes the event's position; twice, if it were applied twice.
pub(crate) async fn take_effect(tx: &mut Tx, position: i64) -> Result<()> {
    let sql = "INSERT INTO effect (position) VALUES ($1)";
    let insert = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, [position.into()]);
    tx.conn().execute_raw(insert).await.map_err(trellis_store::failure)?;
    tell(tx, "effect.taken");
    Ok(())
}

pub(crate) async fn open(
    options: &Options,
    service: &'static str,
    migrations: Vec<Box<dyn MigrationTrait>>,
) -> Store {
    let clock = Arc::new(SystemClock);
    let store = Store::open(options, service, migrations, clock, Arc::new(RandomIds)).await.unwrap();
    store.migrate().await.unwrap();
    store
}

pub(crate) struct Effects;

impl MigrationName for Effects {
    fn name(&self) -> &'static str {
        "m0001_effects"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait]
impl MigrationTrait for Effects {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let serial = match connection.get_database_backend() {
            sea_orm::DbBackend::Postgres => "BIGSERIAL PRIMARY KEY",
            _ => "INTEGER PRIMARY KEY AUTOINCREMENT",
        };
        let create = format!("CREATE TABLE effect (place {serial}, position BIGINT NOT NULL)");
        connection.execute_unprepared(&create).await.map(drop)
    }
}

/// An effect with nothing in its way.
pub(crate) struct Plain;

#[async_trait]
impl Apply for Plain {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["note.created"]
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        take_effect(tx, event.position).await
    }
}

/// Lets every call through as a service's; the real gate has tests of its own.
#[derive(Clone)]
pub(crate) struct Open;

impl Gate for Open {
    async fn greet(&self, _method: &'static Method, _metadata: &MetadataMap) -> Result<()> {
        Ok(())
    }

    async fn admit<M: ReflectMessage>(
        &self,
        _method: &'static Method,
        _metadata: &MetadataMap,
        _resources: Names,
        _message: &M,
    ) -> Result<Admission> {
        let actor = Actor {
            subject: "profile".to_owned(),
            party: Party::Service { name: "profile".to_owned(), on_behalf_of: None },
            district: None,
            scopes: Scopes::default(),
            expire_time: Timestamp::MAX,
            token_id: None,
        };
        Ok(Admission {
            actor: Arc::new(actor),
            district: Some(district()),
            subjects: Vec::new(),
            standing: Relations::NONE,
        })
    }

    fn check<M: ReflectMessage>(&self, _message: &M) -> Result<()> {
        Ok(())
    }

    async fn stands(&self, _actor: &Actor) -> Result<()> {
        Ok(())
    }
}
