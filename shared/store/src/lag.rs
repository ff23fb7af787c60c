//! How far those who follow are behind, as numbers for a person or a monitor.

use sea_orm::ConnectionTrait;
use trellis_kernel::{Result, Timestamp};

use crate::{Store, failure, instant};

/// How far the relay and the consumers of a store are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The last position that was given.
    pub head: i64,
    /// The last position that is no longer kept.
    pub floor: i64,
    /// How many changes have committed and have no position yet.
    pub pending: i64,
    /// When the oldest of them happened.
    pub oldest_pending: Option<Timestamp>,
    /// The consumers that write in this store.
    pub followers: Vec<Following>,
}

/// How far a consumer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// Its checkpoint: the consumer and the producer, `growth/experience`.
    pub checkpoint: String,
    /// The last position that it has applied.
    pub position: i64,
    /// How many of its dead letters are neither replayed nor discarded.
    pub open_letters: i64,
}

impl Store {
    /// How far the relay and the consumers of this store are.
    pub async fn lag(&self) -> Result<Lag> {
        let conn = self.everything();
        let sql = "SELECT head, floor, \
                   (SELECT count(*) FROM outbox WHERE position IS NULL) AS pending, \
                   (SELECT min(event_time) FROM outbox WHERE position IS NULL) AS oldest FROM relay";
        let row = conn.query_one_raw(self.statement(sql, [])).await.map_err(failure)?;
        let row = row.ok_or_else(|| trellis_kernel::Failure::internal("the relay's row is missing"))?;
        let oldest: Option<i64> = row.try_get("", "oldest").map_err(failure)?;
        let sql = "SELECT consumer, position, open FROM event_checkpoints ORDER BY consumer";
        let followers = conn.query_all_raw(self.statement(sql, [])).await.map_err(failure)?;
        let followers = followers.iter().map(|row| {
            Ok(Following {
                checkpoint: row.try_get("", "consumer")?,
                position: row.try_get("", "position")?,
                open_letters: row.try_get("", "open")?,
            })
        });
        Ok(Lag {
            head: row.try_get("", "head").map_err(failure)?,
            floor: row.try_get("", "floor").map_err(failure)?,
            pending: row.try_get("", "pending").map_err(failure)?,
            oldest_pending: oldest.map(instant).transpose()?,
            followers: followers.collect::<std::result::Result<_, _>>().map_err(failure)?,
        })
    }
}
