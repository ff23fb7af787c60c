//! What the service knows and decides: values and rules, without I/O, clock, contract or database.

mod words;

pub(crate) mod assessment;
pub(crate) mod design;
pub(crate) mod evidence;
pub(crate) mod experience;
pub(crate) mod proposal;
pub(crate) mod reference;
pub(crate) mod text;
pub(crate) mod voice;

#[cfg(test)]
mod tests;

use trellis_kernel::{Failure, Reason};

/// The refusal of what a resource's state does not allow; `state` is that state's word.
fn conflict(state: &str, message: &'static str) -> Failure {
    Failure::precondition(Reason::StateConflict, message).with("state", state)
}
