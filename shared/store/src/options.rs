//! How a store is opened.

use std::time::Duration;

use crate::Sealer;

/// How a store is opened. The same options serve every service of the suite: each takes its own file
/// or schema.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://DIRECTORY` (each service keeps `DIRECTORY/<service>.db`) or `postgres://…` (each
    /// service keeps the schema of its name in that one database).
    pub url: String,
    /// How many connections may read at once.
    pub readers: u32,
    /// How many transactions may write at once. `SQLite` has one writer, whatever is said here.
    pub writers: u32,
    /// How long a request may wait for a connection, or for `SQLite`'s lock, before it is told to try
    /// again.
    pub acquire_timeout: Duration,
    /// What seals page and resume tokens; replicas share its keys.
    pub sealer: Sealer,
}

impl Options {
    /// The options that fit a small server.
    pub fn new(url: impl Into<String>, sealer: Sealer) -> Self {
        Self { url: url.into(), readers: 6, writers: 6, acquire_timeout: Duration::from_secs(10), sealer }
    }
}
