//! How a store is opened.

use std::time::Duration;

use jiff::SignedDuration;
use trellis_kernel::District;

use crate::Sealer;

/// How long the trail is kept where nothing else is said: a school year, and the time to ask about it.
pub const AUDIT_KEEP: SignedDuration = SignedDuration::from_hours(400 * 24);

/// How much later than a database itself we give up a statement that it should have ended.
const SLACK: Duration = Duration::from_secs(2);

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
    /// How long a request may wait for a connection, or for another's lock, before it is told to try
    /// again.
    pub acquire_timeout: Duration,
    /// How long a statement may run. Migrations may run longer.
    pub statement_timeout: Duration,
    /// A `PostgreSQL` replica of the same database, which reads of a district then go to. It may lag:
    /// what was just written may not be there yet.
    pub replica_url: Option<String>,
    /// Whether a pooler that hands out a server for each transaction (`PgBouncer`) is before the database. What
    /// holds for a connection is then said in each transaction, and no statement is prepared.
    pub pooler: bool,
    /// How long the trail is kept.
    pub audit_keep: SignedDuration,
    /// How long what happened can be read.
    pub retention: Retention,
    /// The districts to try things in, which can be [emptied](crate::Sandbox).
    pub sandboxes: Vec<District>,
    /// What seals page and resume tokens; replicas share its keys.
    pub sealer: Sealer,
}

impl Options {
    /// The options that fit a small server.
    pub fn new(url: impl Into<String>, sealer: Sealer) -> Self {
        Self {
            url: url.into(),
            readers: 6,
            writers: 6,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(20),
            replica_url: None,
            pooler: false,
            audit_keep: AUDIT_KEEP,
            retention: Retention::default(),
            sandboxes: Vec::new(),
            sealer,
        }
    }

    /// How long a database that says nothing at all is waited for, whether it runs a statement or waits
    /// for a lock. It should be less than the time that a call is given: then whoever calls reads that
    /// the database is away (`STORE_UNAVAILABLE`), and not only that time has run out.
    pub fn patience(&self) -> Duration {
        self.statement_timeout.max(self.acquire_timeout) + SLACK
    }
}

/// How long what happened can be read by those who follow the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// After how long a change leaves the feed.
    pub keep: SignedDuration,
    /// After how long it leaves the feed if a later change of the same resource is there.
    pub compact: SignedDuration,
}

impl Default for Retention {
    /// 30 days, and 7.
    fn default() -> Self {
        Self { keep: SignedDuration::from_hours(30 * 24), compact: SignedDuration::from_hours(7 * 24) }
    }
}
