//! Keeping: the only way to a database, for every service.
//!
//! A [`Store`] is one service's own database: an `SQLite` file or a schema of `PostgreSQL`. Reads go
//! through [`Store::read`], changes through [`Store::write`], and both are scoped to a district, so
//! that no query forgets its tenant. A change commits its rows, its events (outbox) and its
//! `request_id` together or not at all. The [relay](Store::relay) then gives the events positions in
//! the order in which they became visible; [`feed`] reads them.
//!
//! Inside a transaction every query uses that transaction: a second connection taken there can
//! deadlock the pool, and does not see what the transaction wrote.

mod audit;
pub mod backup;
pub mod check;
mod checkpoint;
mod conn;
mod dead;
mod document;
mod ending;
mod events;
mod failure;
pub mod feed;
pub mod filter;
mod incarnation;
mod lag;
mod latest;
mod lease;
mod migrate;
mod options;
mod page;
mod positions;
mod relay;
mod retain;
mod sandbox;
mod scope;
mod seal;
mod store;
mod wall;
mod write;

pub use audit::{Access, AccessQuery, AccessRow, Audit, Grounds};
pub use checkpoint::Checkpoint;
pub use conn::{ReadConn, TxConn};
pub use dead::{DeadLetter, Follower, LetterState};
pub use document::Document;
pub use failure::failure;
pub use incarnation::restored;
pub use lag::{Following, Lag};
pub use latest::latest;
pub use lease::Lease;
pub use options::{AUDIT_KEEP, Options, Retention};
pub use page::{Keyset, PAGE_BYTES, page};
pub use sandbox::{Reset, SANDBOX, SANDBOX_TIME, Sandbox, SandboxState};
pub use scope::{Reader, Scope, Scoped};
pub use seal::{Sealer, SealingKey};
pub use store::{Migrations, Store, Task, instant};
pub use write::{Change, Idempotency, Payload, Replay, Told, Tx, Write};
