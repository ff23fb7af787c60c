//! `trellis.profile.v1alpha1.ChangeService`: the feed of every resource of this package.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use trellis_auth::Standings;
use trellis_contracts::guard::{Call, Method, Outbound};
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{
    ChangeServiceApi, ListChangesRequest, ListChangesResponse, ProfileChange, WatchChangesRequest,
};
use trellis_kernel::{Actor, District, Failure, Name, Result};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::Store;
use trellis_store::feed::FeedRow;

use super::{learner_changes, roster_changes};

/// What a source reads from, and how it asks how a caller stands.
pub(crate) struct Sight {
    pub store: Store,
    pub standings: Arc<dyn Standings>,
}

/// One type of resource in the feed.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// The type: `trellis.dev/Goal`.
    fn resource_type(&self) -> &'static str;

    /// The method that gets one: whom it would answer is told.
    fn method(&self) -> &'static Method;

    /// The resources of these names as they are now; without a body where the caller may not see one.
    async fn current(
        &self,
        sight: &Sight,
        actor: &Actor,
        district: &District,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>>;

    /// The resources after one, in the order of their ids.
    async fn batch(
        &self,
        sight: &Sight,
        actor: &Actor,
        district: &District,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>>;

    /// Whether the caller is told that a resource is gone.
    async fn tombstone(&self, _sight: &Sight, _actor: &Actor, _row: &FeedRow) -> Result<bool> {
        Ok(true)
    }
}

/// Every type, in the order of a snapshot: each after those that it refers to.
static SOURCES: &[&dyn Source] = &[
    &roster_changes::Organizations,
    &roster_changes::AcademicSessions,
    &roster_changes::Courses,
    &roster_changes::Classes,
    &roster_changes::People,
    &roster_changes::Enrollments,
    &roster_changes::Relationships,
    &roster_changes::Applications,
    &roster_changes::Agreements,
    &learner_changes::Entries,
    &learner_changes::Goals,
    &learner_changes::Rules,
    &learner_changes::Ratings,
    &learner_changes::Levels,
];

static TYPES: LazyLock<Vec<(&'static str, &'static Method)>> =
    LazyLock::new(|| SOURCES.iter().map(|source| (source.resource_type(), source.method())).collect());

/// What the feed tells of.
pub(crate) struct ProfileResources {
    sight: Sight,
}

impl ProfileResources {
    /// Resources of this store.
    pub(crate) const fn new(store: Store, standings: Arc<dyn Standings>) -> Self {
        Self { sight: Sight { store, standings } }
    }
}

fn source(resource_type: &str) -> Result<&'static dyn Source> {
    let found = SOURCES.iter().find(|source| source.resource_type() == resource_type);
    found.copied().ok_or_else(|| Failure::internal("the feed asked for a type that is not told of"))
}

#[async_trait]
impl Resources for ProfileResources {
    type Body = Body;
    type Message = ProfileChange;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        &TYPES
    }

    async fn current(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        source(resource_type)?.current(&self.sight, actor, district, names).await
    }

    async fn batch(
        &self,
        actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        source(resource_type)?.batch(&self.sight, actor, district, after, limit).await
    }

    async fn tombstone(&self, actor: &Actor, row: &FeedRow) -> Result<bool> {
        source(&row.resource_type)?.tombstone(&self.sight, actor, row).await
    }

    fn compose(&self, change: Change<Body>) -> ProfileChange {
        let Change { kind, resource, resource_type, change_time, resume_token, body } = change;
        ProfileChange { kind: kind.into(), resource, resource_type, change_time, resume_token, body }
    }
}

/// The change feed's methods.
pub(crate) struct Changes {
    feed: ChangeFeed<ProfileResources>,
}

impl Changes {
    /// The methods on this feed.
    pub(crate) const fn new(feed: ChangeFeed<ProfileResources>) -> Self {
        Self { feed }
    }
}

#[async_trait]
impl ChangeServiceApi for Changes {
    async fn list_changes(&self, call: Call<ListChangesRequest>) -> Result<ListChangesResponse> {
        let ListChangesRequest { parent: _, resume_token, page_size } = &call.message;
        let listed = self.feed.list(call.actor(), call.district()?, resume_token, *page_size).await?;
        Ok(ListChangesResponse {
            changes: listed.changes,
            resume_token: listed.resume_token,
            more: listed.more,
        })
    }

    async fn watch_changes(&self, call: Call<WatchChangesRequest>) -> Result<Outbound<ProfileChange>> {
        let WatchChangesRequest { parent: _, snapshot, resume_token } = &call.message;
        self.feed.watch(call.actor().clone(), call.district()?.clone(), *snapshot, resume_token)
    }
}
