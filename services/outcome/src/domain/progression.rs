//! Progressions.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};

use super::framework::{FRAMEWORKS, FrameworkRef, unpinned};
use super::outcome::own_id;
use super::proficiency_scale::{Scale, ScaleRef};
use super::text::{Text, check_texts};

/// The collection of progressions in a name.
pub(crate) const PROGRESSIONS: &str = "progressions";
/// The type of a progression in errors and changes.
pub(crate) const PROGRESSION: &str = "trellis.dev/Progression";

/// One level of a progression; its number is its place, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Level {
    /// Its name.
    pub title: Vec<Text>,
    /// What a learner at this level says of themself.
    pub descriptor: Vec<Text>,
    /// What others can see, each in one language or several.
    #[serde(default)]
    pub indicators: Vec<Vec<Text>>,
}

/// What people write about a progression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProgressionContent {
    /// What it is called.
    pub title: Vec<Text>,
    /// The outcome, or the outcomes of the family, in its own framework.
    pub outcomes: Vec<Uuid>,
    /// The levels, from the first to the last.
    pub levels: Vec<Level>,
    /// The revision of a scale whose levels these are, by number.
    #[serde(default)]
    pub scale: Option<ScaleRef>,
}

impl ProgressionContent {
    /// Refuses what no progression may be.
    pub(crate) fn check(&self) -> Result<()> {
        check_texts("progression.title", &self.title, false)?;
        if self.outcomes.is_empty() {
            return Err(Failure::field("progression.outcomes", "must name at least one outcome"));
        }
        if self.levels.len() < 2 {
            return Err(Failure::field("progression.levels", "must hold at least two levels"));
        }
        for (index, level) in self.levels.iter().enumerate() {
            check_texts(&format!("progression.levels[{index}].title"), &level.title, true)?;
            check_texts(&format!("progression.levels[{index}].description"), &level.descriptor, true)?;
            for (place, indicator) in level.indicators.iter().enumerate() {
                let field = format!("progression.levels[{index}].indicators[{place}].description");
                check_texts(&field, indicator, true)?;
            }
            if self.levels[..index].iter().any(|other| other.title == level.title) {
                return Err(Failure::field(
                    format!("progression.levels[{index}].title"),
                    "must be different from those of the levels before it",
                ));
            }
        }
        Ok(())
    }

    /// Refuses levels that are not as many as those of the scale that is said to be theirs.
    pub(crate) fn check_scale(&self, scale: &Scale) -> Result<()> {
        let count = scale.content.levels.len();
        if count == self.levels.len() {
            return Ok(());
        }
        Err(Failure::field(
            "progression.levels",
            format!("must be {count}: the proficiency scale has as many"),
        ))
    }
}

/// A progression, as it is in a draft or was in a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progression {
    /// Its framework, pinned or not.
    pub framework: FrameworkRef,
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: ProgressionContent,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Progression {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        self.framework.name().child(PROGRESSIONS, self.id)
    }
}

/// Reads the name of a progression, its framework pinned or not.
pub(crate) fn parse_progression(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    let name = Name::of(field, text, &[FRAMEWORKS, PROGRESSIONS])?;
    let id = own_id(field, &name)?;
    Ok((FrameworkRef::of(&name)?, id))
}

/// Reads the name of a progression of a draft.
pub(crate) fn parse_draft_progression(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    unpinned(&Name::of(field, text, &[FRAMEWORKS, PROGRESSIONS])?)?;
    parse_progression(field, text)
}
