//! Rubrics.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Etag, Failure, Ids, Name, Result, Uuid};

use super::proficiency_scale::read_decimal;
use super::{case_identity, read_texts, texts};
use crate::domain::decimal::Decimal;
use crate::domain::framework::{FRAMEWORKS, FrameworkRef};
use crate::domain::outcome::{OUTCOMES, outcome_name};
use crate::domain::rubric::{Alignment, Criterion, Held, Rubric, RubricContent, RubricLevel};

/// A rubric as the contract has it.
pub(in crate::api) fn write(rubric: Rubric) -> proto::Rubric {
    let name = rubric.name().to_string();
    let Rubric { framework, id, content, create_time, update_time, version } = rubric;
    let RubricContent { title, description, criteria, case } = content;
    proto::Rubric {
        name,
        uid: id.to_string(),
        title: texts(title),
        description: texts(description),
        criteria: criteria.into_iter().map(|criterion| write_criterion(&framework, criterion)).collect(),
        case_identity: case.map(case_identity),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

fn write_criterion(framework: &FrameworkRef, criterion: Criterion) -> proto::RubricCriterion {
    let Criterion { id, category, description, weight, position, outcome, levels } = criterion;
    proto::RubricCriterion {
        uid: id.to_string(),
        category,
        description: texts(description),
        weight: spelt(weight),
        position,
        outcome: outcome.map(|outcome| write_alignment(framework, outcome)),
        levels: levels.into_iter().map(write_level).collect(),
    }
}

fn write_level(level: RubricLevel) -> proto::RubricLevel {
    let RubricLevel { id, quality, description, feedback, score, position } = level;
    proto::RubricLevel {
        uid: id.to_string(),
        quality: texts(quality),
        description: texts(description),
        feedback: texts(feedback),
        score: spelt(score),
        position,
    }
}

fn write_alignment(framework: &FrameworkRef, alignment: Alignment) -> proto::RubricOutcome {
    let Alignment { held, uri, identifier, title } = alignment;
    let resource = match held {
        None => String::new(),
        Some(Held::Own(id)) => outcome_name(framework, id).to_string(),
        Some(Held::Other { name, id: _ }) => name,
    };
    proto::RubricOutcome { resource, uri, identifier, title }
}

fn spelt(number: Option<Decimal>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// What a request says of a rubric of a framework; what only the server says is ignored. Criteria and levels
/// that are new are given identities.
pub(in crate::api) fn read(of: &FrameworkRef, rubric: proto::Rubric, ids: &dyn Ids) -> Result<RubricContent> {
    let proto::Rubric {
        name: _,
        uid: _,
        title,
        description,
        criteria,
        case_identity: _,
        create_time: _,
        update_time: _,
        etag: _,
    } = rubric;
    let criteria = criteria.into_iter().enumerate();
    let criteria = criteria
        .map(|(index, criterion)| read_criterion(of, criterion, ids, &format!("rubric.criteria[{index}]")));
    Ok(RubricContent {
        title: read_texts(title),
        description: read_texts(description),
        criteria: criteria.collect::<Result<_>>()?,
        case: None,
    })
}

fn read_criterion(
    of: &FrameworkRef,
    criterion: proto::RubricCriterion,
    ids: &dyn Ids,
    field: &str,
) -> Result<Criterion> {
    let proto::RubricCriterion { uid, category, description, weight, position, outcome, levels } = criterion;
    let outcome = outcome.map(|outcome| read_alignment(of, outcome, &format!("{field}.outcome.resource")));
    let levels = levels.into_iter().enumerate();
    let levels = levels.map(|(index, level)| read_level(level, ids, &format!("{field}.levels[{index}]")));
    Ok(Criterion {
        id: read_uid(&uid, ids, field)?,
        category,
        description: read_texts(description),
        weight: read_decimal(&format!("{field}.weight"), &weight)?,
        position,
        outcome: outcome.transpose()?,
        levels: levels.collect::<Result<_>>()?,
    })
}

fn read_level(level: proto::RubricLevel, ids: &dyn Ids, field: &str) -> Result<RubricLevel> {
    let proto::RubricLevel { uid, quality, description, feedback, score, position } = level;
    Ok(RubricLevel {
        id: read_uid(&uid, ids, field)?,
        quality: read_texts(quality),
        description: read_texts(description),
        feedback: read_texts(feedback),
        score: read_decimal(&format!("{field}.score"), &score)?,
        position,
    })
}

/// An identity; one that is not given is made.
fn read_uid(uid: &str, ids: &dyn Ids, field: &str) -> Result<Uuid> {
    if uid.is_empty() {
        return Ok(ids.next());
    }
    Uuid::try_parse(uid).map_err(|_| Failure::field(format!("{field}.uid"), "must be a UUID"))
}

fn read_alignment(of: &FrameworkRef, outcome: proto::RubricOutcome, field: &str) -> Result<Alignment> {
    let proto::RubricOutcome { resource, uri, identifier, title } = outcome;
    let held = if resource.is_empty() { None } else { Some(read_held(of, &resource, field)?) };
    Ok(Alignment { held, uri, identifier, title }.settled())
}

fn read_held(of: &FrameworkRef, resource: &str, field: &str) -> Result<Held> {
    let name = Name::of(field, resource, &[FRAMEWORKS, OUTCOMES])?;
    let framework = FrameworkRef::of(&name)?;
    if name.district != of.district && !name.district.is_commons() {
        return Err(Failure::field(field, "must be in this district or in the commons"));
    }
    let own = framework.same_framework(of);
    if own && name.is_pinned() {
        let text = "must not be pinned in its own framework: a draft leads to itself";
        return Err(Failure::field(field, text));
    }
    let held = if own { name.id_in(OUTCOMES).map(Held::Own) } else { Held::other(&name) };
    held.ok_or_else(|| Failure::internal("the name of an outcome without an id"))
}

/// The fields of a rubric that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(content: &RubricContent) -> [(&'static str, bool); 3] {
    [
        ("title", !content.title.is_empty()),
        ("description", !content.description.is_empty()),
        ("criteria", !content.criteria.is_empty()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(own: RubricContent, new: RubricContent, paths: &[&str]) -> RubricContent {
    let takes = |path: &str| paths.contains(&path);
    RubricContent {
        title: if takes("title") { new.title } else { own.title },
        description: if takes("description") { new.description } else { own.description },
        criteria: if takes("criteria") { new.criteria } else { own.criteria },
        case: own.case,
    }
}
