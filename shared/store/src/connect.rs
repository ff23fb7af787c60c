//! Opening the two pools of a store: one that reads and one that writes.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Error as SqlxError};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use trellis_kernel::{Failure, Result};

use crate::{Options, failure};

pub(crate) struct Pools {
    pub(crate) reader: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
}

pub(crate) async fn open(options: &Options, service: &'static str) -> Result<Pools> {
    if let Some(directory) = options.url.strip_prefix("sqlite://") {
        let file = Path::new(directory).join(format!("{service}.db"));
        keep_to_owner(directory)?;
        // The writer first: it is the one that creates the file and its journal.
        let writer = patiently(options, &file, false).await?;
        let reader = patiently(options, &file, true).await?;
        return Ok(Pools { reader, writer });
    }
    if options.url.starts_with("postgres://") {
        let writer = postgres(options, service, false).await.map_err(failure)?;
        let reader = postgres(options, service, true).await.map_err(failure)?;
        return Ok(Pools { reader, writer });
    }
    Err(Failure::internal("the database URL must begin with sqlite:// or postgres://"))
}

/// Makes the directory, if it is not there, such that only the server's own user may enter it.
fn keep_to_owner(directory: &str) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Failure::internal)
}

/// Opens a pool, again and again for as long as the file is locked: `SQLite` does not wait for the
/// lock when it turns a new file's journal on, which another process may be doing at this moment.
async fn patiently(options: &Options, file: &Path, reads: bool) -> Result<DatabaseConnection> {
    let began = Instant::now();
    loop {
        match sqlite(options, file, reads).await {
            Err(DbErr::Conn(RuntimeErr::SqlxError(cause)))
                if is_locked(&cause) && began.elapsed() < options.acquire_timeout =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            opened => return opened.map_err(failure),
        }
    }
}

fn is_locked(error: &SqlxError) -> bool {
    // The low byte of an extended result code is the primary one.
    const BUSY: u32 = 5;
    let SqlxError::Database(told) = error else { return false };
    told.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == BUSY)
}

async fn sqlite(
    options: &Options,
    file: &Path,
    reads: bool,
) -> std::result::Result<DatabaseConnection, DbErr> {
    let mut connect = ConnectOptions::new("sqlite://");
    common(&mut connect, options);
    connect
        .max_connections(if reads { options.readers } else { 1 })
        .min_connections(1)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false);
    let file: PathBuf = file.to_owned();
    let wait = options.acquire_timeout;
    connect.map_sqlx_sqlite_opts(move |_| {
        let settings = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was acknowledged survives a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(wait)
            // What a learner deletes is overwritten, not only forgotten.
            .pragma("secure_delete", "on")
            .disable_statement_logging();
        if reads { settings.pragma("query_only", "on") } else { settings }
    });
    Database::connect(connect).await
}

async fn postgres(
    options: &Options,
    service: &'static str,
    reads: bool,
) -> std::result::Result<DatabaseConnection, DbErr> {
    let mut connect = ConnectOptions::new(&options.url);
    common(&mut connect, options);
    connect
        .max_connections(if reads { options.readers } else { options.writers })
        .set_schema_search_path(service)
        .set_application_name(format!("trellis-{service}"));
    connect.map_sqlx_postgres_opts(move |settings| {
        // A transaction whose server has died must not hold the relay's row for ever.
        let settings = settings.options([("idle_in_transaction_session_timeout", "60000")]);
        if reads { settings.options([("default_transaction_read_only", "on")]) } else { settings }
    });
    Database::connect(connect).await
}

/// Statements never reach a log or a span: their values may be personal.
fn common(connect: &mut ConnectOptions, options: &Options) {
    connect.acquire_timeout(options.acquire_timeout).sqlx_logging(false).record_stmt_in_spans(false);
}

/// Begins a transaction that may write.
///
/// On `SQLite` it takes the write lock at once: one that reads first and writes later fails under
/// load, because another may have written in between.
pub(crate) async fn begin(writer: &DatabaseConnection) -> Result<DatabaseTransaction> {
    let mode =
        (writer.get_database_backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
    writer
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: mode,
            ..TransactionOptions::default()
        })
        .await
        .map_err(failure)
}
