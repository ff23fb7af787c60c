//! The timetable engine: places sections in times and spaces, with facilitators and learners, and says why.
//!
//! A [`Builder`] takes what is to be timetabled and refuses what makes no sense. [`solve`] looks for the
//! [`Plan`] that costs least: what breaks a hard rule counts before everything else. It tells of progress,
//! stops when told, and gives the same plan again for the same seed, workers and effort. [`Explainer`] says
//! what stands in the way of what a learner did not get, and [`replan`] changes as little as it can after a
//! disruption. Where no plan keeps every hard rule, [`conflict`](fn@conflict) proves which of what is required
//! cannot hold together.
//!
//! The crate reads and writes nothing, and knows nothing of who calls it: what is placed has numbers, which
//! the caller gives meaning. The clock decides only after which epoch a search ends.
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::time::Duration;
//! use trellis_timetable::{Budget, Builder, Horizon, Kind, Options, Section, Weight, solve};
//!
//! # fn main() -> Result<(), trellis_timetable::Fault> {
//! let horizon = Horizon::new(1, 5, 8)?;
//! let mut builder = Builder::new(horizon);
//! let monday: Vec<_> = (0..8).map(|block| horizon.weekly(0, block, 1)).collect::<Result<_, _>>()?;
//! let workshop = builder.section(Section::at(monday.clone()));
//! let seminar = builder.section(Section::at(monday));
//! builder.rule(Kind::NotOverlap, Weight::Hard, vec![workshop, seminar]);
//! let problem = builder.build()?;
//!
//! let options = Options { budget: Budget::Time(Duration::from_millis(50)), ..Options::default() };
//! let solution = solve(&problem, &options, |_| ControlFlow::Continue(()))?;
//! assert_eq!(solution.cost.hard, 0);
//! assert_ne!(solution.plan.placements[0].time, solution.plan.placements[1].time);
//! # Ok(())
//! # }
//! ```

mod conflict;
mod cost;
mod explain;
mod fairness;
mod model;
mod plan;
mod replan;
mod search;
mod state;
#[cfg(test)]
mod testing;

pub use conflict::{Conflict, Requirement, conflict};
pub use cost::Cost;
pub use explain::{Explainer, Explanation, Obstacle, Way};
pub use fairness::{
    Comparison, Fairness, GroupFairness, GroupFigures, MIN_CELL, Share, compare, fairness, first_come,
    in_order, random_order, withheld,
};
pub use model::{
    Builder, Cohort, CohortId, Component, Configuration, DayLimit, DayRule, DayShape, Equity, FacilitatorId,
    Fault, Horizon, Kind, Learner, LearnerId, Offering, OfferingId, Pair, PairWish, Pattern, Priority,
    Problem, Request, RequestId, Rule, RuleId, Section, SectionId, SpaceId, Weight,
};
pub use plan::{Placement, Plan, Seat};
pub use replan::{Alternative, replan};
pub use search::{Aim, Budget, Effort, Options, Progress, Round, Solution, solve};
