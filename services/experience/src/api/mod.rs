//! The contract's side: each method takes its message apart, calls the use case, and puts the answer
//! together.

mod assessments;
mod changes;
mod convert;
mod designs;
mod evidence;
mod experiences;
mod peers;
mod proposals;
mod reflections;

use trellis_auth::Guard;
use trellis_contracts::guard::{Admission, Call};
use trellis_kernel::{District, Failure, Name, Reason, Relations, Result, Uuid};

use crate::app::{App, Caller};
use crate::domain::reference::at_home;

pub(crate) use changes::{Changes, ExperienceResources};
pub(crate) use peers::Others;

/// The methods of every service but the change feed.
pub(crate) struct Api {
    app: App,
    guard: Guard,
}

impl Api {
    /// The methods on these use cases; `guard` is the one that stands before them.
    pub(crate) const fn new(app: App, guard: Guard) -> Self {
        Self { app, guard }
    }
}

/// The parts of a call that changes something.
struct Changing<M> {
    admission: Admission,
    home: District,
    change: trellis_store::Change,
    message: M,
}

impl<M: prost::Message> Changing<M> {
    fn of(call: Call<M>, request_id: impl FnOnce(&M) -> &str) -> Result<Self> {
        let change = trellis_rpc::change(&call, request_id(&call.message))?;
        let home = change.district.clone();
        let (admission, message) = call.into_parts();
        Ok(Self { admission, home, change, message })
    }

    /// The caller, as the use case is given them.
    fn caller(&self) -> Caller<'_> {
        Caller { actor: &self.admission.actor, change: self.change.clone() }
    }
}

/// Refuses a parent that is not the district on whose resources the call was decided.
fn require_parent(parent: &str, home: &District) -> Result<()> {
    at_home("parent", &Name::of("parent", parent, &[])?, home)
}

/// A message that the contract requires; its absence was refused before.
fn required<M>(message: Option<M>, field: &str) -> Result<M> {
    message.ok_or_else(|| Failure::field(field, "value is required"))
}

/// The id in the name of a resource that is to be changed: a revision never is.
fn mutable(field: &str, text: &str, collection: &str) -> Result<Uuid> {
    let name = Name::of(field, text, &[collection])?;
    match name.id() {
        Some(id) if !name.is_pinned() => Ok(id),
        _ => Err(Failure::precondition(
            Reason::RevisionImmutable,
            "A revision never changes: name the resource without it.",
        )
        .violation(field, "must not be pinned to a revision")),
    }
}

/// Every relation in which the caller stands to a learner whom the call is about.
fn relations(admission: &Admission) -> Relations {
    admission.subjects.iter().flat_map(|(_, relations)| relations.iter()).collect()
}
