//! What is wrong with an imported file, for the one who has to mend it.

use serde::{Deserialize, Serialize};

/// How much an issue matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// Something was left out.
    Warning,
    /// Why the import was refused.
    Error,
}

/// Something about an import. It never holds a value of the row: that may be personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// The file; empty for the archive as a whole.
    pub file: &'static str,
    /// The line, the first being 1; 0 for the file as a whole.
    pub line: u32,
    /// The column; empty for the row as a whole.
    pub column: &'static str,
    /// What it is, for a program.
    pub reason: &'static str,
    /// What it is, for a person.
    pub text: String,
}

/// What was found so far. Every issue is counted; only the first of them are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// The issues that are kept, in the order in which they were found.
    pub issues: Vec<Issue>,
    /// How many errors there are.
    pub errors: u32,
    /// How many warnings there are.
    pub warnings: u32,
}

impl Report {
    /// How many issues are kept: a file that is wrong throughout is wrong in the same way throughout.
    pub(crate) const KEPT: usize = 10_000;

    /// Adds an issue.
    pub(crate) fn add(&mut self, issue: Issue) {
        match issue.severity {
            Severity::Error => self.errors = self.errors.saturating_add(1),
            Severity::Warning => self.warnings = self.warnings.saturating_add(1),
            Severity::Note => {}
        }
        if self.issues.len() < Self::KEPT {
            self.issues.push(issue);
        }
    }

    /// Adds an error about a file as a whole, or about the archive when `file` is empty.
    pub(crate) fn refuse(&mut self, file: &'static str, reason: &'static str, text: impl Into<String>) {
        self.add(Issue { severity: Severity::Error, file, line: 0, column: "", reason, text: text.into() });
    }

    /// Adds a warning about a file as a whole.
    pub(crate) fn warn(&mut self, file: &'static str, reason: &'static str, text: impl Into<String>) {
        self.add(Issue { severity: Severity::Warning, file, line: 0, column: "", reason, text: text.into() });
    }

    /// Whether anything stands in the way of the import.
    pub(crate) fn is_refused(&self) -> bool {
        self.errors > 0
    }
}
