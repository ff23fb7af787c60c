//! What every room of Trellis knows: identity, time, names, pages and failures. No I/O.
//!
//! Architecture invariant: this crate depends on no transport, no database and no contract,
//! so that a domain built on it can be tested with values alone.

mod actor;
mod district;
mod etag;
mod failure;
mod ids;
mod job;
mod name;
mod page;
mod reason;
mod time;

pub use actor::{Actor, Party, Relation, Relations, Scopes};
pub use district::District;
pub use etag::Etag;
pub use failure::{Failure, Kind, ResourceRef, Violation};
pub use ids::{Ids, RandomIds, SequentialIds};
pub use job::JobState;
pub use name::{Name, Segment};
pub use page::{Page, PageRequest, PageSize};
pub use reason::Reason;
pub use time::{Clock, FixedClock, SystemClock};

pub use jiff::Timestamp;
pub use uuid::Uuid;

/// The result of anything that may be refused or fail.
pub type Result<T, E = Failure> = std::result::Result<T, E>;
