//! The timetable engine.
mod cost;
mod explain;
mod model;
mod plan;
mod replan;
mod state;
mod search;
pub use cost::Cost;
pub use explain::{Explainer, Explanation, Obstacle, Way};
pub use model::{
    Builder, Cohort, CohortId, Component, Configuration, DayLimit, DayRule, DayShape, Equity, FacilitatorId, Fault, Horizon, Kind, Learner,
    LearnerId, Offering, OfferingId, Pair, PairWish, Pattern, Priority, Problem, Request, RequestId, Rule, RuleId, Section, SectionId,
    SpaceId, Weight,
};
pub use plan::{Placement, Plan, Seat};
pub use replan::{Alternative, replan};
pub use search::{Aim, Budget, Effort, Options, Progress, Round, Solution, solve};

#[cfg(test)]
mod testing;
