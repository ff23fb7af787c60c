//! Events from one service's database into another's, over the guarded service and by way of a broker, on both
//! databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod broker;
mod consuming;
mod figures;
mod guarded;
mod letters;
mod place;
mod restoring;
mod serving;
