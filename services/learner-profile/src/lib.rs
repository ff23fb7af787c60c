//! The learner-profile service: who is here (the roster), how they stand to each other (the access
//! decision), and what learners and those around them say of themselves (entries, goals, growth).
//!
//! [`mount`] wires it. The rooms: `domain` decides, `store` keeps, `app` does both in one transaction,
//! `api` speaks the contract, `events` follows the other services, `oneroster` reads the field's files.

mod api;
mod app;
mod domain;
mod events;
mod oneroster;
mod store;

/// The service's name, in peers, migrations and events.
pub const NAME: &str = "profile";
