//! What the outcome service knows: pure types and rules. No I/O, no clock, no contract, no SQL.

pub(crate) mod adoption;
pub(crate) mod ancestry;
pub(crate) mod association;
pub(crate) mod case;
pub(crate) mod coverage;
pub(crate) mod crosswalk;
pub(crate) mod decimal;
pub(crate) mod diff;
pub(crate) mod framework;
pub(crate) mod graph;
pub(crate) mod likeness;
pub(crate) mod outcome;
pub(crate) mod prerequisites;
pub(crate) mod proficiency_scale;
pub(crate) mod progression;
pub(crate) mod rubric;
pub(crate) mod search;
pub(crate) mod sheet;
pub(crate) mod siblings;
pub(crate) mod succession;
pub(crate) mod template;
pub(crate) mod text;
pub(crate) mod traits;
pub(crate) mod transfer;
pub(crate) mod tree;
