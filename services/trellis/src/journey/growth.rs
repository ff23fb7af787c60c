//! Step 8: from a final assessment to levels.

use std::time::Duration;

use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::{
    CountedRating, ExplainLevelRequest, ExplainLevelResponse, GrowthMethod, Level, ListLevelsRequest,
    ListRatingsRequest, WatchChangesRequest,
};

use super::evidence::LEVELS;
use super::step::check;
use super::{Journey, Told, Trouble};

/// How long the event may take from one service to the other.
const PATIENCE: Duration = Duration::from_secs(30);

impl Journey {
    /// Step 8.
    pub(super) async fn grow(&mut self) -> Told {
        let levels = timeout(PATIENCE, self.levels())
            .await
            .unwrap_or_else(|_| Err(Trouble::Wrong("no level came of the assessment".to_owned())))?;
        let mut growth = GrowthServiceClient::new(self.as_learner()?);
        let request = ListRatingsRequest {
            parent: self.learner(self.cast.learner),
            page_size: 1000,
            ..ListRatingsRequest::default()
        };
        let ratings = growth.list_ratings(request).await?.into_inner().ratings;
        let rating = ratings
            .into_iter()
            .find(|rating| rating.assessment == self.traces.assessment)
            .ok_or_else(|| Trouble::Wrong("the assessment gave no rating".to_owned()))?;
        check(rating.level == LEVELS[1], || format!("the rating is {}", rating.level))?;
        let mut lines =
            vec![format!("the assessment gave one rating: {} of {}", rating.level, rating.level_count)];
        self.traces.rating = rating.name;
        for level in &levels {
            let request = ExplainLevelRequest { name: level.name.clone() };
            lines.push(explained(level, &growth.explain_level(request).await?.into_inner())?);
        }
        self.traces.level = levels.first().map(|level| level.name.clone()).unwrap_or_default();
        Ok(lines)
    }

    /// The levels on the skill, as soon as every rule has made its own: the feed says when to look.
    async fn levels(&self) -> Result<Vec<Level>, Trouble> {
        let mut watch = ChangeServiceClient::new(self.as_learner()?);
        let request = WatchChangesRequest { parent: self.parent(), ..WatchChangesRequest::default() };
        let mut changes = watch.watch_changes(request).await?.into_inner();
        let mut growth = GrowthServiceClient::new(self.as_learner()?);
        loop {
            let request = ListLevelsRequest {
                parent: self.learner(self.cast.learner),
                page_size: 1000,
                ..ListLevelsRequest::default()
            };
            let levels = growth.list_levels(request).await?.into_inner().levels;
            let both = |level: &Level| usize::try_from(level.rating_count).is_ok_and(|n| n == LEVELS.len());
            let made: Vec<Level> = levels
                .into_iter()
                .filter(|level| self.traces.growth_rules.iter().any(|rule| level.rule.starts_with(rule)))
                .filter(both)
                .collect();
            if made.len() >= self.traces.growth_rules.len() {
                return Ok(made);
            }
            changes.next().await.transpose()?;
        }
    }
}

/// What a level's explanation says, if it explains the level, and the level is what its rule makes of the
/// two ratings.
fn explained(level: &Level, told: &ExplainLevelResponse) -> Result<String, Trouble> {
    let rule = told.rule.clone().unwrap_or_default();
    let title = rule.title.first().map(|title| title.text.clone()).unwrap_or_default();
    let [first, latest] = LEVELS.map(f64::from);
    let expected = match rule.method() {
        GrowthMethod::Latest => latest,
        GrowthMethod::Highest => first.max(latest),
        GrowthMethod::Mean => f64::midpoint(first, latest),
        GrowthMethod::DecayingAverage => first * (1.0 - rule.next_weight) + latest * rule.next_weight,
        GrowthMethod::Unspecified => return Err(Trouble::Wrong("a rule has no method".to_owned())),
    };
    check((level.value - expected).abs() < 1e-5, || format!("{title}: {}, not {expected}", level.value))?;
    let rated = |counted: &CountedRating| counted.rating.as_ref().map_or(0, |rating| rating.level);
    let value: f64 = told.counted.iter().map(|one| one.weight * f64::from(rated(one))).sum();
    check((value - level.value).abs() < 1e-5, || {
        format!("{title}: explained as {value}, and said to be {}", level.value)
    })?;
    let parts: Vec<String> =
        told.counted.iter().map(|one| format!("{} x {:.2}", rated(one), one.weight)).collect();
    Ok(format!("{title}: {} of {} = {}", level.value, level.level_count, parts.join(" + ")))
}
