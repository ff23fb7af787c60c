//! The suite: all services, or some of them, configured, composed and served; and what drives it from
//! outside: the commands, the journey and the demonstration.

pub mod cli;
pub mod client;
pub mod config;
pub mod data;
pub mod demo;
mod descriptors;
pub mod journey;
pub mod keys;
pub mod roles;
pub mod suite;
pub mod tokens;

/// The id in resource names of a roster's record: `("people", "s-207220")` of OneRoster is
/// `people/{this}`.
pub use trellis_learner_profile::roster_id;
