//! Work that takes longer than a request.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether a job has ended, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Under way.
    Running,
    /// Everything is written.
    Succeeded,
    /// Nothing is written.
    Failed,
    /// Nothing is written, because somebody wanted it so.
    Cancelled,
}

impl JobState {
    /// How often a running job says that it lives.
    pub const BEAT: Duration = Duration::from_secs(5);
    /// How long one may be silent; after that its server has ended under it.
    pub const SILENCE: SignedDuration = SignedDuration::from_secs(60);

    /// Whether it has ended, and nothing came of it.
    pub const fn is_in_vain(self) -> bool {
        matches!(self, Self::Failed | Self::Cancelled)
    }

    /// Whether a job that does not run here and was last heard of at `heard` was ended with its server:
    /// at once where there is no other server (`alone`).
    pub fn is_lost(self, now: Timestamp, heard: Timestamp, alone: bool) -> bool {
        self == Self::Running && (alone || now.duration_since(heard) > Self::SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_job_is_lost_and_one_that_has_ended_is_not() {
        let at = |second| Timestamp::from_second(second).expect("a moment");
        assert!(!JobState::Running.is_lost(at(60), at(0), false));
        assert!(JobState::Running.is_lost(at(61), at(0), false));
        assert!(JobState::Running.is_lost(at(0), at(0), true));
        assert!(!JobState::Succeeded.is_lost(at(61), at(0), true));
    }
}
