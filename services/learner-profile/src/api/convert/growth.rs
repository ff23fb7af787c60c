//! Growth rules, ratings, levels and their explanations.

use trellis_contracts::{profile, values};
use trellis_kernel::{District, Etag, Failure, Name, Result, Uuid};

use super::entry::{localized, words};
use crate::app::growth::Explained;
use crate::domain::entry_words::Words;
use crate::domain::growth::{Exclusion, Level, Rating};
use crate::domain::growth_rule::{GrowthRule, Method, MethodKind};
use crate::events::growth as told;

/// Reads the title and the method of a rule; the rules of the contract hold already.
pub(crate) fn new_rule(rule: profile::GrowthRule) -> Result<(Words, Method)> {
    let kind = match rule.method() {
        profile::GrowthMethod::Unspecified => {
            return Err(Failure::field("growth_rule.method", "must be stated"));
        }
        profile::GrowthMethod::Latest => MethodKind::Latest,
        profile::GrowthMethod::Highest => MethodKind::Highest,
        profile::GrowthMethod::Mean => MethodKind::Mean,
        profile::GrowthMethod::DecayingAverage => MethodKind::DecayingAverage,
    };
    let method = Method::parse(kind, rule.last_count, rule.next_weight)?;
    Ok((words("growth_rule.title", rule.title)?, method))
}

/// A rule as the wire carries it.
pub(crate) fn rule(district: &District, rule: GrowthRule) -> profile::GrowthRule {
    let GrowthRule { id, title, method, create_time, version } = rule;
    let number = match method.kind() {
        MethodKind::Latest => profile::GrowthMethod::Latest,
        MethodKind::Highest => profile::GrowthMethod::Highest,
        MethodKind::Mean => profile::GrowthMethod::Mean,
        MethodKind::DecayingAverage => profile::GrowthMethod::DecayingAverage,
    };
    profile::GrowthRule {
        name: told::rule_name(district, id).to_string(),
        uid: id.to_string(),
        revision: revision(GrowthRule::REVISION),
        title: localized(title),
        method: number.into(),
        last_count: method.last_count(),
        next_weight: method.next_weight(),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(create_time)),
        etag: Etag::new(version).to_string(),
    }
}

/// A rating as the wire carries it.
pub(crate) fn rating(district: &District, rating: Rating) -> profile::Rating {
    let Rating {
        id,
        learner,
        outcome,
        progression,
        level,
        level_count,
        assessment: source,
        assess_time,
        superseded_by,
        create_time,
        update_time,
        version,
    } = rating;
    profile::Rating {
        name: told::rating_name(district, learner, id).to_string(),
        uid: id.to_string(),
        outcome: outcome.to_string(),
        progression: progression.to_string(),
        level: level.into(),
        level_count: level_count.into(),
        assessment: assessment(district, source),
        assess_time: Some(values::timestamp(assess_time)),
        superseded_by: superseded_by.map(|by| assessment(district, by)).unwrap_or_default(),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

/// A level as the wire carries it.
pub(crate) fn level(district: &District, level: Level) -> profile::Level {
    let Level {
        id,
        learner,
        outcome,
        rule,
        rule_revision,
        progression,
        value,
        progression_levels,
        rating_count,
        latest_assess_time,
        create_time,
        update_time,
        version,
    } = level;
    profile::Level {
        name: told::level_name(district, learner, id).to_string(),
        uid: id.to_string(),
        outcome: outcome.to_string(),
        rule: told::rule_name(district, rule).at_revision(rule_revision).to_string(),
        progression: progression.to_string(),
        value,
        level_count: progression_levels.into(),
        rating_count: i32::try_from(rating_count).unwrap_or(i32::MAX),
        latest_assess_time: Some(values::timestamp(latest_assess_time)),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

/// An explanation as the wire carries it.
pub(crate) fn explained(district: &District, explained: Explained) -> profile::ExplainLevelResponse {
    let Explained { level: explained_level, rule: by, explanation } = explained;
    let counted = explanation
        .counted
        .into_iter()
        .map(|(one, weight)| profile::CountedRating { rating: Some(rating(district, one)), weight });
    let excluded = explanation.excluded.into_iter().map(|(one, why)| profile::ExcludedRating {
        rating: Some(rating(district, one)),
        reason: reason(why).into(),
    });
    profile::ExplainLevelResponse {
        level: Some(level(district, explained_level)),
        rule: Some(rule(district, by)),
        counted: counted.collect(),
        excluded: excluded.collect(),
        value: explanation.value,
    }
}

const fn reason(why: Exclusion) -> profile::ExclusionReason {
    match why {
        Exclusion::Superseded => profile::ExclusionReason::Superseded,
        Exclusion::OtherProgression => profile::ExclusionReason::OtherProgression,
    }
}

fn assessment(district: &District, id: Uuid) -> String {
    Name::district(district.clone()).child("assessments", id).to_string()
}

fn revision(revision: u32) -> i32 {
    i32::try_from(revision).unwrap_or(i32::MAX)
}
