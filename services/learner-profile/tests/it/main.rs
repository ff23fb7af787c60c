//! The profile service over a real socket, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod entry;
mod goal;
mod growth;
mod learning;
mod roster;
mod roster_access;
mod roster_applications;
mod roster_changes;
mod roster_files;
mod roster_import;
mod tokens;
