//! Entries, goals and growth in the change feed.

use std::collections::HashMap;

use async_trait::async_trait;
use prost::Message;
use trellis_auth::Query;
use trellis_contracts::common::DataClass;
use trellis_contracts::guard::Method;
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{
    EntryAudience, EntryDeleted, GOAL_SERVICE_GET_GOAL, GROWTH_SERVICE_GET_GROWTH_RULE,
    GROWTH_SERVICE_GET_LEVEL, GROWTH_SERVICE_LIST_RATINGS, LEARNER_SERVICE_GET_ENTRY, Voice as VoiceNumber,
};
use trellis_kernel::{Actor, District, Failure, Name, Party, Relations, Result, Timestamp, Uuid};
use trellis_rpc::changes::Row;
use trellis_store::feed::FeedRow;

use super::changes::{Sight as Seeing, Source};
use super::convert;
use crate::domain::entry::{Audience, Entry, Sight, Viewer, Voice};
use crate::domain::goal::Goal;
use crate::domain::growth::{Level, Rating};
use crate::domain::growth_rule::GrowthRule;
use crate::events::{entry as entry_told, goal as goal_told, growth as growth_told};
use crate::store::{entry, goal, growth_levels, growth_ratings, growth_rules};

/// Entries, each to those whom its audience includes.
pub(crate) struct Entries;

/// Goals.
pub(crate) struct Goals;

/// Growth rules.
pub(crate) struct Rules;

/// Ratings.
pub(crate) struct Ratings;

/// Levels.
pub(crate) struct Levels;

impl Entries {
    /// The entries as this caller may see them: without a body where they may not.
    async fn rows(
        seeing: &Seeing,
        actor: &Actor,
        district: &District,
        entries: Vec<Entry>,
    ) -> Result<Vec<Row<Body>>> {
        let learners: Vec<Uuid> = entries.iter().map(|entry| entry.learner).collect();
        let viewers = viewers(seeing, actor, district, learners).await?;
        let rows = entries.into_iter().map(|entry| {
            let seen = viewers.get(&entry.learner).is_some_and(|viewer| entry.sight.allows(viewer));
            Row {
                name: entry_told::name(district, entry.learner, entry.id),
                subjects: vec![entry.learner],
                update_time: entry.update_time,
                body: seen.then(|| Body::Entry(convert::entry::entry(district, entry))),
            }
        });
        Ok(rows.collect())
    }
}

/// How the caller stands to each of the learners.
async fn viewers(
    seeing: &Seeing,
    actor: &Actor,
    district: &District,
    mut learners: Vec<Uuid>,
) -> Result<HashMap<Uuid, Viewer>> {
    let principal = actor.principal();
    let person = actor.person();
    let stands = principal.district.as_ref() == Some(district)
        && matches!(principal.party, Party::Person(_) | Party::Application(_));
    learners.sort_unstable();
    learners.dedup();
    if !stands || learners.is_empty() {
        return Ok(HashMap::new());
    }
    let query = Query {
        district: district.clone(),
        party: principal.party.clone(),
        data_class: DataClass::EducationRecord,
        learners: learners.clone(),
    };
    let standings = seeing.standings.standings(&query).await?;
    Ok(learners
        .into_iter()
        .zip(standings)
        .map(|(learner, relations): (Uuid, Relations)| (learner, Viewer { person, relations }))
        .collect())
}

/// Who could see an entry that is gone, as its end told.
fn sight_of(message: &EntryDeleted) -> Option<Sight> {
    let voice = match message.voice() {
        VoiceNumber::Learner => Voice::Learner,
        VoiceNumber::Family => Voice::Family,
        VoiceNumber::Educator => Voice::Educator,
        VoiceNumber::Unspecified => return None,
    };
    let audience = match message.audience() {
        EntryAudience::OnlyMe => Audience::OnlyMe,
        EntryAudience::MyEducators => Audience::MyEducators,
        EntryAudience::MyFamily => Audience::MyFamily,
        EntryAudience::FamilyAndEducators => Audience::FamilyAndEducators,
        EntryAudience::AllWhoSupportMe => Audience::AllWhoSupportMe,
        EntryAudience::Unspecified => return None,
    };
    Some(Sight {
        author: Name::parse(&message.author).ok()?.id()?,
        voice,
        audience,
        learner_read_time: message.learner_read.then_some(Timestamp::UNIX_EPOCH),
    })
}

#[async_trait]
impl Source for Entries {
    fn resource_type(&self) -> &'static str {
        entry_told::TYPE
    }

    fn method(&self) -> &'static Method {
        &LEARNER_SERVICE_GET_ENTRY
    }

    async fn current(
        &self,
        seeing: &Seeing,
        actor: &Actor,
        district: &District,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let entries = entry::by_ids(&seeing.store.read(district), &ids(names)).await?;
        Self::rows(seeing, actor, district, entries).await
    }

    async fn batch(
        &self,
        seeing: &Seeing,
        actor: &Actor,
        district: &District,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        let entries = entry::after(&seeing.store.read(district), after.and_then(Name::id), limit).await?;
        Self::rows(seeing, actor, district, entries).await
    }

    /// Only the deletion itself is told, and only to those who could see the entry: what came before it
    /// no longer says who they were.
    async fn tombstone(&self, seeing: &Seeing, actor: &Actor, row: &FeedRow) -> Result<bool> {
        let Some(payload) = row.payload.as_ref().filter(|_| row.deleted) else { return Ok(false) };
        let message = EntryDeleted::decode(payload.value.as_slice()).map_err(Failure::internal)?;
        let viewers = viewers(seeing, actor, &row.district, row.subjects.clone()).await?;
        let sight = sight_of(&message);
        Ok(sight.is_some_and(|sight| viewers.values().any(|viewer| sight.allows(viewer))))
    }
}

/// A type whose resources are shown to all who may get them.
macro_rules! source {
    ($source:ident, $type:expr, $method:ident, $kept:ident, $row:path) => {
        #[async_trait]
        impl Source for $source {
            fn resource_type(&self) -> &'static str {
                $type
            }

            fn method(&self) -> &'static Method {
                &$method
            }

            async fn current(
                &self,
                seeing: &Seeing,
                _actor: &Actor,
                district: &District,
                names: &[Name],
            ) -> Result<Vec<Row<Body>>> {
                let found = $kept::by_ids(&seeing.store.read(district), &ids(names)).await?;
                Ok(found.into_iter().map(|one| $row(district, one)).collect())
            }

            async fn batch(
                &self,
                seeing: &Seeing,
                _actor: &Actor,
                district: &District,
                after: Option<&Name>,
                limit: u64,
            ) -> Result<Vec<Row<Body>>> {
                let after = after.and_then(Name::id);
                let found = $kept::after(&seeing.store.read(district), after, limit).await?;
                Ok(found.into_iter().map(|one| $row(district, one)).collect())
            }
        }
    };
}

source!(Goals, goal_told::TYPE, GOAL_SERVICE_GET_GOAL, goal, goal_row);
source!(Rules, growth_told::RULE, GROWTH_SERVICE_GET_GROWTH_RULE, growth_rules, rule_row);
// Whoever may list a learner's ratings may have each of them.
source!(Ratings, growth_told::RATING, GROWTH_SERVICE_LIST_RATINGS, growth_ratings, rating_row);
source!(Levels, growth_told::LEVEL, GROWTH_SERVICE_GET_LEVEL, growth_levels, level_row);

fn goal_row(district: &District, goal: Goal) -> Row<Body> {
    Row {
        name: goal_told::name(district, goal.learner, goal.id),
        subjects: vec![goal.learner],
        update_time: goal.update_time,
        body: Some(Body::Goal(convert::goal::goal(district, goal))),
    }
}

fn rule_row(district: &District, rule: GrowthRule) -> Row<Body> {
    Row {
        name: growth_told::rule_name(district, rule.id),
        subjects: Vec::new(),
        update_time: rule.create_time,
        body: Some(Body::GrowthRule(convert::growth::rule(district, rule))),
    }
}

fn rating_row(district: &District, rating: Rating) -> Row<Body> {
    Row {
        name: growth_told::rating_name(district, rating.learner, rating.id),
        subjects: vec![rating.learner],
        update_time: rating.update_time,
        body: Some(Body::Rating(convert::growth::rating(district, rating))),
    }
}

fn level_row(district: &District, level: Level) -> Row<Body> {
    Row {
        name: growth_told::level_name(district, level.learner, level.id),
        subjects: vec![level.learner],
        update_time: level.update_time,
        body: Some(Body::Level(convert::growth::level(district, level))),
    }
}

fn ids(names: &[Name]) -> Vec<Uuid> {
    names.iter().filter_map(Name::id).collect()
}
