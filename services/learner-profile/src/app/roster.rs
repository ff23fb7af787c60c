//! Reading the roster.

use trellis_kernel::{District, Failure, Name, Page, PageRequest, Party, Result, Uuid};
use trellis_store::{Scope as _, Store};

use super::access::{directory_reach, today};
use crate::domain::roster::{Enrollment, Person, Relationship};
use crate::store::records::{Kept, Stored};
use crate::store::roster::{self, PersonWithRoles};
use crate::store::roster_lists::{self, Ask};

/// One record that is about no learner.
pub(crate) async fn get<T: Kept>(store: &Store, name: &Name, kind: &'static str) -> Result<Stored<T>> {
    let found = match name.id() {
        Some(id) => roster::one::<T>(&store.read(&name.district), id).await?,
        None => None,
    };
    found.ok_or_else(|| Failure::not_found(kind, name.to_string()))
}

/// People by id: all of them, in their order, or none.
pub(crate) async fn people(store: &Store, district: &District, ids: &[Uuid]) -> Result<Vec<PersonWithRoles>> {
    let reader = store.read(district);
    let mut found = roster::by_ids::<Person, _>(&reader, ids).await?;
    // Who may not be read was refused before; what is still missing may not exist for anyone.
    let ordered: Option<Vec<_>> = ids.iter().map(|id| found.remove(id)).collect();
    roster::with_roles(&reader, ordered.ok_or_else(Failure::access_denied)?).await
}

/// People whom a caller may be shown.
pub(crate) async fn list_people(
    store: &Store,
    district: &District,
    party: &Party,
    ask: &Ask,
) -> Result<Page<PersonWithRoles>> {
    let reader = store.read(district);
    let reach = directory_reach(store, &reader, party).await?;
    let page = roster_lists::people(&reader, ask, &reach, today(store, reader.district()).await?).await?;
    Ok(Page { items: roster::with_roles(&reader, page.items).await?, next: page.next })
}

/// Enrolments of people whom a caller may be shown.
pub(crate) async fn list_enrollments(
    store: &Store,
    district: &District,
    party: &Party,
    ask: &Ask,
) -> Result<Page<Stored<Enrollment>>> {
    let reader = store.read(district);
    let reach = directory_reach(store, &reader, party).await?;
    roster_lists::enrollments(&reader, ask, &reach, today(store, reader.district()).await?).await
}

/// A person's relationships; with `only`, those in which that one is the other person.
pub(crate) async fn relationships(
    store: &Store,
    parent: &Name,
    only: Option<Uuid>,
    request: &PageRequest,
) -> Result<Page<Stored<Relationship>>> {
    let person = parent.learner().ok_or_else(Failure::access_denied)?;
    roster::relationships(&store.read(&parent.district), person, only, request).await
}
