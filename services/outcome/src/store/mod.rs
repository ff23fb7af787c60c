//! What the outcome service keeps: the only place that names `sea_orm`.

pub(crate) mod adoptions;
pub(crate) mod associations;
pub(crate) mod case_entries;
pub(crate) mod deprecations;
mod entities;
pub(crate) mod frameworks;
pub(crate) mod migrations;
pub(crate) mod outcomes;
pub(crate) mod proficiency_scales;
pub(crate) mod progressions;
pub(crate) mod promises;
pub(crate) mod public_frameworks;
pub(crate) mod publish;
pub(crate) mod published;
pub(crate) mod rubrics;
pub(crate) mod successions;
pub(crate) mod transfer_changes;
pub(crate) mod transfers;

use serde::Serialize;
use serde::de::DeserializeOwned;
use trellis_kernel::{Failure, Result, Timestamp};

/// What people wrote, as it is kept.
fn encode<T: Serialize>(content: &T) -> Result<String> {
    serde_json::to_string(content).map_err(Failure::internal)
}

/// What people wrote, read back.
fn decode<T: DeserializeOwned>(content: &str) -> Result<T> {
    serde_json::from_str(content).map_err(|_| Failure::internal("a row holds content of another shape"))
}

fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}
