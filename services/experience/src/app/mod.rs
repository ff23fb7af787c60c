//! The use cases: decide, write in one transaction, tell what happened.
//!
//! What is asked of other services is asked before a transaction begins, so that none is held open
//! while another service thinks.

mod assessments;
mod designs;
mod evidence;
mod experiences;
pub(crate) mod neighbours;
mod proposals;
mod reflections;
mod subjects;

use std::sync::Arc;

use trellis_kernel::{Actor, District, Failure, Name, Result, Uuid};
use trellis_store::{Change, Store, Told};

pub(crate) use assessments::{NewAssessment, NewCriterion};
pub(crate) use designs::DesignView;
use neighbours::Neighbours;
pub(crate) use subjects::EvidenceSubjects;

/// The use cases of this service.
#[derive(Clone)]
pub(crate) struct App {
    store: Store,
    neighbours: Arc<dyn Neighbours>,
}

/// Who asks, and what for: what every change has.
pub(crate) struct Caller<'a> {
    /// Who asks.
    pub(crate) actor: &'a Actor,
    /// The change that it would be.
    pub(crate) change: Change,
}

impl Caller<'_> {
    /// The person who asks. What only a person can do is refused to everything else.
    fn person(&self) -> Result<Uuid> {
        self.actor.person().ok_or_else(Failure::access_denied)
    }

    fn district(&self) -> &District {
        &self.change.district
    }
}

impl App {
    /// The use cases on this store.
    pub(crate) fn new(store: Store, neighbours: Arc<dyn Neighbours>) -> Self {
        Self { store, neighbours }
    }
}

/// What happened to a resource, as the feed is told.
fn told(kind: &'static str, name: &Name, resource_type: &'static str, subjects: Vec<Uuid>) -> Told {
    Told { kind, resource: name.to_string(), resource_type, subjects, deleted: false, payload: None }
}

/// The types of resources, as the change feed names them.
pub(crate) mod types {
    pub(crate) const DESIGN: &str = "trellis.dev/Design";
    pub(crate) const EXPERIENCE: &str = "trellis.dev/Experience";
    pub(crate) const PROPOSAL: &str = "trellis.dev/Proposal";
    pub(crate) const EVIDENCE: &str = "trellis.dev/Evidence";
    pub(crate) const FEEDBACK: &str = "trellis.dev/Feedback";
    pub(crate) const REFLECTION: &str = "trellis.dev/Reflection";
    pub(crate) const ASSESSMENT: &str = "trellis.dev/Assessment";
}
