//! The work of making a plan, while it goes on and after.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, JobState, Reason, Result, Timestamp, Uuid};

use super::plan::Counts;
use super::solving::fairness::Price;

/// The shortest and the longest time that a solve may have.
const LIMITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));
/// How many requests are looked at for a second, where no limit was said.
const IN_A_SECOND: u64 = 200;
/// The shortest and the longest time that a solve has when no limit was said.
const USUAL: (u64, u64) = (1, 60);

/// How a plan is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) seed: i64,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// What is good enough to stop before.
    pub(crate) enough: u64,
    /// What another solve did, to do it again; empty when it is to go by the clock.
    pub(crate) effort: String,
}

/// A solve as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Solve {
    pub(crate) id: Uuid,
    pub(crate) timetable: Uuid,
    pub(crate) asked: Asked,
    pub(crate) state: JobState,
    /// Why it failed.
    pub(crate) reason: Option<Reason>,
    pub(crate) phase: Phase,
    pub(crate) begun: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) reached: Reached,
    /// The best plan so far; nothing before the first.
    pub(crate) best: Option<Best>,
    /// The plan that was made.
    pub(crate) plan: Option<Uuid>,
}

/// What a solve is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Waiting for others to end.
    Waiting,
    /// Looking for a plan that meets every requirement.
    Requirements,
    /// Looking for a better plan.
    Improving,
    /// Explaining and keeping what was found.
    Writing,
    /// Nothing more.
    Ended,
}

/// What a solve is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// To end with what it has.
    Finish,
    /// To end with nothing.
    Cancel,
}

/// How far a solve has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reached {
    /// How many changes were tried.
    pub(crate) moves: u64,
    /// How long it has searched.
    pub(crate) elapsed: Duration,
    /// What was done, once it has ended.
    pub(crate) effort: String,
}

/// What a plan comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Best {
    pub(crate) counts: Counts,
    pub(crate) price: Price,
}

impl Asked {
    /// Refuses a limit that is too short or too long; without one, it goes by the number of requests.
    pub(crate) fn new(
        seed: i64,
        limit: Option<Duration>,
        enough: u64,
        effort: String,
        requests: u64,
    ) -> Result<Self> {
        let (shortest, longest) = LIMITS;
        let usual = Duration::from_secs((requests / IN_A_SECOND).clamp(USUAL.0, USUAL.1));
        let limit = limit.unwrap_or(usual);
        if limit < shortest || limit > longest {
            return Err(Failure::field("time_limit", "must be from 0.1 seconds to an hour"));
        }
        if !effort.is_empty() {
            super::solving::effort::read(&effort)?;
        }
        Ok(Self { seed, limit, enough, effort })
    }
}

impl Solve {
    /// One that begins at `now`.
    pub(crate) fn begin(id: Uuid, timetable: Uuid, asked: Asked, now: Timestamp) -> Self {
        Self {
            id,
            timetable,
            asked,
            state: JobState::Running,
            reason: None,
            phase: Phase::Waiting,
            begun: now,
            ended: None,
            reached: Reached::default(),
            best: None,
            plan: None,
        }
    }

    /// Ends it.
    #[must_use]
    pub(crate) fn end(self, state: JobState, now: Timestamp) -> Self {
        Self { state, phase: Phase::Ended, ended: Some(now), ..self }
    }

    /// Ends it with nothing, and says why.
    #[must_use]
    pub(crate) fn fail(self, reason: Reason, now: Timestamp) -> Self {
        Self { reason: Some(reason), ..self.end(JobState::Failed, now) }
    }

    /// As it is seen at `now`, when it does not run here and was last heard of at `heard`.
    pub(crate) fn seen_at(self, now: Timestamp, heard: Timestamp, alone: bool) -> Self {
        let lost = self.state.is_lost(now, heard, alone);
        if lost { self.fail(Reason::ShuttingDown, heard) } else { self }
    }

    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.state != JobState::Running
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_goes_by_the_requests_and_is_neither_too_short_nor_too_long() {
        let limit = |limit: Option<Duration>, requests| {
            Asked::new(1, limit, 0, String::new(), requests).ok().map(|asked| asked.limit)
        };
        assert_eq!(limit(None, 0), Some(Duration::from_secs(1)));
        assert_eq!(limit(None, 6000), Some(Duration::from_secs(30)));
        assert_eq!(limit(None, 200_000), Some(Duration::from_mins(1)));
        assert_eq!(limit(Some(Duration::from_hours(1)), 1), Some(Duration::from_hours(1)));
        assert_eq!(limit(Some(Duration::from_millis(99)), 1), None);
        assert_eq!(limit(Some(Duration::from_secs(3601)), 1), None);
        assert!(Asked::new(1, None, 0, "nothing".to_owned(), 1).is_err());
    }
}
