//! How what was told gets its position: its place in the order in which changes became visible.
//!
//! The order of a sequence is not the order of commits: a reader that asks for "greater than the
//! last" misses the row of a transaction that began earlier and commits later. `SQLite` has one
//! writer, so there the writing transaction itself gives positions. On `PostgreSQL` rows get them
//! once they are visible, by one process at a time: the holder of the lease in the relay's row.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use trellis_kernel::{Failure, Result};

use crate::{Store, failure};

/// How many rows one transaction gives positions to.
const BATCH: i64 = 1000;
/// How long a process that gave positions may alone give more, in microseconds of the database's
/// clock. Short, because it is all that others wait when it dies; it is renewed by every batch.
const LEASE: i64 = 2_000_000;

/// What the relay's row says, and whether anything waits.
pub(crate) struct Standing {
    /// The last position that was given.
    pub(crate) head: i64,
    /// Whether a visible row has no position.
    pub(crate) pending: bool,
}

/// What an attempt to give positions came to.
pub(crate) enum Given {
    /// So many, up to this head; `more` when the batch was full.
    Rows { count: u64, head: i64, more: bool },
    /// None: another process holds the lease, or is at it.
    Held,
}

/// Takes the first of `count` new positions, in the transaction that writes the rows; none where rows
/// get theirs after the commit.
pub(crate) async fn take<C: ConnectionTrait>(conn: &C, count: usize) -> Result<Option<i64>> {
    if conn.get_database_backend() != DbBackend::Sqlite || count == 0 {
        return Ok(None);
    }
    let count = i64::try_from(count).map_err(Failure::internal)?;
    let sql = "UPDATE relay SET head = head + $1 RETURNING head";
    let head = number(conn, Statement::from_sql_and_values(DbBackend::Sqlite, sql, [count.into()])).await?;
    let head = head.ok_or_else(missing)?;
    Ok(Some(head - count + 1))
}

impl Store {
    pub(crate) async fn standing(&self) -> Result<Standing> {
        let sql = "SELECT head, EXISTS (SELECT 1 FROM outbox WHERE position IS NULL) AS pending FROM relay";
        let statement = Statement::from_sql_and_values(self.backend(), sql, []);
        let row = self.everything().query_one_raw(statement).await.map_err(failure)?.ok_or_else(missing)?;
        Ok(Standing {
            head: row.try_get("", "head").map_err(failure)?,
            pending: row.try_get("", "pending").map_err(failure)?,
        })
    }

    /// Gives positions to a batch of what is visible and has none, unless another process does.
    pub(crate) async fn give_positions(&self) -> Result<Given> {
        let tx = self.begin_everything().await?;
        // The row's lock, and so the order of positions, is this transaction's until it ends. A new
        // statement sees all that was committed before it: whoever gave positions before this one.
        let Some(head) = number(&tx, self.position_lease()).await? else { return Ok(Given::Held) };
        let give = "UPDATE outbox SET position = given.position FROM (\
                    SELECT seq, $1 + row_number() OVER (ORDER BY seq) AS position FROM (\
                    SELECT seq FROM outbox WHERE position IS NULL ORDER BY seq LIMIT $2) AS waiting\
                    ) AS given WHERE outbox.seq = given.seq";
        let give = Statement::from_sql_and_values(self.backend(), give, [head.into(), BATCH.into()]);
        let count = tx.execute_raw(give).await.map_err(failure)?.rows_affected();
        let moved = i64::try_from(count).map_err(Failure::internal)?;
        let sql = "UPDATE relay SET head = $1";
        let head = head + moved;
        tx.execute_raw(Statement::from_sql_and_values(self.backend(), sql, [head.into()]))
            .await
            .map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(Given::Rows { count, head, more: moved == BATCH })
    }

    /// Takes or renews the lease, and with it the row's lock; no row where another process has it.
    ///
    /// The database's clock decides, the same for all: the clocks of two machines may differ by more
    /// than the lease. That the lease is someone else's, or that the row is locked at this moment, is
    /// found without waiting. `SQLite` has one writer and needs no lease.
    fn position_lease(&self) -> Statement {
        if self.backend() != DbBackend::Postgres {
            let sql = "UPDATE relay SET head = head RETURNING head";
            return Statement::from_sql_and_values(self.backend(), sql, []);
        }
        let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let sql = format!(
            "UPDATE relay SET holder = $1, lease_until = {now} + $2 WHERE id = (\
             SELECT id FROM relay WHERE holder = $1 OR lease_until < {now} FOR UPDATE SKIP LOCKED) \
             RETURNING head"
        );
        let holder = self.inner.holder.to_string();
        Statement::from_sql_and_values(self.backend(), sql, [holder.into(), LEASE.into()])
    }

    /// Lets others give positions at once.
    pub(crate) async fn give_up_positions(&self) -> Result<()> {
        if self.backend() != DbBackend::Postgres {
            return Ok(());
        }
        let tx = self.begin_everything().await?;
        let sql = "UPDATE relay SET lease_until = 0 WHERE holder = $1";
        let holder = self.inner.holder.to_string();
        let statement = Statement::from_sql_and_values(self.backend(), sql, [holder.into()]);
        tx.execute_raw(statement).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }

    /// Tells those who watch in this process how far the feed reaches.
    pub(crate) fn announce(&self, head: i64) {
        // Of several writers the first to commit may be the last to tell. Where the relay alone tells, a
        // head that went back is that of a database that was restored, and whoever watches has to look.
        let told_in_order = self.backend() == DbBackend::Postgres;
        self.inner.head.send_if_modified(|known| {
            let now = if told_in_order { head } else { head.max(*known) };
            std::mem::replace(known, now) != now
        });
    }
}

async fn number<C: ConnectionTrait>(conn: &C, statement: Statement) -> Result<Option<i64>> {
    let row = conn.query_one_raw(statement).await.map_err(failure)?;
    row.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)
}

fn missing() -> Failure {
    Failure::internal("the relay's row is missing")
}
