//! Databases as text, and back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection};
use trellis_suite::config::Service;

/// The same database, as the role that row-level security does not hold back.
pub(super) fn superuser(url: &str) -> String {
    url.replacen("//trellis@", "//postgres@", 1)
}

pub(super) async fn open(file: &Path, create: bool) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).create_if_missing(create).connect().await.expect("the file")
}

fn find(directory: &Path, name: &str) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    let here = directory.join(name);
    if entries.contains(&here) {
        return Some(here);
    }
    entries.iter().find_map(|entry| find(entry, name))
}

/// Writes the schema and the rows of every service's file down.
pub(super) async fn sqlite(directory: &Path, to: &Path) {
    for service in Service::ALL {
        let file = find(directory, &format!("{}.db", service.name())).expect("the service's file");
        let mut conn = open(&file, false).await;
        let mut text = String::from("PRAGMA foreign_keys = OFF;\nBEGIN;\n");
        let objects = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL \
                       AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type = 'table' DESC, name";
        for object in sqlx::query(objects).fetch_all(&mut conn).await.expect("the schema") {
            let (kind, name, sql): (String, String, String) = (object.get(0), object.get(1), object.get(2));
            writeln!(text, "{sql};").expect("text");
            if kind == "table" {
                rows(&mut conn, &name, &mut text).await;
            }
        }
        text.push_str("COMMIT;\n");
        fs::write(to.join(format!("{}.sql", service.name())), text).expect("writing the dump");
    }
}

async fn rows(conn: &mut SqliteConnection, table: &str, text: &mut String) {
    let sql = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
    let columns: Vec<String> =
        sqlx::query_scalar(sql).bind(table).fetch_all(&mut *conn).await.expect("its columns");
    let quoted: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
    let sql = AssertSqlSafe(format!("SELECT {} FROM \"{table}\"", quoted.join(" || ', ' || ")));
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut *conn).await.expect("its rows");
    for row in rows {
        writeln!(text, "INSERT INTO \"{table}\" VALUES ({row});").expect("text");
    }
}

/// Makes a file of what was written down.
pub(super) async fn restore(dump: &Path, file: &Path) {
    let script = fs::read_to_string(dump).expect("the dump");
    let mut conn = open(file, true).await;
    conn.execute(AssertSqlSafe(script)).await.expect("the dump is whole");
    conn.close().await.expect("closing");
}

/// The rows of every table of every file, by `service.table`.
pub(super) async fn counts(data: &Path) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for service in Service::ALL {
        let mut conn = open(&data.join(format!("{}.db", service.name())), false).await;
        let sql =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let tables: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut conn).await.expect("the tables");
        for table in tables {
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM \"{table}\""));
            let rows = sqlx::query_scalar(sql).fetch_one(&mut conn).await.expect("a count");
            counts.insert(format!("{}.{table}", service.name()), rows);
        }
    }
    counts
}

/// Writes a whole PostgreSQL database down.
pub(super) fn postgres(url: &str, to: &Path) {
    let bin = Command::new("pg_config").arg("--bindir").output().ok();
    let bin = bin.and_then(|output| String::from_utf8(output.stdout).ok());
    let program = bin.map(|path| Path::new(path.trim()).join("pg_dump")).filter(|program| program.exists());
    let dumped = Command::new(program.unwrap_or_else(|| "pg_dump".into()))
        .args(["--inserts", "--no-owner", "--no-privileges", "--dbname", &superuser(url)])
        .output()
        .expect("pg_dump runs");
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    let text = String::from_utf8(dumped.stdout).expect("the dump is text");
    // Commands of psql and comments are no SQL.
    let lines = text.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("--"));
    fs::write(to, lines.fold(String::new(), |text, line| text + line + "\n")).expect("writing the dump");
}
