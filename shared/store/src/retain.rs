//! How long the feed is kept.
//!
//! Two things leave it. Whatever is older than the feed is kept goes, from its beginning on, and the
//! floor rises: who stands below it has missed something and is told so. And of what is older than
//! the time of compaction, rows that a later one supersedes go: a reader of the feed is told each
//! resource as it is now, so the last row says all that the earlier ones did.
//!
//! Two kinds of row are never superseded. A deletion is told to those who could see the resource
//! then, which only its own row knows. And an event with a message of its own has an effect in
//! another service, which follows every one.

use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use trellis_kernel::{Failure, Result, Timestamp};

use crate::feed::relay_number;
use crate::{Store, failure};

/// How many rows, or positions, one transaction deletes.
const BATCH: i64 = 1000;
/// How many superseded rows are looked for at a time.
const FOUND: i64 = 20_000;

impl Store {
    /// Deletes what is older than the feed is kept, and raises the floor; returns how many rows.
    pub async fn trim_feed(&self) -> Result<u64> {
        let mut floor = relay_number(&self.everything(), "floor").await?;
        let upto = self.older_than(self.inner.retention.keep, floor).await?;
        let mut deleted = 0;
        while floor < upto {
            let next = upto.min(floor + BATCH);
            let tx = self.begin_everything().await?;
            // Both or neither: who reads the rows that are left reads the floor with them. In this order, as
            // all who hold both.
            let sql = "UPDATE relay SET floor = $1 WHERE floor < $1";
            tx.execute_raw(self.statement(sql, [next.into()])).await.map_err(failure)?;
            let sql = "DELETE FROM outbox WHERE position <= $1";
            let done = tx.execute_raw(self.statement(sql, [next.into()])).await.map_err(failure)?;
            tx.commit().await.map_err(failure)?;
            deleted += done.rows_affected();
            floor = next;
        }
        Ok(deleted)
    }

    /// Deletes what a later row supersedes, of all that is older than the time of compaction; returns
    /// how many rows.
    pub async fn compact_feed(&self) -> Result<u64> {
        let compacted = relay_number(&self.everything(), "compacted").await?;
        let upto = self.older_than(self.inner.retention.compact, compacted).await?;
        if upto <= compacted {
            return Ok(0);
        }
        let mut deleted = 0;
        loop {
            let superseded = self.superseded(upto).await?;
            for chunk in superseded.chunks(usize::try_from(BATCH).map_err(Failure::internal)?) {
                deleted += self.delete(chunk).await?;
            }
            if superseded.len() < usize::try_from(FOUND).map_err(Failure::internal)? {
                break;
            }
        }
        let tx = self.begin_everything().await?;
        let sql = "UPDATE relay SET compacted = $1 WHERE compacted < $1";
        tx.execute_raw(self.statement(sql, [upto.into()])).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(deleted)
    }

    /// Takes what was deleted out of the journal of an `SQLite` file, which holds it until it is written
    /// over. Refused while a long reader, such as a backup, keeps the journal in use.
    pub async fn empty_journal(&self) -> Result<()> {
        self.inner.pools.writer.empty_journal().await.map_err(failure)
    }

    /// The last position of which it is known that it and all before it happened so long ago, when
    /// that is known of `from`.
    async fn older_than(&self, age: SignedDuration, from: i64) -> Result<i64> {
        let before = self.clock().now().checked_sub(age).map_err(Failure::internal)?;
        // Read first: what gets a position meanwhile has a higher one.
        let head = relay_number(&self.everything(), "head").await?;
        let sql = "SELECT position FROM outbox WHERE position > $1 AND event_time >= $2 \
                   ORDER BY position LIMIT 1";
        let values = [from.into(), before.as_microsecond().into()];
        let row = self.everything().query_one_raw(self.statement(sql, values)).await;
        let younger: Option<i64> =
            row.map_err(failure)?.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)?;
        Ok(younger.map_or(head, |position| head.min(position - 1)))
    }

    async fn superseded(&self, upto: i64) -> Result<Vec<i64>> {
        let sql = "SELECT seq FROM (SELECT seq, deleted, payload_type, \
                   row_number() OVER (PARTITION BY resource ORDER BY position DESC) AS age \
                   FROM outbox WHERE position <= $1) AS old \
                   WHERE age > 1 AND NOT deleted AND payload_type IS NULL LIMIT $2";
        let rows = self.everything().query_all_raw(self.statement(sql, [upto.into(), FOUND.into()])).await;
        rows.map_err(failure)?.iter().map(|row| row.try_get_by_index(0).map_err(failure)).collect()
    }

    async fn delete(&self, seqs: &[i64]) -> Result<u64> {
        let places: Vec<String> = (1..=seqs.len()).map(|place| format!("${place}")).collect();
        let sql = format!("DELETE FROM outbox WHERE seq IN ({})", places.join(", "));
        let values: Vec<Value> = seqs.iter().map(|seq| (*seq).into()).collect();
        let tx = self.begin_everything().await?;
        let done = tx.execute_raw(self.statement(&sql, values)).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(done.rows_affected())
    }

    /// Deletes the rows of a table with this key for which `condition` holds, which asks for a moment as
    /// `$1`: some at a time, so that no change waits long for it. Rows that are in use are left for
    /// another time.
    pub(crate) async fn delete_expired(
        &self,
        table: &str,
        key: &str,
        condition: &str,
        before: Timestamp,
    ) -> Result<u64> {
        let skip = if self.backend() == DbBackend::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT $2{skip})"
        );
        let mut deleted = 0;
        loop {
            let tx = self.begin_everything().await?;
            let values = [before.as_microsecond().into(), BATCH.into()];
            let done = tx.execute_raw(self.statement(&sql, values)).await.map_err(failure)?.rows_affected();
            tx.commit().await.map_err(failure)?;
            deleted += done;
            if i64::try_from(done).is_ok_and(|done| done < BATCH) {
                return Ok(deleted);
            }
        }
    }

    pub(crate) fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.backend(), sql, values)
    }
}
