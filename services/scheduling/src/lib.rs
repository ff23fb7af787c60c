//! The scheduling service: calendars, what is offered in them, what learners ask for, the plans that
//! give places, and learners' calendars for other programs.
//!
//! [`mount`] wires it. The rooms: `domain` decides, `store` keeps, `app` does both in one transaction,
//! `api` speaks the contract, `http` the field's own format.

mod api;
mod app;
mod domain;
mod http;
mod store;

use std::sync::Arc;

use tokio::sync::Semaphore;
use tonic::service::Routes;
use trellis_auth::Guard;
use trellis_contracts::scheduling as contract;
use trellis_rpc::changes::ChangeFeed;
use trellis_rpc::jobs::Jobs;
use trellis_rpc::{Deps, Mounted};

use api::{Api, Changes, NamedSubjects};
use app::App;
use domain::solve::Solve;

/// How many solves search at once in one process; each has a processor of its own meanwhile.
const SEARCHES: usize = 2;

/// The service's name, in peers, migrations and events.
pub const NAME: &str = "scheduling";

/// The service's tables, in the order in which they came to be.
pub fn migrations() -> trellis_store::Migrations {
    store::migrations::all()
}

/// What the rows promise each other and those of other services where no foreign key says so.
pub fn promises() -> Vec<trellis_store::check::Promise> {
    store::promises::all()
}

/// Makes the service of what it needs.
pub fn mount(deps: Deps) -> Mounted {
    let Deps { store, authority, standings, peers, broker: _, public_url } = deps;
    let guard =
        Guard::new(authority, Arc::clone(&standings), Arc::new(NamedSubjects), trellis_rpc::trail(&store));
    let app = Arc::new(App {
        store: store.clone(),
        guard: guard.clone(),
        standings,
        profile: peers.profile,
        experience: peers.experience,
        jobs: Jobs::new("solve", |solve: &Solve| solve.state).until_reset(&store),
        searching: Arc::new(Semaphore::new(SEARCHES)),
        public_url,
    });
    let changes = ChangeFeed::new(store.clone(), guard.clone(), Arc::new(Changes(Arc::clone(&app))));
    let api = Arc::new(Api { app: Arc::clone(&app), changes });
    let routes = Routes::new(contract::calendar_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::timetable_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::offering_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::request_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::plan_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::feed_service(Arc::clone(&api), guard.clone()))
        .add_service(contract::change_service(api, guard));
    Mounted {
        service: NAME,
        routes,
        http: http::routes(app),
        tasks: Vec::new(),
        effects: Vec::new(),
        events_from: store,
    }
}
