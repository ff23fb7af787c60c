//! What is told of goals.

use trellis_contracts::profile;
use trellis_kernel::{District, Name, Uuid};
use trellis_store::Told;

use super::entry::payload;
use crate::domain::goal::Goal;

/// The type of a goal.
pub(crate) const TYPE: &str = "trellis.dev/Goal";

/// The name of a goal.
pub(crate) fn name(district: &District, learner: Uuid, id: Uuid) -> Name {
    Name::district(district.clone()).child("learners", learner).child("goals", id)
}

/// Somebody proposed it.
pub(crate) fn created(district: &District, goal: &Goal) -> Told {
    told("goal.created", district, goal)
}

/// Its learner made it their own.
pub(crate) fn activated(district: &District, goal: &Goal) -> Told {
    let message = profile::GoalActivated {
        goal: name(district, goal.learner, goal.id).to_string(),
        outcome: goal.outcome.to_string(),
    };
    Told { payload: Some(payload("GoalActivated", &message)), ..told("goal.activated", district, goal) }
}

/// An adult stands behind it.
pub(crate) fn endorsed(district: &District, goal: &Goal) -> Told {
    told("goal.endorsed", district, goal)
}

fn told(kind: &'static str, district: &District, goal: &Goal) -> Told {
    Told {
        kind,
        resource: name(district, goal.learner, goal.id).to_string(),
        resource_type: TYPE,
        subjects: vec![goal.learner],
        deleted: false,
        payload: None,
    }
}
