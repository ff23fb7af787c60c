//! How long the trail is kept.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use trellis_kernel::{Failure, Result};

use super::Audit;
use crate::conn::Sight;
use crate::failure;

/// How many accesses one transaction deletes, so that no change waits long for it.
const BATCH: i64 = 500;

impl Audit {
    /// Deletes the accesses that are older than the trail is kept; returns how many.
    pub async fn forget_accesses(&self) -> Result<u64> {
        let kept = self.store.inner.audit_keep;
        let before = self.store.clock().now().checked_sub(kept).map_err(Failure::internal)?;
        let before = before.as_microsecond();
        let mut forgotten = 0;
        let mut last = String::new();
        // Every index begins with the district, so the districts are taken one by one.
        while let Some(district) = self.district_after(&last).await? {
            loop {
                let gone = self.forget_batch(&district, before).await?;
                forgotten += gone;
                if i64::try_from(gone).is_ok_and(|gone| gone < BATCH) {
                    break;
                }
            }
            last = district;
        }
        Ok(forgotten)
    }

    async fn district_after(&self, last: &str) -> Result<Option<String>> {
        let sql = "SELECT min(district) FROM accesses WHERE district > $1";
        let statement = Statement::from_sql_and_values(self.store.backend(), sql, [last.into()]);
        let row = self.store.everything().query_one_raw(statement).await.map_err(failure)?;
        row.map_or(Ok(None), |row| row.try_get_by_index(0).map_err(failure))
    }

    async fn forget_batch(&self, district: &str, before: i64) -> Result<u64> {
        let backend = self.store.backend();
        let run = |sql| {
            Statement::from_sql_and_values(backend, sql, [district.into(), before.into(), BATCH.into()])
        };
        let tx = self.store.begin(&Sight::Everything).await?;
        let gone = if backend == DbBackend::Postgres {
            tx.execute_unprepared(LOOPS).await.map_err(failure)?;
            let row = tx.query_one_raw(run(POSTGRES)).await.map_err(failure)?;
            let gone: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)?;
            u64::try_from(gone.unwrap_or_default()).map_err(Failure::internal)?
        } else {
            // One writer: both statements see the same rows.
            tx.execute_raw(run(LEARNERS_SQLITE)).await.map_err(failure)?;
            tx.execute_raw(run(ACCESSES_SQLITE)).await.map_err(failure)?.rows_affected()
        };
        tx.commit().await.map_err(failure)?;
        Ok(gone)
    }
}

/// The planner takes every list of learners for a long one, and would read the whole table for it.
const LOOPS: &str = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// One statement, whose rows no other process has: what one deletes of an access, it deletes of the
/// access's learners. The learners are made identities apart from the table, because row-level security
/// lets no index be searched by what might tell of its rows.
const POSTGRES: &str = "WITH gone AS (DELETE FROM accesses WHERE (district, access_time, uid) IN (\
    SELECT district, access_time, uid FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3 FOR UPDATE SKIP LOCKED) \
    RETURNING district, access_time, uid, learners), \
    about AS MATERIALIZED (SELECT gone.district, l.id::uuid AS learner, gone.access_time, gone.uid \
    FROM gone, json_array_elements_text(gone.learners::json) AS l(id)), \
    forgotten AS (DELETE FROM access_learners USING about WHERE access_learners.district = about.district \
    AND access_learners.learner = about.learner AND access_learners.access_time = about.access_time \
    AND access_learners.uid = about.uid) \
    SELECT count(*) FROM gone";

const ACCESSES_SQLITE: &str = "DELETE FROM accesses WHERE (district, access_time, uid) IN (\
    SELECT district, access_time, uid FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3)";

const LEARNERS_SQLITE: &str = "DELETE FROM access_learners \
    WHERE (district, learner, access_time, uid) IN (\
    SELECT a.district, unhex(learner.value), a.access_time, a.uid FROM (\
    SELECT district, access_time, uid, learners FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3) AS a, json_each(a.learners) AS learner)";
