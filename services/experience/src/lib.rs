//! The experience service: designs, the experiences opened from them, what learners propose, and the
//! evidence, feedback, reflection and assessment of what they learn.
//!
//! [`mount`] wires it. The rooms: `domain` decides, `store` keeps, `app` does both in one transaction,
//! `api` speaks the contract and calls the other services, `events` tells what happened.

mod api;
mod app;
mod domain;
mod events;
mod store;

use std::sync::Arc;

use tonic::service::Routes;
use trellis_auth::Guard;
use trellis_contracts::experience as contract;
use trellis_rpc::changes::ChangeFeed;
use trellis_rpc::{Deps, Mounted};

use crate::api::{Api, Changes, ExperienceResources, Others};
use crate::app::{App, EvidenceSubjects};

/// The service's name, in peers, migrations and events.
pub const NAME: &str = "experience";

/// The steps that bring the service's tables to what this program knows, oldest first.
pub fn migrations() -> trellis_store::Migrations {
    store::migrations::all()
}

/// What the rows promise each other and those of other services where no foreign key says so.
pub fn promises() -> Vec<trellis_store::check::Promise> {
    store::promises::all()
}

/// Wires the service.
pub fn mount(deps: Deps) -> Mounted {
    let Deps { store, authority, standings, peers, broker: _, public_url: _ } = deps;
    let subjects = Arc::new(EvidenceSubjects::new(store.clone()));
    let guard = Guard::new(authority, standings, subjects, trellis_rpc::trail(&store));
    let resources = Arc::new(ExperienceResources::new(store.clone(), guard.clone()));
    let changes = Arc::new(Changes::new(ChangeFeed::new(store.clone(), guard.clone(), resources)));
    let api = Arc::new(Api::new(App::new(store.clone(), Arc::new(Others::new(&peers))), guard.clone()));
    let mut routes = Routes::default();
    routes = routes.add_service(contract::design_service(api.clone(), guard.clone()));
    routes = routes.add_service(contract::experience_service(api.clone(), guard.clone()));
    routes = routes.add_service(contract::proposal_service(api.clone(), guard.clone()));
    routes = routes.add_service(contract::evidence_service(api.clone(), guard.clone()));
    routes = routes.add_service(contract::reflection_service(api.clone(), guard.clone()));
    routes = routes.add_service(contract::assessment_service(api, guard.clone()));
    routes = routes.add_service(contract::change_service(changes, guard));
    Mounted {
        service: NAME,
        routes,
        http: axum::Router::new(),
        tasks: Vec::new(),
        effects: Vec::new(),
        events_from: store,
    }
}
