//! Outcomes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};

use super::framework::{FRAMEWORKS, FrameworkRef, unpinned};
use super::text::{CaseIdentity, ExternalId, Text, check_external_ids, check_line, check_texts};

/// The collection of outcomes in a name.
pub(crate) const OUTCOMES: &str = "outcomes";
/// The type of an outcome in errors and changes.
pub(crate) const OUTCOME: &str = "trellis.dev/Outcome";

/// What an outcome is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeKind {
    /// Not stated: CASE does not say it.
    #[default]
    Unspecified,
    /// What a learner knows and understands.
    Knowledge,
    /// What a learner can do.
    Skill,
    /// How a learner sees themself and the world, and acts on it.
    Mindset,
}

impl OutcomeKind {
    /// How it is kept in its column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::Knowledge => "knowledge",
            Self::Skill => "skill",
            Self::Mindset => "mindset",
        }
    }
}

/// What people write about an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutcomeContent {
    /// Knowledge, skill or mindset.
    pub kind: OutcomeKind,
    /// What the learner knows, does or is.
    pub statement: Vec<Text>,
    /// The same in a few words.
    pub abbreviated: Vec<Text>,
    /// Notes for those who use it.
    pub notes: Vec<Text>,
    /// The code by which people know it.
    pub code: String,
    /// What sort of thing it is in its framework.
    pub item_type: String,
    /// The education levels.
    pub education_levels: Vec<String>,
    /// The concepts that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concept_keywords: Vec<String>,
    /// How it is numbered among its siblings.
    pub list_enumeration: String,
    /// The language.
    pub language: String,
    /// The first day on which it is in force.
    pub valid_from: Option<Date>,
    /// The last day on which it is in force.
    pub valid_until: Option<Date>,
    /// Its identifiers in other systems.
    pub external_ids: Vec<ExternalId>,
    /// What it is called in CASE.
    pub case: Option<CaseIdentity>,
}

impl OutcomeContent {
    /// Refuses what no outcome may be. Only an imported one may have no kind.
    pub(crate) fn check(&self) -> Result<()> {
        if self.kind == OutcomeKind::Unspecified && self.case.is_none() {
            return Err(Failure::field("outcome.kind", "value is required"));
        }
        check_texts("outcome.statement", &self.statement, true)?;
        check_texts("outcome.abbreviated_statement", &self.abbreviated, false)?;
        check_texts("outcome.notes", &self.notes, false)?;
        check_external_ids(&self.external_ids)?;
        check_line("outcome.code", &self.code)?;
        check_line("outcome.type", &self.item_type)?;
        check_line("outcome.list_enumeration", &self.list_enumeration)?;
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until < from
        {
            return Err(Failure::field("outcome.valid_until", "must not be before valid_from"));
        }
        Ok(())
    }
}

/// An outcome, as it is in a draft or was in a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Its framework, pinned or not.
    pub framework: FrameworkRef,
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: OutcomeContent,
    /// The outcome above it; none at the top.
    pub parent: Option<Uuid>,
    /// Its place among its siblings.
    pub list_order: i32,
    /// The last revision that holds it, or 0.
    pub published: u32,
    /// When it was created here.
    pub create_time: Timestamp,
    /// When it was last changed here.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Outcome {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        outcome_name(&self.framework, self.id)
    }
}

/// The name of an outcome of a framework.
pub(crate) fn outcome_name(framework: &FrameworkRef, id: Uuid) -> Name {
    framework.name().child(OUTCOMES, id)
}

/// Reads the name of an outcome, its framework pinned or not.
pub(crate) fn parse_outcome(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    let name = Name::of(field, text, &[FRAMEWORKS, OUTCOMES])?;
    let id = own_id(field, &name)?;
    Ok((FrameworkRef::of(&name)?, id))
}

/// Reads the name of an outcome of a draft.
pub(crate) fn parse_draft_outcome(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    unpinned(&Name::of(field, text, &[FRAMEWORKS, OUTCOMES])?)?;
    parse_outcome(field, text)
}

/// The id of the innermost resource of a name; a framework's child is not pinned by itself.
pub(crate) fn own_id(field: &str, name: &Name) -> Result<Uuid> {
    match name.segments.last() {
        Some(last) if last.revision.is_none() => Ok(last.id),
        _ => Err(Failure::field(field, "only a framework has revisions: pin its id in the name")),
    }
}
