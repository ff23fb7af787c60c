//! A design made real.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Failure, Result, Timestamp, Uuid};

use super::conflict;
use super::design::{Kind, Revision};
use super::reference::FrameworkChild;
use super::text::Text;
use super::words::words;

words! {
    /// Where an experience is in its life.
    State {
        /// Takes learners.
        Open = "OPEN",
        /// Does not take place; for good.
        Cancelled = "CANCELLED",
    }
}

/// Who leads an experience, when, and for how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) facilitators: Vec<Uuid>,
    pub(crate) organization: Option<Uuid>,
    pub(crate) start_date: Date,
    pub(crate) end_date: Date,
    pub(crate) capacity: u32,
}

impl Terms {
    /// Refuses an end before the beginning.
    pub(crate) fn checked(self) -> Result<Self> {
        if self.end_date < self.start_date {
            return Err(Failure::field("experience.end_date", "must not be before start_date"));
        }
        Ok(self)
    }
}

/// An experience. Its kind, title and outcomes are those of the revision that it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Experience {
    pub(crate) id: Uuid,
    pub(crate) design: Uuid,
    pub(crate) revision: u32,
    pub(crate) kind: Kind,
    pub(crate) title: Text,
    pub(crate) outcomes: Vec<FrameworkChild>,
    pub(crate) terms: Terms,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) create_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl Experience {
    /// Opens an experience from a published revision.
    pub(crate) fn open(id: Uuid, from: Revision, terms: Terms, now: Timestamp) -> Self {
        Self {
            id,
            design: from.design,
            revision: from.published.revision,
            kind: from.plan.kind,
            title: from.plan.title,
            outcomes: from.plan.outcomes,
            terms,
            state: State::Open,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }

    /// Cancels it.
    pub(crate) fn cancel(&mut self, now: Timestamp) -> Result<()> {
        match self.state {
            State::Open => {
                self.state = State::Cancelled;
                self.version += 1;
                self.update_time = now;
                Ok(())
            }
            State::Cancelled => Err(conflict(self.state.word(), "The experience is cancelled already.")),
        }
    }
}
