//! The rubrics of a package (`CFRubrics`), with their criteria and levels.
//!
//! Each is kept as it came, whatever it says; of one that can be read a rubric is made beside.

use std::collections::HashMap;

use serde_json::{Map, Value};
use trellis_kernel::Uuid;

use super::association;
use super::document::texts;
use super::fields::{Fields, LINE, LONG, guid};
use super::issues::Issues;
use super::{Ends, Scope};
use crate::domain::association::Held as HeldEnd;
use crate::domain::rubric::{
    Alignment, Criterion, Held, MAX_CRITERIA, MAX_LEVELS, MAX_TEXT, RubricContent, RubricLevel,
};
use crate::domain::transfer::Severity;

/// Under which key the criteria of a rubric stand.
pub(super) const CRITERIA: &str = "CFRubricCriteria";
/// And the levels of a criterion.
pub(super) const LEVELS: &str = "CFRubricCriterionLevels";

/// Says what there is to know about a rubric.
pub(super) fn note(fields: &mut Fields<'_, '_>, id: Uuid, scope: &Scope) {
    let ends = Ends { framework: scope.framework, names: &HashMap::new(), ids: &[] };
    content(fields, id, scope, &ends);
}

/// What is written about a rubric that was read before; none when no rubric can be made of it.
pub(super) fn again(text: &str, id: Uuid, scope: &Scope, ends: &Ends<'_>) -> Option<RubricContent> {
    let mut issues = Issues::deaf();
    let mut fields = Fields::again(text, &mut issues)?;
    content(&mut fields, id, scope, ends)
}

/// The identity of an entry within another: its GUID, or one made from its place.
pub(super) fn part_id(within: Uuid, index: usize, part: &Map<String, Value>) -> Uuid {
    let named = part.get("identifier").and_then(Value::as_str).and_then(guid);
    named.unwrap_or_else(|| Uuid::new_v5(&within, format!("part {index}").as_bytes()))
}

fn content(fields: &mut Fields<'_, '_>, id: Uuid, scope: &Scope, ends: &Ends<'_>) -> Option<RubricContent> {
    let title = texts(&scope.language, fields.text("title", LONG));
    let description = texts(&scope.language, fields.text("description", LONG));
    let parts = fields.parts(CRITERIA)?;
    if title.is_empty() && description.is_empty() && parts.is_empty() {
        keep(fields, "", "RUBRIC_EMPTY", "The rubric has no title, no description and no criteria.");
        return None;
    }
    if parts.len() > MAX_CRITERIA {
        keep(fields, CRITERIA, "RUBRIC_TOO_LARGE", "The rubric has more than 50 criteria.");
        return None;
    }
    let mut criteria: Vec<Criterion> = Vec::with_capacity(parts.len());
    for (index, part) in parts {
        let own = part_id(id, index, &part);
        if criteria.iter().any(|other| other.id == own) {
            keep(
                fields,
                CRITERIA,
                "IDENTIFIER_REPEATED",
                "Two criteria of the rubric have the same identifier.",
            );
            return None;
        }
        criteria.push(criterion(&mut fields.within(CRITERIA, index, part), own, scope, ends)?);
    }
    let case = Some(fields.case_identity());
    let content = RubricContent { title, description, criteria, case }.arranged();
    if content.size() > MAX_TEXT {
        keep(fields, "", "RUBRIC_TOO_LARGE", "The texts of the rubric have more than 1 MiB together.");
        return None;
    }
    Some(content)
}

fn criterion(fields: &mut Fields<'_, '_>, id: Uuid, scope: &Scope, ends: &Ends<'_>) -> Option<Criterion> {
    let parts = fields.parts(LEVELS)?;
    if parts.len() > MAX_LEVELS {
        keep(fields, LEVELS, "RUBRIC_TOO_LARGE", "The criterion has more than 20 levels.");
        return None;
    }
    let mut levels: Vec<RubricLevel> = Vec::with_capacity(parts.len());
    for (index, part) in parts {
        let own = part_id(id, index, &part);
        if levels.iter().any(|other| other.id == own) {
            keep(
                fields,
                LEVELS,
                "IDENTIFIER_REPEATED",
                "Two levels of the criterion have the same identifier.",
            );
            return None;
        }
        levels.push(level(&mut fields.within(LEVELS, index, part), own, scope));
    }
    Some(Criterion {
        id,
        category: fields.text("category", LINE),
        description: texts(&scope.language, fields.text("description", LONG)),
        weight: fields.decimal("weight"),
        position: fields.number("position"),
        outcome: alignment(fields, ends),
        levels,
    })
}

fn level(fields: &mut Fields<'_, '_>, id: Uuid, scope: &Scope) -> RubricLevel {
    let mut text = |key| texts(&scope.language, fields.text(key, LONG));
    let (quality, description, feedback) = (text("quality"), text("description"), text("feedback"));
    RubricLevel {
        id,
        quality,
        description,
        feedback,
        score: fields.decimal("score"),
        position: fields.number("position"),
    }
}

/// The item that a criterion names; none when it names none.
fn alignment(fields: &mut Fields<'_, '_>, ends: &Ends<'_>) -> Option<Alignment> {
    let link = fields.link("CFItemURI").filter(|link| !link.identifier.is_empty() || !link.uri.is_empty())?;
    let held = match association::held(ends, &link) {
        Some(HeldEnd::Outcome(id)) => Some(Held::Own(id)),
        _ => None,
    };
    Some(Alignment { held, uri: link.uri, identifier: link.identifier, title: link.title })
}

/// Says why no rubric is made of the entry.
fn keep(fields: &mut Fields<'_, '_>, key: &str, code: &str, text: &str) {
    fields.say(key, Severity::Warning, code, text, "No rubric is made of the entry; it is kept as it came.");
}
