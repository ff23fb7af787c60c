//! Copying `SQLite` files while they are served, and putting such a copy back.
//!
//! The files of a backup are of one moment: no writer is at work in any of them while the snapshots
//! begin, and what is copied are the snapshots. So a consumer's checkpoint is never ahead of its
//! producer, and a row that one service keeps of another's resource never comes without it, in
//! whatever order the files are copied.
//!
//! `PostgreSQL` has its own tools for this.

mod copy;
mod files;
mod lock;
mod manifest;
mod mark;
mod restore;

pub use copy::backup;
pub use lock::DataLock;
pub use manifest::{Kept, KeptKey, Manifest};
pub use restore::{Asked, restore};
