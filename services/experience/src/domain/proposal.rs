//! What a learner proposes, and what is decided on it.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Result, Timestamp, Uuid};

use super::conflict;
use super::reference::FrameworkChild;
use super::words::words;

words! {
    /// Where a proposal is.
    State {
        /// Waits for a decision.
        Proposed = "PROPOSED",
        /// Changes were asked for; may be decided again.
        ChangesRequested = "CHANGES_REQUESTED",
        /// Accepted, for good.
        Accepted = "ACCEPTED",
        /// Declined, for good.
        Declined = "DECLINED",
    }
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// It will take place.
    #[serde(rename = "ACCEPTED")]
    Accepted,
    /// It will not.
    #[serde(rename = "DECLINED")]
    Declined,
    /// It may, once the reasons are met.
    #[serde(rename = "CHANGES_REQUESTED")]
    ChangesRequested,
}

/// The learner's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Idea {
    pub(crate) learner: Uuid,
    pub(crate) title: String,
    pub(crate) driving_question: String,
    pub(crate) outcomes: Vec<FrameworkChild>,
    pub(crate) why: String,
}

/// What was decided, by whom and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) reasons: String,
    pub(crate) decider: Uuid,
    pub(crate) time: Timestamp,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    pub(crate) id: Uuid,
    pub(crate) idea: Idea,
    pub(crate) state: State,
    pub(crate) decision: Option<Decision>,
    pub(crate) version: i64,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl Proposal {
    /// A new proposal.
    pub(crate) fn new(id: Uuid, idea: Idea, now: Timestamp) -> Self {
        Self {
            id,
            idea,
            state: State::Proposed,
            decision: None,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }

    /// Decides on it. Only a decision that asks for changes can be followed by another.
    pub(crate) fn decide(
        &mut self,
        verdict: Verdict,
        reasons: String,
        decider: Uuid,
        now: Timestamp,
    ) -> Result<()> {
        if matches!(self.state, State::Accepted | State::Declined) {
            return Err(conflict(self.state.word(), "The proposal is decided already, and finally."));
        }
        self.state = match verdict {
            Verdict::Accepted => State::Accepted,
            Verdict::Declined => State::Declined,
            Verdict::ChangesRequested => State::ChangesRequested,
        };
        self.decision = Some(Decision { verdict, reasons, decider, time: now });
        self.version += 1;
        self.update_time = now;
        Ok(())
    }
}
