//! Templates.

use trellis_contracts::outcome as proto;
use trellis_kernel::District;

use super::{framework, outcome, texts};
use crate::domain::progression::Level;
use crate::domain::template::{Source, Template, TemplateOutcome, TemplateProgression, template_name};

/// A template as the contract has it, without what it holds.
pub(in crate::api) fn write_head(district: &District, template: &Template) -> proto::FrameworkTemplate {
    let Template {
        id,
        code,
        version,
        kind,
        languages,
        title,
        summary,
        source,
        parts,
        outcomes,
        progressions: _,
    } = template;
    let parts = parts.iter().map(|part| proto::TemplatePart {
        code: part.code.clone(),
        title: texts(part.title.clone()),
        outcome_count: count(outcomes.iter().filter(|outcome| outcome.part == part.code).count()),
    });
    proto::FrameworkTemplate {
        name: template_name(district.clone(), *id).to_string(),
        uid: id.to_string(),
        code: code.clone(),
        version: version.clone(),
        kind: framework::write_kind(*kind).into(),
        title: texts(title.clone()),
        summary: texts(summary.clone()),
        languages: languages.clone(),
        source: Some(write_source(source)),
        parts: parts.collect(),
        outcomes: Vec::new(),
        progressions: Vec::new(),
    }
}

/// A template as the contract has it.
pub(in crate::api) fn write(district: &District, template: &Template) -> proto::FrameworkTemplate {
    proto::FrameworkTemplate {
        outcomes: template.outcomes.iter().cloned().map(write_outcome).collect(),
        progressions: template.progressions.iter().cloned().map(write_progression).collect(),
        ..write_head(district, template)
    }
}

fn write_source(source: &Source) -> proto::TemplateSource {
    let Source { creator, publisher, uri, version, license: own, attribution, changes, date } =
        source.clone();
    proto::TemplateSource {
        creator,
        publisher,
        uri,
        version,
        license: Some(proto::License { title: own.title, text: attribution, uri: own.uri }),
        changes,
        date,
    }
}

fn write_outcome(outcome: TemplateOutcome) -> proto::TemplateOutcome {
    let TemplateOutcome { code, part, below, kind, kind_reason, item_type, abbreviated, statement, notes } =
        outcome;
    proto::TemplateOutcome {
        code,
        part,
        parent_code: below,
        kind: outcome::write_kind(kind).into(),
        kind_reason,
        r#type: item_type,
        statement: texts(statement),
        abbreviated_statement: texts(abbreviated),
        notes: texts(notes),
    }
}

fn write_progression(progression: TemplateProgression) -> proto::TemplateProgression {
    let TemplateProgression { title, outcomes, levels } = progression;
    let levels = levels.into_iter().map(|Level { title, descriptor, indicators: _ }| proto::TemplateLevel {
        title: texts(title),
        description: texts(descriptor),
    });
    proto::TemplateProgression { title: texts(title), outcome_codes: outcomes, levels: levels.collect() }
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
