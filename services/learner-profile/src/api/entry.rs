//! `trellis.profile.v1alpha1.LearnerService`.

use async_trait::async_trait;
use trellis_contracts::guard::{Admission, Call};
use trellis_contracts::profile::{
    CreateEntryRequest, DeleteEntryRequest, Entry, GetEntryRequest, LearnerServiceApi, ListEntriesRequest,
    ListEntriesResponse,
};
use trellis_kernel::{Failure, Name, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Store};

use super::convert::entry as convert;
use crate::app::entry::{self, Reading};
use crate::domain::entry::Viewer;

/// Keeps the entries of learners' profiles.
pub(crate) struct Entries {
    store: Store,
}

impl Entries {
    /// Entries in this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    fn reading(&self, admission: &Admission, name: &Name) -> Result<Reading<'_>> {
        let change = Change {
            district: name.district.clone(),
            actor: admission.actor.label(),
            idempotency: None,
            grounds: None,
            since: None,
        };
        Ok(Reading { store: &self.store, change, learner: learner(name)?, viewer: viewer(admission) })
    }
}

#[async_trait]
impl LearnerServiceApi for Entries {
    async fn create_entry(&self, call: Call<CreateEntryRequest>) -> Result<Entry> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (admission, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let new = convert::new_entry(message.entry.unwrap_or_default())?;
        let made = entry::create(&self.store, change, learner(&parent)?, &viewer(&admission), new).await?;
        Ok(convert::entry(&parent.district, made))
    }

    async fn get_entry(&self, call: Call<GetEntryRequest>) -> Result<Entry> {
        let (admission, message) = call.into_parts();
        let (name, id) = entry_name(&message.name)?;
        let found = entry::get(self.reading(&admission, &name)?, id).await?;
        Ok(convert::entry(&name.district, found))
    }

    async fn list_entries(&self, call: Call<ListEntriesRequest>) -> Result<ListEntriesResponse> {
        let (admission, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = entry::list(self.reading(&admission, &parent)?, &request).await?;
        let page = page.map(|one| convert::entry(&parent.district, one));
        Ok(ListEntriesResponse { entries: page.items, next_page_token: page.next })
    }

    async fn delete_entry(&self, call: Call<DeleteEntryRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (admission, message) = call.into_parts();
        let (name, id) = entry_name(&message.name)?;
        entry::delete(&self.store, change, learner(&name)?, &viewer(&admission), id, &message.etag).await
    }
}

/// How the caller stands to the learner that the call is about.
pub(crate) fn viewer(admission: &Admission) -> Viewer {
    let relations = admission.subjects.first().map(|(_, relations)| *relations).unwrap_or_default();
    Viewer { person: admission.actor.person(), relations }
}

/// Reads the name of a resource that has no revisions.
pub(crate) fn plain_name(field: &str, text: &str, collections: &[&str]) -> Result<Name> {
    let name = Name::of(field, text, collections)?;
    if name.is_pinned() {
        return Err(Failure::invalid(Reason::InvalidName, "The resource has no revisions.")
            .violation(field, "must not be pinned to a revision"));
    }
    Ok(name)
}

fn learner(name: &Name) -> Result<Uuid> {
    name.learner().ok_or_else(Failure::access_denied)
}

fn entry_name(text: &str) -> Result<(Name, Uuid)> {
    let name = plain_name("name", text, &["learners", "entries"])?;
    let id = name.id().ok_or_else(Failure::access_denied)?;
    Ok((name, id))
}
