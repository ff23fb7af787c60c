//! Whole-learner outcomes.

pub mod domain;
mod store;
