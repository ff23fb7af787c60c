//! The timetable engine.
mod cost;
mod model;
mod state;
mod search;
pub use cost::Cost;
pub use model::*;
pub use search::*;
