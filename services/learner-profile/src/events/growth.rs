//! What is told of growth rules, ratings and levels.

use trellis_contracts::profile;
use trellis_kernel::{District, Name, Uuid};
use trellis_store::Told;

use super::entry::payload;
use crate::domain::growth::{Level, Rating};
use crate::domain::growth_rule::GrowthRule;

/// The type of a growth rule.
pub(crate) const RULE: &str = "trellis.dev/GrowthRule";
/// The type of a rating.
pub(crate) const RATING: &str = "trellis.dev/Rating";
/// The type of a level.
pub(crate) const LEVEL: &str = "trellis.dev/Level";

/// The name of a growth rule.
pub(crate) fn rule_name(district: &District, id: Uuid) -> Name {
    Name::district(district.clone()).child("growthRules", id)
}

/// The name of a rating.
pub(crate) fn rating_name(district: &District, learner: Uuid, id: Uuid) -> Name {
    Name::district(district.clone()).child("learners", learner).child("ratings", id)
}

/// The name of a level.
pub(crate) fn level_name(district: &District, learner: Uuid, id: Uuid) -> Name {
    Name::district(district.clone()).child("learners", learner).child("levels", id)
}

/// A rule was made.
pub(crate) fn rule_created(district: &District, rule: &GrowthRule) -> Told {
    Told {
        kind: "growth_rule.created",
        resource: rule_name(district, rule.id).to_string(),
        resource_type: RULE,
        subjects: Vec::new(),
        deleted: false,
        payload: None,
    }
}

/// A rating arrived.
pub(crate) fn rating_created(district: &District, rating: &Rating) -> Told {
    rating_told("rating.created", district, rating)
}

/// A rating no longer counts.
pub(crate) fn rating_superseded(district: &District, rating: &Rating) -> Told {
    rating_told("rating.superseded", district, rating)
}

/// A level was made, or has changed.
pub(crate) fn level_changed(district: &District, level: &Level) -> Told {
    let message = profile::LevelChanged {
        level: level_name(district, level.learner, level.id).to_string(),
        outcome: level.outcome.to_string(),
        rule: rule_name(district, level.rule).at_revision(level.rule_revision).to_string(),
        value: level.value,
        level_count: level.progression_levels.into(),
    };
    Told { payload: Some(payload("LevelChanged", &message)), ..level_told("level.changed", district, level) }
}

/// No rating supports the level any more.
pub(crate) fn level_deleted(district: &District, level: &Level) -> Told {
    Told { deleted: true, ..level_told("level.deleted", district, level) }
}

fn rating_told(kind: &'static str, district: &District, rating: &Rating) -> Told {
    Told {
        kind,
        resource: rating_name(district, rating.learner, rating.id).to_string(),
        resource_type: RATING,
        subjects: vec![rating.learner],
        deleted: false,
        payload: None,
    }
}

fn level_told(kind: &'static str, district: &District, level: &Level) -> Told {
    Told {
        kind,
        resource: level_name(district, level.learner, level.id).to_string(),
        resource_type: LEVEL,
        subjects: vec![level.learner],
        deleted: false,
        payload: None,
    }
}
