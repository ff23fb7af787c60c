//! What the suite stands on fails in the middle of work: the program is killed as a power cut would, the
//! database goes away, the disk is full, read-only or damaged.

mod away;
mod command;
mod damage;
mod disk;
pub(crate) mod effects;
pub(crate) mod imports;
mod jobs;
mod letters;
mod load;
mod moment;
mod relays;
mod room;
mod writes;

use std::time::Duration;

use tonic::Status;

/// How many calls are made at once.
const CALLS: usize = 200;
/// How many are answered before the program is killed: then most of the rest are under way.
const ANSWERED_BEFORE: usize = 40;
/// How long a client goes on trying.
const PATIENCE: Duration = Duration::from_mins(1);
/// A client's wait before it tries again: not the test's for something to happen.
const BEFORE_RETRY: Duration = Duration::from_millis(50);

/// What a killed server looks like to its clients, and one that has all of them come back at once.
fn may_be_tried_again(status: &Status) -> bool {
    use tonic::Code::{Cancelled, Internal, ResourceExhausted, Unavailable, Unknown};
    matches!(status.code(), Unavailable | Cancelled | Unknown | Internal | ResourceExhausted)
}
