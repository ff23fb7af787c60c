//! Gives what was told its position, after commit, one at a time.
//!
//! The order of a sequence is not the order of commits: a reader that asks for "greater than the
//! last" misses the row of a transaction that began earlier and commits later. So rows get a second
//! number, the position, only once they are visible, and readers follow that one.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, Statement};
use trellis_kernel::{Failure, Result};

use crate::{Store, Task, connect, failure};

/// How often the relay looks without being woken: for what other replicas committed, and for what
/// they relayed.
const INTERVAL: Duration = Duration::from_millis(250);
/// How many rows one transaction gives positions to.
const BATCH: i64 = 1000;
/// How often what has expired is deleted.
const HOUSEKEEPING: Duration = Duration::from_mins(10);
/// How long the reply to a `request_id` is kept.
const KEEP_REQUESTS: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// The task that gives positions and keeps house. Every replica runs it; the database lets one
    /// at a time through, by a lock on a row that ends with the transaction that holds it.
    pub fn relay(&self) -> Task {
        let store = self.clone();
        (format!("{} relay", self.service()), Box::pin(async move { store.relay_until_dropped().await }))
    }

    /// Gives positions to everything that is visible and has none; returns how many it gave.
    pub async fn relay_once(&self) -> Result<u64> {
        let mut given = 0;
        loop {
            let (head, pending) = self.standing().await?;
            self.announce(head);
            if !pending {
                return Ok(given);
            }
            given += self.give_positions().await?;
        }
    }

    /// Deletes the replies of requests older than 24 hours; returns how many.
    pub async fn forget_requests(&self) -> Result<u64> {
        let before = self.clock().now().checked_sub(KEEP_REQUESTS).map_err(Failure::internal)?;
        let tx = connect::begin(&self.inner.writer).await?;
        let sql = "DELETE FROM idempotency WHERE create_time < $1";
        let statement = Statement::from_sql_and_values(self.backend(), sql, [before.as_microsecond().into()]);
        let done = tx.execute_raw(statement).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(done.rows_affected())
    }

    async fn relay_until_dropped(&self) {
        let mut cleaned: Option<Instant> = None;
        loop {
            if let Err(failed) = self.relay_once().await {
                tracing::warn!(store = self.service(), cause = ?failed.cause(), "the relay failed and goes on");
                tokio::time::sleep(INTERVAL).await;
            }
            if cleaned.is_none_or(|at| at.elapsed() >= HOUSEKEEPING) {
                cleaned = Some(Instant::now());
                if let Err(failed) = self.forget_requests().await {
                    tracing::warn!(store = self.service(), cause = ?failed.cause(), "housekeeping failed");
                }
            }
            // Either way the loop looks again.
            let _ = tokio::time::timeout(INTERVAL, self.inner.wake.notified()).await;
        }
    }

    async fn standing(&self) -> Result<(i64, bool)> {
        let sql = "SELECT head, EXISTS (SELECT 1 FROM outbox WHERE position IS NULL) AS pending FROM relay";
        let statement = Statement::from_string(self.backend(), sql);
        let row = self.inner.reader.query_one_raw(statement).await.map_err(failure)?;
        let row = row.ok_or_else(|| Failure::internal("the relay's row is missing"))?;
        Ok((row.try_get("", "head").map_err(failure)?, row.try_get("", "pending").map_err(failure)?))
    }

    async fn give_positions(&self) -> Result<u64> {
        let tx = connect::begin(&self.inner.writer).await?;
        // Takes the row's lock: until this commits, no other relay can pass.
        let lock = Statement::from_string(self.backend(), "UPDATE relay SET head = head RETURNING head");
        let row = tx.query_one_raw(lock).await.map_err(failure)?;
        let row = row.ok_or_else(|| Failure::internal("the relay's row is missing"))?;
        let head: i64 = row.try_get_by_index(0).map_err(failure)?;
        let give = "UPDATE outbox SET position = given.position FROM (\
                    SELECT seq, $1 + row_number() OVER (ORDER BY seq) AS position FROM outbox \
                    WHERE position IS NULL ORDER BY seq LIMIT $2) AS given WHERE outbox.seq = given.seq";
        let give = Statement::from_sql_and_values(self.backend(), give, [head.into(), BATCH.into()]);
        let given = tx.execute_raw(give).await.map_err(failure)?.rows_affected();
        let moved = head + i64::try_from(given).map_err(Failure::internal)?;
        let sql = "UPDATE relay SET head = $1";
        tx.execute_raw(Statement::from_sql_and_values(self.backend(), sql, [moved.into()]))
            .await
            .map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(given)
    }

    fn announce(&self, head: i64) {
        self.inner.head.send_if_modified(|known| {
            let more = head > *known;
            *known = head.max(*known);
            more
        });
    }
}
