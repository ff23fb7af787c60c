//! What a learner sets out to do, and who decided it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Failure, Name, Reason, Relations, Result, Timestamp, Uuid};

use super::entry::Voice;
use super::entry_words::Words;

/// Where a goal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Somebody proposed it.
    Proposed,
    /// The learner made it their own.
    Active,
}

/// A step on the way to a goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Milestone {
    /// What is done then.
    pub title: Words,
    /// By which day.
    pub target_date: Option<Date>,
}

/// What an adult says who stands behind a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endorsement {
    /// Who.
    pub person: Uuid,
    /// In which voice.
    pub voice: Voice,
    /// Their words.
    pub words: Words,
    /// When.
    pub endorse_time: Timestamp,
}

impl Endorsement {
    /// The voice of one who endorses: a learner does not endorse their own goal, they activate it.
    pub(crate) fn voice(relations: Relations) -> Result<Voice> {
        match Voice::of(relations) {
            Some(voice @ (Voice::Family | Voice::Educator)) => Ok(voice),
            Some(Voice::Learner) | None => Err(Failure::access_denied()),
        }
    }
}

/// The learner's word that a goal is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Who decided.
    pub person: Uuid,
    /// When.
    pub decide_time: Timestamp,
}

/// A goal of a learner on an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Goal {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub learner: Uuid,
    /// What it aims at.
    pub outcome: Name,
    /// Why it matters to them.
    pub why: Words,
    /// The steps on the way.
    pub milestones: Vec<Milestone>,
    /// The day by which they want to be there.
    pub target_date: Option<Date>,
    /// Who proposed it.
    pub proposed_by: Uuid,
    /// In whose voice.
    pub proposer_voice: Voice,
    /// Their decision, once they made it: the goal is then active.
    pub decision: Option<Decision>,
    /// Who stands behind it, in the order they said so.
    pub endorsements: Vec<Endorsement>,
    /// When it was proposed.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its version.
    pub version: i64,
}

impl Goal {
    /// Where it stands.
    pub(crate) const fn status(&self) -> Status {
        match self.decision {
            Some(_) => Status::Active,
            None => Status::Proposed,
        }
    }

    /// Refuses unless the learner may still decide on it.
    pub(crate) fn require_undecided(&self) -> Result<()> {
        match self.decision {
            None => Ok(()),
            Some(_) => Err(Failure::precondition(Reason::StateConflict, "The goal is active already.")),
        }
    }

    /// Reads the outcome that a goal of this district may aim at: one of the district or of the
    /// commons, and not pinned to a revision.
    pub(crate) fn outcome(district: &District, text: &str) -> Result<Name> {
        const FIELD: &str = "goal.outcome";
        let name = Name::of(FIELD, text, &["frameworks", "outcomes"])?;
        if name.is_pinned() {
            return Err(Failure::field(FIELD, "must not be pinned to a revision"));
        }
        if name.district != *district && !name.district.is_commons() {
            return Err(unknown_outcome());
        }
        Ok(name)
    }

    /// Reads a day; `field` is the request's field that holds it.
    pub(crate) fn target_date(field: &str, text: &str) -> Result<Option<Date>> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| Failure::field(field, "must be a day of the calendar, YYYY-MM-DD"))
    }
}

/// The outcome that a goal names does not exist, or not for this district.
pub(crate) fn unknown_outcome() -> Failure {
    Failure::precondition(Reason::ReferenceNotFound, "The outcome that the goal aims at does not exist.")
        .violation("goal.outcome", "must be the name of an outcome that exists")
}

#[cfg(test)]
mod tests {
    use super::*;
    use trellis_kernel::Relation;

    const OUTCOME: &str =
        "frameworks/01900000-0000-7000-8000-000000000001/outcomes/01900000-0000-7000-8000-000000000002";

    #[test]
    fn a_goal_aims_at_an_unpinned_outcome_of_its_district_or_the_commons() {
        let district = District::parse("grand-bend").expect("a district");
        for holder in ["grand-bend", "commons"] {
            let text = format!("districts/{holder}/{OUTCOME}");
            assert_eq!(Goal::outcome(&district, &text).expect("it may").to_string(), text);
        }
        let elsewhere = Goal::outcome(&district, &format!("districts/elsewhere/{OUTCOME}"));
        assert_eq!(elsewhere.expect_err("another district's").reason(), Reason::ReferenceNotFound);
        let pinned = format!("districts/grand-bend/{}", OUTCOME.replacen("/outcomes", "@2/outcomes", 1));
        assert_eq!(
            Goal::outcome(&district, &pinned).expect_err("pinned").violations()[0].field,
            "goal.outcome"
        );
    }

    #[test]
    fn a_day_that_is_not_in_the_calendar_is_refused() {
        assert_eq!(Goal::target_date("goal.target_date", "").expect("none"), None);
        assert!(Goal::target_date("goal.target_date", "2027-06-11").expect("a day").is_some());
        let failure = Goal::target_date("goal.target_date", "2027-02-30").expect_err("no such day");
        assert_eq!(failure.violations()[0].field, "goal.target_date");
    }

    #[test]
    fn guardians_and_educators_endorse_and_nobody_else() {
        let voice = |relation| Endorsement::voice(Relations::NONE.with(relation));
        assert_eq!(voice(Relation::Guardian).expect("a guardian"), Voice::Family);
        assert_eq!(voice(Relation::Educator).expect("an educator"), Voice::Educator);
        for relation in [Relation::Own, Relation::School, Relation::District, Relation::Application] {
            assert!(voice(relation).is_err(), "{relation:?}");
        }
    }
}
