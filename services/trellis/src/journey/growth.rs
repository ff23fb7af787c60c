//! Step 8: from a final assessment to levels.

use std::time::Duration;

use tokio::time::timeout;
use tokio_stream::StreamExt as _;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::{
    ExplainLevelRequest, Level, ListLevelsRequest, ListRatingsRequest, WatchChangesRequest,
};

use super::evidence::LEVEL;
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
        check(rating.level == LEVEL, || format!("the rating is {}", rating.level))?;
        let mut lines = vec![format!("the assessment gave one rating: {} of {}", rating.level, rating.level_count)];
        self.traces.rating = rating.name;
        for level in &levels {
            let request = ExplainLevelRequest { name: level.name.clone() };
            let told = growth.explain_level(request).await?.into_inner();
            let title = told.rule.as_ref().and_then(|rule| rule.title.first()).map(|t| t.text.clone());
            let sum: f64 = told.counted.iter().map(|counted| counted.weight).sum();
            check((sum - 1.0).abs() < 1e-6, || format!("the weights of a level sum to {sum}"))?;
            let value: f64 = told
                .counted
                .iter()
                .map(|counted| counted.weight * f64::from(counted.rating.as_ref().map_or(0, |r| r.level)))
                .sum();
            check((value - level.value).abs() < 1e-5, || format!("{value} is explained, {} said", level.value))?;
            lines.push(format!(
                "{}: {} of {}, of {} ratings",
                title.unwrap_or_default(),
                level.value,
                level.level_count,
                told.counted.len()
            ));
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
            let made: Vec<Level> = levels
                .into_iter()
                .filter(|level| self.traces.growth_rules.iter().any(|rule| level.rule.starts_with(rule)))
                .collect();
            if made.len() >= self.traces.growth_rules.len() {
                return Ok(made);
            }
            changes.next().await.transpose()?;
        }
    }
}
