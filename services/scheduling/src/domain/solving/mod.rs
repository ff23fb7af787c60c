//! From requests to places: what the timetable engine is asked, and what its answer means.
//!
//! 1. What is required comes before everything that is ranked.
//! 2. Each ranked request is a wish for a place. One that is not met counts: the first of a learner's list
//!    64, the second 32, by halves down to 1 from the seventh on ([`weight`]). The sum over all learners is
//!    their *disappointment*.
//! 3. So that rather two learners lack a little than one much, the square of what each lacks counts too:
//!    *inequality*. What learners could not have even if they were alone, because wishes of their own meet
//!    at the same time, is in neither, so that nobody gains by a longer list.
//!
//! Learners are put into an order by lot first, so that who came first or is called what means nothing. The
//! same requests, seed and effort give the same places.

pub(crate) mod effort;
pub(crate) mod fairness;
pub(crate) mod ground;
mod settle;
#[cfg(test)]
mod tests;
pub(crate) mod times;

use super::request::Kind;

/// What it counts that a ranked request is not met.
pub(crate) fn weight(rank: u16) -> u32 {
    const FIRST: u32 = 64;
    FIRST.checked_shr(u32::from(rank.saturating_sub(1))).unwrap_or(0).max(1)
}

/// The same of any kind; what is required is beyond all weights.
fn weight_of(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Required => None,
        Kind::Ranked(rank) => Some(weight(rank)),
    }
}
