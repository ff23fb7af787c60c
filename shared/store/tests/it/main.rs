//! The store on real databases: an SQLite file and a PostgreSQL with an ordinary role.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod auditing;
mod checking;
mod connecting;
mod copying;
mod deep;
mod feeding;
mod filtering;
mod growing;
mod house;
mod interrupted;
mod lagging;
mod limiting;
mod many;
mod migrating;
mod paging;
mod patience;
mod place;
mod quiet;
mod relaying;
mod repeating;
mod restoring;
mod retaining;
mod sandboxing;
mod sealing;
mod trail;
mod walling;
mod writing;
