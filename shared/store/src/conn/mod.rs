//! The connections that queries run on: our own, under the query builder.
//!
//! On `PostgreSQL` every statement runs in a transaction that knows its district, so that row-level
//! security can say the same as the query does; beginning it and naming the district is one round
//! trip. On `SQLite` a statement costs one message to the connection's own thread. Statements are
//! prepared once per connection. Their text and values reach no log and no span.

mod figures;
mod many;
mod postgres;
mod run;
mod sqlite;

use std::fmt;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::Mutex;
use trellis_kernel::{District, Failure, Result};
use trellis_telemetry::spans::Part;

use self::figures::{Figures, Name};
pub(crate) use self::many::{Rows, Target};

use crate::{Options, failure};

/// What a connection may see and change.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    /// The rows of one district.
    District(District),
    /// All rows: for the house's own work only (relay, events, housekeeping, migrations).
    Everything,
}

impl Sight {
    /// What the setting `trellis.district` holds. A district's id is letters, digits and hyphens, so
    /// it may stand between quotes as it is.
    fn as_str(&self) -> &str {
        match self {
            Self::District(district) => district.as_str(),
            Self::Everything => "*",
        }
    }
}

/// The pools of one store.
pub(crate) struct Pools {
    /// What the house itself reads.
    pub(crate) reader: Pool,
    /// What a district's reader reads: the replica where there is one, or the same.
    pub(crate) lagging: Pool,
    /// What changes.
    pub(crate) writer: Pool,
}

/// A bounded number of connections to one database.
#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(sqlite::Pool),
    Postgres(postgres::Pool),
}

pub(crate) async fn open(options: &Options, service: &'static str) -> Result<Pools> {
    if let Some(directory) = options.url.strip_prefix("sqlite://") {
        if options.replica_url.is_some() {
            return Err(Failure::internal("only PostgreSQL has replicas"));
        }
        let (reader, writer) = sqlite::open(options, directory, service).await?;
        let reader = Pool::Sqlite(reader);
        return Ok(Pools { lagging: reader.clone(), reader, writer: Pool::Sqlite(writer) });
    }
    if !options.url.starts_with("postgres://") && !options.url.starts_with("postgresql://") {
        return Err(Failure::internal("the database URL must begin with sqlite:// or postgres://"));
    }
    let pool = async |url: &str, pool, size| {
        let name = Name { system: "postgresql", service, pool };
        postgres::Pool::open(options, url, name, size).await.map(Pool::Postgres).map_err(failure)
    };
    let writer = pool(&options.url, "writer", options.writers).await?;
    let reader = pool(&options.url, "reader", options.readers).await?;
    let lagging = match &options.replica_url {
        Some(url) => pool(url, "replica", options.readers).await?,
        None => reader.clone(),
    };
    Ok(Pools { reader, lagging, writer })
}

impl Pool {
    pub(crate) const fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(_) => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
        }
    }

    fn figures(&self) -> &Figures {
        match self {
            Self::Sqlite(pool) => pool.figures(),
            Self::Postgres(pool) => pool.figures(),
        }
    }

    /// Reads with connections of this pool.
    pub(crate) const fn read(self, sight: Sight) -> ReadConn {
        ReadConn { pool: self, sight }
    }

    /// Begins a transaction that may write. On `SQLite` it takes the write lock at once: one that
    /// reads first and writes later fails under load, because another may have written in between.
    pub(crate) async fn begin(&self, sight: &Sight) -> std::result::Result<TxConn, DbErr> {
        let part = self.figures().part("write");
        // Opening a connection takes much room, and happens seldom.
        let open = match self {
            Self::Sqlite(pool) => Open::Sqlite(Box::pin(pool.begin()).await?),
            Self::Postgres(pool) => Open::Postgres(Box::pin(pool.begin(sight.as_str())).await?),
        };
        Ok(TxConn { backend: self.backend(), open: Box::new(Mutex::new(open)), _part: Box::new(part) })
    }

    /// Begins a transaction that may write, waits until no other holds the `key`, holds it until the
    /// end, and asks a question. `SQLite` has one writer, which is as if all keys were one.
    pub(crate) async fn begin_asking(
        &self,
        sight: &Sight,
        key: i64,
        question: Statement,
    ) -> std::result::Result<(TxConn, Vec<QueryResult>), DbErr> {
        let part = self.figures().part("write");
        let (open, rows) = match self {
            Self::Sqlite(pool) => {
                let (transaction, rows) = Box::pin(pool.begin_asking(question)).await?;
                (Open::Sqlite(transaction), rows)
            }
            Self::Postgres(pool) => {
                let mut transaction = Box::pin(pool.begin_alone(sight.as_str(), key)).await?;
                let rows = transaction.rows(question).await?;
                (Open::Postgres(transaction), rows)
            }
        };
        let open = Box::new(Mutex::new(open));
        Ok((TxConn { backend: self.backend(), open, _part: Box::new(part) }, rows))
    }

    /// A connection as the query builder's own migrator wants it, for one transaction.
    pub(crate) async fn migrator(&self) -> std::result::Result<DatabaseConnection, DbErr> {
        match self {
            Self::Sqlite(pool) => pool.migrator().await,
            Self::Postgres(pool) => Ok(pool.migrator()),
        }
    }

    /// What a transaction of the migrator says first, where a pooler would forget what the connection said.
    pub(crate) fn settings(&self) -> &str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(pool) => pool.settings(),
        }
    }

    /// Empties the journal of an `SQLite` file; `PostgreSQL` sees to its own.
    pub(crate) async fn empty_journal(&self) -> std::result::Result<(), DbErr> {
        match self {
            Self::Sqlite(pool) => pool.empty_journal().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Ends every connection, after the work under way.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// What a [`Reader`](crate::Reader)'s queries run on: each on a connection, and so in a moment, of its
/// own. The database refuses it any change.
#[derive(Clone, Debug)]
pub struct ReadConn {
    pool: Pool,
    sight: Sight,
}

#[async_trait]
impl ConnectionTrait for ReadConn {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.backend()
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        match &self.pool {
            Pool::Sqlite(pool) => pool.execute(statement).await,
            Pool::Postgres(pool) => pool.execute(self.sight.as_str(), &statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.get_database_backend(), sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        let mut part = self.pool.figures().part("read");
        let rows = match &self.pool {
            Pool::Sqlite(pool) => pool.rows(statement).await,
            Pool::Postgres(pool) => pool.rows(self.sight.as_str(), &statement).await,
        };
        if rows.is_err() {
            part.failed("_OTHER");
        }
        rows
    }
}

/// What a [`Tx`](crate::Tx)'s queries run on, one after the other. Dropped without a commit, the
/// transaction is rolled back.
pub struct TxConn {
    backend: DbBackend,
    open: Box<Mutex<Open>>,
    /// The span of the transaction, from its beginning to its end.
    _part: Box<Part>,
}

enum Open {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

impl TxConn {
    pub(crate) async fn commit(self) -> std::result::Result<(), DbErr> {
        self.commit_with(None).await.map(drop)
    }

    /// Runs a last statement and commits: on `SQLite` in one message.
    pub(crate) async fn commit_with(
        self,
        last: Option<Statement>,
    ) -> std::result::Result<Vec<QueryResult>, DbErr> {
        match self.open.into_inner() {
            Open::Sqlite(transaction) => transaction.commit(last).await,
            Open::Postgres(transaction) => transaction.commit(last).await,
        }
    }

    /// Writes rows. After rows that are refused nothing can be committed.
    pub(crate) async fn write(&self, rows: Rows) -> std::result::Result<(), DbErr> {
        match (&mut *self.open.lock().await, rows) {
            (Open::Sqlite(transaction), Rows::Sqlite(statement)) => transaction.write(statement).await,
            (Open::Postgres(transaction), Rows::Postgres(sql, arguments)) => {
                transaction.write(sql, arguments).await
            }
            _ => Err(DbErr::Custom("rows were written on another database than they are for".to_owned())),
        }
    }
}

#[async_trait]
impl ConnectionTrait for TxConn {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> std::result::Result<ExecResult, DbErr> {
        match &mut *self.open.lock().await {
            Open::Sqlite(transaction) => transaction.execute(statement).await,
            Open::Postgres(transaction) => transaction.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> std::result::Result<ExecResult, DbErr> {
        self.execute_raw(Statement::from_string(self.backend, sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> std::result::Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> std::result::Result<Vec<QueryResult>, DbErr> {
        match &mut *self.open.lock().await {
            Open::Sqlite(transaction) => transaction.rows(statement).await,
            Open::Postgres(transaction) => transaction.rows(statement).await,
        }
    }
}

impl fmt::Debug for TxConn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxConn").field("backend", &self.backend).finish_non_exhaustive()
    }
}
