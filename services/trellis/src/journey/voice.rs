//! Step 4: the learner's own words.

use trellis_contracts::profile::goal_service_client::GoalServiceClient;
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::{
    ActivateGoalRequest, CreateEntryRequest, CreateGoalRequest, EndorseGoalRequest, Entry, EntryAudience,
    EntryFacet, GetEntryRequest, Goal, GoalMilestone, GoalStatus, ListEntriesRequest, Voice,
};

use super::step::{check, refused};
use super::{Journey, Told, Trouble, english, request_id};

impl Journey {
    /// Step 4.
    pub(super) async fn speak(&mut self) -> Told {
        let strength = "I notice patterns that others miss.";
        let entry = self.entry(EntryFacet::Strength, strength, EntryAudience::AllWhoSupportMe).await?;
        check(entry.voice() == Voice::Learner, || "the learner's words are in another voice".to_owned())?;
        let secret = "I get nervous when I am called on.";
        let private = self.entry(EntryFacet::WhatHelpsMe, secret, EntryAudience::OnlyMe).await?;
        let mut educator = LearnerServiceClient::new(self.as_educator()?);
        let request =
            ListEntriesRequest { parent: self.learner(self.cast.learner), ..ListEntriesRequest::default() };
        let seen = educator.list_entries(request).await?.into_inner().entries;
        check(seen.iter().any(|one| one.name == entry.name), || "the educator does not see it".to_owned())?;
        check(seen.iter().all(|one| one.name != private.name), || "ONLY_ME is seen by others".to_owned())?;
        let answer = educator.get_entry(GetEntryRequest { name: private.name.clone() }).await;
        refused("an educator reads an ONLY_ME entry", answer, "RESOURCE_NOT_FOUND")?;
        self.traces.entry = entry.name;
        self.traces.private_entry = private.name;
        let mut lines = vec![
            "a strength for all who support me: the educator reads it".to_owned(),
            "an entry for me alone: the educator does not".to_owned(),
        ];
        lines.extend(self.set_goal().await?);
        Ok(lines)
    }

    async fn entry(&self, facet: EntryFacet, text: &str, audience: EntryAudience) -> Result<Entry, Trouble> {
        let entry =
            Entry { facet: facet.into(), text: english(text), audience: audience.into(), ..Entry::default() };
        let request = CreateEntryRequest {
            parent: self.learner(self.cast.learner),
            entry: Some(entry),
            request_id: request_id(),
        };
        Ok(LearnerServiceClient::new(self.as_learner()?).create_entry(request).await?.into_inner())
    }

    async fn set_goal(&mut self) -> Told {
        let mut mine = GoalServiceClient::new(self.as_learner()?);
        let goal = Goal {
            outcome: self.traces.outcome.clone(),
            why: english("I want to argue from facts in the debate club."),
            milestones: vec![GoalMilestone {
                title: english("Collect the river data"),
                target_date: self.day(30),
            }],
            target_date: self.day(60),
            ..Goal::default()
        };
        let request = CreateGoalRequest {
            parent: self.learner(self.cast.learner),
            goal: Some(goal),
            request_id: request_id(),
        };
        let goal = mine.create_goal(request).await?.into_inner();
        check(goal.status() == GoalStatus::Proposed, || "a goal is active before it was chosen".to_owned())?;
        let request = ActivateGoalRequest { name: goal.name, etag: goal.etag, request_id: request_id() };
        let goal = mine.activate_goal(request).await?.into_inner();
        check(goal.status() == GoalStatus::Active, || "the goal is not active".to_owned())?;
        let request = EndorseGoalRequest {
            name: goal.name.clone(),
            words: english("You have what it takes."),
            request_id: request_id(),
        };
        let goal = GoalServiceClient::new(self.as_educator()?).endorse_goal(request).await?.into_inner();
        check(goal.endorsements.len() == 1, || "the endorsement is not there".to_owned())?;
        self.traces.goal = goal.name;
        Ok(vec!["a goal on the skill, made active by the learner, endorsed by the educator".to_owned()])
    }
}
