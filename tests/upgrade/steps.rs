//! A program starts on what one left behind that knew any number of the steps in which the schemas grew,
//! with a row in every table that takes one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use trellis_kernel::{RandomIds, SystemClock};
use trellis_store::{Options, Sealer, SealingKey, Store};
use trellis_suite::config::Service;
use trellis_suite::data;
use trellis_testkit::{postgres, run};

use super::dump::{self, open, superuser};
use super::schema::{self, are_alike};
use super::{PASSING, counts, starts_on, without_a_wall};

/// A column's name and its type, as the database says it.
type Columns = Vec<(String, String)>;

/// How many steps the service with the most has.
fn most() -> usize {
    Service::ALL.iter().map(|service| data::migrations(*service).len()).max().expect("there are services")
}

/// Brings every service's schema as far as its first steps do.
async fn grown(url: &str, steps: usize) {
    let sealer = Sealer::new(vec![SealingKey::generate(1)]).expect("a key");
    for service in Service::ALL {
        let mut migrations = data::migrations(service);
        migrations.truncate(steps);
        let options = Options::new(url, sealer.clone());
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let store = Store::open(&options, service.name(), migrations, clock, ids).await.expect("a store");
        store.migrate().await.expect("the steps apply");
        store.close().await;
    }
}

/// The statement that puts a row into a table. All ids, and all words, are the same, so that what refers
/// to something finds it.
fn row(table: &str, columns: &Columns) -> String {
    let (mut names, mut values) = (String::new(), String::new());
    for (name, kind) in columns {
        let value = match kind.to_ascii_lowercase().as_str() {
            _ if name == "district" => "'grand-bend'",
            "text" => "'x'",
            "blob" => "X'00000000000000000000000000000001'",
            "uuid" => "'00000000-0000-0000-0000-000000000001'",
            "bytea" => "'\\x01'",
            "boolean" => "true",
            kind if kind.contains("json") => "'[]'",
            _ => "1",
        };
        let comma = if names.is_empty() { "" } else { ", " };
        write!(names, "{comma}\"{name}\"").expect("text");
        write!(values, "{comma}{value}").expect("text");
    }
    format!("INSERT INTO {table} ({names}) VALUES ({values})")
}

/// Which of the tables a row goes into: not the house's own, whose rows it reads and deletes.
fn is_a_services(table: &str) -> bool {
    let name = table.rsplit('.').next().unwrap_or_default();
    !PASSING.contains(&name) && !name.ends_with("_migrations") && !name.ends_with("_least")
}

/// Runs the statements, again and again, until no further one is taken: some refer to others.
macro_rules! fill {
    ($conn:expr, $rows:expr) => {{
        let mut rows: Vec<String> = $rows;
        let all = rows.len();
        loop {
            let before = rows.len();
            let mut refused = Vec::new();
            for sql in rows {
                if $conn.execute(AssertSqlSafe(sql.clone())).await.is_err() {
                    refused.push(sql);
                }
            }
            rows = refused;
            if rows.len() == before {
                break;
            }
        }
        assert!(rows.len() * 4 <= all, "most tables take a row, but not these: {rows:#?}");
    }};
}

async fn fill_sqlite(data: &Path) {
    for service in Service::ALL {
        let mut conn = open(&data.join(format!("{}.db", service.name())), false).await;
        let sql = "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c \
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let found: Vec<(String, String, String)> =
            sqlx::query_as(sql).fetch_all(&mut conn).await.expect("the columns");
        fill!(conn, rows(found));
        conn.close().await.expect("closing");
    }
}

async fn fill_postgres(url: &str) {
    let mut conn = PgConnection::connect(&superuser(url)).await.expect("a connection");
    let sql = "SELECT table_schema || '.' || table_name, column_name::text, data_type::text \
               FROM information_schema.columns WHERE table_schema = ANY($1)";
    let schemas: Vec<String> = Service::ALL.iter().map(|service| service.name().to_owned()).collect();
    let found: Vec<(String, String, String)> =
        sqlx::query_as(sql).bind(schemas).fetch_all(&mut conn).await.expect("the columns");
    fill!(conn, rows(found));
}

fn rows(found: Vec<(String, String, String)>) -> Vec<String> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for (table, column, kind) in found.into_iter().filter(|(table, ..)| is_a_services(table)) {
        tables.entry(table).or_default().push((column, kind));
    }
    tables.iter().map(|(table, columns)| row(table, columns)).collect()
}

/// Every row is still there, and every step was applied.
fn kept(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>, steps: usize) {
    for (table, rows) in before.iter().filter(|(table, _)| is_a_services(table)) {
        let Some(now) = after.get(table) else { continue };
        assert!(now >= rows, "{table} after {steps} steps: {now} of {rows} rows");
    }
    let filled = before.iter().filter(|(table, rows)| is_a_services(table) && **rows > 0).count();
    assert_eq!(filled > 0, steps > 0, "there are rows to keep");
    for service in Service::ALL {
        let table = format!("{0}.{0}_migrations", service.name());
        let applied = usize::try_from(after[&table]).expect("small");
        let house =
            usize::try_from(before[&table]).expect("small") - steps.min(data::migrations(service).len());
        assert_eq!(applied, house + data::migrations(service).len(), "{table} after {steps} steps");
    }
}

#[test]
fn on_sqlite_after_any_number_of_steps() {
    run(async {
        let fresh = tempfile::tempdir().expect("a directory");
        starts_on(fresh.path(), None).await;
        let expected = schema::sqlite(fresh.path()).await;
        for steps in 0..=most() {
            let data = tempfile::tempdir().expect("a directory");
            grown(&format!("sqlite://{}", data.path().display()), steps).await;
            fill_sqlite(data.path()).await;
            let before = dump::counts(data.path()).await;
            starts_on(data.path(), None).await;
            kept(&before, &dump::counts(data.path()).await, steps);
            are_alike(&schema::sqlite(data.path()).await, &expected, &format!("after {steps} steps"));
        }
    });
}

#[test]
fn on_postgresql_after_any_number_of_steps() {
    run(async {
        let data = tempfile::tempdir().expect("a directory");
        let fresh = postgres::database();
        starts_on(data.path(), Some(&fresh)).await;
        let expected = schema::postgres(&fresh).await;
        for steps in 0..=most() {
            let url = postgres::database();
            grown(&url, steps).await;
            fill_postgres(&url).await;
            let before = counts(&url).await;
            starts_on(data.path(), Some(&url)).await;
            kept(&before, &counts(&url).await, steps);
            are_alike(&schema::postgres(&url).await, &expected, &format!("after {steps} steps"));
            assert_eq!(without_a_wall(&url).await, BTreeSet::new(), "after {steps} steps");
        }
    });
}

/// A message that waits in the feed of outcome since before its contract became `v1`.
const WAITING: &str = "INSERT INTO outbox \
    (uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time, payload_type) \
    VALUES ({uid}, 'grand-bend', 'framework.published', 'x', 'x', '[]', false, 'operator', 1, \
    'type.googleapis.com/trellis.outcome.v1alpha1.FrameworkPublished')";
const TYPE: &str = "type.googleapis.com/trellis.outcome.v1.FrameworkPublished";

/// How many steps outcome had before that.
const BEFORE_V1: usize = 8;

#[test]
fn what_waits_in_the_feed_is_told_under_its_new_type_on_sqlite() {
    run(async {
        let data = tempfile::tempdir().expect("a directory");
        let url = format!("sqlite://{}", data.path().display());
        grown(&url, BEFORE_V1).await;
        let file = data.path().join("outcome.db");
        let mut conn = open(&file, false).await;
        let sql = WAITING.replace("{uid}", "X'00000000000000000000000000000001'");
        conn.execute(AssertSqlSafe(sql)).await.expect("a message waits");
        conn.close().await.expect("closing");
        grown(&url, most()).await;
        let mut conn = open(&file, false).await;
        let found: String =
            sqlx::query_scalar("SELECT payload_type FROM outbox").fetch_one(&mut conn).await.expect("it");
        assert_eq!(found, TYPE);
    });
}

#[test]
fn what_waits_in_the_feed_is_told_under_its_new_type_on_postgresql() {
    run(async {
        let url = postgres::database();
        grown(&url, BEFORE_V1).await;
        let mut conn = PgConnection::connect(&superuser(&url)).await.expect("a connection");
        conn.execute("SET search_path = outcome").await.expect("the schema");
        let sql = WAITING.replace("{uid}", "'00000000-0000-0000-0000-000000000001'");
        conn.execute(AssertSqlSafe(sql)).await.expect("a message waits");
        grown(&url, most()).await;
        let found: String =
            sqlx::query_scalar("SELECT payload_type FROM outbox").fetch_one(&mut conn).await.expect("it");
        assert_eq!(found, TYPE);
    });
}
