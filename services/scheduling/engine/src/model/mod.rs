//! What is to be timetabled: times, spaces, facilitators, sections, the rules between them, and the learners
//! who ask for them.
//!
//! A [`Builder`] takes it in pieces and refuses what makes no sense; the [`Problem`] that it builds is legal,
//! and laid out for the search.

mod build;
mod cohort;
mod ids;
mod lay;
mod learner;
mod problem;
mod rule;
mod school;
mod time;

pub use build::{Builder, Fault, Section};
pub use cohort::{Cohort, DayShape};
pub use ids::{CohortId, FacilitatorId, LearnerId, OfferingId, RequestId, RuleId, SectionId, SpaceId};
pub use learner::{Component, Configuration, Learner, Offering, Request};
pub use problem::Problem;
pub(crate) use problem::{Bits, Csr, Link, NONE, number};
pub use rule::{Kind, Rule, Weight};
pub(crate) use school::Company;
pub use school::{DayLimit, DayRule, Equity, Pair, PairWish, Priority};
pub use time::{Horizon, Pattern};

#[cfg(test)]
mod tests;
