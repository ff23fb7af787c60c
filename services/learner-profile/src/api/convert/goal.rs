//! Goals.

use trellis_contracts::{profile, values};
use trellis_kernel::{District, Etag, Result};

use super::entry::{localized, person, words};
use crate::app::goal::NewGoal;
use crate::domain::goal::{Endorsement, Goal, Milestone, Status};
use crate::events::entry::voice;
use crate::events::goal as told;

/// Reads what somebody would propose; the rules of the contract hold already.
pub(crate) fn new_goal(district: &District, goal: profile::Goal) -> Result<NewGoal> {
    let milestones = goal.milestones.into_iter().enumerate();
    Ok(NewGoal {
        outcome: Goal::outcome(district, &goal.outcome)?,
        why: words("goal.why", goal.why)?,
        milestones: milestones.map(|(index, step)| milestone(index, step)).collect::<Result<_>>()?,
        target_date: Goal::target_date("goal.target_date", &goal.target_date)?,
    })
}

/// A goal as the wire carries it.
pub(crate) fn goal(district: &District, goal: Goal) -> profile::Goal {
    let status = match goal.status() {
        Status::Proposed => profile::GoalStatus::Proposed,
        Status::Active => profile::GoalStatus::Active,
    };
    let Goal {
        id,
        learner,
        outcome,
        why,
        milestones,
        target_date,
        proposed_by,
        proposer_voice,
        decision,
        endorsements,
        create_time,
        update_time,
        version,
    } = goal;
    profile::Goal {
        name: told::name(district, learner, id).to_string(),
        uid: id.to_string(),
        outcome: outcome.to_string(),
        why: localized(why),
        milestones: milestones.into_iter().map(milestone_message).collect(),
        target_date: target_date.map(|day| day.to_string()).unwrap_or_default(),
        status: status.into(),
        proposed_by: person(district, proposed_by),
        proposer_voice: voice(proposer_voice).into(),
        decided_by: decision.map(|decision| person(district, decision.person)).unwrap_or_default(),
        decide_time: decision.map(|decision| values::timestamp(decision.decide_time)),
        endorsements: endorsements.into_iter().map(|one| endorsement(district, one)).collect(),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

fn milestone(index: usize, milestone: profile::GoalMilestone) -> Result<Milestone> {
    let field = |name: &str| format!("goal.milestones[{index}].{name}");
    let profile::GoalMilestone { title, target_date } = milestone;
    Ok(Milestone {
        title: words(&field("title"), title)?,
        target_date: Goal::target_date(&field("target_date"), &target_date)?,
    })
}

fn milestone_message(milestone: Milestone) -> profile::GoalMilestone {
    let Milestone { title, target_date } = milestone;
    profile::GoalMilestone {
        title: localized(title),
        target_date: target_date.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn endorsement(district: &District, endorsement: Endorsement) -> profile::Endorsement {
    let Endorsement { person: who, voice: in_voice, words, endorse_time } = endorsement;
    profile::Endorsement {
        person: person(district, who),
        voice: voice(in_voice).into(),
        words: localized(words),
        endorse_time: Some(values::timestamp(endorse_time)),
    }
}
