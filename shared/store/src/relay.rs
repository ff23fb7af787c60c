//! What every process does for its stores without being asked: it gives positions, learns how far
//! other processes gave them, and, beside that, keeps house.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use sea_orm::DbBackend;
use trellis_kernel::{Failure, Result};

use crate::positions::Given;
use crate::{Store, Task};

/// How often the relay looks without being woken: for what other processes committed or relayed.
const INTERVAL: Duration = Duration::from_millis(250);
/// The shortest time between two transactions that give positions: under load one serves many
/// changes. After a quiet moment the first change does not wait.
const PACE: Duration = Duration::from_millis(10);
/// How often the journal of an `SQLite` file is emptied, and with it what was deleted since.
const TIDINESS: Duration = Duration::from_mins(2);
/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(10);
/// How often what has expired is deleted.
const HOUSEKEEPING: Duration = Duration::from_mins(10);
/// How often the feed is looked through for superseded rows.
const COMPACTION: Duration = Duration::from_hours(1);
/// How long the reply to a `request_id` is kept.
const KEEP_REQUESTS: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// The task that gives positions. Every process runs it; on `PostgreSQL` the lease in the relay's
    /// row lets one at a time give them.
    pub fn relay(&self) -> Task {
        let store = self.clone();
        (format!("{} relay", self.service()), Box::pin(async move { store.relay_until_dropped().await }))
    }

    /// The task that keeps house. Every process runs it: what one deletes, the others do not find.
    pub fn housekeeping(&self) -> Task {
        let store = self.clone();
        let work = async move {
            let mut chores = Chores::default();
            loop {
                chores.due(&store).await;
                tokio::time::sleep(LOOK).await;
            }
        };
        (format!("{} housekeeping", self.service()), Box::pin(work))
    }

    /// Gives positions to everything that is visible and has none, unless another process is at it;
    /// returns how many it gave.
    pub async fn relay_once(&self) -> Result<u64> {
        let standing = self.standing().await?;
        self.announce(standing.head);
        if !standing.pending {
            return Ok(0);
        }
        let mut given = 0;
        while let Given::Rows { count, head, more } = self.give_positions().await? {
            self.announce(head);
            given += count;
            if !more {
                break;
            }
        }
        Ok(given)
    }

    /// Deletes the replies of requests older than 24 hours; returns how many.
    pub async fn forget_requests(&self) -> Result<u64> {
        let before = self.clock().now().checked_sub(KEEP_REQUESTS).map_err(Failure::internal)?;
        self.delete_expired("idempotency", "district, actor, request_id", "create_time < $1", before).await
    }

    async fn relay_until_dropped(&self) {
        loop {
            let began = Instant::now();
            if let Err(failed) = self.relay_once().await {
                tracing::warn!(store = self.service(), cause = ?failed.cause(), "the relay failed and goes on");
                tokio::time::sleep(INTERVAL).await;
            }
            // Either way the loop looks again.
            let _ = tokio::time::timeout(INTERVAL, self.inner.wake.notified()).await;
            if self.backend() == DbBackend::Postgres {
                tokio::time::sleep(PACE.saturating_sub(began.elapsed())).await;
            }
        }
    }
}

/// When the house was last kept.
#[derive(Default)]
struct Chores {
    tidied: Option<Instant>,
    cleaned: Option<Instant>,
    compacted: Option<Instant>,
}

impl Chores {
    /// Does what is due. Each may be done by several processes at once, and then one finds nothing.
    async fn due(&mut self, store: &Store) {
        if is_due(&mut self.tidied, TIDINESS)
            && let Err(failed) = store.empty_journal().await
        {
            tracing::debug!(store = store.service(), cause = ?failed.cause(), "the journal was not emptied");
        }
        if is_due(&mut self.cleaned, HOUSEKEEPING) {
            told(store, "requests", store.forget_requests().await);
            told(store, "dead letters", store.forget_letters().await);
            told(store, "old events", store.trim_feed().await);
            told(store, "accesses", store.audit().forget_accesses().await);
        }
        if is_due(&mut self.compacted, COMPACTION) {
            told(store, "superseded events", store.compact_feed().await);
        }
    }
}

fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|at| at.elapsed() >= every);
    if due {
        *last = Some(Instant::now());
    }
    due
}

fn told(store: &Store, what: &'static str, done: Result<u64>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::debug!(store = store.service(), what, count, "housekeeping deleted"),
        Err(failed) => {
            tracing::warn!(store = store.service(), what, cause = ?failed.cause(), "housekeeping failed");
        }
    }
}
