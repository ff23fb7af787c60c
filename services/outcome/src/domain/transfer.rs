//! Imports, and what became of every entry.

use serde::{Deserialize, Serialize};
pub(crate) use trellis_kernel::JobState as State;
use trellis_kernel::{District, Failure, Name, Result, Timestamp, Uuid};

/// The collection of transfers in a name.
pub(crate) const TRANSFERS: &str = "frameworkTransfers";
/// The type of a transfer in errors.
pub(crate) const TRANSFER: &str = "trellis.dev/FrameworkTransfer";

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// Receiving the document.
    Receiving,
    /// Reading the document.
    Reading,
    /// Comparing and writing.
    Writing,
    /// Nothing more.
    Ended,
}

/// What became of the entries of one sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// How many the document holds.
    pub read: u32,
    /// How many are new.
    pub created: u32,
    /// How many were here and are changed.
    pub updated: u32,
    /// How many were here and are as they were.
    pub unchanged: u32,
    /// How many stand in the document a second time, word for word.
    pub repeated: u32,
    /// How many could not be taken.
    pub refused: u32,
    /// How many were here and are no longer in the document.
    pub removed: u32,
}

impl Counts {
    /// Whether anything is different from before.
    pub(crate) const fn changed(&self) -> bool {
        self.created + self.updated + self.removed > 0
    }
}

/// What became of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The outcomes.
    pub outcomes: Counts,
    /// The associations.
    pub associations: Counts,
    /// The definitions.
    pub definitions: Counts,
    /// The rubrics.
    pub rubrics: Counts,
    /// Of the associations read, how many lead to something that the document does not hold.
    pub destinations_elsewhere: u32,
}

/// What an import does to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is new.
    Added,
    /// It says something else than before.
    Changed,
    /// It says the same, and stands elsewhere.
    Moved,
    /// It is no longer there.
    Removed,
}

impl Action {
    /// How it is kept.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Removed => "removed",
        }
    }

    /// Reads what is kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Added, Self::Changed, Self::Moved, Self::Removed].into_iter().find(|own| own.as_str() == text)
    }
}

/// Something that an import changes, or would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What it does.
    pub action: Action,
    /// The section of the package: `CFItems`.
    pub section: String,
    /// The identity of the entry.
    pub entry: Uuid,
    /// The keys of the entry that say something else than before.
    pub fields: Vec<String>,
}

/// One import of a framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    /// The district.
    pub district: District,
    /// Its identity.
    pub id: Uuid,
    /// Whether it only says what would change.
    pub dry_run: bool,
    /// Whether it was asked to publish.
    pub publish: bool,
    /// Whether it has ended, and how.
    pub state: State,
    /// What it is doing.
    pub phase: Phase,
    /// How many bytes of the document have been received.
    pub received: u64,
    /// How many the client announced, or 0.
    pub total: u64,
    /// The framework, once it is known.
    pub framework: Option<Uuid>,
    /// The revision it was published as, or 0.
    pub revision: u32,
    /// Whether anything changed.
    pub changed: bool,
    /// What became of the entries.
    pub tally: Tally,
    /// How many issues there are.
    pub issues: u32,
    /// How many changes there are.
    #[serde(default)]
    pub changes: u32,
    /// When it began.
    pub create_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Where it takes documents from; empty when they are sent.
    #[serde(default)]
    pub source: String,
    /// How many documents it takes from there.
    #[serde(default)]
    pub documents: u32,
    /// How many of them it is done with.
    #[serde(default)]
    pub documents_done: u32,
    /// The imports of these, one for each that was begun.
    #[serde(default)]
    pub parts: Vec<Uuid>,
}

impl Transfer {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        Name::district(self.district.clone()).child(TRANSFERS, self.id)
    }

    /// The transfer as one that does not run here is seen at `now`, having said at `heard` that it lives:
    /// one whose server ended under it is failed. `alone` says that it can run nowhere but here.
    pub(crate) fn seen_at(mut self, now: Timestamp, heard: Timestamp, alone: bool) -> Self {
        if self.state.is_lost(now, heard, alone) {
            self.state = State::Failed;
            self.phase = Phase::Ended;
            self.end_time = Some(heard);
        }
        self
    }
}

/// Reads the name of a transfer.
pub(crate) fn parse_transfer(field: &str, text: &str) -> Result<(District, Uuid)> {
    let name = Name::of(field, text, &[TRANSFERS])?;
    match name.segments.as_slice() {
        [only] if only.revision.is_none() => Ok((name.district.clone(), only.id)),
        _ => Err(Failure::field(field, "a transfer has no revisions")),
    }
}

/// How much an issue matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// Something was repaired or left out.
    Warning,
    /// Why the document, or this entry of it, was refused.
    Error,
}

/// Where in a document something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// A JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// The line, from 1; 0 for the whole document.
    pub line: u32,
    /// The column in that line in bytes, from 1; 0 for the whole document.
    pub column: u32,
}

/// Something to know about one entry of a document. Never quotes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// What it is, for programs.
    pub code: String,
    /// Where.
    pub place: Place,
    /// What is the matter, for people.
    pub text: String,
    /// What was done about it.
    pub repair: String,
}
