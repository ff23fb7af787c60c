//! What is judged of a learner's work.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Failure, Relation, Relations, Result, Timestamp, Uuid};

use super::conflict;
use super::reference::{FrameworkChild, missing};
use super::voice::Voice;
use super::words::words;

words! {
    /// Where an assessment is.
    State {
        /// A self-assessment: it stands as it was written.
        Standing = "STANDING",
        /// An educator's, open to the learner's response.
        Open = "OPEN",
        /// An educator's, final.
        Final = "FINAL",
        /// Was final, until another one corrected it.
        Superseded = "SUPERSEDED",
    }
}

/// Who sees an educator's assessment before it is final.
pub(crate) const BEFORE_FINAL: Relations = Relations::NONE
    .with(Relation::Own)
    .with(Relation::Educator)
    .with(Relation::School)
    .with(Relation::District);

impl State {
    /// Whether a caller who stands so to the learner sees an assessment in this state.
    pub(crate) fn is_open_to(self, relations: Relations) -> bool {
        self != Self::Open || relations.meets(BEFORE_FINAL)
    }
}

/// What is said of one outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Criterion {
    /// Pinned to the revision that it was judged on.
    pub(crate) outcome: FrameworkChild,
    /// Pinned likewise.
    pub(crate) progression: FrameworkChild,
    /// 1 is the first.
    pub(crate) level: u32,
    pub(crate) level_count: u32,
    pub(crate) comment: String,
}

/// What is said, of whose work, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Judgement {
    pub(crate) learner: Uuid,
    pub(crate) evidence: Vec<Uuid>,
    pub(crate) voice: Voice,
    pub(crate) assessor: Uuid,
    pub(crate) criteria: Vec<Criterion>,
    pub(crate) comment: String,
    pub(crate) supersedes: Option<Uuid>,
}

impl Judgement {
    /// Refuses an outcome that is judged twice, a level that its progression does not have, and a
    /// correction by a learner: a self-assessment is followed by another, and both stand.
    pub(crate) fn checked(self) -> Result<Self> {
        let mut seen = HashSet::new();
        for (place, criterion) in self.criteria.iter().enumerate() {
            let field = |name: &str| format!("assessment.criteria[{place}].{name}");
            if !seen.insert(criterion.outcome.id()) {
                return Err(Failure::field(field("outcome"), "each outcome must come once"));
            }
            if criterion.level == 0 || criterion.level > criterion.level_count {
                return Err(missing(field("level"), "a level of the progression"));
            }
        }
        if self.supersedes.is_some() && self.voice != Voice::Educator {
            return Err(Failure::field("assessment.supersedes", "must be empty in a self-assessment"));
        }
        Ok(self)
    }
}

/// What the learner answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Response {
    pub(crate) text: String,
    pub(crate) time: Timestamp,
}

/// An assessment. Its judgement never changes; only what happens to it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assessment {
    pub(crate) id: Uuid,
    pub(crate) judgement: Judgement,
    pub(crate) state: State,
    pub(crate) response: Option<Response>,
    pub(crate) finalize_time: Option<Timestamp>,
    pub(crate) superseded_by: Option<Uuid>,
    pub(crate) version: i64,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl Assessment {
    /// A new assessment.
    pub(crate) fn new(id: Uuid, judgement: Judgement, now: Timestamp) -> Self {
        let state = if judgement.voice == Voice::Educator { State::Open } else { State::Standing };
        Self {
            id,
            judgement,
            state,
            response: None,
            finalize_time: None,
            superseded_by: None,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }

    /// Whether a caller who stands so to the learner sees it.
    pub(crate) fn is_open_to(&self, relations: Relations) -> bool {
        self.state.is_open_to(relations)
    }

    /// Takes the learner's response.
    pub(crate) fn respond(&mut self, text: String, now: Timestamp) -> Result<()> {
        self.require_open("Only an educator's assessment that is not final can be answered.")?;
        self.response = Some(Response { text, time: now });
        self.touch(now);
        Ok(())
    }

    /// Refuses anyone but who made it.
    pub(crate) fn require_assessor(&self, person: Uuid) -> Result<()> {
        if person == self.judgement.assessor { Ok(()) } else { Err(Failure::access_denied()) }
    }

    /// Makes it final. A response is not awaited: the etag sees to it that none is overlooked.
    pub(crate) fn finalize(&mut self, now: Timestamp) -> Result<()> {
        self.require_open("Only an educator's assessment that is not final can become final.")?;
        self.state = State::Final;
        self.finalize_time = Some(now);
        self.touch(now);
        Ok(())
    }

    /// Refuses unless it is final and no other has superseded it.
    pub(crate) fn require_final(&self) -> Result<()> {
        if self.state == State::Final {
            return Ok(());
        }
        Err(conflict(
            self.state.word(),
            "Only a final assessment that no other has superseded can be superseded.",
        ))
    }

    /// Gives way to the assessment that corrects it.
    pub(crate) fn supersede(&mut self, by: Uuid, now: Timestamp) -> Result<()> {
        self.require_final()?;
        self.state = State::Superseded;
        self.superseded_by = Some(by);
        self.touch(now);
        Ok(())
    }

    fn require_open(&self, message: &'static str) -> Result<()> {
        if self.state == State::Open { Ok(()) } else { Err(conflict(self.state.word(), message)) }
    }

    fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.update_time = now;
    }
}
