//! The learner-profile service: who is here (the roster), how they stand to each other (the access
//! decision), and what learners and those around them say of themselves (entries, goals, growth).
//!
//! [`mount`] wires it. The rooms: `domain` decides, `store` keeps, `app` does both in one transaction,
//! `api` speaks the contract, `events` follows the other services, `oneroster` reads the field's files.

mod api;
mod app;
mod domain;
mod events;
mod oneroster;
mod store;

use std::sync::Arc;

use tonic::service::Routes;
use trellis_auth::{Guard, Standings};
use trellis_contracts::{common, profile as contract};
use trellis_kernel::{District, Uuid};
use trellis_rpc::changes::ChangeFeed;
use trellis_rpc::{Deps, Mounted};
use trellis_store::Store;

/// The service's name, in peers, migrations and events.
pub const NAME: &str = "profile";

/// The steps that bring the service's tables to what this program knows, oldest first.
pub fn migrations() -> trellis_store::Migrations {
    store::migrations::all()
}

/// What the rows promise each other and those of other services where no foreign key says so.
pub fn promises() -> Vec<trellis_store::check::Promise> {
    store::promises::all()
}

/// How parties stand, and which tokens were taken back, decided from this service's store as it is at the
/// moment of asking.
pub fn standings(store: Store) -> Arc<dyn Standings> {
    app::access::decisions(store)
}

/// Calls `forget` before the answer to any change in this service's store after which somebody may stand
/// differently in a district, or a token is no longer believed there.
pub fn on_altered_standings(store: &Store, forget: impl Fn(&District) + Send + Sync + 'static) {
    store.on_commit(move |district, told| {
        if app::access::alters_standings(told) {
            forget(district);
        }
    });
}

/// The id of a record that a roster calls `sourced_id`, in a collection by its word in names: `people`,
/// `organizations`, `academicSessions`, `courses`, `classes`, `enrollments`.
///
/// It is the `UUIDv5` (RFC 9562) of `{district}/{collection}/{sourced_id}` in the namespace
/// `6f1d54a0-2b1e-5c0c-9d3e-7b0da4c1e2f8`, so that whoever knows the sourcedId knows the name.
pub fn roster_id(district: &District, collection: &str, sourced_id: &str) -> Uuid {
    domain::roster::identity_in(district, collection, sourced_id)
}

/// What a `OneRoster` archive holds that an import would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedArchive {
    /// Records of all files.
    pub records: usize,
    /// What stands in the way of an import; with one, nothing of the archive is taken.
    pub errors: u32,
    /// What an import would take all the same.
    pub warnings: u32,
}

/// Reads a `OneRoster` 1.2 archive as an import into an empty district would, and keeps nothing.
pub fn check_archive(district: &District, archive: &[u8]) -> CheckedArchive {
    let (mut roster, mut report) = oneroster::read(district, archive);
    if !report.is_refused() {
        oneroster::link(district, &mut roster, &oneroster::Known::default(), &mut report);
    }
    let records = roster.organizations.len()
        + roster.sessions.len()
        + roster.courses.len()
        + roster.classes.len()
        + roster.people.len()
        + roster.roles.len()
        + roster.enrollments.len()
        + roster.demographics.len()
        + roster.profiles.len();
    CheckedArchive { records, errors: report.errors, warnings: report.warnings }
}

/// Wires the service.
pub fn mount(deps: Deps) -> Mounted {
    let Deps { store, authority, standings, peers, broker, public_url: _ } = deps;
    store.keep_in_sandboxes(store::tokens::TABLE);
    let subjects = Arc::new(app::access::ProfileSubjects::new(store.clone()));
    let guard = Guard::new(authority, standings.clone(), subjects, trellis_rpc::trail(&store));
    let resources = Arc::new(api::changes::ProfileResources::new(store.clone(), standings.clone()));
    let changes = api::changes::Changes::new(ChangeFeed::new(store.clone(), guard.clone(), resources));
    let identity = api::access::Identity::new(store.clone(), standings);
    let access = api::access::Access::new(app::access::decisions(store.clone()));
    let tokens = api::token::Tokens::new(store.clone());
    let applications = api::application::Applications::new(store.clone());
    let mut routes = Routes::default();
    routes = routes.add_service(common::identity_service(Arc::new(identity), guard.clone()));
    routes = routes.add_service(contract::access_service(Arc::new(access), guard.clone()));
    routes = routes.add_service(contract::token_service(Arc::new(tokens), guard.clone()));
    routes = routes.add_service(contract::roster_service(
        Arc::new(api::roster::Roster::new(store.clone(), guard.clone())),
        guard.clone(),
    ));
    let transfers = api::roster_transfer::Transfers::new(store.clone());
    routes = routes.add_service(contract::roster_transfer_service(Arc::new(transfers), guard.clone()));
    routes = routes.add_service(contract::application_service(Arc::new(applications), guard.clone()));
    let entries = api::entry::Entries::new(store.clone());
    routes = routes.add_service(contract::learner_service(Arc::new(entries), guard.clone()));
    let goals = api::goal::Goals::new(store.clone(), peers.outcome);
    routes = routes.add_service(contract::goal_service(Arc::new(goals), guard.clone()));
    let growth = api::growth::Growth::new(store.clone());
    routes = routes.add_service(contract::growth_service(Arc::new(growth), guard.clone()));
    routes = routes.add_service(contract::change_service(Arc::new(changes), guard));
    let experience = peers.experience;
    let (assessed, growth) = trellis_events::consumer(
        store.clone(),
        broker,
        move || experience.itself(),
        "experience",
        Arc::new(events::growth_assessed::Assessed),
    );
    Mounted {
        service: NAME,
        routes,
        http: axum::Router::new(),
        tasks: vec![assessed],
        effects: vec![growth],
        events_from: store,
    }
}
