//! The gRPC handlers: from the contract to the domain and back.

pub(crate) mod adoptions;
pub(crate) mod associations;
pub(crate) mod authoring;
pub(crate) mod changes;
mod convert;
pub(crate) mod frameworks;
mod mask;
pub(crate) mod outcomes;
pub(crate) mod proficiency_scales;
pub(crate) mod progressions;
pub(crate) mod rubrics;
pub(crate) mod transfers;

use trellis_kernel::{Failure, Result};

pub(crate) use convert::outcome::write as write_outcome;

/// A message that the contract requires, and so is there.
fn required<T>(message: Option<T>, field: &str) -> Result<T> {
    message.ok_or_else(|| Failure::field(field, "value is required"))
}
