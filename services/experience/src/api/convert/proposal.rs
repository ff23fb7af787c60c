//! Proposals.

use trellis_contracts::experience as proto;
use trellis_kernel::{District, Failure, Result};

use super::{name, outcomes_in, outcomes_out, time};
use crate::domain::proposal::{Decision, Idea, Proposal, State, Verdict};
use crate::domain::reference::local;
use crate::domain::text::said;

pub(in crate::api) fn idea(proposal: proto::Proposal, home: &District) -> Result<Idea> {
    Ok(Idea {
        learner: local("proposal.learner", &proposal.learner, &["learners"], home)?,
        title: said("proposal.title", proposal.title)?,
        driving_question: proposal.driving_question,
        outcomes: outcomes_in("proposal", &proposal.outcomes, home)?,
        why: said("proposal.why", proposal.why)?,
    })
}

pub(in crate::api) fn verdict(number: i32) -> Result<Verdict> {
    match proto::Verdict::try_from(number) {
        Ok(proto::Verdict::Accepted) => Ok(Verdict::Accepted),
        Ok(proto::Verdict::Declined) => Ok(Verdict::Declined),
        Ok(proto::Verdict::ChangesRequested) => Ok(Verdict::ChangesRequested),
        Ok(proto::Verdict::Unspecified) | Err(_) => {
            Err(Failure::field("verdict", "value must be one of the defined enum values"))
        }
    }
}

pub(in crate::api) fn proposal(home: &District, proposal: &Proposal) -> proto::Proposal {
    let idea = &proposal.idea;
    proto::Proposal {
        name: name(home, "proposals", proposal.id),
        uid: proposal.id.to_string(),
        learner: name(home, "learners", idea.learner),
        title: idea.title.clone(),
        driving_question: idea.driving_question.clone(),
        outcomes: outcomes_out(&idea.outcomes),
        why: idea.why.clone(),
        state: match proposal.state {
            State::Proposed => proto::ProposalState::Proposed,
            State::ChangesRequested => proto::ProposalState::ChangesRequested,
            State::Accepted => proto::ProposalState::Accepted,
            State::Declined => proto::ProposalState::Declined,
        }
        .into(),
        decision: proposal.decision.as_ref().map(|decision| decision_out(home, decision)),
        create_time: time(proposal.create_time),
        update_time: time(proposal.update_time),
        etag: proposal.etag().to_string(),
    }
}

fn decision_out(home: &District, decision: &Decision) -> proto::ProposalDecision {
    proto::ProposalDecision {
        verdict: match decision.verdict {
            Verdict::Accepted => proto::Verdict::Accepted,
            Verdict::Declined => proto::Verdict::Declined,
            Verdict::ChangesRequested => proto::Verdict::ChangesRequested,
        }
        .into(),
        reasons: decision.reasons.clone(),
        decider: name(home, "people", decision.decider),
        decide_time: time(decision.time),
    }
}
