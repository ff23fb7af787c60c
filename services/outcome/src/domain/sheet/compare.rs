//! An outcome as it is, and as a row would have it.

use super::Issue;
use crate::domain::outcome::{OutcomeContent, OutcomeKind};

/// Why an outcome cannot be as a row would have it.
pub(crate) fn fault(row: u32, content: &OutcomeContent) -> Option<Issue> {
    if content.kind == OutcomeKind::Unspecified && content.case.is_none() {
        let text = "The row does not say whether it is knowledge, a skill or a mindset.";
        return Some(Issue::error("KIND_MISSING", row, 0, text));
    }
    if content.statement.iter().all(|text| text.text.trim().is_empty()) {
        return Some(Issue::error("STATEMENT_MISSING", row, 0, "The row has no statement."));
    }
    let failure = content.check().err()?;
    let violation = failure.violations().first();
    let text = violation.map_or_else(
        || failure.message().to_owned(),
        |violation| format!("{}: {}", violation.field, violation.description),
    );
    Some(Issue::error("RULE_BROKEN", row, 0, text))
}

/// The fields in which two differ, as an update names them.
pub(crate) fn differences(before: &OutcomeContent, after: &OutcomeContent) -> Vec<&'static str> {
    let fields = [
        ("kind", before.kind != after.kind),
        ("statement", before.statement != after.statement),
        ("abbreviated_statement", before.abbreviated != after.abbreviated),
        ("notes", before.notes != after.notes),
        ("code", before.code != after.code),
        ("type", before.item_type != after.item_type),
        ("education_levels", before.education_levels != after.education_levels),
        ("concept_keywords", before.concept_keywords != after.concept_keywords),
        ("list_enumeration", before.list_enumeration != after.list_enumeration),
        ("language", before.language != after.language),
        ("valid_from", before.valid_from != after.valid_from),
        ("valid_until", before.valid_until != after.valid_until),
        ("external_ids", before.external_ids != after.external_ids),
    ];
    fields.into_iter().filter(|(_, differs)| *differs).map(|(field, _)| field).collect()
}
