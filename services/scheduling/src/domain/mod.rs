//! What scheduling knows and decides: values and rules alone, no I/O, no clock, no chance.

pub(crate) mod calendar;
pub(crate) mod decision;
mod draw;
pub(crate) mod feed;
pub(crate) mod names;
pub(crate) mod offering;
pub(crate) mod plan;
pub(crate) mod request;
pub(crate) mod schedule;
pub(crate) mod solve;
pub(crate) mod solving;
pub(crate) mod timetable;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Etag, Timestamp};

/// What every stored resource carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamps {
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When it was last changed.
    pub(crate) updated: Timestamp,
    /// Its version; the first is 1.
    pub(crate) version: i64,
}

impl Stamps {
    /// Those of a resource that is created at `now`.
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { created: now, updated: now, version: 1 }
    }

    /// Those after a change at `now`.
    #[must_use]
    pub(crate) const fn touched(self, now: Timestamp) -> Self {
        Self { updated: now, version: self.version + 1, ..self }
    }

    /// The etag of this version.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }
}
