//! What learners show of their learning, what adults say about it, and what they think of it themselves.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Result, Timestamp, Uuid};

use super::conflict;
use super::reference::FrameworkChild;
use super::voice::Voice;
use super::words::words;

words! {
    /// Whether evidence is handed in.
    State {
        /// Not handed in: its contributors' own.
        Draft = "DRAFT",
        /// Handed in; it no longer changes.
        Submitted = "SUBMITTED",
    }
}

/// A link to a piece of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) title: String,
    /// An https address.
    pub(crate) uri: String,
}

/// What is shown, and whose work it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) learner: Uuid,
    /// All whose work it is, `learner` among them, each once.
    contributors: Vec<Uuid>,
    pub(crate) experience: Option<Uuid>,
    pub(crate) outcomes: Vec<FrameworkChild>,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) artifacts: Vec<Artifact>,
}

impl Work {
    /// The work of `learner` and the others named; `learner` is put first when not named among them.
    pub(crate) fn new(learner: Uuid, named: Vec<Uuid>, title: String) -> Self {
        let mut contributors = named;
        if !contributors.contains(&learner) {
            contributors.insert(0, learner);
        }
        Self {
            learner,
            contributors,
            experience: None,
            outcomes: Vec::new(),
            title,
            text: String::new(),
            artifacts: Vec::new(),
        }
    }

    /// All whose work it is.
    pub(crate) fn contributors(&self) -> &[Uuid] {
        &self.contributors
    }

    fn shows_something(&self) -> bool {
        !self.text.trim().is_empty() || !self.artifacts.is_empty()
    }
}

/// Evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) id: Uuid,
    pub(crate) work: Work,
    pub(crate) state: State,
    pub(crate) submit_time: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl Evidence {
    /// New evidence, a draft.
    pub(crate) fn new(id: Uuid, work: Work, now: Timestamp) -> Self {
        Self {
            id,
            work,
            state: State::Draft,
            submit_time: None,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }

    /// Whether `learner` contributed to it.
    pub(crate) fn is_by(&self, learner: Uuid) -> bool {
        self.work.contributors.contains(&learner)
    }

    /// Whether a caller who may reach it sees it: a draft is its contributors' own.
    pub(crate) fn is_open_to(&self, person: Option<Uuid>) -> bool {
        self.state == State::Submitted || person.is_some_and(|person| self.is_by(person))
    }

    /// Hands it in.
    pub(crate) fn submit(&mut self, now: Timestamp) -> Result<()> {
        if self.state == State::Submitted {
            return Err(conflict(self.state.word(), "The evidence is handed in already."));
        }
        if !self.work.shows_something() {
            return Err(conflict(
                self.state.word(),
                "Evidence without text and without an artifact shows nothing yet.",
            ));
        }
        self.state = State::Submitted;
        self.submit_time = Some(now);
        self.version += 1;
        self.update_time = now;
        Ok(())
    }
}

/// What an adult says about evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Feedback {
    pub(crate) id: Uuid,
    pub(crate) evidence: Uuid,
    pub(crate) text: String,
    pub(crate) voice: Voice,
    pub(crate) author: Uuid,
    pub(crate) create_time: Timestamp,
}

/// What a learner thinks of their work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reflection {
    pub(crate) id: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) evidence: Uuid,
    pub(crate) text: String,
    pub(crate) create_time: Timestamp,
}
