//! What follows from the service's own events in each of its processes: what is held in memory is kept
//! to what is published.

use std::sync::Arc;
use std::time::Duration;

use trellis_kernel::{Name, Reason, Result};
use trellis_store::feed::Place;
use trellis_store::{SANDBOX, Store, Task};

use crate::app::replaced::Replaced;
use crate::domain::framework::{FRAMEWORK, FrameworkRef};
use crate::search::SearchIndex;
use crate::snapshot::Snapshots;

/// How many events are read at a time.
const CHUNK: u64 = 500;
/// How long to wait before another attempt, when the store is away.
const PAUSE: Duration = Duration::from_secs(1);

/// What is held in memory.
pub(crate) struct Memory {
    snapshots: Snapshots,
    index: SearchIndex,
    replaced: Replaced,
}

impl Memory {
    /// What these hold.
    pub(crate) const fn new(snapshots: Snapshots, index: SearchIndex, replaced: Replaced) -> Self {
        Self { snapshots, index, replaced }
    }

    /// Takes note of something that happened to a framework, other than a change of its draft, or to all of a district.
    fn note(&self, kind: &str, resource_type: &str, resource: &str) {
        if resource_type == SANDBOX
            && let Ok(Name { district, .. }) = Name::parse(resource)
        {
            // What is being read for a snapshot at this moment is let go of by clearing alone.
            self.snapshots.forget_all();
            self.index.forget(&district);
            self.replaced.forget(&district);
        }
        let of_draft = matches!(kind, "framework.created" | "framework.updated");
        if resource_type == FRAMEWORK
            && !of_draft
            && let Ok(framework) = FrameworkRef::parse("resource", resource)
        {
            self.snapshots.forget(&framework);
            self.index.published(&framework);
            self.replaced.forget(&framework.district);
        }
    }

    /// Relies on nothing that is held: events may have been missed, or the database is another one.
    fn forget_all(&self) {
        self.snapshots.forget_all();
        self.index.forget_all();
        self.replaced.follow(true);
    }
}

/// Takes note of what this process writes, before it is answered, and gives the task that follows what
/// others write.
pub(crate) fn published(store: Store, memory: Memory) -> Task {
    let memory = Arc::new(memory);
    // What is held holds the store: owned here, it would keep the store for ever.
    let own = Arc::downgrade(&memory);
    store.on_commit(move |_, told| {
        let Some(own) = own.upgrade() else { return };
        for told in told {
            own.note(told.kind, told.resource_type, &told.resource);
        }
    });
    let name = format!("{} memory", store.service());
    let task = async move {
        loop {
            let followed = follow(&store, &memory).await;
            memory.replaced.follow(false);
            if let Err(failure) = followed {
                let reason: Reason = failure.reason();
                tracing::warn!(
                    service = store.service(),
                    reason = reason.as_str(),
                    "events are followed anew"
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    (name, Box::pin(task))
}

/// Follows the events from now on, for as long as they can be read without a gap.
async fn follow(store: &Store, memory: &Memory) -> Result<()> {
    let mut news = store.watch();
    let extent = store.extent().await?;
    let mut place = Place { incarnation: extent.incarnation, position: extent.head };
    // What was held before this moment may lack what happened before it.
    memory.forget_all();
    loop {
        news.borrow_and_update();
        let rows = store.events(place, CHUNK).await?;
        for row in &rows {
            memory.note(&row.kind, &row.resource_type, &row.resource);
            place.position = row.position;
        }
        if (rows.len() as u64) < CHUNK && news.changed().await.is_err() {
            return Ok(());
        }
    }
}
