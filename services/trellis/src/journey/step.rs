//! How a step ends.

use std::fmt;

use serde::Serialize;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;
use trellis_kernel::Failure;

/// The steps, in their order.
pub const STEPS: [&str; 10] = [
    "A framework is imported and published",
    "A portrait of a graduate is made",
    "The roster arrives",
    "A learner speaks for themself",
    "An experience is designed, opened and proposed",
    "Requests become places and a calendar",
    "Evidence, feedback, reflection, assessment",
    "Ratings become levels that explain themselves",
    "Who may see it sees it, and nobody else",
    "A vendor follows it all",
];

/// A step that is done.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// What it is.
    pub title: &'static str,
    /// What happened in it.
    pub lines: Vec<String>,
}

/// Why a step could not be done.
#[derive(Debug)]
pub enum Trouble {
    /// A call was refused that should not have been.
    Refused(Status),
    /// Something is not as it should be.
    Wrong(String),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Wrong(failure.to_string())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(status) => {
                let info = status.get_details_error_info();
                let reason =
                    info.map(|info| format!("{} {:?}", info.reason, info.metadata)).unwrap_or_default();
                let fields = status
                    .get_details_bad_request()
                    .map(|request| request.field_violations)
                    .unwrap_or_default();
                write!(f, "{:?} {reason}: {} {fields:?}", status.code(), status.message())
            }
            Self::Wrong(words) => f.write_str(words),
        }
    }
}

/// The step at which the journey ended, and why.
#[derive(Debug)]
pub struct Stumble {
    /// Its number.
    pub number: usize,
    /// What it is.
    pub title: &'static str,
    /// Why.
    pub trouble: Trouble,
}

impl fmt::Display for Stumble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}, {}: {}", self.number, self.title, self.trouble)
    }
}

impl std::error::Error for Stumble {}

/// Goes on only where `holds`; else the step ends with the words.
pub(super) fn check(holds: bool, words: impl FnOnce() -> String) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(Trouble::Wrong(words())) }
}

/// Goes on only where a call was refused for this reason.
pub(super) fn refused<T>(
    what: &str,
    answer: Result<Response<T>, Status>,
    reason: &str,
) -> Result<(), Trouble> {
    let found = match answer {
        Ok(_) => return Err(Trouble::Wrong(format!("{what}: answered, and should be refused as {reason}"))),
        Err(status) => status.get_details_error_info().map(|info| info.reason).unwrap_or_default(),
    };
    check(found == reason, || format!("{what}: refused as {found}, not {reason}"))
}
