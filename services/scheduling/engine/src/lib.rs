//! The timetable engine.
mod cost;
mod model;
mod plan;
mod state;
mod search;
pub use cost::Cost;
pub use model::{
    Builder, Cohort, CohortId, Component, Configuration, DayShape, FacilitatorId, Fault, Horizon, Kind, Learner,
    LearnerId, Offering, OfferingId, Pattern, Problem, Request, RequestId, Rule, RuleId, Section, SectionId,
    SpaceId, Weight,
};
pub use plan::{Placement, Plan, Seat};
pub use search::{Aim, Budget, Effort, Options, Progress, Round, Solution, solve};

#[cfg(test)]
mod testing;
