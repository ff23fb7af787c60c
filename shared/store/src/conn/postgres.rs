//! Connections to `PostgreSQL`.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions as _, Database, Error, PgPool, Postgres, SqlSafeStr as _};
use sea_orm::{DatabaseConnection, DbErr, ExecResult, QueryResult, SqlxPostgresConnector, Statement};
use sqlx_core::transaction::TransactionManager;

use super::figures::{Counted, Figures, Name};
use super::run::{self, no_connection, not_run};
use crate::Options;

type Manager = <Postgres as Database>::TransactionManager;

/// After how long without a statement the server ends a transaction whose client has died: it must
/// not hold the relay's row for ever.
const IDLE_IN_TRANSACTION: &str = "60s";
/// After how long an unused connection is closed.
const IDLE: Duration = Duration::from_mins(10);
/// How old a connection grows, so that all move to another server within that time.
const LIFETIME: Duration = Duration::from_mins(30);

/// The connections of one process to one server.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    inner: PgPool,
    size: u32,
    /// How long the server may take to answer, a wait for a lock included.
    patience: Duration,
    /// What each transaction says first, where a pooler would forget what the connection said.
    settings: Arc<str>,
    /// Whether statements are prepared once for a connection.
    prepares: bool,
    figures: Arc<Figures>,
}

impl Pool {
    pub(super) async fn open(options: &Options, url: &str, name: Name, size: u32) -> Result<Self, DbErr> {
        let service = name.service;
        let wait = options.acquire_timeout;
        // All of them travel with the connection's first message: no statement of ours outlives its
        // transaction, which a pooler between us and the server relies on.
        let settings = [
            ("search_path", service.to_owned()),
            ("statement_timeout", milliseconds(options.statement_timeout)),
            ("lock_timeout", milliseconds(wait)),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION.to_owned()),
        ];
        let connect = url.parse::<PgConnectOptions>().map_err(no_connection)?;
        let connect = connect.application_name(&format!("trellis-{service}")).disable_statement_logging();
        let (connect, settings) = if options.pooler {
            (connect.extra_float_digits(None).statement_cache_capacity(0), local(&settings))
        } else {
            (connect.options(settings), String::new())
        };
        let pool = PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(wait)
            // Asking costs a round trip for every statement; a connection that has died is found out
            // when a transaction is to begin on it, and replaced.
            .test_before_acquire(false)
            .idle_timeout(IDLE)
            .max_lifetime(LIFETIME)
            .connect_with(connect)
            .await
            .map_err(no_connection)?;
        let counted = pool.clone();
        let figures = Figures::new(name, move || {
            let (open, idle) = (counted.size() as usize, counted.num_idle());
            Some(Counted { idle, used: open.saturating_sub(idle), most: size as usize })
        });
        Ok(Self {
            inner: pool,
            size,
            patience: options.patience(),
            settings: settings.into(),
            prepares: !options.pooler,
            figures: Arc::new(figures),
        })
    }

    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Reads; once more, on another connection, when the first is lost meanwhile.
    pub(super) async fn rows(&self, sight: &str, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let begin = self.reading(sight);
        let mut transaction = self.begin_with(&begin).await?;
        match transaction.rows(statement.clone()).await {
            Err(_) if transaction.state == State::Lost => {
                drop(transaction);
                self.begin_with(&begin).await?.rows(statement.clone()).await
            }
            done => done,
        }
    }

    pub(super) async fn execute(&self, sight: &str, statement: &Statement) -> Result<ExecResult, DbErr> {
        self.begin_with(&self.reading(sight)).await?.execute(statement.clone()).await
    }

    pub(super) async fn begin(&self, sight: &str) -> Result<Transaction, DbErr> {
        let settings = &self.settings;
        self.begin_with(&format!("BEGIN; {settings}SET LOCAL trellis.district = '{sight}'")).await
    }

    /// Begins when no other transaction holds the key.
    pub(super) async fn begin_alone(&self, sight: &str, key: i64) -> Result<Transaction, DbErr> {
        let district = format!("{}SET LOCAL trellis.district = '{sight}'", self.settings);
        self.begin_with(&format!("BEGIN; {district}; SELECT pg_advisory_xact_lock({key})")).await
    }

    /// Begins on a connection that lives. Those that have died since they were last used are thrown
    /// away; after as many as the pool holds, the next is new.
    async fn begin_with(&self, begin: &str) -> Result<Transaction, DbErr> {
        let mut dead = 0;
        loop {
            let conn = self.figures.wait(self.inner.acquire()).await.map_err(no_connection)?;
            let (patience, prepares) = (self.patience, self.prepares);
            let mut transaction = Transaction { conn, state: State::Beginning, patience, prepares };
            let statement = AssertSqlSafe(begin).into_sql_str();
            let done = Manager::begin(&mut transaction.conn, Some(statement));
            match answered(self.patience, done).await {
                Ok(()) => {
                    transaction.state = State::Open;
                    return Ok(transaction);
                }
                Err(error) if is_lost(&error) && dead < self.size => dead += 1,
                Err(error) => return Err(not_run(error)),
            }
        }
    }

    /// Beginning and naming the district travel together.
    fn reading(&self, sight: &str) -> String {
        format!("BEGIN READ ONLY; {}SET LOCAL trellis.district = '{sight}'", self.settings)
    }

    pub(super) fn settings(&self) -> &str {
        &self.settings
    }

    pub(super) fn migrator(&self) -> DatabaseConnection {
        SqlxPostgresConnector::from_sqlx_postgres_pool(self.inner.clone())
    }

    pub(super) async fn close(&self) {
        self.inner.close().await;
    }
}

/// What would hold for a connection, for one transaction.
fn local(settings: &[(&str, String)]) -> String {
    let said: Vec<String> =
        settings.iter().map(|(name, value)| format!("SET LOCAL {name} = '{value}'; ")).collect();
    said.concat()
}

/// A transaction under way. When it is dropped its end is sent to the server, and nobody waits for
/// the answer.
pub(crate) struct Transaction {
    conn: PoolConnection<Postgres>,
    state: State,
    patience: Duration,
    prepares: bool,
}

#[derive(PartialEq, Eq)]
enum State {
    /// Whether it has begun is not known yet.
    Beginning,
    Open,
    /// A statement was refused. The server would answer a commit by rolling back, and call that done.
    Failed,
    /// The connection is no more.
    Lost,
    /// The server said nothing for so long that our own clock ended it.
    Silent,
    Ended,
}

impl Transaction {
    pub(super) async fn rows(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let done = answered(self.patience, run::rows(&mut *self.conn, statement, self.prepares)).await;
        self.noted(done)
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        let done = answered(self.patience, run::execute(&mut *self.conn, statement, self.prepares)).await;
        self.noted(done)
    }

    /// Runs a statement of ours that answers with nothing.
    pub(super) async fn write(&mut self, sql: String, arguments: PgArguments) -> Result<(), DbErr> {
        let query = sea_orm::sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(self.prepares);
        let done = answered(self.patience, query.execute(&mut *self.conn)).await;
        self.noted(done.map(drop))
    }

    fn noted<T>(&mut self, done: Result<T, Error>) -> Result<T, DbErr> {
        match &done {
            Ok(_) => {}
            Err(Error::PoolTimedOut) => self.state = State::Silent,
            Err(error) if is_lost(error) => self.state = State::Lost,
            Err(_) => self.state = State::Failed,
        }
        done.map_err(not_run)
    }

    pub(super) async fn commit(mut self, last: Option<Statement>) -> Result<Vec<QueryResult>, DbErr> {
        let rows = match last {
            Some(last) => self.rows(last).await?,
            None => Vec::new(),
        };
        if self.state != State::Open {
            return Err(DbErr::Custom(
                "a transaction with a refused statement cannot be committed".to_owned(),
            ));
        }
        let committed = answered(self.patience, Manager::commit(&mut self.conn)).await;
        self.noted(committed)?;
        self.state = State::Ended;
        Ok(rows)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        match self.state {
            // A connection that may hold a transaction that nobody knows of is not used again.
            State::Beginning | State::Lost | State::Silent => self.conn.close_on_drop(),
            State::Open | State::Failed => Manager::start_rollback(&mut self.conn),
            State::Ended => {}
        }
    }
}

/// What the server answers. It ends statements that take too long itself; one that says nothing at
/// all, being frozen or out of reach, is not waited for much longer than that.
async fn answered<T>(patience: Duration, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(patience, asked).await {
        Ok(done) => done,
        Err(_) => Err(Error::PoolTimedOut),
    }
}

/// Whether the connection is no more: not whether what ran on it had an effect.
fn is_lost(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        Error::Database(told) => {
            let code = told.code().unwrap_or_default();
            code.starts_with("08") || code.starts_with("57P") || code == "25P03"
        }
        _ => false,
    }
}

/// A duration as the server's settings take it; none is written 0.
fn milliseconds(duration: Duration) -> String {
    format!("{}ms", duration.as_millis())
}
