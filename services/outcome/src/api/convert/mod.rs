//! Between the contract's messages and the domain's values.

pub(super) mod adoption;
pub(super) mod association;
pub(super) mod crosswalk;
pub(super) mod diff;
pub(super) mod framework;
pub(super) mod graph;
pub(super) mod outcome;
pub(super) mod proficiency_scale;
pub(super) mod progression;
pub(super) mod rubric;
pub(super) mod search;
pub(super) mod sheet;
pub(super) mod template;
pub(super) mod transfer;

use trellis_contracts::{common, outcome as proto, values};

use crate::domain::text::{CaseIdentity, ExternalId, Text};

fn texts(texts: Vec<Text>) -> Vec<common::LocalizedText> {
    texts.into_iter().map(|Text { language, text }| common::LocalizedText { language, text }).collect()
}

pub(super) fn read_texts(texts: Vec<common::LocalizedText>) -> Vec<Text> {
    let read = |common::LocalizedText { language, text }| Text { language, text };
    texts.into_iter().map(read).collect()
}

fn external_ids(ids: Vec<ExternalId>) -> Vec<common::ExternalId> {
    ids.into_iter().map(|ExternalId { system, id }| common::ExternalId { system, id }).collect()
}

fn read_external_ids(ids: Vec<common::ExternalId>) -> Vec<ExternalId> {
    ids.into_iter().map(|common::ExternalId { system, id }| ExternalId { system, id }).collect()
}

fn case_identity(case: CaseIdentity) -> proto::CaseIdentity {
    let CaseIdentity { uri, identifier, last_change } = case;
    proto::CaseIdentity { uri, identifier, last_change_time: last_change.map(values::timestamp) }
}
