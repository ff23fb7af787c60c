//! How far a consumer of another service's events has come.

use sea_orm::{ConnectionTrait, Statement, Value};
use trellis_kernel::{Result, Uuid};

use crate::{Follower, Scope, Store, Tx, failure};

/// How far a consumer has come in its producer's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last position that it has applied; 0 where it has applied none.
    pub position: i64,
    /// The incarnation of the producer's feed that the position is one of; none while that is not known.
    pub incarnation: Option<Uuid>,
}

impl Store {
    /// How far a consumer of events has applied them.
    pub async fn checkpoint(&self, consumer: &str) -> Result<Checkpoint> {
        let sql = "SELECT position, incarnation FROM event_checkpoints WHERE consumer = $1";
        let row = self.everything().query_one_raw(self.statement(sql, [consumer.into()])).await;
        let Some(row) = row.map_err(failure)? else { return Ok(Checkpoint::default()) };
        Ok(Checkpoint {
            position: row.try_get("", "position").map_err(failure)?,
            incarnation: row.try_get("", "incarnation").map_err(failure)?,
        })
    }

    /// Writes down of which incarnation of its producer's feed a consumer's position is, where that was
    /// not known.
    pub async fn adopt(&self, consumer: &str, incarnation: Uuid) -> Result<()> {
        let tx = self.begin_everything().await?;
        let sql = "UPDATE event_checkpoints SET incarnation = $2 WHERE consumer = $1 AND incarnation IS NULL";
        let adopt = self.statement(sql, [consumer.into(), incarnation.into()]);
        tx.execute_raw(adopt).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}

impl Tx {
    /// Moves the checkpoint of a consumer of events to a later position of the same incarnation, in this
    /// transaction, and tells how many of its letters are open. None when it does not stand at `from`:
    /// another process was faster, or a restore came between, and this transaction must be dropped.
    pub async fn advance(&self, follower: &Follower, from: Checkpoint, to: i64) -> Result<Option<i64>> {
        let mut values = vec![follower.checkpoint().into(), to.into(), from.incarnation.into()];
        let sql = if from.position == 0 {
            "INSERT INTO event_checkpoints (consumer, position, incarnation) VALUES ($1, $2, $3) \
             ON CONFLICT (consumer) DO UPDATE SET position = $2, incarnation = $3 \
             WHERE event_checkpoints.position = 0 RETURNING open"
        } else {
            values.push(from.position.into());
            "UPDATE event_checkpoints SET position = $2 WHERE consumer = $1 AND position = $4 \
             AND incarnation IS NOT DISTINCT FROM $3 RETURNING open"
        };
        self.number(sql, values).await
    }

    /// Keeps the consumer from moving, and others from settling its letters, until this transaction
    /// ends.
    pub async fn hold(&self, follower: &Follower) -> Result<()> {
        let sql = "UPDATE event_checkpoints SET open = open WHERE consumer = $1 RETURNING open";
        self.number(sql, vec![follower.checkpoint().into()]).await.map(drop)
    }

    pub(crate) async fn number(&self, sql: &str, values: Vec<Value>) -> Result<Option<i64>> {
        let conn = self.conn();
        let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
        let row = conn.query_one_raw(statement).await.map_err(failure)?;
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(failure)
    }
}
