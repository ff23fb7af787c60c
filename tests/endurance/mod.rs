//! The program goes while it is at work, and nobody who calls it as its services do notices.

mod drain;
mod duck;
pub(crate) mod load;
mod replicas;
