//! What can be done: each use case decides, writes in one transaction, and says what happened.

pub(crate) mod calendars;
pub(crate) mod changes;
pub(crate) mod feeds;
pub(crate) mod offerings;
mod peers;
pub(crate) mod placements;
pub(crate) mod plans;
pub(crate) mod publish;
pub(crate) mod requests;
pub(crate) mod solves;
mod solving;
pub(crate) mod timetables;

use std::sync::Arc;

use tokio::sync::Semaphore;
use trellis_auth::{Guard, Standings};
use trellis_kernel::{Failure, Name, Reason, Uuid};
use trellis_rpc::Peer;
use trellis_rpc::jobs::Jobs;
use trellis_store::{Store, Told};

use crate::domain::solve::Solve;

/// What the use cases work with.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) guard: Guard,
    pub(crate) standings: Arc<dyn Standings>,
    pub(crate) profile: Peer,
    pub(crate) experience: Peer,
    /// The solves that run here.
    pub(crate) jobs: Jobs<Solve>,
    /// Of the solves that run here, how many may search at once; the others wait.
    pub(crate) searching: Arc<Semaphore>,
    /// The address under which others reach the suite.
    pub(crate) public_url: String,
}

/// What happened to a resource that is about these learners, or about none.
fn told(kind: &'static str, resource_type: &'static str, name: &Name, subjects: Vec<Uuid>) -> Told {
    Told { kind, resource: name.to_string(), resource_type, subjects, deleted: false, payload: None }
}

/// That a resource is gone.
fn gone(kind: &'static str, resource_type: &'static str, name: &Name, subjects: Vec<Uuid>) -> Told {
    Told { deleted: true, ..told(kind, resource_type, name, subjects) }
}

/// That a resource does not exist.
fn missing(resource_type: &'static str, name: &Name) -> Failure {
    Failure::not_found(resource_type, name.to_string())
}

/// That a field refers to what does not exist or cannot be used here.
fn dangling(field: impl Into<String>, description: &'static str) -> Failure {
    Failure::precondition(
        Reason::ReferenceNotFound,
        "A resource that the request refers to cannot be used here.",
    )
    .violation(field, description)
}
