//! What an import makes of the rubrics of a package, beside the entries that are kept of them.

use std::collections::HashMap;

use trellis_kernel::{Result, Uuid};

use super::reconcile::{Aligned, Plan, RUBRICS, Step};
use super::writing::{Writer, changed};
use crate::domain::case::Definition;
use crate::domain::rubric::{RUBRIC, Rubric, RubricContent, rubric_name};
use crate::domain::transfer::{Action, Difference};
use crate::store;

/// How many rubrics are written at a time.
const SOME: usize = 500;

impl Writer<'_> {
    /// Writes the rubrics whose entries are new or changed, those whose criteria look at outcomes that came or
    /// went, and deletes those that are gone.
    pub(super) async fn rubrics(&mut self, plan: &Plan) -> Result<()> {
        for some in entries(plan).chunks(SOME) {
            self.some_rubrics(some, plan).await?;
        }
        for some in plan.rubrics_moved.chunks(SOME) {
            self.moved_rubrics(some, &plan.aligned).await?;
        }
        self.delete_rubrics(&plan.rubrics_gone).await
    }

    /// Counts the rubrics that were edited here and changed there, which is known until their entries are
    /// written.
    pub(super) async fn count_edited_rubrics(&mut self, plan: &Plan) -> Result<()> {
        let ids = changed(entries(plan).into_iter().map(|(step, entry)| (*step, entry.id)));
        for some in ids.chunks(SOME) {
            let held = self.held_rubrics(some).await?;
            for (id, before) in self.before(RUBRICS, some.to_vec()).await? {
                let edited = held
                    .get(&id)
                    .is_some_and(|held| self.package.is_rubric_edited(&before, id, &held.content));
                self.edited.rubrics += u32::from(edited);
            }
        }
        Ok(())
    }

    async fn some_rubrics(&mut self, entries: &[&(Step, Definition)], plan: &Plan) -> Result<()> {
        let ids: Vec<Uuid> = entries.iter().map(|(_, entry)| entry.id).collect();
        let mut held = self.held_rubrics(&ids).await?;
        let (mut written, mut unread) = (Vec::with_capacity(entries.len()), Vec::new());
        for (_, entry) in entries {
            match (self.package.rubric(entry), held.remove(&entry.id)) {
                (Some(content), held) => {
                    written.push(self.rubric(entry.id, content, held, plan));
                }
                // The package rules over what it brought: what it says now makes no rubric.
                (None, Some(_)) => unread.push(entry.id),
                (None, None) => {}
            }
        }
        for rubric in &written {
            let kind = if rubric.version == 1 { "rubric.created" } else { "rubric.updated" };
            self.tell(kind, &rubric.name(), RUBRIC);
        }
        if !self.dry {
            store::rubrics::put(self.tx, &written).await?;
        }
        self.delete_rubrics(&unread).await
    }

    fn rubric(&self, id: Uuid, mut content: RubricContent, held: Option<Rubric>, plan: &Plan) -> Rubric {
        content.realign(|outcome| plan.aligned.holds(&self.package, outcome));
        let new = || Rubric {
            framework: self.place.clone(),
            id,
            content: RubricContent::default(),
            create_time: self.now,
            update_time: self.now,
            version: 0,
        };
        let held = held.unwrap_or_else(new);
        let language = &plan.framework.content.language;
        Rubric {
            content: held.content.taking(content, language),
            update_time: self.now,
            version: held.version + 1,
            ..held
        }
    }

    /// Writes rubrics that say the same, and look at outcomes that came or went.
    async fn moved_rubrics(&mut self, ids: &[Uuid], aligned: &Aligned) -> Result<()> {
        let mut moved: Vec<Rubric> = self.held_rubrics(ids).await?.into_values().collect();
        moved.sort_unstable_by_key(|rubric| rubric.id);
        for rubric in &mut moved {
            rubric.content.realign(|outcome| aligned.holds(&self.package, outcome));
            rubric.version += 1;
            rubric.update_time = self.now;
            self.tell("rubric.updated", &rubric_name(&self.place, rubric.id), RUBRIC);
        }
        let differences: Vec<Difference> = moved
            .iter()
            .map(|rubric| Difference {
                action: Action::Moved,
                section: RUBRICS.to_owned(),
                entry: rubric.id,
                fields: Vec::new(),
            })
            .collect();
        self.record(&differences).await?;
        if self.dry { Ok(()) } else { store::rubrics::put(self.tx, &moved).await }
    }

    async fn held_rubrics(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Rubric>> {
        let held = store::rubrics::some(self.tx, &self.place, ids).await?;
        Ok(held.into_iter().map(|rubric| (rubric.id, rubric)).collect())
    }

    async fn delete_rubrics(&mut self, ids: &[Uuid]) -> Result<()> {
        for id in ids {
            self.tell("rubric.deleted", &rubric_name(&self.place, *id), RUBRIC);
        }
        if self.dry { Ok(()) } else { store::rubrics::delete(self.tx, self.place.id, ids).await }
    }
}

/// The entries of rubrics that are new or changed.
fn entries(plan: &Plan) -> Vec<&(Step, Definition)> {
    plan.definitions.iter().filter(|(_, definition)| definition.section == RUBRICS).collect()
}
