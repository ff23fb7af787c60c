//! What can be done: each decides, writes in one transaction, and tells what happened.

pub(crate) mod adoptions;
pub(crate) mod associations;
pub(crate) mod crosswalks;
pub(crate) mod currency;
pub(crate) mod deprecations;
pub(crate) mod descendants;
pub(crate) mod diff;
pub(crate) mod exports;
pub(crate) mod frameworks;
pub(crate) mod graph;
pub(crate) mod imports;
pub(crate) mod moves;
pub(crate) mod outcomes;
mod places;
pub(crate) mod proficiency_scales;
pub(crate) mod progressions;
pub(crate) mod provider;
pub(crate) mod removals;
pub(crate) mod replaced;
pub(crate) mod rubrics;
pub(crate) mod search;
pub(crate) mod sheet_plan;
pub(crate) mod spreadsheets;
mod successions;
pub(crate) mod templates;
pub(crate) mod visibility;
mod web;

use prost::Message;
use trellis_kernel::{Failure, Name, Reason};
use trellis_store::{Payload, Told, Tx};

use crate::domain::framework::{FRAMEWORK, Framework, Holdings};

/// Under which section of a package the entries of outcomes are kept as they came.
const ITEM_ENTRIES: &str = "CFItems";
/// And those of associations.
const ASSOCIATION_ENTRIES: &str = "CFAssociations";
/// And those of rubrics.
const RUBRIC_ENTRIES: &str = "CFRubrics";

/// Something that happened to a resource.
fn told(kind: &'static str, resource: &Name, resource_type: &'static str) -> Told {
    Told {
        kind,
        resource: resource.to_string(),
        resource_type,
        subjects: Vec::new(),
        deleted: kind.ends_with(".deleted"),
        payload: None,
    }
}

/// The same with the event's own message, for the other services.
fn carrying<M: Message>(mut told: Told, name: &str, event: &M) -> Told {
    told.payload = Some(Payload {
        type_url: format!("type.googleapis.com/trellis.outcome.v1.{name}"),
        value: event.encode_to_vec(),
    });
    told
}

/// Counts a change of what a draft holds, and tells of it: the draft's etag stands for all of it.
fn touch(tx: &mut Tx, framework: &mut Framework, added: Holdings) {
    framework.version += 1;
    framework.update_time = tx.now();
    framework.unpublished = true;
    framework.holdings.outcomes += added.outcomes;
    framework.holdings.associations += added.associations;
    framework.holdings.progressions += added.progressions;
    tx.tell(told("framework.updated", &framework.place.name(), FRAMEWORK));
}

/// A resource that a request names does not exist.
fn dangling(field: &str, kind: &str, name: &Name) -> Failure {
    Failure::precondition(Reason::ReferenceNotFound, "A resource that the request names does not exist.")
        .violation(field, "must name a resource that exists")
        .about(kind, name.to_string())
}
