//! Work that one process at a time does for a store.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, Either, select};
use sea_orm::{ConnectionTrait, DbBackend};
use trellis_kernel::Result;

use crate::{Store, failure};

/// For how long a lease is anyone's who has ended without giving it up.
const TERM: Duration = Duration::from_secs(5);
/// How often it is renewed, and asked for by those who wait for it.
const RENEWAL: Duration = Duration::from_millis(1500);

/// The step `house_0005_leases`.
pub(crate) fn tables(_: DbBackend) -> Vec<String> {
    vec![
        "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL)".to_owned(),
    ]
}

/// The right to do something alone, among all processes on a database, for as long as it is renewed.
///
/// It is for quiet, not for safety: who has lost it without knowing may go on for a moment, so whatever is done
/// under it must be right when two do it at once. The database's clock counts, which is the same for all.
#[derive(Clone, Debug)]
pub struct Lease {
    store: Store,
    name: String,
}

impl Store {
    /// A lease by its name, which no other work of the service has.
    pub fn lease(&self, name: impl Into<String>) -> Lease {
        Lease { store: self.clone(), name: name.into() }
    }

    /// Lets others have the leases of this process at once: when it ends.
    pub async fn give_up_leases(&self) -> Result<()> {
        self.give_up_positions().await?;
        if self.backend() != DbBackend::Postgres {
            return Ok(());
        }
        let tx = self.begin_everything().await?;
        let holder = self.inner.holder.to_string();
        let sql = "DELETE FROM leases WHERE holder = $1";
        tx.execute_raw(self.statement(sql, [holder.into()])).await.map_err(failure)?;
        tx.commit().await.map_err(failure)
    }
}

impl Lease {
    /// Does some work whenever this process holds the lease, and drops it when the lease is lost. `waiting` is told
    /// each time that another has it.
    pub async fn hold(
        self,
        work: impl Fn() -> BoxFuture<'static, Infallible> + Send,
        waiting: impl Fn() + Send,
    ) -> Infallible {
        loop {
            match self.take().await {
                Ok(true) => {
                    let lost = std::pin::pin!(self.lost());
                    match select(work(), lost).await {
                        Either::Left((never, _)) => return never,
                        Either::Right(((), _)) => {
                            tracing::warn!(
                                store = self.store.service(),
                                lease = self.name,
                                "a lease was lost: another process goes on"
                            );
                        }
                    }
                }
                Ok(false) => waiting(),
                Err(failed) => {
                    let (store, cause) = (self.store.service(), failed.cause());
                    tracing::debug!(store, lease = self.name, cause = ?cause, "a lease could not be asked for");
                }
            }
            tokio::time::sleep(RENEWAL).await;
        }
    }

    /// Renews the lease until that is refused, or could not be done for so long that another may have it.
    async fn lost(&self) {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEWAL).await;
            match tokio::time::timeout(TERM, self.take()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) if renewed.elapsed() >= TERM => return,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// Takes or renews it; false where another process has it. An `SQLite` file has one process.
    async fn take(&self) -> Result<bool> {
        if self.store.backend() != DbBackend::Postgres {
            return Ok(true);
        }
        let tx = self.store.begin_everything().await?;
        let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let sql = format!(
            "INSERT INTO leases (name, holder, until) VALUES ($1, $2, {now} + $3) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until \
             WHERE leases.holder = excluded.holder OR leases.until < {now} RETURNING holder"
        );
        let holder = self.store.inner.holder.to_string();
        let term = i64::try_from(TERM.as_micros()).unwrap_or(i64::MAX);
        let values = [self.name.as_str().into(), holder.into(), term.into()];
        let row = tx.query_one_raw(self.store.statement(&sql, values)).await.map_err(failure)?;
        tx.commit().await.map_err(failure)?;
        Ok(row.is_some())
    }
}
