//! The trail when it is long, when two expire it at once, and when it cannot be written.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use trellis_kernel::{FixedClock, PageRequest, Relation, Relations, Timestamp, Uuid};
use trellis_store::{Access, AccessQuery, AccessRow, Change, Grounds, Scope, Store, Write};

use crate::place::{Notes, Place, add, begin, district, each, request, soon};

fn access(learners: &[u128]) -> Access {
    Access {
        district: district("grand-bend"),
        actor: "people/b".to_owned(),
        token_id: None,
        method: "/Notes/Get",
        data_class: 3,
        relations: Relations::NONE.with(Relation::Educator),
        learners: learners.iter().map(|id| Uuid::from_u128(*id)).collect(),
    }
}

async fn all(store: &Store) -> Vec<AccessRow> {
    let request = PageRequest::parse(1000, String::new()).expect("a page");
    let page = store.audit().accesses(&district("grand-bend"), &AccessQuery::default(), &request).await;
    page.expect("a page of the trail").items
}

fn learners(rows: &[AccessRow]) -> Vec<u128> {
    rows.iter().flat_map(|row| &row.learners).map(Uuid::as_u128).collect()
}

/// How many rows of a table the district has.
async fn count(store: &Store, table: &str) -> i64 {
    let reader = store.read_latest(&district("grand-bend"));
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = Statement::from_string(reader.conn().get_database_backend(), sql);
    let row = reader.conn().query_one_raw(statement).await.expect("an answer").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// A store whose trail holds so many accesses, which have all expired.
async fn expired(place: &mut Place, count: u128) -> (Store, Arc<FixedClock>) {
    place.options.audit_keep = SignedDuration::from_hours(48);
    // Of what one statement does, this is a hundred times as much as it takes.
    place.options.statement_timeout = Duration::from_secs(5);
    let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)));
    let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
    store.migrate().await.expect("the tables");
    for learner in 0..count {
        store.audit().record(access(&[learner, learner + 1, learner + 2])).await.expect("a place");
    }
    store.audit().flush().await.expect("the trail");
    clock.advance(SignedDuration::from_hours(49));
    (store, clock)
}

#[test]
fn a_long_trail_is_forgotten_whole() {
    each(async |mut place| {
        let (store, _clock) = expired(&mut place, 20_000).await;
        store.audit().record_now(access(&[7])).await.expect("the trail");
        assert_eq!(store.audit().forget_accesses().await.expect("the deletion"), 20_000);
        assert_eq!((count(&store, "accesses").await, count(&store, "access_learners").await), (1, 1));
        assert_eq!(learners(&all(&store).await), [7]);
    });
}

#[test]
fn two_that_expire_the_trail_at_once_leave_no_half_of_an_access() {
    each(async |mut place| {
        let (one, clock) = expired(&mut place, 6000).await;
        let two = place.open_with(vec![Box::new(Notes)], clock).await;
        let (first, second) = (one.audit(), two.audit());
        let (first, second) = tokio::join!(first.forget_accesses(), second.forget_accesses());
        assert_eq!(first.expect("one deletion") + second.expect("the other"), 6000);
        assert_eq!((count(&one, "accesses").await, count(&one, "access_learners").await), (0, 0));
    });
}

/// Somebody who keeps the trail from being written until they are dropped.
struct Lock(DatabaseConnection);

impl Lock {
    async fn on(place: &Place) -> Self {
        let (url, sql) = match place.options.url.strip_prefix("sqlite://") {
            Some(directory) => (format!("sqlite://{directory}/testing.db"), "BEGIN IMMEDIATE"),
            None => (place.options.url.clone(), "BEGIN; LOCK TABLE accesses IN EXCLUSIVE MODE"),
        };
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).set_schema_search_path("testing");
        let conn = Database::connect(options).await.expect("a connection");
        conn.execute_unprepared(sql).await.expect("the lock");
        Self(conn)
    }

    async fn open(self) {
        self.0.execute_unprepared("ROLLBACK").await.expect("the end of the lock");
        self.0.close().await.expect("the end of the connection");
    }
}

#[test]
fn nobody_reads_on_trust_while_the_trail_cannot_be_written() {
    each(async |mut place| {
        place.options.acquire_timeout = Duration::from_millis(200);
        let store = place.store().await;
        let audit = store.audit();
        let lock = Lock::on(&place).await;
        audit.record(access(&[1])).await.expect("nothing has failed yet");
        soon(audit.flush()).await.expect_err("the trail is locked");
        for learner in 2..5 {
            let refused = soon(audit.record(access(&[learner]))).await;
            assert!(refused.is_err(), "read {learner} was admitted and is on no trail");
        }
        lock.open().await;
        soon(audit.record(access(&[5]))).await.expect("the trail is well again");
        // Those that were admitted are there, and those that were refused did not take place.
        let other = place.open().await;
        assert_eq!(learners(&all(&other).await), [5, 1]);
        // From now on nobody waits.
        audit.record(access(&[6])).await.expect("a place");
        assert_eq!(learners(&all(&other).await), [5, 1]);
        assert_eq!(learners(&all(&store).await), [6, 5, 1]);
    });
}

#[test]
fn one_line_that_cannot_be_written_keeps_no_other_from_the_trail() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        let audit = store.audit();
        // PostgreSQL keeps no text with this character in it.
        let poison = || Access { token_id: Some("a\0b".to_owned()), ..access(&[2]) };
        audit.record(access(&[1])).await.expect("a place");
        audit.record(poison()).await.expect("a place");
        audit.record(access(&[3])).await.expect("a place");
        soon(audit.flush()).await.expect("the others are written");
        assert_eq!(learners(&all(&store).await), [3, 1]);
        // Alone, too, and whoever waits for it is told.
        audit.record(poison()).await.expect("a place");
        soon(audit.flush()).await.expect("nothing else is kept from the trail");
        soon(audit.record_now(poison())).await.expect_err("it is not on the trail");
        audit.record_now(access(&[4])).await.expect("the trail");
        assert_eq!(learners(&all(&store).await), [4, 3, 1]);
    });
}

#[test]
fn what_a_repeated_request_is_answered_with_was_read() {
    each(async |place| {
        let store = place.store().await;
        let grounds = Grounds {
            method: "/Notes/Create",
            token_id: Some("token-3".to_owned()),
            data_class: 4,
            relations: Relations::NONE.with(Relation::Guardian),
            learners: vec![Uuid::from_u128(9)],
        };
        let asked = || Change { grounds: Some(grounds.clone()), ..request(1, "/Notes/Create", 1) };
        let mut tx = begin(&store, asked()).await;
        let id = add(&mut tx, 1).await;
        tx.commit(id).await.expect("the change");
        match soon(store.write::<Uuid>(asked())).await.expect("an answer") {
            Write::Replay(reply) => assert_eq!(reply, id),
            Write::Begin(_) => panic!("it was served before"),
        }
        let rows = all(&place.open().await).await;
        let [read, written] = &*rows else { panic!("a change and a read: {rows:?}") };
        assert!(written.write && !read.write);
        assert_eq!((read.actor.as_str(), read.token_id.as_deref()), ("people/a", Some("token-3")));
        assert_eq!((read.method.as_str(), read.data_class), ("/Notes/Create", 4));
        assert_eq!((read.relations, &*read.learners), (grounds.relations, &*grounds.learners));
        // The suite's own work reads for nobody.
        let own = || Change { grounds: None, ..request(2, "/Notes/Create", 1) };
        begin(&store, own()).await.commit(id).await.expect("the change");
        assert!(matches!(store.write::<Uuid>(own()).await, Ok(Write::Replay(_))));
        assert_eq!(all(&store).await.len(), 2);
    });
}
