//! The level of a learner on an outcome, out of their ratings, with the reason for it.

use trellis_kernel::{Name, Timestamp, Uuid};

use super::growth_rule::Method;

/// What one final assessment said of a learner on one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rating {
    /// Its id.
    pub id: Uuid,
    /// Whom it is about.
    pub learner: Uuid,
    /// The outcome, pinned.
    pub outcome: Name,
    /// The progression, pinned.
    pub progression: Name,
    /// The level that was reached, from 1.
    pub level: u16,
    /// How many levels the progression has.
    pub level_count: u16,
    /// The assessment that said so.
    pub assessment: Uuid,
    /// When it was assessed.
    pub assess_time: Timestamp,
    /// The assessment that corrected it.
    pub superseded_by: Option<Uuid>,
    /// When it became known here.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its version.
    pub version: i64,
}

impl Rating {
    /// What must be alike in two ratings for their numbers to be put together. The revision of the
    /// progression may differ, as long as it has the same number of levels.
    fn measure(&self) -> (Option<Uuid>, u16) {
        (self.progression.id(), self.level_count)
    }
}

/// What ratings of the same outcome have in common: its name, of whatever framework's district,
/// without a revision.
pub(crate) fn outcome_key(outcome: &Name) -> String {
    let mut name = outcome.clone();
    for segment in &mut name.segments {
        segment.revision = None;
    }
    name.to_string()
}

/// A final assessment of a learner, as it takes effect here.
#[derive(Clone, Debug)]
pub(crate) struct FinalAssessment {
    /// Its id.
    pub id: Uuid,
    /// Whom it is about.
    pub learner: Uuid,
    /// The assessment that it corrects.
    pub supersedes: Option<Uuid>,
    /// When it was assessed.
    pub assess_time: Timestamp,
    /// What it says of each outcome.
    pub scores: Vec<Score>,
}

/// What an assessment says of one outcome.
#[derive(Clone, Debug)]
pub(crate) struct Score {
    /// The outcome, pinned.
    pub outcome: Name,
    /// The progression, pinned.
    pub progression: Name,
    /// The level that was reached, from 1.
    pub level: u16,
    /// How many levels the progression has.
    pub level_count: u16,
}

/// Why a rating does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// Its assessment was corrected.
    Superseded,
    /// It was given on another progression than the latest rating.
    OtherProgression,
}

/// How a level comes about: its value is the sum of each counted rating's level times its weight.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explanation {
    /// The ratings that count, each with its weight, in the order in which they were assessed; never empty.
    pub counted: Vec<(Rating, f64)>,
    /// The ratings that do not, in the same order.
    pub excluded: Vec<(Rating, Exclusion)>,
    /// The value, to six decimals.
    pub value: f64,
}

impl Explanation {
    /// The latest rating that counts; the level takes its outcome and progression from it.
    pub(crate) fn latest(&self) -> Option<&Rating> {
        self.counted.last().map(|(rating, _)| rating)
    }
}

/// Makes a level of the ratings of one learner on one outcome; none when no rating counts.
///
/// The order in which the ratings are given does not matter: they are taken by when they were
/// assessed, then by id.
pub(crate) fn explain(method: Method, mut ratings: Vec<Rating>) -> Option<Explanation> {
    ratings.sort_by_key(|rating| (rating.assess_time, rating.id));
    let measure = ratings.iter().rev().find(|rating| rating.superseded_by.is_none())?.measure();
    let mut counted = Vec::new();
    let mut excluded = Vec::new();
    for rating in ratings {
        if rating.superseded_by.is_some() {
            excluded.push((rating, Exclusion::Superseded));
        } else if rating.measure() != measure {
            excluded.push((rating, Exclusion::OtherProgression));
        } else {
            counted.push(rating);
        }
    }
    let weights = weights(method, &counted);
    let value = counted.iter().zip(&weights).map(|(rating, weight)| f64::from(rating.level) * weight).sum();
    Some(Explanation { counted: counted.into_iter().zip(weights).collect(), excluded, value: round(value) })
}

/// The share of each rating, in their order; they sum to 1.
fn weights(method: Method, ratings: &[Rating]) -> Vec<f64> {
    let count = ratings.len();
    match method {
        Method::Latest => only(count, count.saturating_sub(1)),
        Method::Highest => {
            // The last of the equal ones: `max_by_key` keeps it.
            let highest = ratings.iter().enumerate().max_by_key(|(_, rating)| rating.level);
            only(count, highest.map_or(0, |(index, _)| index))
        }
        Method::Mean(last) => {
            let window = last.map_or(count, |last| usize::from(last.get()).min(count));
            let share = 1.0 / as_f64(window);
            (0..count).map(|index| if index + window >= count { share } else { 0.0 }).collect()
        }
        Method::DecayingAverage(weight) => decaying(weight.get(), count),
    }
}

fn only(count: usize, index: usize) -> Vec<f64> {
    (0..count).map(|i| if i == index { 1.0 } else { 0.0 }).collect()
}

/// Unfolds x ← (1 − w)·x + w·next: the last weighs w, each one before it (1 − w) times the one after
/// it, and the first what is left.
fn decaying(weight: f64, count: usize) -> Vec<f64> {
    let mut weights = Vec::with_capacity(count);
    let mut left = 1.0;
    for _ in 1..count {
        weights.push(left * weight);
        left *= 1.0 - weight;
    }
    weights.push(left);
    weights.reverse();
    weights
}

/// More ratings of one learner on one outcome than this would not fit into memory.
fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// To six decimals: far finer than any level means, and coarse enough to hide binary fractions.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// The level of a learner on an outcome by one rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub learner: Uuid,
    /// The outcome, pinned as in the latest rating that counts.
    pub outcome: Name,
    /// The rule that made it.
    pub rule: Uuid,
    /// The revision of that rule.
    pub rule_revision: u32,
    /// The progression, pinned as in the latest rating that counts.
    pub progression: Name,
    /// The value, from 1 to `progression_levels`.
    pub value: f64,
    /// How many levels the progression has.
    pub progression_levels: u16,
    /// How many ratings count.
    pub rating_count: u32,
    /// When the latest of them was assessed.
    pub latest_assess_time: Timestamp,
    /// When it was first made.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its version.
    pub version: i64,
}

#[cfg(test)]
#[path = "growth_tests.rs"]
mod tests;
