//! Making a backup.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Executor as _, Row as _, SqliteConnection};
use trellis_kernel::{Failure, Reason, Result, Timestamp};

use super::lock::{DataLock, conflict};
use super::{Kept, KeptKey, Manifest, files};
use crate::incarnation;

/// How long one attempt waits for the writers of one file.
const WAIT: Duration = Duration::from_secs(1);
/// For how long attempts are made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Copies the files of some services, as they are at one moment, into a directory that is new or empty,
/// with the keys of `keys` if there are to be any. Nothing is there before everything is.
///
/// Writers wait for the few milliseconds in which the snapshots begin, and for nothing after that.
pub async fn backup(
    data: &Path,
    services: &[&'static str],
    keys: Option<&Path>,
    to: &Path,
    program: &str,
    now: Timestamp,
) -> Result<Manifest> {
    for service in services {
        if !data.join(format!("{service}.db")).exists() {
            return Err(conflict(format!(
                "The data directory holds no {service}.db: there is nothing to back up."
            )));
        }
    }
    let _used = DataLock::shared(data)?;
    if to.exists() && to.read_dir().map_err(Failure::internal)?.next().is_some() {
        return Err(conflict("The directory for the backup is not empty; name a new one."));
    }
    let staged = beside(to)?;
    files::remove(&staged)?;
    files::directory(&staged)?;
    let made = fill(data, services, keys, &staged, Manifest::new(program, now)).await;
    let made = made.and_then(|manifest| {
        files::sync(&staged)?;
        std::fs::rename(&staged, to).map_err(Failure::internal)?;
        to.canonicalize().ok().as_deref().and_then(Path::parent).map_or(Ok(()), files::sync)?;
        Ok(manifest)
    });
    if made.is_err() {
        files::remove(&staged)?;
    }
    made
}

/// Where a backup is made before it is given its name.
fn beside(to: &Path) -> Result<PathBuf> {
    let mut name = to.file_name().ok_or_else(|| conflict("Name a directory for the backup."))?.to_owned();
    name.push(".unfinished");
    Ok(to.with_file_name(name))
}

async fn fill(
    data: &Path,
    services: &[&'static str],
    keys: Option<&Path>,
    staged: &Path,
    mut manifest: Manifest,
) -> Result<Manifest> {
    let mut snapshots = snapshots(data, services, staged).await?;
    for snapshot in &mut snapshots {
        manifest.services.push(snapshot.copy().await?);
    }
    for snapshot in snapshots {
        snapshot.connection.close().await.map_err(|error| failed(&error))?;
    }
    for kept in &mut manifest.services {
        let file = staged.join(&kept.file);
        let settled = tokio::task::spawn_blocking(move || files::settle(&file)).await;
        (kept.bytes, kept.sha256) = settled.map_err(Failure::internal)??;
    }
    if let Some(keys) = keys {
        let into = staged.join("keys");
        files::directory(&into)?;
        for entry in std::fs::read_dir(keys).map_err(Failure::internal)? {
            let entry = entry.map_err(Failure::internal)?;
            if entry.file_type().map_err(Failure::internal)?.is_file() {
                let file = entry.file_name().to_string_lossy().into_owned();
                let sha256 = files::copy(&entry.path(), &into.join(&file))?;
                manifest.keys.push(KeptKey { file, sha256 });
            }
        }
        manifest.keys.sort_by(|one, other| one.file.cmp(&other.file));
        files::sync(&into)?;
    }
    manifest.agrees()?;
    manifest.write(staged)?;
    Ok(manifest)
}

/// One file as it was at the moment of the backup, and the empty file that it is copied to.
struct Snapshot {
    service: &'static str,
    connection: SqliteConnection,
}

/// Begins a snapshot of every file while no writer is at work in any of them.
async fn snapshots(data: &Path, services: &[&'static str], staged: &Path) -> Result<Vec<Snapshot>> {
    let mut snapshots = Vec::with_capacity(services.len());
    for service in services {
        let file = format!("{service}.db");
        let copy = staged.join(&file);
        drop(files::new(&copy)?);
        let mut connection = open(&data.join(&file)).await?;
        let attach = sqlx::query("ATTACH DATABASE $1 AS copy").bind(copy.display().to_string());
        attach.execute(&mut connection).await.map_err(|error| failed(&error))?;
        // Nobody sees this file before it is whole, so it needs no journal.
        run(&mut connection, "PRAGMA copy.journal_mode = OFF; PRAGMA copy.synchronous = OFF").await?;
        snapshots.push(Snapshot { service, connection });
    }
    let stopped = stopped(data, services).await?;
    for snapshot in &mut snapshots {
        // The first read is what begins it.
        run(&mut snapshot.connection, "BEGIN; SELECT count(*) FROM main.sqlite_master").await?;
    }
    for writer in stopped {
        writer.close().await.map_err(|error| failed(&error))?;
    }
    Ok(snapshots)
}

/// The write lock of every file at once. Whoever waits for one of them while it holds another would wait
/// for ever for us, and we for it: so all are let go when one cannot be had, and taken again.
async fn stopped(data: &Path, services: &[&'static str]) -> Result<Vec<SqliteConnection>> {
    let began = Instant::now();
    loop {
        let mut held = Vec::with_capacity(services.len());
        let mut refused = None;
        for service in services {
            let mut connection = open(&data.join(format!("{service}.db"))).await?;
            match connection.execute("BEGIN IMMEDIATE").await {
                Ok(_) => held.push(connection),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        let Some(error) = refused else { return Ok(held) };
        if began.elapsed() > PATIENCE {
            return Err(failed(&error));
        }
        drop(held);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn open(file: &Path) -> Result<SqliteConnection> {
    let settings = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .foreign_keys(false)
        .busy_timeout(WAIT);
    SqliteConnection::connect_with(&settings).await.map_err(|error| failed(&error))
}

impl Snapshot {
    /// Copies tables, rows and indexes, and reads the copy back.
    async fn copy(&mut self) -> Result<Kept> {
        let service = self.service;
        let connection = &mut self.connection;
        let sql = "SELECT type, name, sql FROM main.sqlite_master WHERE sql IS NOT NULL ORDER BY rowid";
        let made = connection.fetch_all(sql).await.map_err(|error| failed(&error))?;
        let mut rows = BTreeMap::new();
        for object in &made {
            let object: (String, String, String) = (object.get(0), object.get(1), object.get(2));
            let ("table", name, sql) = (object.0.as_str(), &object.1, &object.2) else { continue };
            // It comes by itself with the first table that counts.
            if name != "sqlite_sequence" {
                run(connection, &elsewhere("CREATE TABLE ", sql)?).await?;
                run(connection, &format!("INSERT INTO copy.\"{name}\" SELECT * FROM main.\"{name}\""))
                    .await?;
                let count = number(connection, &format!("SELECT count(*) FROM copy.\"{name}\"")).await?;
                rows.insert(name.clone(), count);
            }
        }
        if made.iter().any(|object| object.get::<&str, _>(1) == "sqlite_sequence") {
            let sql = "DELETE FROM copy.sqlite_sequence; INSERT INTO copy.sqlite_sequence SELECT * FROM main.sqlite_sequence";
            run(connection, sql).await?;
        }
        for object in &made {
            let (kind, sql): (String, String) = (object.get(0), object.get(2));
            match kind.as_str() {
                "table" => {}
                "index" if sql.starts_with("CREATE UNIQUE INDEX ") => {
                    run(connection, &elsewhere("CREATE UNIQUE INDEX ", &sql)?).await?;
                }
                "index" => run(connection, &elsewhere("CREATE INDEX ", &sql)?).await?,
                other => return Err(Failure::internal(format!("a {other} cannot be copied"))),
            }
        }
        run(connection, "COMMIT").await?;
        let told =
            connection.fetch_one("PRAGMA copy.integrity_check").await.map_err(|error| failed(&error))?;
        if told.get::<&str, _>(0) != "ok" {
            return Err(Failure::internal("the copy is not whole"));
        }
        let file = format!("{service}.db");
        let migrations = format!("SELECT name, 0 FROM copy.{service}_migrations ORDER BY apply_time, name");
        let migrations: Vec<String> =
            pairs(connection, &migrations).await?.into_iter().map(|(name, _)| name).collect();
        let incarnation = if migrations.iter().any(|name| name == incarnation::STEP) {
            let row = connection.fetch_one("SELECT incarnation FROM copy.relay").await;
            Some(row.and_then(|row| row.try_get(0)).map_err(|error| failed(&error))?)
        } else {
            None
        };
        let head = number(connection, "SELECT head FROM copy.relay").await?;
        let checkpoints = pairs(connection, "SELECT consumer, position FROM copy.event_checkpoints").await?;
        Ok(Kept {
            service: service.to_owned(),
            file,
            bytes: 0,
            sha256: String::new(),
            migrations,
            head,
            incarnation,
            checkpoints: checkpoints.into_iter().collect(),
            rows,
        })
    }
}

/// The same statement for the copy: `SQLite` keeps every one with exactly these words before the name.
fn elsewhere(words: &str, sql: &str) -> Result<String> {
    let rest = sql
        .strip_prefix(words)
        .ok_or_else(|| Failure::internal("a table of a kind that cannot be copied"))?;
    Ok(format!("{words}copy.{rest}"))
}

async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<()> {
    connection.execute(AssertSqlSafe(sql)).await.map(drop).map_err(|error| failed(&error))
}

async fn number(connection: &mut SqliteConnection, sql: &str) -> Result<i64> {
    let row = connection.fetch_one(AssertSqlSafe(sql)).await.map_err(|error| failed(&error))?;
    row.try_get(0).map_err(|error| failed(&error))
}

async fn pairs(connection: &mut SqliteConnection, sql: &str) -> Result<Vec<(String, i64)>> {
    let rows = connection.fetch_all(AssertSqlSafe(sql)).await.map_err(|error| failed(&error))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Why a copy could not be made. Whoever runs this must read it; no row is in it.
fn failed(error: &sqlx::Error) -> Failure {
    let code = error.as_database_error().and_then(|told| told.code().map(String::from)).unwrap_or_default();
    let primary = code.parse::<u32>().map_or(0, |code| code & 0xff);
    match primary {
        11 | 26 => {
            conflict("A database file is damaged, so no good copy of it can be made: run trellis db check.")
        }
        13 => conflict("The disk has no room for the backup."),
        5 | 6 => Failure::unavailable(
            Reason::StoreUnavailable,
            "The files were written to without a pause; try again.",
            Duration::from_secs(1),
        ),
        _ => Failure::internal(format!("copying a database failed (code {code})")),
    }
}
