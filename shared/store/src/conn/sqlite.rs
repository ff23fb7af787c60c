//! Connections to an `SQLite` file: some that read, and one that writes.
//!
//! The pool is our own. A connection is a thread with an open file: it does not die, so nothing has
//! to be asked of it before or after a statement, and giving it back is putting it on a stack.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _, Error, SqliteConnection};
use sea_orm::{
    DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, SqlxSqliteConnector, Statement,
};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trellis_kernel::{Failure, Result};

use super::figures::{Counted, Figures, Name};
use super::run::{self, no_connection, not_run};
use crate::{Options, failure};

type Done<T> = std::result::Result<T, DbErr>;

/// How many steps of `SQLite`'s machine lie between two looks at the clock.
const STEPS: i32 = 4096;
/// How often a file that is locked while it is opened is tried again.
const AGAIN: Duration = Duration::from_millis(20);

/// Opens the file of a service: its readers and its writer.
pub(super) async fn open(options: &Options, directory: &str, service: &'static str) -> Result<(Pool, Pool)> {
    // Only the server's own user may enter.
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Failure::internal)?;
    let file = Path::new(directory).join(format!("{service}.db"));
    // The writer first: it is the one that creates the file and its journal.
    let name = |pool| Name { system: "sqlite", service, pool };
    let writing = settings(options, &file).pragma("cache_size", CACHE);
    let writer = Pool::open(options, writing, name("writer"), 1).await.map_err(failure)?;
    let reading = settings(options, &file).pragma("query_only", "on");
    let reader = Pool::open(options, reading, name("reader"), options.readers).await.map_err(failure)?;
    Ok((reader, writer))
}

fn settings(options: &Options, file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a loss of power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.acquire_timeout)
        // What a learner deletes is overwritten, not only forgotten; the journal, which holds it longer,
        // is emptied by [`Pool::empty_journal`].
        .pragma("secure_delete", "on")
        .pragma("journal_size_limit", JOURNAL)
        // PostgreSQL's name for the order of bytes, so that one statement serves both.
        .collation("C", str::cmp)
        .disable_statement_logging()
}

/// How long emptying the journal may wait for readers: all that would write wait with it.
const SHORT: Duration = Duration::from_millis(100);
/// How many bytes of a journal that has been taken into its file are kept for the next.
const JOURNAL: &str = "8388608";

/// How many KiB of pages the connection that writes may hold, as `SQLite` wants it: with its own 2 MiB, a
/// change of many rows would write pages out and read them again all the time. They are taken as needed.
const CACHE: &str = "-16384";

/// At most so many connections to one file, opened when they are first needed.
#[derive(Clone)]
pub(crate) struct Pool {
    inner: Arc<Inner>,
    figures: Arc<Figures>,
}

struct Inner {
    settings: SqliteConnectOptions,
    size: u32,
    wait: Duration,
    statement_timeout: Duration,
    free: Mutex<Vec<Live>>,
    permits: Arc<Semaphore>,
}

/// An open connection, and until when its statement may run.
struct Live {
    conn: SqliteConnection,
    until: Arc<Until>,
}

impl Pool {
    /// Opens the first connection, again and again for as long as the file is locked: `SQLite` does
    /// not wait for the lock when it turns a new file's journal on, which another process may be
    /// doing at this moment.
    async fn open(options: &Options, settings: SqliteConnectOptions, name: Name, size: u32) -> Done<Self> {
        let inner = Inner {
            settings,
            size,
            wait: options.acquire_timeout,
            statement_timeout: options.statement_timeout,
            free: Mutex::default(),
            permits: Arc::new(Semaphore::new(size as usize)),
        };
        let began = Instant::now();
        let first = loop {
            match inner.connect().await {
                Err(error) if primary(&error) == Some(BUSY) && began.elapsed() < inner.wait => {
                    tokio::time::sleep(AGAIN).await;
                }
                opened => break opened.map_err(no_connection)?,
            }
        };
        inner.give_back(first);
        let inner = Arc::new(inner);
        let counted = Arc::downgrade(&inner);
        let figures = Figures::new(name, move || counted.upgrade().map(|inner| inner.counted()));
        Ok(Self { inner, figures: Arc::new(figures) })
    }

    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(super) async fn rows(&self, statement: Statement) -> Done<Vec<QueryResult>> {
        self.lease().await?.rows(statement).await
    }

    pub(super) async fn execute(&self, statement: Statement) -> Done<ExecResult> {
        self.lease().await?.execute(statement).await
    }

    pub(super) async fn begin(&self) -> Done<Transaction> {
        Ok(self.begin_asking(bare("")).await?.0)
    }

    /// Begins and asks in one message.
    pub(super) async fn begin_asking(
        &self,
        mut question: Statement,
    ) -> Done<(Transaction, Vec<QueryResult>)> {
        // Made first, so that it is rolled back when this is given up half-way.
        let mut transaction = Transaction { lease: Some(self.lease().await?), halfway: false };
        question.sql.insert_str(0, "BEGIN IMMEDIATE; ");
        let rows = transaction.rows(question).await?;
        Ok((transaction, rows))
    }

    pub(super) async fn migrator(&self) -> Done<DatabaseConnection> {
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(self.inner.wait);
        let pool = pool.connect_with(self.inner.settings.clone()).await.map_err(no_connection)?;
        Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
    }

    /// Takes the journal into the file and empties it, so that what was deleted is in neither. Refused
    /// while somebody reads what the journal alone holds, such as a backup that is being made.
    ///
    /// The connection is one of its own, because it must not wait for readers as long as others do.
    pub(super) async fn empty_journal(&self) -> Done<()> {
        let _no_other_writes = self.lease().await?;
        let settings = self.inner.settings.clone().busy_timeout(SHORT);
        let mut conn = settings.connect().await.map_err(no_connection)?;
        let rows =
            run::rows(&mut conn, bare("PRAGMA wal_checkpoint(TRUNCATE)"), true).await.map_err(not_run)?;
        conn.close().await.map_err(not_run)?;
        let busy: Option<i32> = rows.first().map(|row| row.try_get_by_index(0)).transpose()?;
        if busy == Some(0) { Ok(()) } else { Err(no_connection(Error::PoolTimedOut)) }
    }

    /// Ends every connection, after the work under way.
    pub(super) async fn close(&self) {
        if let Ok(all) = self.inner.permits.acquire_many(self.inner.size).await {
            self.inner.permits.close();
            drop(all);
        }
        let free = std::mem::take(&mut *self.inner.free.lock().unwrap_or_else(PoisonError::into_inner));
        for live in free {
            if live.conn.close().await.is_err() {
                tracing::warn!("a connection did not close in order");
            }
        }
    }

    async fn lease(&self) -> Done<Lease> {
        let permit = async {
            let permit = tokio::time::timeout(self.inner.wait, self.inner.permits.clone().acquire_owned());
            permit.await.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)
        };
        let permit = self.figures.wait(permit).await.map_err(no_connection)?;
        let free = self.inner.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let live = match free {
            Some(live) => live,
            None => self.inner.connect().await.map_err(no_connection)?,
        };
        Ok(Lease { live: Some(live), pool: self.inner.clone(), under_way: false, permit: Some(permit) })
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("size", &self.inner.size).finish_non_exhaustive()
    }
}

impl Inner {
    async fn connect(&self) -> std::result::Result<Live, Error> {
        let mut conn = self.settings.connect().await?;
        let until = Arc::new(Until::default());
        let watched = until.clone();
        conn.lock_handle().await?.set_progress_handler(STEPS, move || watched.goes_on());
        Ok(Live { conn, until })
    }

    fn counted(&self) -> Counted {
        let idle = self.free.lock().unwrap_or_else(PoisonError::into_inner).len();
        let most = self.size as usize;
        Counted { idle, used: most.saturating_sub(self.permits.available_permits()), most }
    }

    fn give_back(&self, live: Live) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(live);
    }
}

/// A connection that is lent out; dropped, it goes back.
struct Lease {
    /// Some until it has gone back, or must not.
    live: Option<Live>,
    pool: Arc<Inner>,
    /// Whether a statement may still be running, its caller having gone away.
    under_way: bool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    async fn rows(&mut self, statement: Statement) -> Done<Vec<QueryResult>> {
        let conn = self.start()?;
        let done = run::rows(conn, statement, true).await;
        self.end(done)
    }

    async fn execute(&mut self, statement: Statement) -> Done<ExecResult> {
        let conn = self.start()?;
        let done = run::execute(conn, statement, true).await;
        self.end(done)
    }

    async fn roll_back(&mut self) {
        let Some(live) = &mut self.live else { return };
        if self.under_way {
            live.until.now();
            if live.conn.ping().await.is_err() {
                self.live = None;
                return;
            }
        }
        // Refused when the transaction has ended already, which is as good.
        if self.execute(bare("ROLLBACK")).await.is_err() {
            tracing::debug!("a transaction had ended before it was rolled back");
        }
    }

    fn start(&mut self) -> Done<&mut SqliteConnection> {
        // It is gone after an error that left it unusable.
        let live = self.live.as_mut().ok_or_else(|| not_run(Error::WorkerCrashed))?;
        live.until.set(self.pool.statement_timeout);
        self.under_way = true;
        Ok(&mut live.conn)
    }

    fn end<T>(&mut self, done: std::result::Result<T, Error>) -> Done<T> {
        self.under_way = false;
        done.map_err(|error| {
            if is_spent(&error) {
                self.live = None;
            }
            not_run(error)
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut live) = self.live.take() else { return };
        if !self.under_way {
            self.pool.give_back(live);
            return;
        }
        // Nobody waits for the statement any more: it is interrupted, and the connection is free
        // again when its thread is.
        live.until.now();
        let (pool, permit) = (self.pool.clone(), self.permit.take());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if live.conn.ping().await.is_ok() {
                    pool.give_back(live);
                }
                drop(permit);
            });
        }
    }
}

/// A transaction under way, which is rolled back when it is dropped.
pub(crate) struct Transaction {
    lease: Option<Lease>,
    /// Whether rows were refused of which some may have been written.
    halfway: bool,
}

impl Transaction {
    pub(super) async fn rows(&mut self, statement: Statement) -> Done<Vec<QueryResult>> {
        self.lease()?.rows(statement).await
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> Done<ExecResult> {
        self.lease()?.execute(statement).await
    }

    /// Runs a statement that writes rows, and may have written some when it is refused.
    pub(super) async fn write(&mut self, statement: Statement) -> Done<()> {
        let done = self.execute(statement).await;
        self.halfway |= done.is_err();
        done.map(drop)
    }

    pub(super) async fn commit(mut self, last: Option<Statement>) -> Done<Vec<QueryResult>> {
        if self.halfway {
            return Err(DbErr::Custom(
                "a transaction with a refused statement cannot be committed".to_owned(),
            ));
        }
        let statement = match last {
            None => bare("COMMIT"),
            Some(mut last) => {
                last.sql.push_str("; COMMIT");
                last
            }
        };
        let rows = self.rows(statement).await?;
        self.lease = None;
        Ok(rows)
    }

    fn lease(&mut self) -> Done<&mut Lease> {
        self.lease.as_mut().ok_or_else(|| not_run(Error::WorkerCrashed))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        let Ok(runtime) = Handle::try_current() else {
            // The connection is dropped, and the file's lock with it.
            lease.live = None;
            return;
        };
        runtime.spawn(async move { lease.roll_back().await });
    }
}

/// A statement without values that is kept prepared.
fn bare(sql: &str) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, [])
}

/// Until when a statement may run; its thread looks at it between steps.
struct Until {
    since: Instant,
    milliseconds: AtomicU64,
}

impl Default for Until {
    fn default() -> Self {
        Self { since: Instant::now(), milliseconds: AtomicU64::new(u64::MAX) }
    }
}

impl Until {
    fn set(&self, duration: Duration) {
        let until = self.since.elapsed() + duration;
        self.milliseconds.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn now(&self) {
        self.milliseconds.store(0, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        self.since.elapsed().as_millis() < u128::from(self.milliseconds.load(Ordering::Relaxed))
    }
}

const BUSY: u32 = 5;

/// The primary result code: the low byte of the extended one.
fn primary(error: &Error) -> Option<u32> {
    let Error::Database(told) = error else { return None };
    told.code()?.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Whether the connection must not be used again: after no memory, a read-only file, an interrupt, an
/// I/O error, corruption, a full disk, a file that does not open, a locking protocol, no database.
///
/// Some of these end the transaction, and a statement after them would be kept although the
/// transaction is lost. The file may be well again in a while, and a new connection then works.
fn is_spent(error: &Error) -> bool {
    const SPENT: [u32; 9] = [7, 8, 9, 10, 11, 13, 14, 15, 26];
    match error {
        Error::Database(_) => primary(error).is_some_and(|code| SPENT.contains(&code)),
        Error::WorkerCrashed | Error::Io(_) => true,
        _ => false,
    }
}
