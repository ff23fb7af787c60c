//! An import of a roster, once it has ended.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Timestamp, Uuid};

use super::issue::Severity;

/// An import of a roster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transfer {
    pub id: Uuid,
    /// Whether it was a rehearsal.
    pub dry_run: bool,
    /// Whether what came could be written as a whole.
    pub succeeded: bool,
    /// What became of each file.
    pub files: Vec<FileResult>,
    pub error_count: u32,
    pub warning_count: u32,
    /// Who brought it, as `Actor::label` has it.
    pub actor: String,
    /// When.
    pub create_time: Timestamp,
}

/// What an import did with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileResult {
    pub file: String,
    pub rows: u32,
    pub created: u32,
    pub updated: u32,
    pub unchanged: u32,
    pub retired: u32,
}

/// An issue as it was kept: the words are those of the program that found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptIssue {
    pub severity: Severity,
    pub file: String,
    pub line: i32,
    pub column: String,
    pub reason: String,
    pub text: String,
}
