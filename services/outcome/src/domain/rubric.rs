//! Rubrics: by which criteria, and at which levels of each, work is told apart.

mod alignment;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};

use super::decimal::Decimal;
use super::framework::{FRAMEWORKS, FrameworkRef, unpinned};
use super::outcome::own_id;
use super::text::{CaseIdentity, Text, check_line, check_texts, primary};

pub(crate) use alignment::{Alignment, Held};

/// The collection of rubrics in a name.
pub(crate) const RUBRICS: &str = "rubrics";
/// The type of a rubric in errors and changes.
pub(crate) const RUBRIC: &str = "trellis.dev/Rubric";

/// The most criteria that a rubric has.
pub(crate) const MAX_CRITERIA: usize = 50;
/// The most levels that a criterion has.
pub(crate) const MAX_LEVELS: usize = 20;
/// The most bytes that the texts of a rubric have together, so that it fits into any message.
pub(crate) const MAX_TEXT: usize = 1024 * 1024;

/// One level of a criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RubricLevel {
    /// Its identity in its criterion.
    pub id: Uuid,
    /// Its name.
    pub quality: Vec<Text>,
    /// What work at this level is like.
    pub description: Vec<Text>,
    /// What is said to whoever is at this level.
    pub feedback: Vec<Text>,
    /// The points that it gives.
    pub score: Option<Decimal>,
    /// Its place as its authors count.
    pub position: Option<i32>,
}

/// One thing that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Criterion {
    /// Its identity in the rubric.
    pub id: Uuid,
    /// What it belongs to among the criteria.
    pub category: String,
    /// What is looked at.
    pub description: Vec<Text>,
    /// How much it counts beside the others.
    pub weight: Option<Decimal>,
    /// Its place as its authors count.
    pub position: Option<i32>,
    /// The outcome that it looks at.
    pub outcome: Option<Alignment>,
    /// Its levels, in the order of their positions.
    pub levels: Vec<RubricLevel>,
}

/// What people write about a rubric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RubricContent {
    /// What it is called.
    pub title: Vec<Text>,
    /// What it is for.
    pub description: Vec<Text>,
    /// The criteria, in the order of their positions.
    pub criteria: Vec<Criterion>,
    /// What it is called in CASE.
    pub case: Option<CaseIdentity>,
}

impl RubricContent {
    /// Puts criteria and levels into the order of their positions; those without one stay in their order,
    /// behind the others.
    pub(crate) fn arranged(mut self) -> Self {
        let place = |position: Option<i32>| (position.is_none(), position);
        self.criteria.sort_by_key(|criterion| place(criterion.position));
        for criterion in &mut self.criteria {
            criterion.levels.sort_by_key(|level| place(level.position));
        }
        self
    }

    /// Refuses what no rubric may be. Only an imported one may have no title.
    pub(crate) fn check(&self) -> Result<()> {
        check_texts("rubric.title", &self.title, self.case.is_none())?;
        check_texts("rubric.description", &self.description, false)?;
        if self.criteria.len() > MAX_CRITERIA {
            return Err(Failure::field("rubric.criteria", format!("must be at most {MAX_CRITERIA}")));
        }
        let mut seen = HashSet::new();
        for (index, criterion) in self.criteria.iter().enumerate() {
            let field = format!("rubric.criteria[{index}]");
            unique(&mut seen, criterion.id, &field)?;
            criterion.check(&field)?;
        }
        if self.size() > MAX_TEXT {
            return Err(Failure::field("rubric", "its texts together must be at most 1 MiB"));
        }
        Ok(())
    }

    /// How many bytes its texts have together.
    pub(crate) fn size(&self) -> usize {
        size(&self.title) + size(&self.description) + self.criteria.iter().map(Criterion::size).sum::<usize>()
    }

    /// The outcomes that its criteria look at.
    pub(crate) fn alignments(&self) -> impl Iterator<Item = &Alignment> {
        self.criteria.iter().filter_map(|criterion| criterion.outcome.as_ref())
    }

    /// Follows which outcomes its framework holds: what a criterion names by its GUID is held as soon as it
    /// is there, and known by its GUID alone when it is gone. Answers whether that changed anything.
    pub(crate) fn realign(&mut self, holds: impl Fn(Uuid) -> bool) -> bool {
        let mut changed = false;
        for alignment in self.criteria.iter_mut().filter_map(|criterion| criterion.outcome.as_mut()) {
            changed |= alignment.realign(&holds);
        }
        changed
    }

    /// Looks no longer at outcomes of its framework that are deleted. What others say of them stays.
    pub(crate) fn loosen(&mut self, gone: &[Uuid]) {
        for criterion in &mut self.criteria {
            criterion.outcome = criterion.outcome.take().and_then(|alignment| alignment.loosened(gone));
        }
    }

    /// What a package says of a rubric that is here. CASE has each text in one language: those that people
    /// wrote here beside it stay as long as it says the same. `language` is the framework's.
    pub(crate) fn taking(self, new: Self, language: &str) -> Self {
        let criteria = new.criteria.into_iter().map(|mut criterion| {
            if let Some(own) = self.criteria.iter().find(|own| own.id == criterion.id) {
                criterion.take(own, language);
            }
            criterion
        });
        Self {
            title: translated(self.title, new.title, language),
            description: translated(self.description, new.description, language),
            criteria: criteria.collect(),
            case: new.case,
        }
    }
}

impl Criterion {
    fn check(&self, field: &str) -> Result<()> {
        check_line(&format!("{field}.category"), &self.category)?;
        check_texts(&format!("{field}.description"), &self.description, false)?;
        if let Some(alignment) = &self.outcome {
            alignment.check(&format!("{field}.outcome"))?;
        }
        if self.levels.len() > MAX_LEVELS {
            return Err(Failure::field(format!("{field}.levels"), format!("must be at most {MAX_LEVELS}")));
        }
        let mut seen = HashSet::new();
        for (index, level) in self.levels.iter().enumerate() {
            let field = format!("{field}.levels[{index}]");
            unique(&mut seen, level.id, &field)?;
            check_texts(&format!("{field}.quality"), &level.quality, false)?;
            check_texts(&format!("{field}.description"), &level.description, false)?;
            check_texts(&format!("{field}.feedback"), &level.feedback, false)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let levels =
            self.levels.iter().flat_map(|level| [&level.quality, &level.description, &level.feedback]);
        let alignment = self.outcome.as_ref().map_or(0, Alignment::size);
        self.category.len()
            + alignment
            + size(&self.description)
            + levels.map(|texts| size(texts)).sum::<usize>()
    }

    fn take(&mut self, own: &Self, language: &str) {
        let new = std::mem::take(&mut self.description);
        self.description = translated(own.description.clone(), new, language);
        for level in &mut self.levels {
            let Some(own) = own.levels.iter().find(|own| own.id == level.id).cloned() else { continue };
            level.quality = translated(own.quality, std::mem::take(&mut level.quality), language);
            level.description = translated(own.description, std::mem::take(&mut level.description), language);
            level.feedback = translated(own.feedback, std::mem::take(&mut level.feedback), language);
        }
    }
}

/// A text with its translations, when it says what it said before.
fn translated(own: Vec<Text>, new: Vec<Text>, language: &str) -> Vec<Text> {
    if primary(&own, language) == primary(&new, language) { own } else { new }
}

fn unique(seen: &mut HashSet<Uuid>, id: Uuid, field: &str) -> Result<()> {
    if seen.insert(id) {
        return Ok(());
    }
    Err(Failure::field(format!("{field}.uid"), "must be different from those before it"))
}

fn size(texts: &[Text]) -> usize {
    texts.iter().map(|text| text.text.len() + text.language.len()).sum()
}

/// A rubric, as it is in a draft or was in a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rubric {
    /// Its framework, pinned or not.
    pub framework: FrameworkRef,
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: RubricContent,
    /// When it was created here.
    pub create_time: Timestamp,
    /// When it was last changed here.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Rubric {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        rubric_name(&self.framework, self.id)
    }
}

/// The name of a rubric of a framework.
pub(crate) fn rubric_name(framework: &FrameworkRef, id: Uuid) -> Name {
    framework.name().child(RUBRICS, id)
}

/// Reads the name of a rubric, its framework pinned or not.
pub(crate) fn parse_rubric(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    let name = Name::of(field, text, &[FRAMEWORKS, RUBRICS])?;
    let id = own_id(field, &name)?;
    Ok((FrameworkRef::of(&name)?, id))
}

/// Reads the name of a rubric of a draft.
pub(crate) fn parse_draft_rubric(field: &str, text: &str) -> Result<(FrameworkRef, Uuid)> {
    unpinned(&Name::of(field, text, &[FRAMEWORKS, RUBRICS])?)?;
    parse_rubric(field, text)
}
