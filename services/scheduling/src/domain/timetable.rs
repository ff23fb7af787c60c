//! What is timetabled together.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Reason, Result, Timestamp, Uuid};

use super::Stamps;

/// A timetable as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timetable {
    pub(crate) id: Uuid,
    pub(crate) stamps: Stamps,
    pub(crate) calendar: Uuid,
    /// The session of the roster that it is for, if it is for one.
    pub(crate) session: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) window: Window,
}

/// When learners may submit requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// From when; none: from the first moment.
    pub(crate) open: Option<Timestamp>,
    /// Until when, this moment excluded; none: for ever.
    pub(crate) close: Option<Timestamp>,
}

impl Window {
    /// Refuses a window that never opens.
    pub(crate) fn new(open: Option<Timestamp>, close: Option<Timestamp>) -> Result<Self> {
        match (open, close) {
            (Some(from), Some(until)) if until <= from => {
                Err(Failure::field("timetable.request_close_time", "must be later than request_open_time"))
            }
            _ => Ok(Self { open, close }),
        }
    }

    /// Refuses unless it is open at `now`.
    pub(crate) fn require_open(&self, now: Timestamp) -> Result<()> {
        let early = self.open.is_some_and(|open| now < open);
        let late = self.close.is_some_and(|close| close <= now);
        if !early && !late {
            return Ok(());
        }
        let message = if early {
            "Requests to this timetable are not taken yet."
        } else {
            "Requests to this timetable are no longer taken."
        };
        Err(Failure::precondition(Reason::StateConflict, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    #[test]
    fn a_window_is_open_from_its_opening_until_just_before_its_close() {
        let window = Window::new(Some(at(10)), Some(at(20))).expect("a window");
        let open: Vec<bool> =
            [9, 10, 19, 20].into_iter().map(|now| window.require_open(at(now)).is_ok()).collect();
        assert_eq!(open, [false, true, true, false]);
        assert!(Window::default().require_open(at(0)).is_ok());
        assert!(Window::new(Some(at(10)), Some(at(10))).is_err());
    }
}
