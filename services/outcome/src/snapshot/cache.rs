//! The snapshots of revisions, each held once for all who read it.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Result};
use trellis_store::Store;
use trellis_telemetry::metrics::CacheFigures;

use super::{Snapshot, WriteOutcome, load};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::Outcome;

/// How many bytes are held at most: a revision of 100,000 outcomes takes about 100 MB.
const HELD_BYTES: u64 = 256 * 1024 * 1024;
/// How many revisions are expected at once. So few make one shard: with more, a snapshot would have to
/// fit into the share of one.
const EXPECTED: usize = 32;

/// Weighs a snapshot by the bytes that it takes.
#[derive(Clone)]
struct Bytes;

impl Weighter<FrameworkRef, Arc<Snapshot>> for Bytes {
    fn weight(&self, _: &FrameworkRef, snapshot: &Arc<Snapshot>) -> u64 {
        snapshot.weight() as u64
    }
}

/// The snapshots of a store's revisions, by district, framework and revision.
#[derive(Clone)]
pub(crate) struct Snapshots {
    store: Store,
    write: WriteOutcome,
    held: Arc<Cache<FrameworkRef, Arc<Snapshot>, Bytes>>,
    figures: Arc<CacheFigures>,
    /// Held while a revision is read in passing, for those who come later.
    passing: Arc<Semaphore>,
}

impl Snapshots {
    /// None yet. `write` makes the message of an outcome.
    pub(crate) fn new(store: Store, write: WriteOutcome) -> Self {
        let held = Arc::new(Cache::with_weighter(EXPECTED, HELD_BYTES, Bytes));
        let told = held.clone();
        let figures = Arc::new(CacheFigures::new("snapshots", move || told.len()));
        Self { store, write, held, figures, passing: Arc::new(Semaphore::new(1)) }
    }

    /// The message of an outcome that was read.
    pub(crate) fn write(&self, outcome: Outcome) -> proto::Outcome {
        (self.write)(outcome)
    }

    /// The framework as it is (a draft) or was (a revision); not found when there is none. However many
    /// ask for a revision at once, it is read once; a draft is read for each.
    pub(crate) async fn of(&self, framework: &FrameworkRef) -> Result<Arc<Snapshot>> {
        if framework.pin.is_none() {
            return load::load(&self.store, framework, self.write).await.map(Arc::new);
        }
        if let Some(snapshot) = self.held.get(framework) {
            self.figures.hits(1);
            return Ok(snapshot);
        }
        self.figures.misses(1);
        // A task of its own: who asked may go before it is read, and others wait for it.
        let reading = tokio::spawn(self.clone().read(framework.clone()));
        reading.await.map_err(Failure::internal)?
    }

    /// The snapshot of a revision if there is one at once. If there is not, it is read in the background
    /// for those who come later, one at a time: a single outcome need not wait for all of them, and
    /// readers of more revisions than fit do not have them all read again and again.
    pub(crate) fn at_hand(&self, framework: &FrameworkRef) -> Option<Arc<Snapshot>> {
        framework.pin?;
        if let Some(snapshot) = self.held.get(framework) {
            self.figures.hits(1);
            return Some(snapshot);
        }
        self.figures.misses(1);
        if let Ok(turn) = self.passing.clone().try_acquire_owned() {
            let reading = self.clone().read(framework.clone());
            tokio::spawn(async move {
                // Who asked reads the rows, and hears of any failure there.
                drop(reading.await);
                drop(turn);
            });
        }
        None
    }

    async fn read(self, framework: FrameworkRef) -> Result<Arc<Snapshot>> {
        let reading = async { load::load(&self.store, &framework, self.write).await.map(Arc::new) };
        self.held.get_or_insert_async(&framework, reading).await
    }

    /// Forgets the revisions of a framework.
    pub(crate) fn forget(&self, framework: &FrameworkRef) {
        self.held.retain(|held, _| !held.same_framework(framework));
    }

    /// Forgets everything, and what is being read at this moment: the database is another one, or a sandbox was emptied.
    pub(crate) fn forget_all(&self) {
        self.held.clear();
    }
}
