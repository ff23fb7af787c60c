//! What a final assessment does: its ratings are kept, those it corrects no longer count, and every
//! level that they touch is made anew by every rule of the district.

use std::collections::BTreeSet;

use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx};

use crate::domain::growth::{Explanation, FinalAssessment, Level, Rating, explain, outcome_key};
use crate::domain::growth_rule::GrowthRule;
use crate::events::growth as told;
use crate::store::{growth_assessments, growth_levels, growth_ratings, growth_rules};

/// Lets a final assessment take effect; nothing happens when it has done so before.
pub(crate) async fn record(tx: &mut Tx, assessment: FinalAssessment) -> Result<()> {
    let FinalAssessment { id, learner, supersedes, .. } = assessment;
    if growth_assessments::is_known(tx, id).await? {
        return Ok(());
    }
    growth_assessments::insert(tx, id, learner, supersedes).await?;
    let mut touched = BTreeSet::new();
    if let Some(corrected) = supersedes {
        touched.extend(supersede(tx, learner, corrected, id).await?);
    }
    touched.extend(keep(tx, assessment).await?);
    if touched.is_empty() {
        return Ok(());
    }
    let rules = rules(tx).await?;
    for outcome in &touched {
        let ratings = growth_ratings::on_outcome(tx, learner, outcome).await?;
        for rule in &rules {
            level(tx, learner, outcome, rule, ratings.clone()).await?;
        }
    }
    Ok(())
}

/// Takes the ratings of a corrected assessment out of the count; the outcomes they were on.
async fn supersede(tx: &mut Tx, learner: Uuid, corrected: Uuid, by: Uuid) -> Result<Vec<String>> {
    let ratings = growth_ratings::standing(tx, learner, corrected).await?;
    let ids: Vec<Uuid> = ratings.iter().map(|rating| rating.id).collect();
    if !ids.is_empty() {
        growth_ratings::supersede(tx, &ids, by).await?;
    }
    let district = tx.district().clone();
    for rating in &ratings {
        tx.tell(told::rating_superseded(&district, rating));
    }
    Ok(ratings.iter().map(|rating| outcome_key(&rating.outcome)).collect())
}

/// Keeps the ratings of an assessment; the outcomes they are on. An assessment that has been corrected
/// before it was told of counts for nothing, but is kept.
async fn keep(tx: &mut Tx, assessment: FinalAssessment) -> Result<Vec<String>> {
    let FinalAssessment { id, learner, assess_time, scores, supersedes: _ } = assessment;
    let superseded_by = growth_assessments::correction(tx, id, learner).await?;
    let now = tx.now();
    let ratings: Vec<Rating> = scores
        .into_iter()
        .map(|score| Rating {
            id: tx.new_id(),
            learner,
            outcome: score.outcome,
            progression: score.progression,
            level: score.level,
            level_count: score.level_count,
            assessment: id,
            assess_time,
            superseded_by,
            create_time: now,
            update_time: now,
            version: 1,
        })
        .collect();
    growth_ratings::insert(tx, &ratings).await?;
    let district = tx.district().clone();
    for rating in &ratings {
        tx.tell(told::rating_created(&district, rating));
    }
    Ok(ratings.iter().map(|rating| outcome_key(&rating.outcome)).collect())
}

/// The rules of the district; one that has none is given the built-in one.
async fn rules(tx: &mut Tx) -> Result<Vec<GrowthRule>> {
    let rules = growth_rules::all(tx).await?;
    if !rules.is_empty() {
        return Ok(rules);
    }
    let rule = GrowthRule::built_in(tx.now())?;
    growth_rules::insert(tx, &rule).await?;
    let district = tx.district().clone();
    tx.tell(told::rule_created(&district, &rule));
    Ok(vec![rule])
}

/// Makes the level anew, and tells of it if it is another than before.
async fn level(
    tx: &mut Tx,
    learner: Uuid,
    outcome: &str,
    rule: &GrowthRule,
    ratings: Vec<Rating>,
) -> Result<()> {
    let before = growth_levels::find(tx, learner, outcome, rule.id).await?;
    let after =
        explain(rule.method, ratings).and_then(|explained| compose(tx, rule, &explained, before.as_ref()));
    let district = tx.district().clone();
    match (before, after) {
        (None, None) => {}
        (Some(before), None) => {
            growth_levels::delete(tx, before.id).await?;
            tx.tell(told::level_deleted(&district, &before));
        }
        (None, Some(level)) => {
            growth_levels::insert(tx, &level).await?;
            tx.tell(told::level_changed(&district, &level));
        }
        (Some(before), Some(after)) if same(&before, &after) => {}
        (Some(_), Some(level)) => {
            growth_levels::replace(tx, &level).await?;
            tx.tell(told::level_changed(&district, &level));
        }
    }
    Ok(())
}

fn compose(tx: &Tx, rule: &GrowthRule, explained: &Explanation, before: Option<&Level>) -> Option<Level> {
    let latest = explained.latest()?;
    Some(Level {
        id: before.map_or_else(|| tx.new_id(), |level| level.id),
        learner: latest.learner,
        outcome: latest.outcome.clone(),
        rule: rule.id,
        rule_revision: GrowthRule::REVISION,
        progression: latest.progression.clone(),
        value: explained.value,
        progression_levels: latest.level_count,
        rating_count: u32::try_from(explained.counted.len()).unwrap_or(u32::MAX),
        latest_assess_time: latest.assess_time,
        create_time: before.map_or_else(|| tx.now(), |level| level.create_time),
        update_time: tx.now(),
        version: before.map_or(1, |level| level.version + 1),
    })
}

/// Whether nothing but the time and the version is another.
fn same(before: &Level, after: &Level) -> bool {
    let after = Level { update_time: before.update_time, version: before.version, ..after.clone() };
    *before == after
}
