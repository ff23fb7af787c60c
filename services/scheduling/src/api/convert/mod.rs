//! Between the contract's messages and the domain's types.

pub(super) mod calendar;
pub(super) mod feed;
pub(super) mod offering;
pub(super) mod plan;
pub(super) mod request;
pub(super) mod solve;
pub(super) mod timetable;

use trellis_contracts::common::LocalizedText;
use trellis_kernel::Failure;

use crate::domain::offering::Text;

fn texts(texts: Vec<Text>) -> Vec<LocalizedText> {
    texts.into_iter().map(|Text { language, text }| LocalizedText { language, text }).collect()
}

/// That the resource of a request is absent, which the contract's rules refuse before.
pub(super) fn absent(field: &'static str) -> Failure {
    Failure::field(field, "value is required")
}

/// A number as the contract carries it.
fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
