//! The house's own tables, brought to the present from each step in which they grew.
//!
//! What the steps were is written here once more: a step that was released is never changed.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use trellis_kernel::{Clock as _, Kind, SystemClock, Uuid};
use trellis_store::check::{Inspected, check};
use trellis_store::{Checkpoint, Scope, Write};

use crate::place::{Notes, Place, district, each, note, request};

const MIGRATIONS: &str = "CREATE TABLE testing_migrations (name TEXT NOT NULL PRIMARY KEY, apply_time BIGINT NOT NULL); \
     CREATE TABLE testing_least (name TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL)";

/// `house_0001`, with what it holds: an event without a position, a reply, a checkpoint.
const FIRST: &str = "CREATE TABLE outbox (seq SERIAL, position BIGINT UNIQUE, uid UUID NOT NULL, \
     district TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, resource_type TEXT NOT NULL, \
     subjects TEXT NOT NULL, deleted BOOLEAN NOT NULL, actor TEXT NOT NULL, event_time BIGINT NOT NULL, \
     payload_type TEXT, payload BYTEA); \
     CREATE INDEX outbox_waiting ON outbox (seq) WHERE position IS NULL; \
     CREATE INDEX outbox_feed ON outbox (district, position); \
     CREATE TABLE relay (id INTEGER PRIMARY KEY CHECK (id = 1), head BIGINT NOT NULL); \
     INSERT INTO relay (id, head) VALUES (1, 4); \
     CREATE TABLE idempotency (district TEXT NOT NULL, actor TEXT NOT NULL, request_id UUID NOT NULL, \
     method TEXT NOT NULL, fingerprint BYTEA NOT NULL, reply TEXT, create_time BIGINT NOT NULL, \
     PRIMARY KEY (district, actor, request_id)); \
     CREATE INDEX idempotency_age ON idempotency (create_time); \
     CREATE TABLE event_checkpoints (consumer TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL); \
     INSERT INTO testing_migrations VALUES ('house_0001', 0); \
     INSERT INTO outbox (uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time) \
     VALUES (ID, 'grand-bend', 'note.early', 'x', 'x', '[]', false, 'x', 0); \
     INSERT INTO idempotency VALUES ('grand-bend', 'people/a', ID, '/x/Create', PRINT, '\"ID-TEXT\"', 0); \
     INSERT INTO event_checkpoints VALUES ('notes/elsewhere', 3)";

/// `house_0002_events`, with a letter.
const SECOND: &str = "ALTER TABLE relay ADD COLUMN floor BIGINT NOT NULL DEFAULT 0; \
     ALTER TABLE relay ADD COLUMN compacted BIGINT NOT NULL DEFAULT 0; \
     ALTER TABLE relay ADD COLUMN holder TEXT NOT NULL DEFAULT ''; \
     ALTER TABLE relay ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0; \
     ALTER TABLE event_checkpoints ADD COLUMN open BIGINT NOT NULL DEFAULT 0; \
     CREATE TABLE dead_letters (district TEXT NOT NULL, uid UUID NOT NULL, consumer TEXT NOT NULL, \
     producer TEXT NOT NULL, position BIGINT NOT NULL, event_uid UUID NOT NULL, kind TEXT NOT NULL, \
     resource TEXT NOT NULL, actor TEXT NOT NULL, event_time BIGINT NOT NULL, payload_type TEXT, \
     payload BYTEA, state TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, \
     create_time BIGINT NOT NULL, update_time BIGINT NOT NULL, PRIMARY KEY (district, uid)); \
     CREATE UNIQUE INDEX dead_letters_event ON dead_letters (consumer, producer, position); \
     CREATE INDEX dead_letters_resource ON dead_letters (district, resource); \
     CREATE INDEX dead_letters_order ON dead_letters (district, create_time, uid); \
     INSERT INTO testing_migrations VALUES ('house_0002_events', 0); \
     INSERT INTO dead_letters VALUES ('grand-bend', ID, 'notes', 'elsewhere', 2, ID, 'x', 'x', 'x', 0, NULL, \
     NULL, 'discarded', '', 0, 0, 0)";

/// The statements in the words of a database.
fn written(postgres: bool, sql: &str) -> String {
    let id = Uuid::from_u128(7);
    let sql = sql.replace("ID-TEXT", &id.to_string());
    if postgres {
        let serial = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
        let sql = sql.replace("SERIAL", serial).replace("PRINT", &format!("'\\x{}'", "07".repeat(32)));
        return sql.replace("(ID,", &format!("('{id}',")).replace(" ID,", &format!(" '{id}',"));
    }
    let bytes = format!("X'{}'", id.simple());
    let sql = sql.replace("SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT").replace("BYTEA", "BLOB");
    let sql = sql.replace(" UUID ", " BLOB ").replace("PRINT", &format!("X'{}'", "07".repeat(32)));
    sql.replace("(ID,", &format!("({bytes},")).replace(" ID,", &format!(" {bytes},"))
}

async fn outside(place: &Place) -> DatabaseConnection {
    let url = match place.options.url.strip_prefix("sqlite://") {
        Some(directory) => format!("sqlite://{directory}/testing.db?mode=rwc"),
        None => format!("{}?options=-csearch_path%3Dtesting", place.options.url),
    };
    Database::connect(url).await.unwrap()
}

/// Leaves what a program left behind that knew so many steps.
async fn left_behind(place: &Place, steps: usize) {
    let postgres = place.options.url.starts_with("postgres");
    let outside = outside(place).await;
    if postgres && steps > 0 {
        outside.execute_unprepared("CREATE SCHEMA testing").await.unwrap();
    }
    for sql in [MIGRATIONS, FIRST, SECOND].iter().take(if steps == 0 { 0 } else { steps + 1 }) {
        outside.execute_unprepared(&written(postgres, sql)).await.unwrap();
    }
    outside.close().await.unwrap();
}

#[test]
fn whatever_step_was_the_last_the_present_program_goes_on_from_it() {
    for steps in 0..=2 {
        each(async |place| {
            left_behind(&place, steps).await;
            let store = place.store().await;
            let inspected =
                Inspected { service: "testing", migrations: vec![Box::new(Notes)], promises: Vec::new() };
            let home = district("grand-bend");
            store.relay_once().await.unwrap();
            let told: Vec<(i64, String)> = store
                .feed(&home)
                .after(0, 9)
                .await
                .unwrap()
                .into_iter()
                .map(|row| (row.position, row.kind))
                .collect();
            if steps == 0 {
                assert_eq!(told, []);
            } else {
                // It waited for its position all the time, and comes after those that had one.
                assert_eq!(told, [(5, "note.early".to_owned())]);
                let checkpoint = store.checkpoint("notes/elsewhere").await.unwrap();
                assert_eq!(checkpoint, Checkpoint { position: 3, incarnation: None });
                let repeated = store.write::<Uuid>(request(7, "/x/Create", 7)).await.unwrap();
                assert!(matches!(repeated, Write::Replay(id) if id == Uuid::from_u128(7)));
                let other = store.write::<Uuid>(request(7, "/x/Create", 8)).await.unwrap_err();
                assert_eq!(other.kind(), Kind::InvalidArgument);
            }
            // Letters and replies are there to be forgotten.
            assert_eq!(store.forget_letters().await.unwrap(), u64::from(steps == 2));
            assert_eq!(store.forget_requests().await.unwrap(), u64::from(steps > 0));
            let report = check(&place.options.url, vec![inspected], SystemClock.now()).await.unwrap();
            assert_eq!(report.findings, [], "after {steps} steps: every column, index and policy is there");
            let reader = store.read(&home);
            assert_eq!(reader.find::<note::Entity>().all(reader.conn()).await.unwrap(), []);
        });
    }
}
