//! How long the trail is kept.

use sea_orm::{ConnectionTrait, Statement};
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
        let learners =
            if backend == sea_orm::DbBackend::Postgres { LEARNERS_POSTGRES } else { LEARNERS_SQLITE };
        let tx = self.store.begin(&Sight::Everything).await?;
        tx.execute_raw(run(learners)).await.map_err(failure)?;
        let gone = tx.execute_raw(run(ACCESSES)).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(gone.rows_affected())
    }
}

const ACCESSES: &str = "DELETE FROM accesses WHERE (district, access_time, uid) IN (\
    SELECT district, access_time, uid FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3)";

const LEARNERS_POSTGRES: &str = "DELETE FROM access_learners \
    WHERE (district, learner, access_time, uid) IN (\
    SELECT a.district, learner::uuid, a.access_time, a.uid FROM (\
    SELECT district, access_time, uid, learners FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3) AS a, json_array_elements_text(a.learners::json) AS learner)";

const LEARNERS_SQLITE: &str = "DELETE FROM access_learners \
    WHERE (district, learner, access_time, uid) IN (\
    SELECT a.district, unhex(learner.value), a.access_time, a.uid FROM (\
    SELECT district, access_time, uid, learners FROM accesses WHERE district = $1 AND access_time < $2 \
    ORDER BY access_time, uid LIMIT $3) AS a, json_each(a.learners) AS learner)";
