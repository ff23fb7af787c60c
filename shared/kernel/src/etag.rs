//! Optimistic concurrency.

use std::fmt;

use crate::{Failure, Reason};

/// The version of a resource, as a client sees it (AIP-154).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Etag(i64);

impl Etag {
    /// The etag of the given version; the first version of a resource is 1.
    pub const fn new(version: i64) -> Self {
        Self(version)
    }

    /// The version behind it.
    pub const fn version(self) -> i64 {
        self.0
    }

    /// Refuses `given` unless it is empty or names this version.
    pub fn check(self, given: &str) -> Result<(), Failure> {
        if given.is_empty() || given == self.to_string() {
            return Ok(());
        }
        Err(Failure::aborted(
            Reason::EtagMismatch,
            "The resource has changed since this etag was read: read it again, then repeat the change.",
        ))
    }

    /// Refuses `given` unless it names this version; for the methods that require an etag.
    pub fn require(self, given: &str) -> Result<(), Failure> {
        if given.is_empty() {
            return Err(Failure::invalid(
                Reason::EtagRequired,
                "This method requires the etag of the resource as you last read it.",
            )
            .violation("etag", "value is required"));
        }
        self.check(given)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/{}", self.0)
    }
}
