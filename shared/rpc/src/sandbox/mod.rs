//! Resetting a sandbox in all services: one service leads them through the steps that each of them takes in its own
//! store.

mod lead;
mod steps;

use trellis_kernel::{District, Name, Result};

pub use lead::Sandboxes;
pub use steps::ResetSteps;

/// The district that a request names.
fn district(field: &str, name: &str) -> Result<District> {
    Name::of(field, name, &[]).map(|name| name.district)
}
