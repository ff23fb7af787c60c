//! What is deleted with time: by the piece, out of the journal, and without anybody waiting for it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, TransactionTrait};
use trellis_kernel::{FixedClock, Timestamp, Uuid};
use trellis_store::feed::FeedRow;
use trellis_store::{Checkpoint, Follower, LetterState, Scope, Store};

use crate::place::{Notes, Place, add, begin, change, district, each, note, soon};

/// A connection of nobody's, to meddle with.
async fn outside(place: &Place) -> DatabaseConnection {
    let mut options = ConnectOptions::new(&place.options.url);
    options.max_connections(1).set_schema_search_path("testing");
    Database::connect(options).await.expect("a connection")
}

/// Has a statement that deletes more rows of a table than any may fail.
async fn limit(conn: &DatabaseConnection, table: &str) {
    let sql = format!(
        "CREATE FUNCTION few_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF (SELECT count(*) FROM gone) > 1000 THEN RAISE EXCEPTION 'too many at once'; END IF; \
         RETURN NULL; END $$; \
         CREATE TRIGGER few AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone \
         FOR EACH STATEMENT EXECUTE FUNCTION few_{table}()"
    );
    conn.execute_unprepared(&sql).await.expect("a trigger");
}

#[test]
fn what_expires_is_deleted_some_at_a_time_and_around_what_is_in_use() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        let outside = outside(&place).await;
        outside.execute_unprepared("SET trellis.district = '*'").await.expect("sight");
        let requests = "INSERT INTO idempotency (district, actor, request_id, method, fingerprint, reply, create_time) \
                        SELECT 'grand-bend', 'a', gen_random_uuid(), 'm', '', '1', n FROM generate_series(1, 2500) AS n";
        outside.execute_unprepared(requests).await.expect("requests");
        let letters = "INSERT INTO dead_letters (district, uid, consumer, producer, position, event_uid, kind, \
                       resource, actor, event_time, state, reason, attempts, create_time, update_time) \
                       SELECT 'grand-bend', gen_random_uuid(), 'c', 'p', n, gen_random_uuid(), 'k', 'r', 'a', 0, \
                       CASE n WHEN 1 THEN 'waiting' WHEN 2 THEN 'failed' ELSE 'replayed' END, '', 1, n, n \
                       FROM generate_series(1, 2502) AS n";
        outside.execute_unprepared(letters).await.expect("letters");
        limit(&outside, "idempotency").await;
        limit(&outside, "dead_letters").await;
        let used = outside.begin().await.expect("a transaction");
        for table in ["idempotency", "dead_letters"] {
            let sql = format!("SELECT 1 FROM {table} WHERE create_time = 1200 FOR UPDATE");
            used.execute_unprepared(&sql).await.expect("a row in use");
        }
        assert_eq!(soon(store.forget_requests()).await.expect("the deletion"), 2499);
        assert_eq!(soon(store.forget_letters()).await.expect("the deletion"), 2499);
        used.rollback().await.expect("the end of the use");
        assert_eq!(store.forget_requests().await.expect("the deletion"), 1);
        assert_eq!(store.forget_letters().await.expect("the deletion"), 1);
        let open = store.dead_letters(&district("grand-bend"), true, None, 10).await.expect("letters");
        assert_eq!(open.len(), 2, "those that are open are kept");
    });
}

#[test]
fn only_what_is_old_enough_is_deleted() {
    each(async |place| {
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.expect("the tables");
        for id in 0..3 {
            let tx = begin(&store, crate::place::request(id, "m", 1)).await;
            tx.commit(Uuid::nil()).await.expect("the change");
            clock.advance(SignedDuration::from_hours(1));
        }
        clock.advance(SignedDuration::from_hours(22));
        assert_eq!(store.forget_requests().await.expect("the deletion"), 1);
        assert_eq!(store.forget_requests().await.expect("the deletion"), 0);
    });
}

#[test]
fn positions_are_given_while_the_house_is_kept() {
    trellis_testkit::run(async {
        let mut place = Place::postgres();
        // Longer than the test waits: housekeeping never gets what it waits for.
        place.options.acquire_timeout = Duration::from_mins(10);
        place.options.statement_timeout = Duration::from_mins(10);
        let store = place.store().await;
        let outside = outside(&place).await;
        let used = outside.begin().await.expect("a transaction");
        used.execute_unprepared("LOCK TABLE idempotency, dead_letters").await.expect("the tables");
        let tasks = [store.relay().1, store.housekeeping().1].map(tokio::spawn);
        let mut head = store.watch();
        for position in 1..4 {
            let mut tx = begin(&store, change()).await;
            let id = add(&mut tx, 1).await;
            tx.commit(id).await.expect("the change");
            soon(head.wait_for(|head| *head >= position)).await.expect("a position");
        }
        for task in tasks {
            task.abort();
        }
        used.rollback().await.expect("the end of the use");
    });
}

#[test]
fn what_was_deleted_is_in_neither_file_once_the_journal_was_emptied() {
    const WORDS: &str = "marked words of a learner";
    trellis_testkit::run(async {
        let place = Place::sqlite();
        let store = place.store().await;
        let directory = place.options.url.strip_prefix("sqlite://").expect("a directory").to_owned();
        let holds = |file: &str| {
            let content = std::fs::read(format!("{directory}/{file}")).expect("a file");
            content.windows(WORDS.len()).any(|part| part == WORDS.as_bytes())
        };
        let tx = begin(&store, change()).await;
        let mut row = note::row(Uuid::from_u128(1), 1);
        row.title = sea_orm::Set(WORDS.repeat(100));
        tx.insert(row).await.expect("a note");
        tx.commit(Uuid::nil()).await.expect("the change");
        let tx = begin(&store, change()).await;
        tx.delete_many::<note::Entity>().exec(tx.conn()).await.expect("the deletion");
        tx.commit(Uuid::nil()).await.expect("the change");
        assert!(holds("testing.db-wal"), "the journal holds what was written");

        // While somebody reads, they are kept, and nobody is held up for long.
        let mut options = ConnectOptions::new(format!("sqlite://{directory}/testing.db"));
        options.max_connections(1);
        let reader = Database::connect(options).await.expect("a connection");
        reader.execute_unprepared("BEGIN; SELECT count(*) FROM note").await.expect("a reader");
        let tx = begin(&store, change()).await;
        tx.insert(note::row(Uuid::from_u128(2), 2)).await.expect("a note");
        tx.commit(Uuid::nil()).await.expect("the change");
        soon(store.empty_journal()).await.expect_err("somebody reads");
        reader.close().await.expect("the end of the reader");

        soon(store.empty_journal()).await.expect("the journal is taken in");
        assert!(!holds("testing.db-wal") && !holds("testing.db"));
        let tx = begin(&store, change()).await;
        tx.insert(note::row(Uuid::from_u128(3), 3)).await.expect("the store goes on");
        tx.commit(Uuid::nil()).await.expect("the change");
    });
}

fn event(position: i64) -> FeedRow {
    FeedRow {
        position,
        uid: Uuid::from_u128(position.unsigned_abs().into()),
        district: district("grand-bend"),
        kind: "note.created".to_owned(),
        resource: "districts/grand-bend/notes/1".to_owned(),
        resource_type: String::new(),
        subjects: Vec::new(),
        deleted: false,
        actor: "people/a".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        payload: None,
    }
}

#[test]
fn another_event_at_the_same_position_is_put_aside_too() {
    each(async |place| {
        let store = place.store().await;
        let of = Follower { consumer: "notes".to_owned(), producer: "testing".to_owned() };
        // The producer was restored, and gave the position once more.
        let again = FeedRow { uid: Uuid::from_u128(8), ..event(1) };
        advance(&store, &of, 0).await;
        let tx = begin(&store, change()).await;
        tx.put_aside(&of, event(1), None).await.expect("a letter");
        tx.put_aside(&of, again.clone(), None).await.expect("a letter");
        tx.commit(Uuid::nil()).await.expect("the change");
        let tx = begin(&store, change()).await;
        tx.put_aside(&of, again, None).await.expect_err("the same event");
    });
}

/// Moves the consumer by one event, and says how many letters were open.
async fn advance(store: &Store, of: &Follower, from: i64) -> i64 {
    let tx = begin(store, change()).await;
    let from = Checkpoint { position: from, incarnation: None };
    let open = tx.advance(of, from, from.position + 1).await.expect("a checkpoint").expect("it stands there");
    tx.commit(Uuid::nil()).await.expect("the change");
    open
}

#[test]
fn a_letter_that_was_settled_meanwhile_stays_so_and_is_counted_once() {
    each(async |place| {
        use trellis_kernel::Reason::StateConflict;
        let store = place.store().await;
        let of = Follower { consumer: "notes".to_owned(), producer: "testing".to_owned() };
        let home = district("grand-bend");
        advance(&store, &of, 0).await;
        let tx = begin(&store, change()).await;
        tx.put_aside(&of, event(1), Some((StateConflict, 5))).await.expect("a letter");
        tx.put_aside(&of, event(2), None).await.expect("a letter");
        tx.commit(Uuid::nil()).await.expect("the change");
        let letters = store.dead_letters(&home, false, None, 9).await.expect("letters");
        let first = letters.iter().find(|letter| letter.event.position == 1).expect("the first");
        // One gives it up while another, who tried it, has let go of it to write that it failed.
        let tx = begin(&store, change()).await;
        tx.settle_letter(first, LetterState::Discarded).await.expect("settled");
        tx.commit(Uuid::nil()).await.expect("the change");
        let tx = begin(&store, change()).await;
        tx.refuse_letter(first, StateConflict).await.expect("nothing to write");
        tx.settle_letter(first, LetterState::Replayed).await.expect("nothing to settle");
        tx.commit(Uuid::nil()).await.expect("the change");
        let now = store.dead_letter(&home, first.uid).await.expect("an answer").expect("the letter");
        assert_eq!((now.state, now.attempts), (LetterState::Discarded, 5));
        assert_eq!(advance(&store, &of, 1).await, 1, "the second is still open");
    });
}
