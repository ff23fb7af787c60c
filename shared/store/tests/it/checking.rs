//! What a check of a database finds.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use trellis_kernel::{Clock as _, SystemClock, Timestamp};
use trellis_store::Store;
use trellis_store::check::{Finding, Inspected, Promise, Report, check};

use crate::place::{Notes, Place, add, begin, change, each, request};

const PROMISE: Promise =
    Promise::Within { broken: "notes of no rank", count: "SELECT count(*) FROM note WHERE rank < 0" };

async fn look(place: &Place, now: Timestamp) -> Report {
    let towards = Promise::Towards {
        broken: "events of notes that are gone",
        references: "SELECT resource FROM outbox",
        service: "testing",
        table: "note",
    };
    let inspected =
        Inspected { service: "testing", migrations: vec![Box::new(Notes)], promises: vec![PROMISE, towards] };
    check(&place.options.url, vec![inspected], now).await.unwrap()
}

async fn found(place: &Place) -> Vec<(&'static str, u64)> {
    summary(&look(place, SystemClock.now()).await.findings)
}

fn summary(findings: &[Finding]) -> Vec<(&'static str, u64)> {
    findings.iter().map(|finding| (finding.check, finding.count)).collect()
}

/// Another's way to the same rows, past the store.
async fn aside(place: &Place) -> DatabaseConnection {
    let url = match place.options.url.strip_prefix("sqlite://") {
        Some(directory) => format!("sqlite://{directory}/testing.db"),
        None => {
            format!("{}?options=-c%20search_path%3Dtesting%20-c%20trellis.district%3D%2A", place.options.url)
        }
    };
    Database::connect(url).await.unwrap()
}

async fn alter(place: &Place, sql: &str) {
    let connection = aside(place).await;
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

async fn add_notes(store: &Store, ranks: impl IntoIterator<Item = i64>) {
    let mut tx = begin(store, change()).await;
    for rank in ranks {
        add(&mut tx, rank).await;
    }
    tx.commit(trellis_kernel::Uuid::nil()).await.unwrap();
    store.relay_once().await.unwrap();
}

#[test]
fn a_database_that_is_whole_has_no_findings() {
    each(async |place| {
        let store = place.store().await;
        add_notes(&store, 0..10).await;
        let report = look(&place, SystemClock.now()).await;
        assert_eq!(report.findings, Vec::new());
        let standing = &report.services[0];
        assert_eq!((standing.service, standing.head, standing.waiting), ("testing", 10, 0));
        // The store goes on: nothing was locked or changed.
        add_notes(&store, 10..12).await;
        assert_eq!(found(&place).await, []);
    });
}

#[test]
fn a_schema_that_is_not_there_or_not_whole_is_found() {
    each(async |place| {
        drop(place.open().await);
        let all_of_them = look(&place, SystemClock.now()).await.findings;
        // Those of the house, and its own.
        assert_eq!((all_of_them[0].check, all_of_them[0].count), ("migrations", 7));
        assert!(all_of_them[0].what.contains("house_0001"), "{all_of_them:?}");
        assert!(all_of_them.iter().all(|finding| finding.check != "reachable"), "{all_of_them:?}");
        drop(place.store().await);
        assert_eq!(found(&place).await, []);
        alter(&place, "DROP INDEX outbox_feed").await;
        alter(&place, "ALTER TABLE note DROP COLUMN score").await;
        assert_eq!(found(&place).await, [("schema", 1), ("schema", 1)]);
    });
}

#[test]
fn rows_whose_counterpart_is_gone_are_counted() {
    each(async |place| {
        let store = place.store().await;
        add_notes(&store, -2..5).await;
        assert_eq!(found(&place).await, [("orphans", 2)]);
        alter(&place, "DELETE FROM note WHERE rank > 2").await;
        assert_eq!(found(&place).await, [("orphans", 2), ("orphans", 2)]);
    });
}

#[test]
fn what_is_late_or_ahead_is_found() {
    each(async |place| {
        let store = place.store().await;
        add_notes(&store, 0..10).await;
        alter(&place, "INSERT INTO event_checkpoints (consumer, position) VALUES ('notes/testing', 12)")
            .await;
        let report = look(&place, SystemClock.now()).await;
        assert_eq!(summary(&report.findings), [("checkpoints", 2)]);
        assert_eq!(report.services[0].followed[0].behind, Some(-2));
        alter(&place, "UPDATE event_checkpoints SET position = 4").await;
        assert_eq!(found(&place).await, [], "a little behind is not late");
        alter(&place, "UPDATE event_checkpoints SET incarnation = (SELECT incarnation FROM relay)").await;
        assert_eq!(found(&place).await, [], "it follows the feed of now");
        alter(&place, &identified(&place, "UPDATE event_checkpoints SET incarnation = X")).await;
        let report = look(&place, SystemClock.now()).await;
        assert_eq!(summary(&report.findings), [("checkpoints", 1)]);
        assert!(report.findings[0].what.contains("stands still at 4, and those of now reach to 10"));
        assert_eq!(report.services[0].followed[0].behind, None, "of what it followed nothing comes");
        alter(&place, "UPDATE event_checkpoints SET incarnation = NULL").await;

        alter(&place, "UPDATE outbox SET position = NULL WHERE position > 7").await;
        alter(&place, "UPDATE relay SET head = 7").await;
        assert_eq!(found(&place).await, [], "the relay may be about to see them");
        let later = SystemClock.now() + std::time::Duration::from_mins(2);
        assert_eq!(summary(&look(&place, later).await.findings), [("outbox", 3)]);
        alter(&place, "UPDATE relay SET head = 5").await;
        assert!(found(&place).await.contains(&("outbox", 2)), "positions beyond the head");
    });
}

#[test]
fn what_somebody_has_to_see_to_is_counted() {
    each(async |place| {
        let store = place.store().await;
        add_notes(&store, 0..10).await;
        for (broken, mended, finding) in [
            (
                "INSERT INTO event_checkpoints (consumer, position, open) VALUES ('notes/elsewhere', 1, 3)",
                "UPDATE event_checkpoints SET open = 0",
                ("dead_letters", 3),
            ),
            (
                "INSERT INTO access_learners (district, learner, access_time, uid) \
                 VALUES ('grand-bend', X, 7, X), ('elsewhere', X, 7, X)",
                "DELETE FROM access_learners",
                ("trail", 2),
            ),
            (
                "INSERT INTO idempotency (district, actor, request_id, method, fingerprint, create_time) \
                 VALUES ('grand-bend', 'people/a', X, '/x/Create', X, 0)",
                "DELETE FROM idempotency",
                ("requests", 1),
            ),
        ] {
            alter(&place, &identified(&place, broken)).await;
            assert_eq!(found(&place).await, [finding], "{broken}");
            alter(&place, mended).await;
            assert_eq!(found(&place).await, [], "{mended}");
        }
        // A reply is late when housekeeping has had its time to delete it.
        let mut tx = begin(&store, request(1, "/x/Create", 7)).await;
        add(&mut tx, 10).await;
        tx.commit(trellis_kernel::Uuid::nil()).await.unwrap();
        store.relay_once().await.unwrap();
        for (hours, findings) in [(24, vec![]), (26, vec![("requests", 1)])] {
            let later = SystemClock.now() + std::time::Duration::from_hours(hours);
            assert_eq!(summary(&look(&place, later).await.findings), findings, "{hours}");
        }
    });
}

/// The same statement, with an id (or bytes) as the database writes one for each `X`.
fn identified(place: &Place, sql: &str) -> String {
    if place.options.url.starts_with("sqlite") {
        return sql.replace(" X", " X'00000000000000000000000000000001'");
    }
    let id = "'00000000-0000-0000-0000-000000000001'";
    sql.replacen("/x/Create', X", "/x/Create', '\\x01'", 1).replace(" X", &format!(" {id}"))
}

#[test]
fn a_consumer_whose_next_events_are_kept_no_longer_is_told_where_it_stands() {
    each(async |place| {
        let store = place.store().await;
        add_notes(&store, 0..10).await;
        alter(&place, "INSERT INTO event_checkpoints (consumer, position) VALUES ('notes/testing', 4)").await;
        alter(&place, "DELETE FROM outbox WHERE position <= 7").await;
        alter(&place, "UPDATE relay SET floor = 7").await;
        let findings = look(&place, SystemClock.now()).await.findings;
        assert_eq!(summary(&findings), [("checkpoints", 3)]);
        assert!(findings[0].what.contains("stands still at 4, and those after 7"), "{findings:?}");
        assert!(findings[0].remedy.contains("docs/operations.md"), "{findings:?}");
        alter(&place, "UPDATE event_checkpoints SET position = 7").await;
        assert_eq!(found(&place).await, [], "the next is kept");
    });
}

#[test]
fn a_row_that_refers_to_nothing_is_found_in_a_file() {
    trellis_testkit::run(async {
        let place = Place::sqlite();
        drop(place.store().await);
        let past = "PRAGMA foreign_keys = OFF; \
                    CREATE TABLE shelf (id INTEGER PRIMARY KEY, note INTEGER REFERENCES shelf (id)); \
                    INSERT INTO shelf VALUES (1, 1), (2, 8), (3, 9)";
        alter(&place, past).await;
        assert_eq!(found(&place).await, [("foreign_keys", 2)]);
    });
}

#[test]
fn a_server_that_is_away_is_a_finding_for_every_service() {
    trellis_testkit::run(async {
        let mut place = Place::postgres();
        drop(place.store().await);
        let whole = place.options.url.clone();
        for away in ["postgres://trellis@127.0.0.1:1/none", &format!("{whole}_gone")] {
            place.options.url = away.to_owned();
            let report = look(&place, SystemClock.now()).await;
            assert_eq!(summary(&report.findings), [("reachable", 1)], "{away}");
            assert!(report.services.is_empty());
            assert!(!format!("{:?}", report.findings).contains("127.0.0.1"), "{:?}", report.findings);
        }
    });
}

#[test]
fn a_table_without_its_second_wall_is_found() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        drop(place.store().await);
        assert_eq!(found(&place).await, []);
        alter(&place, "ALTER TABLE note NO FORCE ROW LEVEL SECURITY").await;
        assert_eq!(found(&place).await, [("policies", 1)]);
    });
}

#[test]
fn a_damaged_file_and_one_that_is_gone_are_found() {
    trellis_testkit::run(async {
        let place = Place::sqlite();
        let store = place.store().await;
        add_notes(&store, 0..500).await;
        store.close().await;
        let directory = place.options.url.strip_prefix("sqlite://").unwrap();
        let file = std::path::Path::new(directory).join("testing.db");
        let whole = std::fs::read(&file).unwrap();
        let at = whole.windows(8).position(|bytes| bytes == b"Note 250").unwrap() / 4096 * 4096;
        let mut damaged = whole.clone();
        damaged[at..at + 8].fill(0xff);
        std::fs::write(&file, damaged).unwrap();
        let findings = look(&place, SystemClock.now()).await.findings;
        assert_eq!(findings[0].check, "integrity", "{findings:?}");
        assert!(findings[0].remedy.contains("trellis restore"), "{findings:?}");
        assert!(!findings[0].what.contains("Note"), "no row is quoted: {findings:?}");

        std::fs::write(&file, &whole[..100]).unwrap();
        assert_eq!(look(&place, SystemClock.now()).await.findings.len(), 1);
        std::fs::remove_file(&file).unwrap();
        let findings = look(&place, SystemClock.now()).await.findings;
        assert!(findings[0].what.contains("no database file"), "{findings:?}");
        assert!(!file.exists(), "a check makes nothing");
    });
}
