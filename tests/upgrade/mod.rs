//! A program starts on what every released one left behind, and finds it all: see README.md.

mod dump;
mod schema;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use trellis_suite::config::{Config, Layers, Service};
use trellis_suite::suite::{Sources, start};
use trellis_testkit::{Backend, Suite, postgres, run};

use self::dump::superuser;
use self::schema::are_alike;

/// What the house itself deletes when it grows old, or moves, or has for sandboxes alone.
const PASSING: [&str; 10] = [
    "outbox",
    "idempotency",
    "accesses",
    "access_learners",
    "event_checkpoints",
    "relay",
    "dead_letters",
    "leases",
    "sandboxes",
    "sandbox_floors",
];

/// What is the matter when the schema of the present version is not the program's.
const STALE: &str = "the schema has changed: UPDATE_GOLDEN=1 cargo test -p trellis-tests --lib upgrade";

fn versions() -> Vec<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade");
    let entries = fs::read_dir(home).expect("the released schemas");
    let mut versions: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.retain(|path| path.is_dir());
    versions.sort();
    versions
}

/// The released versions, by their tags, of which nothing is kept here.
fn forgotten(tags: &str, versions: &[PathBuf]) -> Vec<String> {
    let released = tags.lines().map(|tag| tag.trim().trim_start_matches('v'));
    let released = released.filter(|tag| tag.starts_with(|c: char| c.is_ascii_digit()));
    let is_kept = |tag: &&str| versions.iter().any(|path| path.ends_with(tag));
    released.filter(|tag| !is_kept(tag)).map(str::to_owned).collect()
}

#[test]
fn every_release_has_left_something_here() {
    let kept = [PathBuf::from("upgrade/0.1.0"), PathBuf::from("upgrade/0.10.0")];
    assert_eq!(forgotten("v0.1.0\nv0.2.0\n0.10.0\nnightly\n", &kept), ["0.2.0"]);
    // A copy of the sources without their history has nothing to compare.
    let git = Command::new("git").args(["-C", env!("CARGO_MANIFEST_DIR"), "tag", "--list"]).output();
    let tags = git.ok().filter(|done| done.status.success()).map(|done| done.stdout).unwrap_or_default();
    assert_eq!(forgotten(&String::from_utf8_lossy(&tags), &versions()), Vec::<String>::new());
}

/// Whether what is here is of the program that is built.
fn is_present(version: &Path) -> bool {
    version.ends_with(env!("CARGO_PKG_VERSION"))
}

/// With `UPDATE_GOLDEN` the present schema is written down, with a small district in it.
async fn written_down(backend: Backend) {
    if std::env::var_os("UPDATE_GOLDEN").is_none() {
        return;
    }
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("upgrade").join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&home).expect("a directory for the schema");
    let suite = Suite::start(backend).await;
    suite.school().await;
    match suite.database_url() {
        None => dump::sqlite(suite.directory(), &home).await,
        Some(url) => dump::postgres(url, &home.join("postgres.sql")),
    }
}

async fn starts_on(data: &Path, database_url: Option<&str>) {
    let mut layers = Layers::default();
    layers.flag("listen", vec!["127.0.0.1:0".to_owned()]);
    layers.flag("dev", vec!["true".to_owned()]);
    layers.flag("data_dir", vec![data.display().to_string()]);
    if let Some(url) = database_url {
        layers.flag("database_url", vec![url.to_owned()]);
    }
    let config = Config::read(&layers).expect("a good configuration");
    let running = start(&config, Sources::default()).await.expect("it starts on the older schema");
    running.stop().await.expect("it ends in order");
}

/// Every row that stays is still there, and the roster is among them.
fn kept(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) {
    for (table, rows) in before {
        let name = table.rsplit('.').next().unwrap_or_default();
        // A table that a later schema has no more has moved its rows elsewhere.
        let Some(now) = after.get(table).filter(|_| !PASSING.contains(&name)) else { continue };
        assert!(now >= rows || name.ends_with("_migrations"), "{table}: {now} of {rows} rows");
    }
    let people = before.iter().find(|(table, _)| table.ends_with(".people")).map(|(_, rows)| *rows);
    assert_eq!(people, Some(9), "the small district is in the dump");
}

#[test]
fn on_sqlite() {
    run(async {
        written_down(Backend::Sqlite).await;
        let fresh = tempfile::tempdir().expect("a directory");
        starts_on(fresh.path(), None).await;
        let fresh = schema::sqlite(fresh.path()).await;
        for version in versions() {
            let data = tempfile::tempdir().expect("a directory");
            for service in Service::ALL {
                let name = format!("{}.db", service.name());
                dump::restore(&version.join(format!("{}.sql", service.name())), &data.path().join(name))
                    .await;
            }
            let before = dump::counts(data.path()).await;
            if is_present(&version) {
                are_alike(&schema::sqlite(data.path()).await, &fresh, STALE);
            }
            starts_on(data.path(), None).await;
            kept(&before, &dump::counts(data.path()).await);
            are_alike(&schema::sqlite(data.path()).await, &fresh, "an older schema, brought to the present");
        }
    });
}

#[test]
fn on_postgresql() {
    run(async {
        written_down(Backend::Postgres).await;
        let data = tempfile::tempdir().expect("a directory");
        let fresh = postgres::database();
        starts_on(data.path(), Some(&fresh)).await;
        let fresh = schema::postgres(&fresh).await;
        for version in versions() {
            let url = postgres::database();
            let script = fs::read_to_string(version.join("postgres.sql")).expect("the dump");
            let mut conn = PgConnection::connect(&url).await.expect("a connection");
            conn.execute(AssertSqlSafe(script)).await.expect("the dump is whole");
            conn.close().await.expect("closing");
            let before = counts(&url).await;
            if is_present(&version) {
                are_alike(&schema::postgres(&url).await, &fresh, STALE);
            }
            starts_on(data.path(), Some(&url)).await;
            kept(&before, &counts(&url).await);
            are_alike(&schema::postgres(&url).await, &fresh, "an older schema, brought to the present");
            assert_eq!(without_a_wall(&url).await, BTreeSet::new());
        }
    });
}

/// The rows of every table, past row-level security.
async fn counts(url: &str) -> BTreeMap<String, i64> {
    let mut conn = PgConnection::connect(&superuser(url)).await.expect("a connection");
    let tables = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n \
                  ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = ANY($1)";
    let schemas: Vec<String> = Service::ALL.iter().map(|service| service.name().to_owned()).collect();
    let tables = sqlx::query(tables).bind(schemas).fetch_all(&mut conn).await.expect("the tables");
    let mut counts = BTreeMap::new();
    for table in tables {
        let table: String = table.get(0);
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows = sqlx::query_scalar(sql).fetch_one(&mut conn).await.expect("a count");
        counts.insert(table, rows);
    }
    counts
}

/// The tables of a PostgreSQL database that have a district, and whether each is behind its wall.
async fn walls(url: &str) -> BTreeMap<String, bool> {
    let mut conn = PgConnection::connect(&superuser(url)).await.expect("a connection");
    let sql = "SELECT n.nspname || '.' || c.relname, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (\
               SELECT 1 FROM pg_policies p WHERE p.schemaname = n.nspname AND p.tablename = c.relname \
               AND p.cmd = 'ALL' AND p.qual LIKE '%trellis.district%' AND p.with_check IS NOT NULL) \
               AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) = 1 \
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'district' \
               WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1";
    let rows = sqlx::query(sql).fetch_all(&mut conn).await.expect("the tables");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn without_a_wall(url: &str) -> BTreeSet<String> {
    walls(url).await.into_iter().filter(|(_, walled)| !walled).map(|(table, _)| table).collect()
}

#[test]
fn every_table_with_a_district_is_behind_row_level_security() {
    run(async {
        let suite = Suite::start(Backend::Postgres).await;
        let url = suite.database_url().expect("it is on PostgreSQL");
        assert_eq!(without_a_wall(url).await, BTreeSet::new());
        let tables = walls(url).await;
        for service in Service::ALL {
            for table in ["outbox", "idempotency", "accesses", "access_learners", "dead_letters"] {
                let table = format!("{}.{table}", service.name());
                assert!(tables.contains_key(&table), "{table} has no district");
            }
        }
    });
}

/// The walls between districts, and a reset of a sandbox, go by it.
#[test]
fn every_table_of_a_service_says_whose_its_rows_are() {
    let version = versions().pop().expect("a schema");
    for service in Service::ALL {
        let schema = fs::read_to_string(version.join(format!("{}.sql", service.name()))).expect("the schema");
        let tables: Vec<&str> =
            schema.lines().filter_map(|line| line.strip_prefix("CREATE TABLE ")).collect();
        assert!(tables.len() > 10, "{} has {} tables", service.name(), tables.len());
        for table in tables {
            let name = table.split_whitespace().next().expect("a name").trim_matches('"');
            let of_all = ["relay", "event_checkpoints", "leases"].contains(&name)
                || name.ends_with("_migrations")
                || name.ends_with("_least");
            let says = table.to_lowercase().replace('"', "").contains("district text not null");
            assert_eq!(says, !of_all, "{}.{name}", service.name());
        }
    }
}
