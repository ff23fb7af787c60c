//! How the services of the suite tell each other what happened.
//!
//! A service's events are the rows of its outbox, in the order of their positions. [`EventFeed`]
//! serves them; a [`consumer`] follows another service's and writes the last position it has applied
//! in the same transaction as the effect, so that each event takes effect once, however often either
//! side is killed.
//!
//! An event whose effect fails is tried again, ever more slowly, and holds up those behind it: order
//! matters more than speed here. There is no place yet to put one aside.

mod consume;
mod serve;

pub use consume::{Apply, Event, consumer};
pub use serve::EventFeed;
