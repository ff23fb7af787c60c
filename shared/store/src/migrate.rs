//! Bringing a service's schema to what this program knows.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::SchemaManager;
use sha2::{Digest, Sha256};
use sqlx_core::error::DatabaseError;
use std::collections::BTreeSet;
use std::time::Duration;
use trellis_kernel::{Failure, Reason, Result};

use crate::{Store, failure, incarnation, sandbox, wall};

impl Store {
    /// Applies what has not been applied yet: the tables that every store has, then the service's
    /// own. All in one transaction, under a lock, so that any number of replicas may start at once.
    ///
    /// A schema that is newer than this program is left as it is: during a rollout the old program
    /// goes on working on it. Only when a step was applied that takes away what older programs use is
    /// this program refused (`STATE_CONFLICT`, with the version that it takes): such a step's name
    /// ends with `_contract`, and it comes a release after the last program that needs what it takes.
    pub async fn migrate(&self) -> Result<()> {
        let conn = self.inner.pools.writer.migrator().await.map_err(failure)?;
        let done = self.migrate_on(&conn).await;
        if self.backend() == DbBackend::Sqlite && conn.close().await.is_err() {
            tracing::warn!(store = self.service(), "the migrator's connection did not close in order");
        }
        done
    }

    /// Applies what is missing. On `PostgreSQL` a step may wait for a table that somebody reads, and
    /// everybody else then waits behind it: after a while it lets them through and begins again.
    async fn migrate_on(&self, conn: &DatabaseConnection) -> Result<()> {
        for _ in 1..ATTEMPTS {
            match self.attempt(conn).await {
                Err(Stopped::Locked) => {
                    tracing::warn!(store = self.service(), "a table was in use; the migration begins again");
                    tokio::time::sleep(PAUSE).await;
                }
                Err(Stopped::Failed(failed)) => return Err(failed),
                Ok(()) => return Ok(()),
            }
        }
        self.attempt(conn).await.map_err(|stopped| match stopped {
            Stopped::Failed(failed) => failed,
            Stopped::Locked => Failure::unavailable(
                Reason::StoreUnavailable,
                "A table that the migration changes was in use all the time; try again.",
                PAUSE,
            ),
        })
    }

    async fn attempt(&self, conn: &DatabaseConnection) -> std::result::Result<(), Stopped> {
        let immediate = (self.backend() == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
        let options =
            TransactionOptions { sqlite_transaction_mode: immediate, ..TransactionOptions::default() };
        let tx = conn.begin_with_options(options).await.map_err(failure)?;
        self.lock(&tx).await?;
        let service = self.service();
        let table = format!(
            "CREATE TABLE IF NOT EXISTS {service}_migrations \
             (name TEXT NOT NULL PRIMARY KEY, apply_time BIGINT NOT NULL)"
        );
        tx.execute_unprepared(&table).await.map_err(failure)?;
        let least = format!(
            "CREATE TABLE IF NOT EXISTS {service}_least \
             (name TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL)"
        );
        tx.execute_unprepared(&least).await.map_err(failure)?;
        self.fits(&tx).await?;
        let applied = self.applied(&tx).await?;
        for (step, statements) in HOUSE {
            if applied.contains(*step) {
                continue;
            }
            for statement in statements(self.backend()) {
                tx.execute_unprepared(&statement).await.map_err(|cause| Stopped::at(step, &cause))?;
            }
            self.record(&tx, step).await?;
        }
        for migration in &self.inner.migrations {
            if !applied.contains(migration.name()) {
                migration
                    .up(&SchemaManager::new(&tx))
                    .await
                    .map_err(|cause| Stopped::at(migration.name(), &cause))?;
                self.record(&tx, migration.name()).await?;
            }
        }
        wall::raise(&tx, service).await?;
        self.found_sandboxes(&tx).await?;
        self.forget_prepared(&tx).await?;
        Ok(tx.commit().await.map_err(failure)?)
    }

    /// Sees every district, and takes the migrators' lock, until the transaction ends. `SQLite`'s write lock is held already.
    async fn lock(&self, tx: &DatabaseTransaction) -> Result<()> {
        if self.backend() != DbBackend::Postgres {
            return Ok(());
        }
        // All districts' rows may have to move, and however many replicas start, each waits its turn.
        let pooled = self.inner.pools.writer.settings();
        let settings = format!(
            "{pooled}SET LOCAL trellis.district = '*'; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
        );
        tx.execute_unprepared(&settings).await.map_err(failure)?;
        self.forget_prepared(tx).await?;
        let digest = Sha256::digest(format!("trellis migrate {}", self.service()));
        let key = digest.iter().take(8).fold(0_i64, |key, byte| (key << 8) | i64::from(*byte));
        let lock =
            Statement::from_sql_and_values(self.backend(), "SELECT pg_advisory_xact_lock($1)", [key.into()]);
        tx.query_one_raw(lock).await.map_err(failure)?;
        tx.execute_unprepared(&format!("SET LOCAL lock_timeout = {LOCK_WAIT}")).await.map_err(failure)?;
        // Asked first, because a role that owns the schema need not be allowed to create one.
        let sql = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
        let known = Statement::from_sql_and_values(self.backend(), sql, [self.service().into()]);
        if tx.query_one_raw(known).await.map_err(failure)?.is_none() {
            let create = format!("CREATE SCHEMA \"{}\"", self.service());
            tx.execute_unprepared(&create).await.map_err(failure)?;
        }
        Ok(())
    }

    /// The migrator's library prepares its statements by names that are a connection's own. Behind a pooler another's
    /// may be on the server already.
    async fn forget_prepared(&self, tx: &DatabaseTransaction) -> Result<()> {
        if self.inner.pools.writer.settings().is_empty() {
            return Ok(());
        }
        tx.execute_unprepared("DEALLOCATE ALL").await.map(drop).map_err(failure)
    }

    async fn applied(&self, tx: &DatabaseTransaction) -> Result<BTreeSet<String>> {
        let sql = format!("SELECT name FROM {}_migrations", self.service());
        let rows = tx.query_all_raw(Statement::from_string(self.backend(), sql)).await.map_err(failure)?;
        rows.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
    }

    async fn record(&self, tx: &DatabaseTransaction, name: &str) -> Result<()> {
        let sql = format!("INSERT INTO {}_migrations (name, apply_time) VALUES ($1, $2)", self.service());
        let values = [name.into(), self.clock().now().as_microsecond().into()];
        let statement = Statement::from_sql_and_values(self.backend(), sql, values);
        tx.execute_raw(statement).await.map_err(failure)?;
        if name.ends_with(CONTRACT) {
            let sql = format!("INSERT INTO {}_least (name, version) VALUES ($1, $2)", self.service());
            let values = [name.into(), env!("CARGO_PKG_VERSION").into()];
            let statement = Statement::from_sql_and_values(self.backend(), sql, values);
            tx.execute_raw(statement).await.map_err(failure)?;
        }
        Ok(())
    }

    /// Refuses when a step was applied that takes away what this program uses.
    async fn fits(&self, tx: &DatabaseTransaction) -> Result<()> {
        let service = self.service();
        let sql = format!("SELECT name, version FROM {service}_least ORDER BY name");
        let rows = tx.query_all_raw(Statement::from_string(self.backend(), sql)).await.map_err(failure)?;
        for row in rows {
            let name: String = row.try_get_by_index(0).map_err(failure)?;
            let known = HOUSE.iter().any(|(step, _)| *step == name)
                || self.inner.migrations.iter().any(|migration| migration.name() == name);
            if !known {
                let version: String = row.try_get_by_index(1).map_err(failure)?;
                return Err(Failure::precondition(
                    Reason::StateConflict,
                    format!(
                        "The database of {service} takes Trellis {version} or later ({name}); this is {}. \
                         Start a later version, or restore a backup from before it.",
                        env!("CARGO_PKG_VERSION")
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// What the name of a step ends with that takes away what older programs use.
const CONTRACT: &str = "_contract";

/// How often the steps are begun, where others have the tables.
const ATTEMPTS: usize = 12;
/// How long a step waits for a table, in milliseconds: so long is all that wants the table held up.
const LOCK_WAIT: u64 = 5000;
/// How long those who waited behind a step are left to go first.
const PAUSE: Duration = Duration::from_millis(500);

/// Why the steps were not applied.
enum Stopped {
    /// Somebody else had a table for too long; nothing was changed.
    Locked,
    Failed(Failure),
}

impl From<Failure> for Stopped {
    fn from(failed: Failure) -> Self {
        Self::Failed(failed)
    }
}

impl Stopped {
    fn at(step: &str, cause: &DbErr) -> Self {
        if let DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) = cause
            && cause.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "55P03")
        {
            return Self::Locked;
        }
        Self::Failed(broken(step, cause))
    }
}

/// A migration that fails stops the start: whoever runs the server must read why. It holds schema and
/// no values, unless it moves data, so its text goes to the log.
fn broken(name: &str, cause: &DbErr) -> Failure {
    Failure::internal(format!("migration {name} failed: {cause}"))
}

/// A step of the house's own tables: its name, and its statements for a database.
type Step = (&'static str, fn(DbBackend) -> Vec<String>);

/// What every store has, step by step, in the order in which it grew. A step that was released is
/// never changed.
const HOUSE: &[Step] = &[
    ("house_0001", house),
    ("house_0002_events", crate::events::tables),
    ("house_0003_audit", crate::audit::tables),
    (incarnation::STEP, incarnation::tables),
    ("house_0005_leases", crate::lease::tables),
    (sandbox::STEP, sandbox::tables),
];

/// The tables that every store has had from the beginning.
fn house(backend: DbBackend) -> Vec<String> {
    let postgres = backend == DbBackend::Postgres;
    let (serial, bytes, uuid) = if postgres {
        ("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA", "UUID")
    } else {
        ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", "BLOB")
    };
    vec![
        format!(
            "CREATE TABLE outbox (seq {serial}, position BIGINT UNIQUE, uid {uuid} NOT NULL, \
             district TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, \
             resource_type TEXT NOT NULL, subjects TEXT NOT NULL, deleted BOOLEAN NOT NULL, \
             actor TEXT NOT NULL, event_time BIGINT NOT NULL, payload_type TEXT, payload {bytes})"
        ),
        "CREATE INDEX outbox_waiting ON outbox (seq) WHERE position IS NULL".to_owned(),
        "CREATE INDEX outbox_feed ON outbox (district, position)".to_owned(),
        "CREATE TABLE relay (id INTEGER PRIMARY KEY CHECK (id = 1), head BIGINT NOT NULL)".to_owned(),
        "INSERT INTO relay (id, head) VALUES (1, 0)".to_owned(),
        format!(
            "CREATE TABLE idempotency (district TEXT NOT NULL, actor TEXT NOT NULL, \
             request_id {uuid} NOT NULL, method TEXT NOT NULL, fingerprint {bytes} NOT NULL, \
             reply TEXT, create_time BIGINT NOT NULL, PRIMARY KEY (district, actor, request_id))"
        ),
        "CREATE INDEX idempotency_age ON idempotency (create_time)".to_owned(),
        "CREATE TABLE event_checkpoints (consumer TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL)"
            .to_owned(),
    ]
}
