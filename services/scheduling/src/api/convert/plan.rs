//! Plans, placements, explanations.

use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Uuid};

use super::count;
use super::request::claim;
use crate::app::placements::Explanation;
use crate::domain::decision::{Decision, Demand, Holders, Verdict};
use crate::domain::plan::{Counts, Outcome, Plan, State};
use crate::domain::{Stamps, names};

/// A plan as clients see it.
pub(crate) fn message(district: &District, plan: &Plan) -> proto::Plan {
    let Plan { id, stamps, timetable, seed, state, revision, published, counts, ref made } = *plan;
    let Stamps { created, updated, version: _ } = stamps;
    let Counts { learners, requests, placements, first_choices, unmet } = counts;
    let state = match state {
        State::Draft => proto::PlanState::Draft,
        State::Published => proto::PlanState::Published,
        State::Replaced => proto::PlanState::Replaced,
    };
    proto::Plan {
        name: names::plan(district, timetable, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        update_time: Some(timestamp(updated)),
        etag: stamps.etag().to_string(),
        seed,
        state: state.into(),
        revision: count(revision),
        publish_time: published.map(timestamp),
        learner_count: count(learners),
        request_count: count(requests),
        placement_count: count(placements),
        first_choice_count: count(first_choices),
        unmet_requirement_count: count(unmet),
        solve: made
            .as_ref()
            .map(|made| names::solve(district, timetable, made.solve).to_string())
            .unwrap_or_default(),
        cost: made.as_ref().map_or(0, |made| made.price.sum()),
    }
}

/// A placement as clients see it.
pub(crate) fn placement(district: &District, timetable: Uuid, outcome: Outcome) -> proto::Placement {
    let Outcome { id, plan, created, decision } = outcome;
    let Decision { demand: Demand { learner, kind, offering }, verdict: _ } = decision;
    let (kind, rank) = claim(kind);
    proto::Placement {
        name: names::placement(district, timetable, plan, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        learner: names::learner(district, learner).to_string(),
        offering: names::offering(district, timetable, offering).to_string(),
        kind,
        rank,
    }
}

/// An explanation as clients see it.
pub(crate) fn explanation(
    district: &District,
    timetable: Uuid,
    explanation: Explanation,
) -> proto::PlacementExplanation {
    let Explanation { decision, text } = explanation;
    let Decision { demand: Demand { learner, kind, offering }, verdict } = decision;
    let (kind, rank) = claim(kind);
    let mut holders = None;
    let mut clashes_with = Vec::new();
    let verdict = match verdict {
        Verdict::Placed | Verdict::Held => proto::PlacementVerdict::Placed,
        Verdict::Refused(refusal) => {
            let clash = |with| names::offering(district, timetable, with).to_string();
            clashes_with = refusal.clashes.into_iter().map(clash).collect();
            holders = refusal.holders.map(self::holders);
            if holders.is_some() { proto::PlacementVerdict::Full } else { proto::PlacementVerdict::Clash }
        }
    };
    proto::PlacementExplanation {
        learner: names::learner(district, learner).to_string(),
        offering: names::offering(district, timetable, offering).to_string(),
        kind,
        rank,
        verdict: verdict.into(),
        clashes_with,
        text,
        holders,
    }
}

fn holders(holders: Holders) -> proto::PlacementHolders {
    let Holders { required, higher, same, lower } = holders;
    proto::PlacementHolders {
        required_count: count(required),
        higher_ranked_count: count(higher),
        same_ranked_count: count(same),
        lower_ranked_count: count(lower),
    }
}
