//! Why a command ended, and the exit code that says so.

use std::fmt;
use std::fmt::Write as _;

use tonic::{Code, Status};
use tonic_types::{ErrorInfo, StatusExt as _};
use trellis_kernel::Failure;

use crate::client;
use crate::config::Refusal;

/// Why a command ended without having done what it should.
#[derive(Debug)]
pub enum Stop {
    /// It was refused, or it failed.
    Failed(String),
    /// It was asked wrongly.
    Usage(String),
    /// The suite could not be reached.
    Unreachable(String),
}

impl Stop {
    /// The exit code of the program.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        }
    }

    /// What a refused call means for the command.
    pub fn refused(endpoint: &str, status: &Status) -> Self {
        let info = status.get_details_error_info();
        // What the suite did not say itself: that nothing answers there.
        let own = |info: &ErrorInfo| info.metadata.get("peer").is_some_and(|peer| peer == client::SUITE);
        if status.code() == Code::Unavailable && info.as_ref().is_none_or(own) {
            return Self::Unreachable(format!(
                "No suite answers at {endpoint}. Is it running? Set --endpoint or TRELLIS_ENDPOINT to where \
                 it is.",
            ));
        }
        let mut words = status.message().to_owned();
        if let Some(info) = info {
            words = format!("{words} ({})", info.reason);
            for (key, value) in info.metadata {
                let _ = write!(words, "\n  {key}: {value}");
            }
        }
        for violation in
            status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default()
        {
            let _ = write!(words, "\n  {}: {}", violation.field, violation.description);
        }
        Self::Failed(words)
    }

    /// Anything else that went wrong on this machine.
    pub fn failed(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(words) | Self::Usage(words) | Self::Unreachable(words) => f.write_str(words),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Usage(refusal.to_string())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        // On the operator's own machine the cause is what helps.
        let mut words = failure.message().to_owned();
        let mut cause: Option<&dyn std::error::Error> =
            failure.cause().map(|cause| cause as &dyn std::error::Error);
        while let Some(error) = cause {
            let _ = write!(words, "\n  because: {error}");
            cause = error.source();
        }
        Self::Failed(words)
    }
}
