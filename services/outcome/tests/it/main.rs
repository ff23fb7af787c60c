//! The outcome service through its contract, on both databases.

mod access;
mod associations;
mod changes;
mod frameworks;
mod outcomes;
mod progressions;
mod search;
mod support;
mod transfers;
