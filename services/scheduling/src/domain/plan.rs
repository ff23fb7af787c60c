//! One way to give places, and its life.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Reason, Result, Timestamp, Uuid};

use super::Stamps;
use super::decision::{Decision, Holders, Refusal, Verdict};
use super::request::Kind;
use super::solving::fairness::{Fairness, Price};

/// How many requests a timetable may have for a plan to be made of them within a call.
pub(crate) const MOST_REQUESTS: u64 = 200_000;

/// A plan as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) id: Uuid,
    pub(crate) stamps: Stamps,
    pub(crate) timetable: Uuid,
    pub(crate) seed: i64,
    pub(crate) state: State,
    /// How often it was published.
    pub(crate) revision: u32,
    /// When it was last published.
    pub(crate) published: Option<Timestamp>,
    pub(crate) counts: Counts,
    /// What made it; nothing for a plan from before the engine.
    pub(crate) made: Option<Made>,
}

/// How a plan came about, and how good it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The solve that made it.
    pub(crate) solve: Uuid,
    pub(crate) price: Price,
    pub(crate) fairness: Fairness,
}

/// Where a plan is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Made and not published.
    Draft,
    /// The plan of its timetable.
    Published,
    /// Was published, until another took its place.
    Replaced,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Learners with at least one request.
    pub(crate) learners: u32,
    pub(crate) requests: u32,
    pub(crate) placements: u32,
    /// Learners who got the first of their list.
    pub(crate) first_choices: u32,
    /// Required requests that could not be met.
    pub(crate) unmet: u32,
}

/// What a plan did with one request, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The id of the row; that of the placement, where there is one.
    pub(crate) id: Uuid,
    pub(crate) plan: Uuid,
    /// When the plan was made.
    pub(crate) created: Timestamp,
    pub(crate) decision: Decision,
}

impl Counts {
    /// Those of the decisions, which come learner by learner.
    pub(crate) fn of(decisions: &[Decision]) -> Self {
        let mut counts = Self::default();
        let mut last = None;
        for Decision { demand, verdict } in decisions {
            counts.requests += 1;
            counts.learners += u32::from(last.replace(demand.learner) != Some(demand.learner));
            counts.placements += u32::from(*verdict == Verdict::Placed);
            let met = verdict.is_met();
            counts.first_choices += u32::from(met && demand.kind == Kind::Ranked(1));
            counts.unmet += u32::from(!met && demand.kind == Kind::Required);
        }
        counts
    }
}

impl Plan {
    /// The plan published at `now`, whatever it was before.
    pub(crate) fn publish(mut self, now: Timestamp) -> Result<Self> {
        if self.state == State::Published {
            return Err(Failure::precondition(
                Reason::StateConflict,
                "The plan is published already and has not been replaced.",
            ));
        }
        self.state = State::Published;
        self.revision += 1;
        self.published = Some(now);
        self.stamps = self.stamps.touched(now);
        Ok(self)
    }

    /// The plan after another was published at `now`.
    pub(crate) fn replace(mut self, now: Timestamp) -> Self {
        self.state = State::Replaced;
        self.stamps = self.stamps.touched(now);
        self
    }
}

/// A decision in a sentence. `title` is that of the offering, `clashes` those of the ones that it clashes with.
pub(crate) fn explain(decision: &Decision, title: &str, clashes: &[&str]) -> String {
    let claim = match decision.demand.kind {
        Kind::Required => "required".to_owned(),
        Kind::Ranked(rank) => format!("choice {rank}"),
    };
    let what = match &decision.verdict {
        Verdict::Placed => "a place was given.".to_owned(),
        Verdict::Held => "a place was given already, since it is required.".to_owned(),
        Verdict::Refused(refusal) => refused(refusal, clashes),
    };
    format!("{title} ({claim}): {what}")
}

fn refused(refusal: &Refusal, clashes: &[&str]) -> String {
    let mut reasons = Vec::new();
    if let Some(holders) = &refusal.holders {
        reasons.push(taken(holders));
    }
    if !clashes.is_empty() {
        let clashes = clashes.join(", ");
        reasons.push(format!("it meets at the same time as {clashes}, in which a place was given"));
    }
    format!("no place: {}.", reasons.join("; and "))
}

/// Who has the places, without saying who they are.
fn taken(holders: &Holders) -> String {
    let Holders { required, higher, same, lower } = *holders;
    let parts = [
        (required, "for whom it is required"),
        (higher, "who ranked it higher"),
        (same, "who ranked it the same"),
        (lower, "who ranked it lower and would lack more without it"),
    ];
    let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, who)| format!("{count} {who}"));
    let told: Vec<String> = told.collect();
    let all = required + higher + same + lower;
    if all == 0 {
        return "all places went to others".to_owned();
    }
    format!("all places ({all}) went to others: {}", told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::decision::Demand;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    fn plan() -> Plan {
        Plan {
            id: Uuid::from_u128(1),
            stamps: Stamps::new(at(0)),
            timetable: Uuid::from_u128(2),
            seed: 7,
            state: State::Draft,
            revision: 0,
            published: None,
            counts: Counts::default(),
            made: None,
        }
    }

    #[test]
    fn a_plan_may_be_published_again_after_it_was_replaced_and_not_before() {
        let first = plan().publish(at(1)).expect("a draft may be published");
        assert_eq!((first.state, first.revision, first.stamps.version), (State::Published, 1, 2));
        let refused = first.clone().publish(at(2)).expect_err("it is published already");
        assert_eq!(refused.reason(), Reason::StateConflict);
        let again = first.replace(at(3)).publish(at(4)).expect("a replaced plan may be published");
        assert_eq!((again.revision, again.published), (2, Some(at(4))));
    }

    #[test]
    fn counts_say_what_a_plan_comes_to() {
        let decision = |learner, kind, offering, verdict| Decision {
            demand: Demand { learner: Uuid::from_u128(learner), kind, offering: Uuid::from_u128(offering) },
            verdict,
        };
        let counts = Counts::of(&[
            decision(1, Kind::Required, 10, Verdict::Placed),
            decision(1, Kind::Ranked(1), 10, Verdict::Held),
            decision(1, Kind::Ranked(2), 11, Verdict::Refused(Refusal::default())),
            decision(2, Kind::Required, 12, Verdict::Refused(Refusal::default())),
            decision(2, Kind::Ranked(1), 11, Verdict::Refused(Refusal::default())),
        ]);
        let expected = Counts { learners: 2, requests: 5, placements: 1, first_choices: 1, unmet: 1 };
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_refusal_is_told_in_a_sentence_that_names_nobody() {
        let demand =
            Demand { learner: Uuid::from_u128(1), kind: Kind::Ranked(2), offering: Uuid::from_u128(10) };
        let holders = Some(Holders { required: 2, same: 1, lower: 3, higher: 0 });
        let refusal = Refusal { holders, clashes: vec![Uuid::from_u128(11)] };
        let decision = Decision { demand, verdict: Verdict::Refused(refusal) };
        assert_eq!(
            explain(&decision, "Bridges", &["Choir"]),
            "Bridges (choice 2): no place: all places (6) went to others: 2 for whom it is required, 1 who ranked \
             it the same, 3 who ranked it lower and would lack more without it; and it meets at the same time as \
             Choir, in which a place was given."
        );
    }
}
