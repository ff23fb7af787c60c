//! Ratings and levels, read and explained.

use trellis_kernel::{Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::Store;

use crate::domain::growth::{self, Explanation, Level, Rating, outcome_key};
use crate::domain::growth_rule::GrowthRule;
use crate::events::growth as told;
use crate::store::{growth_levels, growth_ratings, growth_rules};

/// A level with all that it was made of.
#[derive(Debug)]
pub(crate) struct Explained {
    /// The level.
    pub level: Level,
    /// The rule that made it.
    pub rule: GrowthRule,
    /// The ratings, their weights and the value.
    pub explanation: Explanation,
}

/// Lists the ratings of a learner.
pub(crate) async fn ratings(store: &Store, parent: &Name, request: &PageRequest) -> Result<Page<Rating>> {
    let learner = learner(parent)?;
    let reader = store.read(&parent.district);
    growth_ratings::list(&reader, learner, request, &format!("ListRatings {learner}")).await
}

/// Lists the levels of a learner.
pub(crate) async fn levels(
    store: &Store,
    parent: &Name,
    filter: &str,
    request: &PageRequest,
) -> Result<Page<Level>> {
    let learner = learner(parent)?;
    let context = format!("ListLevels {learner} {filter}");
    growth_levels::list(&store.read(&parent.district), learner, filter, request, &context).await
}

/// Reads a level.
pub(crate) async fn level(store: &Store, name: &Name) -> Result<Level> {
    let missing = || Failure::not_found(told::LEVEL, name.to_string());
    let id = name.id().ok_or_else(missing)?;
    growth_levels::get(&store.read(&name.district), learner(name)?, id).await?.ok_or_else(missing)
}

/// Says how a level came about, from the ratings themselves.
pub(crate) async fn explain(store: &Store, name: &Name) -> Result<Explained> {
    let level = level(store, name).await?;
    let reader = store.read(&name.district);
    let rule = growth_rules::get(&reader, level.rule)
        .await?
        .ok_or_else(|| Failure::internal("a level is there without its rule"))?;
    let ratings = growth_ratings::on_outcome(&reader, level.learner, &outcome_key(&level.outcome)).await?;
    // None only when the last rating was superseded since the level was read; the level went with it.
    let explanation = growth::explain(rule.method, ratings)
        .ok_or_else(|| Failure::not_found(told::LEVEL, name.to_string()))?;
    Ok(Explained { level, rule, explanation })
}

fn learner(name: &Name) -> Result<Uuid> {
    name.learner().ok_or_else(Failure::access_denied)
}
