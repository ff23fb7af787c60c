//! A transaction under way: statements one after the other, and rows that are written while the next are
//! made.

use std::fmt;

use async_trait::async_trait;
use sea_orm::sqlx::Error;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use trellis_telemetry::spans::Part;

use super::run::not_run;
use super::{Rows, postgres, sqlite};

type Done<T> = Result<T, DbErr>;

/// What a [`Tx`](crate::Tx)'s queries run on, one after the other. Dropped without a commit, the
/// transaction is rolled back.
pub struct TxConn {
    backend: DbBackend,
    held: Box<Mutex<Held>>,
    /// The span of the transaction, from its beginning to its end.
    _part: Box<Part>,
}

/// The transaction of a connection.
pub(super) enum Open {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

/// Where the transaction is.
enum Held {
    Here(Open),
    /// With the task that writes rows into it.
    Behind(Behind),
    /// Lost with that task.
    Gone,
}

/// A task that writes the rows that it is given, until one is refused or no more come.
struct Behind {
    /// None once no more come.
    rows: Option<mpsc::Sender<Rows>>,
    task: JoinHandle<(Open, Done<()>)>,
}

impl TxConn {
    pub(super) fn new(backend: DbBackend, open: Open, part: Part) -> Self {
        Self { backend, held: Box::new(Mutex::new(Held::Here(open))), _part: Box::new(part) }
    }

    pub(crate) async fn commit(self) -> Done<()> {
        self.commit_with(None).await.map(drop)
    }

    /// Runs a last statement and commits: on `SQLite` in one message.
    pub(crate) async fn commit_with(self, last: Option<Statement>) -> Done<Vec<QueryResult>> {
        let mut held = self.held.into_inner();
        held.here().await?;
        match held {
            Held::Here(Open::Sqlite(transaction)) => transaction.commit(last).await,
            Held::Here(Open::Postgres(transaction)) => transaction.commit(last).await,
            Held::Behind(_) | Held::Gone => Err(gone()),
        }
    }

    /// Waits until all that is behind is written.
    pub(crate) async fn settle(&self) -> Done<()> {
        self.held.lock().await.here().await.map(drop)
    }

    /// Has rows written while the caller goes on: waits only where others are being written and more wait.
    /// Every other statement waits for all of them, and after rows that are refused nothing can be committed. What they are refused for is told by whatever comes
    /// next, at the latest by the commit. `alone` are rows that none of their kind follow: where nothing is
    /// being written they are written at once, for a task would cost more than it saves.
    pub(crate) async fn write_behind(&self, rows: Rows, alone: bool) -> Done<()> {
        let held = &mut *self.held.lock().await;
        if alone && matches!(held, Held::Here(_)) {
            return held.here().await?.write(rows).await;
        }
        let sent = match held.behind()? {
            Behind { rows: Some(queue), .. } => queue.send(rows).await.is_ok(),
            Behind { rows: None, .. } => false,
        };
        // The task has ended, because rows were refused.
        if sent { Ok(()) } else { held.here().await.and(Err(gone())) }
    }
}

impl Held {
    /// The transaction, once what is behind is written.
    async fn here(&mut self) -> Done<&mut Open> {
        if let Self::Behind(behind) = self {
            behind.rows = None;
            // Awaited where it stands: who is no longer waited for leaves it there.
            let ended = (&mut behind.task).await;
            *self = Self::Gone;
            let (open, done) = ended.map_err(|_| gone())?;
            *self = Self::Here(open);
            done?;
        }
        match self {
            Self::Here(open) => Ok(open),
            Self::Behind(_) | Self::Gone => Err(gone()),
        }
    }

    /// The task that writes rows, which is started where there is none.
    fn behind(&mut self) -> Done<&mut Behind> {
        *self = match std::mem::replace(self, Self::Gone) {
            Self::Here(open) => Self::Behind(Behind::start(open)),
            other => other,
        };
        match self {
            Self::Behind(behind) => Ok(behind),
            Self::Here(_) | Self::Gone => Err(gone()),
        }
    }
}

impl Behind {
    fn start(mut open: Open) -> Self {
        let (rows, mut queue) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            while let Some(rows) = queue.recv().await {
                if let Err(refused) = open.write(rows).await {
                    return (open, Err(refused));
                }
            }
            (open, Ok(()))
        });
        Self { rows: Some(rows), task }
    }
}

impl Open {
    async fn write(&mut self, rows: Rows) -> Done<()> {
        match (self, rows) {
            (Self::Sqlite(transaction), Rows::Sqlite(sql, arguments)) => {
                transaction.write(sql, arguments).await
            }
            (Self::Postgres(transaction), Rows::Postgres(sql, arguments)) => {
                transaction.write(sql, arguments).await
            }
            _ => Err(DbErr::Custom("rows were written on another database than they are for".to_owned())),
        }
    }

    async fn execute(&mut self, statement: Statement) -> Done<ExecResult> {
        match self {
            Self::Sqlite(transaction) => transaction.execute(statement).await,
            Self::Postgres(transaction) => transaction.execute(statement).await,
        }
    }

    async fn rows(&mut self, statement: Statement) -> Done<Vec<QueryResult>> {
        match self {
            Self::Sqlite(transaction) => transaction.rows(statement).await,
            Self::Postgres(transaction) => transaction.rows(statement).await,
        }
    }
}

/// Its connection was lost, or a statement on it panicked.
fn gone() -> DbErr {
    not_run(Error::WorkerCrashed)
}

#[async_trait]
impl ConnectionTrait for TxConn {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Done<ExecResult> {
        self.held.lock().await.here().await?.execute(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Done<ExecResult> {
        self.execute_raw(Statement::from_string(self.backend, sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Done<Option<QueryResult>> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Done<Vec<QueryResult>> {
        self.held.lock().await.here().await?.rows(statement).await
    }
}

impl fmt::Debug for TxConn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxConn").field("backend", &self.backend).finish_non_exhaustive()
    }
}
