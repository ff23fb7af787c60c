//! Outcomes.

use jiff::civil::Date;
use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Etag, Failure, Result};

use super::{case_identity, external_ids, read_external_ids, read_texts, texts};
use crate::domain::outcome::{Outcome, OutcomeContent, OutcomeKind, outcome_name};

/// An outcome as the contract has it, without what replaces it: that is told of no revision, but of now.
pub(crate) fn write(outcome: Outcome) -> proto::Outcome {
    let name = outcome.name().to_string();
    let Outcome { framework, id, content, parent, list_order, published, create_time, update_time, version } =
        outcome;
    let pinned_name = match (framework.pin, published) {
        (Some(_), _) => name.clone(),
        (None, 0) => String::new(),
        (None, revision) => outcome_name(&framework.at(revision), id).to_string(),
    };
    let OutcomeContent {
        kind,
        statement,
        abbreviated,
        notes,
        code,
        item_type,
        education_levels,
        concept_keywords,
        list_enumeration,
        language,
        valid_from,
        valid_until,
        external_ids: ids,
        case,
    } = content;
    let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    proto::Outcome {
        name,
        uid: id.to_string(),
        kind: write_kind(kind).into(),
        statement: texts(statement),
        abbreviated_statement: texts(abbreviated),
        notes: texts(notes),
        code,
        r#type: item_type,
        education_levels,
        concept_keywords,
        list_enumeration,
        language,
        parent_outcome: parent.map(|id| outcome_name(&framework, id).to_string()).unwrap_or_default(),
        list_order,
        valid_from: day(valid_from),
        valid_until: day(valid_until),
        external_ids: external_ids(ids),
        case_identity: case.map(case_identity),
        pinned_name,
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
        superseded_by: Vec::new(),
    }
}

/// What a request says of an outcome; what only the server says is ignored.
pub(in crate::api) fn read(outcome: proto::Outcome) -> Result<OutcomeContent> {
    let proto::Outcome {
        name: _,
        uid: _,
        kind,
        statement,
        abbreviated_statement,
        notes,
        code,
        r#type,
        education_levels,
        concept_keywords,
        list_enumeration,
        language,
        parent_outcome: _,
        list_order: _,
        valid_from,
        valid_until,
        external_ids,
        case_identity: _,
        pinned_name: _,
        create_time: _,
        update_time: _,
        etag: _,
        superseded_by: _,
    } = outcome;
    Ok(OutcomeContent {
        kind: read_kind(kind),
        statement: read_texts(statement),
        abbreviated: read_texts(abbreviated_statement),
        notes: read_texts(notes),
        code,
        item_type: r#type,
        education_levels,
        concept_keywords,
        list_enumeration,
        language,
        valid_from: read_day("outcome.valid_from", &valid_from)?,
        valid_until: read_day("outcome.valid_until", &valid_until)?,
        external_ids: read_external_ids(external_ids),
        case: None,
    })
}

/// The fields of an outcome that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(content: &OutcomeContent) -> [(&'static str, bool); 13] {
    [
        ("kind", content.kind != OutcomeKind::Unspecified),
        ("statement", !content.statement.is_empty()),
        ("abbreviated_statement", !content.abbreviated.is_empty()),
        ("notes", !content.notes.is_empty()),
        ("code", !content.code.is_empty()),
        ("type", !content.item_type.is_empty()),
        ("education_levels", !content.education_levels.is_empty()),
        ("concept_keywords", !content.concept_keywords.is_empty()),
        ("list_enumeration", !content.list_enumeration.is_empty()),
        ("language", !content.language.is_empty()),
        ("valid_from", content.valid_from.is_some()),
        ("valid_until", content.valid_until.is_some()),
        ("external_ids", !content.external_ids.is_empty()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(own: OutcomeContent, new: OutcomeContent, paths: &[&str]) -> OutcomeContent {
    let takes = |path: &str| paths.contains(&path);
    OutcomeContent {
        kind: if takes("kind") { new.kind } else { own.kind },
        statement: if takes("statement") { new.statement } else { own.statement },
        abbreviated: if takes("abbreviated_statement") { new.abbreviated } else { own.abbreviated },
        notes: if takes("notes") { new.notes } else { own.notes },
        code: if takes("code") { new.code } else { own.code },
        item_type: if takes("type") { new.item_type } else { own.item_type },
        education_levels: if takes("education_levels") { new.education_levels } else { own.education_levels },
        concept_keywords: if takes("concept_keywords") { new.concept_keywords } else { own.concept_keywords },
        list_enumeration: if takes("list_enumeration") { new.list_enumeration } else { own.list_enumeration },
        language: if takes("language") { new.language } else { own.language },
        valid_from: if takes("valid_from") { new.valid_from } else { own.valid_from },
        valid_until: if takes("valid_until") { new.valid_until } else { own.valid_until },
        external_ids: if takes("external_ids") { new.external_ids } else { own.external_ids },
        case: own.case,
    }
}

fn read_day(field: &str, text: &str) -> Result<Option<Date>> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Failure::field(field, "must be a day that there is, YYYY-MM-DD"))
}

/// A kind as the contract has it.
pub(in crate::api) const fn write_kind(kind: OutcomeKind) -> proto::OutcomeKind {
    match kind {
        OutcomeKind::Unspecified => proto::OutcomeKind::Unspecified,
        OutcomeKind::Knowledge => proto::OutcomeKind::Knowledge,
        OutcomeKind::Skill => proto::OutcomeKind::Skill,
        OutcomeKind::Mindset => proto::OutcomeKind::Mindset,
    }
}

/// A kind from the wire; the contract has checked that it is one.
pub(in crate::api) fn read_kind(number: i32) -> OutcomeKind {
    match proto::OutcomeKind::try_from(number).unwrap_or_default() {
        proto::OutcomeKind::Unspecified => OutcomeKind::Unspecified,
        proto::OutcomeKind::Knowledge => OutcomeKind::Knowledge,
        proto::OutcomeKind::Skill => OutcomeKind::Skill,
        proto::OutcomeKind::Mindset => OutcomeKind::Mindset,
    }
}
