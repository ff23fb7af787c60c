//! Whole-learner outcomes: the knowledge, skills and mindsets that a community wants for its learners.
//!
//! Frameworks are edited as drafts and published as revisions that never change; what was rated on one
//! keeps pointing at it. They come by CASE, or are written here.

mod api;
mod app;
mod domain;
mod events;
mod http;
mod search;
mod snapshot;
mod store;

use std::sync::Arc;

use tonic::service::Routes;
use trellis_auth::{Guard, NoSubjects};
use trellis_contracts::outcome as contract;
use trellis_rpc::changes::ChangeFeed;
use trellis_rpc::{Deps, Mounted};

pub use app::imports::CaseSources;

/// The service's name.
pub const NAME: &str = "outcome";

/// The schema, in the order in which it grew.
pub fn migrations() -> trellis_store::Migrations {
    store::migrations::all()
}

/// What the rows promise each other and those of other services where no foreign key says so.
pub fn promises() -> Vec<trellis_store::check::Promise> {
    store::promises::all()
}

/// What a CASE package holds that an import would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedPackage {
    /// Outcomes.
    pub outcomes: usize,
    /// Associations.
    pub associations: usize,
    /// Definitions and rubrics.
    pub definitions: usize,
    /// What there is to say about its entries.
    pub issues: usize,
}

/// Reads a CASE package (1.0 or 1.1) as an import would, and keeps nothing.
///
/// # Errors
///
/// Why an import would refuse it whole, without any of its words.
pub fn check_package(bytes: &[u8]) -> Result<CheckedPackage, String> {
    let package = domain::case::read(bytes.to_vec()).map_err(|refusal| refusal.text)?;
    Ok(CheckedPackage {
        outcomes: package.items.len(),
        associations: package.associations.len(),
        definitions: package.definitions.len(),
        issues: package.issues.len(),
    })
}

/// Wires the service. Frameworks may be imported from `sources`.
pub fn mount(deps: Deps, sources: CaseSources) -> Mounted {
    let Deps { store, authority, standings, peers: _, broker: _, public_url } = deps;
    let guard = Guard::new(authority, standings, Arc::new(NoSubjects), trellis_rpc::trail(&store));
    let resources = Arc::new(api::changes::OutcomeResources::new(store.clone()));
    let snapshots = snapshot::Snapshots::new(store.clone(), api::write_outcome);
    let frameworks = api::frameworks::Frameworks::new(store.clone());
    let index = search::SearchIndex::new(store.clone(), snapshots.clone());
    let replaced = app::replaced::Replaced::new(store.clone());
    let memory = events::Memory::new(snapshots.clone(), index.clone(), replaced.clone());
    let outcomes = api::outcomes::Outcomes::new(store.clone(), snapshots.clone(), index, replaced);
    let associations = api::associations::Associations::new(store.clone(), snapshots);
    let progressions = api::progressions::Progressions::new(store.clone());
    let rubrics = api::rubrics::Rubrics::new(store.clone());
    let transfers = api::transfers::Transfers::new(store.clone(), sources, public_url.clone());
    let authoring = api::authoring::Authoring::new(store.clone());
    let scales = api::proficiency_scales::ProficiencyScales::new(store.clone());
    let adoptions = api::adoptions::Adoptions::new(store.clone());
    let changes = api::changes::Changes::new(ChangeFeed::new(store.clone(), guard.clone(), resources));
    let http = http::routes(store.clone(), guard.clone(), public_url);
    let routes = Routes::default()
        .add_service(contract::framework_service(Arc::new(frameworks), guard.clone()))
        .add_service(contract::outcome_service(Arc::new(outcomes), guard.clone()))
        .add_service(contract::association_service(Arc::new(associations), guard.clone()))
        .add_service(contract::progression_service(Arc::new(progressions), guard.clone()))
        .add_service(contract::proficiency_scale_service(Arc::new(scales), guard.clone()))
        .add_service(contract::adoption_service(Arc::new(adoptions), guard.clone()))
        .add_service(contract::rubric_service(Arc::new(rubrics), guard.clone()))
        .add_service(contract::framework_transfer_service(Arc::new(transfers), guard.clone()))
        .add_service(contract::authoring_service(Arc::new(authoring), guard.clone()))
        .add_service(contract::change_service(Arc::new(changes), guard));
    Mounted {
        service: NAME,
        routes,
        http,
        tasks: vec![events::published(store.clone(), memory)],
        effects: Vec::new(),
        events_from: store,
    }
}
