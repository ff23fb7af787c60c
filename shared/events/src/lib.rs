//! How the services of the suite tell each other what happened.
//!
//! A service's events are the rows of its outbox, in the order of their positions. [`EventFeed`]
//! serves them; a [`consumer`] follows another service's and writes the last position it has applied
//! in the same transaction as the effect, so that each event takes effect once, however often either
//! side is killed. Between them may be a [`Broker`], which holds a copy on the way.
//!
//! An event whose effect fails is tried again. While something is away, for as long as that lasts;
//! else [`ATTEMPTS`] times, and then it is put aside as a dead letter, in the transaction that moves
//! the checkpoint over it. Later events of the same resource wait behind it, so that their order is
//! kept; all others go on. [`DeadLetters`] shows, replays and discards them.

mod broker;
mod consume;
mod dead;
mod effect;
mod event;
mod figures;
mod replay;
mod serve;

pub use broker::{Broker, BrokerAddress, BrokerUrlError, BrokerUrls};
pub use consume::consumer;
pub use dead::DeadLetters;
pub use effect::{ATTEMPTS, Apply, Effect};
pub use event::Event;
pub use figures::figures;
pub use serve::EventFeed;
