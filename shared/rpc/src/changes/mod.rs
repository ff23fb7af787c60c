//! The change feed of a service: `ListChanges` and `WatchChanges`, written once.
//!
//! A service says what its resources are ([`Resources`]); the [`ChangeFeed`] does the rest: it reads
//! the store's positions, turns each into the resource as it is now, leaves out what the caller could
//! not get by asking for it, and hands on tokens from which the caller can go on.

mod list;
mod sight;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use trellis_auth::Guard;
use trellis_contracts::common::ChangeKind;
use trellis_contracts::guard::Method;
use trellis_kernel::{Actor, District, Name, Result, Timestamp, Uuid};
use trellis_store::Store;
use trellis_store::feed::FeedRow;

/// How long a stream is silent at most before a checkpoint says that nothing is missing: the
/// contract's promise.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a service's change feed tells of. Its rows are read in the primary, as the feed is: while it is
/// asked, [`Store::read`] reads no replica.
#[async_trait]
pub trait Resources: Send + Sync + 'static {
    /// The `body` of the package's change message: its `oneof`.
    type Body: Send + Sync + 'static;
    /// The package's change message.
    type Message: prost::Message + 'static;

    /// Every type of resource (`trellis.dev/Goal`, as [`trellis_store::Told`] has it), in the order of
    /// a snapshot, each with the method that gets one. A change is told to those whom that method
    /// would answer: its scope, data class and relations decide.
    fn types(&self) -> &'static [(&'static str, &'static Method)];

    /// The resources of these names as they are now, in any order; one that is gone is left out.
    ///
    /// Each name appears once. All are of the one type.
    async fn current(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<Self::Body>>>;

    /// The next resources of a type for a snapshot: those after the one named (all, when none is), in
    /// the order of their ids, at most `limit`. The snapshot of the type ends where none come.
    async fn batch(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Self::Body>>>;

    /// Whether the caller is told that a resource is gone, beyond standing to whom it was about: not
    /// where the service kept the resource itself from them.
    async fn tombstone(&self, _actor: &Actor, _row: &FeedRow) -> Result<bool> {
        Ok(true)
    }

    /// The change as the package's message carries it.
    fn compose(&self, change: Change<Self::Body>) -> Self::Message;
}

/// A resource as it is now.
#[derive(Clone, Debug)]
pub struct Row<B> {
    /// Its name.
    pub name: Name,
    /// The learners whom it is about now.
    pub subjects: Vec<Uuid>,
    /// When it last changed.
    pub update_time: Timestamp,
    /// The resource; none where it is there, but the service itself keeps it from this caller (an
    /// entry that is for the learner only).
    pub body: Option<B>,
}

/// One change, before it is in the package's own message.
#[derive(Clone, Debug)]
pub struct Change<B> {
    /// Upserted, deleted, or a checkpoint without a resource.
    pub kind: ChangeKind,
    /// The name of the resource.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// When it changed; none for a checkpoint.
    pub change_time: Option<prost_types::Timestamp>,
    /// Where to go on; empty while a snapshot is under way, which cannot be resumed.
    pub resume_token: String,
    /// The resource as it is now; none when deleted or a checkpoint.
    pub body: Option<B>,
}

/// One answer of `ListChanges`.
#[derive(Clone, Debug)]
pub struct Listed<M> {
    /// The changes, in order.
    pub changes: Vec<M>,
    /// Where to go on.
    pub resume_token: String,
    /// Whether there is more already.
    pub more: bool,
}

/// The change feed of one service.
pub struct ChangeFeed<R> {
    store: Store,
    guard: Guard,
    resources: Arc<R>,
    heartbeat: Duration,
}

impl<R> Clone for ChangeFeed<R> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            guard: self.guard.clone(),
            resources: self.resources.clone(),
            heartbeat: self.heartbeat,
        }
    }
}

impl<R: Resources> ChangeFeed<R> {
    /// The feed of what is in `store`, as `guard` lets it be seen.
    pub fn new(store: Store, guard: Guard, resources: Arc<R>) -> Self {
        Self { store, guard, resources, heartbeat: HEARTBEAT }
    }

    /// The same feed, with another longest silence of a stream before a checkpoint.
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: Duration) -> Self {
        self.heartbeat = heartbeat;
        self
    }
}
