//! What a service is mounted with, and what it hands back.

use std::sync::Arc;

use tonic::service::Routes;
use trellis_auth::{Authority, Standings};
use trellis_events::{Broker, Effect};
use trellis_store::{Store, Task};

use crate::Peer;

/// What a service is given to be mounted.
#[derive(Clone)]
pub struct Deps {
    /// Its own store.
    pub store: Store,
    /// Whose tokens are believed.
    pub authority: Arc<Authority>,
    /// How parties stand to learners and districts.
    pub standings: Arc<dyn Standings>,
    /// The other services.
    pub peers: Peers,
    /// By way of what the others' events come, where not from themselves.
    pub broker: Option<Broker>,
    /// The address under which vendors reach the suite, `https://trellis.example.org`; without a
    /// slash at its end.
    pub public_url: String,
}

/// The other services of the suite, as one of them calls them.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Whole-learner outcomes.
    pub outcome: Peer,
    /// Learner profile, roster and access.
    pub profile: Peer,
    /// Experiences, evidence and assessment.
    pub experience: Peer,
    /// Scheduling.
    pub scheduling: Peer,
}

/// What a service hands over to be served.
pub struct Mounted {
    /// Its name, `outcome`.
    pub service: &'static str,
    /// Its gRPC services, each behind its guard.
    pub routes: Routes,
    /// Its plain HTTP routes: the standards of the field.
    pub http: axum::Router,
    /// What it does without being asked, until the server ends.
    pub tasks: Vec<Task>,
    /// What the events of the other services do to it: the tasks among `tasks` run them, and whoever
    /// looks after dead letters replays them.
    pub effects: Vec<Effect>,
    /// Where its events are.
    pub events_from: Store,
}
