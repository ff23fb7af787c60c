//! Writing what a package changes, some entries at a time: what is being written is all that is held of
//! them beside the document itself. The next are read while the database writes.

use std::collections::HashMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};
use trellis_store::{Told, Tx};

use super::reconcile::{ASSOCIATIONS, DOCUMENT, ITEMS, Plan, RUBRICS, Step};
use crate::app::told;
use crate::domain::association::{ASSOCIATION, Association, AssociationContent, association_name};
use crate::domain::case::{self, Definition, Item, Link, Package, Source};
use crate::domain::framework::{FRAMEWORK, FrameworkRef};
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeContent, outcome_name};
use crate::domain::transfer::{Action, Difference, Issue, Place, Severity, Transfer};
use crate::store;
use crate::store::case_entries::Entry;

/// How many entries are written at a time.
const SOME: usize = 2_000;

/// An outcome to write: what becomes of it, where it stands, what it says, and its entry if that changed.
type NewOutcome = (Step, Item, OutcomeContent, Option<Entry>);
/// An association to write, at its position.
type NewAssociation = (Step, Link, i32, AssociationContent, Option<Entry>);

/// Writes what a plan changes and tells of it, or only says what it would change. What there is to know
/// about entries that were edited here joins the plan's issues. Answers with the number of changes.
pub(super) async fn write(
    tx: &mut Tx,
    transfer: &Transfer,
    package: Arc<Package>,
    plan: &mut Plan,
) -> Result<u32> {
    let place = plan.framework.place.clone();
    let now = tx.now();
    store::transfer_changes::delete(tx, place.id).await?;
    let (new, dry) = (plan.new, transfer.dry_run);
    let mut writer = Writer {
        tx,
        place,
        now,
        new,
        dry,
        package: package.clone(),
        transfer: transfer.id,
        told: Vec::new(),
        changes: 0,
        edited: Edited::default(),
    };
    writer.framework(plan).await?;
    let mut batches = read(&package, &plan.outcomes, read_outcome);
    while let Some(batch) = batches.next().await {
        writer.outcomes(batch?).await?;
    }
    let mut batches = read(&package, &plan.associations, read_association);
    while let Some(batch) = batches.next().await {
        writer.associations(batch?).await?;
    }
    for sources in [new_items(plan), new_links(plan)] {
        let mut batches = read(&package, &sources, |package, source| Some(new_entry(package, source)));
        while let Some(batch) = batches.next().await {
            writer.keep(batch?).await?;
        }
    }
    writer.count_edited_rubrics(plan).await?;
    for batch in plan.definitions.chunks(SOME) {
        writer.definitions(batch).await?;
    }
    writer.rubrics(plan).await?;
    writer.forget(plan).await?;
    let (changes, edited) = (writer.changes, writer.edited);
    plan.issues.extend(edited.issues());
    Ok(changes)
}

/// How many resources were edited here and changed there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Edited {
    outcomes: u32,
    associations: u32,
    pub(super) rubrics: u32,
}

impl Edited {
    /// Says which words win where people and the package both changed them.
    fn issues(self) -> impl Iterator<Item = Issue> {
        let all = [
            (ITEMS, "outcomes", self.outcomes),
            (ASSOCIATIONS, "associations", self.associations),
            (RUBRICS, "rubrics", self.rubrics),
        ];
        all.into_iter().filter(|(.., count)| *count > 0).map(|(section, what, count)| Issue {
            severity: Severity::Warning,
            code: "EDITED_HERE".to_owned(),
            place: Place { pointer: format!("/{section}"), line: 0, column: 0 },
            text: format!(
                "Of the {what} whose entries changed, {count} were edited here since they were imported."
            ),
            repair: "The document rules over what it brought: its words replace those written here."
                .to_owned(),
        })
    }
}

/// Reads what entries say, some at a time and ahead of who writes them.
fn read<'p, T, R>(
    package: &Arc<Package>,
    entries: &'p [T],
    each: fn(&Package, &T) -> Option<R>,
) -> impl futures::Stream<Item = Result<Vec<R>>> + Unpin + Send + use<'p, T, R>
where
    T: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    let package = package.clone();
    let read = move |batch: &[T]| {
        let (package, batch) = (package.clone(), batch.to_vec());
        async move {
            let read = move || batch.iter().map(|entry| each(&package, entry)).collect::<Option<Vec<_>>>();
            let read = tokio::task::spawn_blocking(read).await.map_err(Failure::internal)?;
            read.ok_or_else(|| Failure::internal("an entry that was read cannot be read again"))
        }
    };
    stream::iter(entries.chunks(SOME)).map(read).buffered(2).boxed()
}

fn read_outcome(package: &Package, (step, item): &(Step, Item)) -> Option<NewOutcome> {
    let entry = (*step == Step::Change).then(|| entry(package, ITEMS, item.id, String::new(), item.source));
    Some((*step, *item, package.item(item)?, entry))
}

fn read_association(package: &Package, (step, link, position): &(Step, Link, i32)) -> Option<NewAssociation> {
    let entry =
        (*step == Step::Change).then(|| entry(package, ASSOCIATIONS, link.id, String::new(), link.source));
    Some((*step, *link, *position, package.association(link)?, entry))
}

/// Where an entry stands that is new: its section and identity.
type NewSource = (&'static str, Uuid, Source);

/// The entries of new outcomes in the order of their identities, which is that of the table: one that
/// comes behind the last costs a part of what one anywhere between others does.
fn new_items(plan: &Plan) -> Vec<NewSource> {
    let new = plan.outcomes.iter().filter(|(step, _)| *step == Step::Add);
    in_order(new.map(|(_, item)| (ITEMS, item.id, item.source)).collect())
}

/// And those of new associations.
fn new_links(plan: &Plan) -> Vec<NewSource> {
    let new = plan.associations.iter().filter(|(step, ..)| *step == Step::Add);
    in_order(new.map(|(_, link, _)| (ASSOCIATIONS, link.id, link.source)).collect())
}

fn in_order(mut sources: Vec<NewSource>) -> Vec<NewSource> {
    sources.sort_unstable_by_key(|(_, id, _)| *id);
    sources
}

fn new_entry(package: &Package, (section, id, source): &NewSource) -> Entry {
    entry(package, section, *id, String::new(), *source)
}

fn entry(package: &Package, section: &str, id: Uuid, title: String, source: Source) -> Entry {
    let (digest, json) = (source.digest.text(), package.json(source));
    Entry { section: section.to_owned(), id, title, digest, json }
}

pub(super) struct Writer<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) place: FrameworkRef,
    pub(super) now: Timestamp,
    /// Whether the framework is new, and nothing of it is here.
    new: bool,
    /// Whether to say only what would change.
    pub(super) dry: bool,
    pub(super) package: Arc<Package>,
    transfer: Uuid,
    /// What was told and is not written yet.
    told: Vec<Told>,
    /// How many changes there are so far.
    changes: u32,
    /// How many resources were edited here and changed there.
    pub(super) edited: Edited,
}

impl Writer<'_> {
    pub(super) fn tell(&mut self, kind: &'static str, name: &Name, resource_type: &'static str) {
        if !self.dry {
            self.told.push(told(kind, name, resource_type));
        }
    }

    /// Writes what was told since.
    async fn spread(&mut self) -> Result<()> {
        self.tx.tell_many(std::mem::take(&mut self.told)).await
    }

    async fn keep(&self, entries: Vec<Entry>) -> Result<()> {
        if self.dry {
            Ok(())
        } else if self.new {
            store::case_entries::insert(self.tx, self.place.id, entries).await
        } else {
            store::case_entries::put(self.tx, self.place.id, entries).await
        }
    }

    /// Keeps what is changed, for the list of changes.
    pub(super) async fn record(&mut self, differences: &[Difference]) -> Result<()> {
        let first = i32::try_from(self.changes + 1).map_err(Failure::internal)?;
        self.changes += u32::try_from(differences.len()).map_err(Failure::internal)?;
        store::transfer_changes::insert(self.tx, self.place.id, self.transfer, first, differences).await
    }

    /// What the entries of a section said before that are said to change now.
    pub(super) async fn before(&self, section: &str, changed: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        if changed.is_empty() {
            return Ok(HashMap::new());
        }
        store::case_entries::json(self.tx, self.place.id, section, &changed).await
    }

    async fn framework(&mut self, plan: &Plan) -> Result<()> {
        let kind = if plan.new { "framework.created" } else { "framework.updated" };
        if !self.dry {
            self.tx.tell(told(kind, &self.place.name(), FRAMEWORK));
        }
        if !self.dry && plan.new {
            store::frameworks::insert(self.tx, &plan.framework).await?;
        } else if !self.dry {
            store::frameworks::update(self.tx, &plan.framework).await?;
        }
        let Some(step) = plan.document else { return Ok(()) };
        let (id, source) = (self.package.document.id, self.package.document.source);
        let entry = entry(&self.package, DOCUMENT, id, String::new(), source);
        let before = self.before(DOCUMENT, changed([(step, id)])).await?;
        let step = if plan.new { Step::Add } else { Step::Change };
        self.record(&[difference(step, DOCUMENT, id, before.get(&id), Some(&entry))]).await?;
        self.keep(vec![entry]).await
    }

    async fn outcomes(&mut self, batch: Vec<NewOutcome>) -> Result<()> {
        let here: Vec<Uuid> =
            batch.iter().filter(|(step, ..)| *step != Step::Add).map(|(_, item, ..)| item.id).collect();
        let mut held: HashMap<Uuid, Outcome> = HashMap::new();
        if !here.is_empty() {
            let found = store::outcomes::some(self.tx, &self.place, &here).await?;
            held.extend(found.into_iter().map(|outcome| (outcome.id, outcome)));
        }
        let before =
            self.before(ITEMS, changed(batch.iter().map(|(step, item, ..)| (*step, item.id)))).await?;
        let (mut added, mut changed, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let mut differences = Vec::with_capacity(batch.len());
        for (step, item, content, entry) in batch {
            let before = before.get(&item.id);
            differences.push(difference(step, ITEMS, item.id, before, entry.as_ref()));
            entries.extend(entry);
            let name = outcome_name(&self.place, item.id);
            match held.remove(&item.id) {
                None => {
                    self.tell("outcome.created", &name, OUTCOME);
                    added.push(self.outcome(item, content));
                }
                Some(outcome) => {
                    let edited =
                        before.is_some_and(|before| self.package.is_edited(before, &outcome.content));
                    self.edited.outcomes += u32::from(edited);
                    self.tell("outcome.updated", &name, OUTCOME);
                    changed.push(self.changed(step, item, content, outcome));
                }
            }
        }
        if !self.dry {
            store::outcomes::insert(self.tx, &added).await?;
            store::outcomes::put(self.tx, &changed).await?;
        }
        self.spread().await?;
        self.record(&differences).await?;
        self.keep(entries).await
    }

    fn outcome(&self, item: Item, content: OutcomeContent) -> Outcome {
        Outcome {
            framework: self.place.clone(),
            id: item.id,
            content,
            parent: item.parent,
            list_order: item.order,
            published: 0,
            create_time: self.now,
            update_time: self.now,
            version: 1,
        }
    }

    /// What people set here and no package says stays as it is.
    fn changed(&self, step: Step, item: Item, content: OutcomeContent, held: Outcome) -> Outcome {
        let content = if step == Step::Move {
            held.content
        } else {
            let OutcomeContent { kind, external_ids, .. } = held.content;
            OutcomeContent { kind, external_ids, ..content }
        };
        Outcome {
            content,
            parent: item.parent,
            list_order: item.order,
            update_time: self.now,
            version: held.version + 1,
            ..held
        }
    }

    async fn associations(&mut self, batch: Vec<NewAssociation>) -> Result<()> {
        let here: Vec<Uuid> =
            batch.iter().filter(|(step, ..)| *step != Step::Add).map(|(_, link, ..)| link.id).collect();
        let mut held: HashMap<Uuid, Association> = HashMap::new();
        if !here.is_empty() {
            let found = store::associations::some(self.tx, &self.place, &here).await?;
            held.extend(found.into_iter().map(|association| (association.id, association)));
        }
        let steps = batch.iter().map(|(step, link, ..)| (*step, link.id));
        let before = self.before(ASSOCIATIONS, changed(steps)).await?;
        let (mut added, mut changed, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        let mut differences = Vec::with_capacity(batch.len());
        for (step, link, position, content, entry) in batch {
            let before = before.get(&link.id);
            differences.push(difference(step, ASSOCIATIONS, link.id, before, entry.as_ref()));
            entries.extend(entry);
            let name = association_name(&self.place, link.id);
            let update_time = self.now;
            if let Some(held) = held.remove(&link.id) {
                let edited =
                    before.is_some_and(|before| self.package.is_association_edited(before, &held.content));
                self.edited.associations += u32::from(edited);
                self.tell("association.updated", &name, ASSOCIATION);
                let version = held.version + 1;
                let content = if step == Step::Move { held.content.standing_as(content) } else { content };
                changed.push((Association { content, update_time, version, ..held }, position));
            } else {
                self.tell("association.created", &name, ASSOCIATION);
                let (framework, create_time) = (self.place.clone(), self.now);
                let association =
                    Association { framework, id: link.id, content, create_time, update_time, version: 1 };
                added.push((association, position));
            }
        }
        if !self.dry {
            store::associations::insert(self.tx, &added).await?;
            store::associations::put(self.tx, &changed).await?;
        }
        self.spread().await?;
        self.record(&differences).await?;
        self.keep(entries).await
    }

    async fn definitions(&mut self, batch: &[(Step, Definition)]) -> Result<()> {
        let (mut differences, mut entries) =
            (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for (step, definition) in batch {
            let Definition { section, id, source, .. } = definition;
            let entry = entry(&self.package, section, *id, self.package.title(definition), *source);
            let before = self.before(section, changed([(*step, *id)])).await?;
            differences.push(difference(*step, section, *id, before.get(id), Some(&entry)));
            entries.push(entry);
        }
        self.record(&differences).await?;
        self.keep(entries).await
    }

    /// Deletes what is no longer in the package.
    async fn forget(&mut self, plan: &Plan) -> Result<()> {
        for id in &plan.outcomes_gone {
            self.tell("outcome.deleted", &outcome_name(&self.place, *id), OUTCOME);
        }
        for id in &plan.associations_gone {
            self.tell("association.deleted", &association_name(&self.place, *id), ASSOCIATION);
        }
        self.spread().await?;
        let others = plan
            .entries_gone
            .iter()
            .filter(|(section, _)| ![ITEMS, ASSOCIATIONS].contains(&section.as_str()));
        let gone = [(ITEMS, &plan.outcomes_gone), (ASSOCIATIONS, &plan.associations_gone)];
        for (section, ids) in gone.into_iter().chain(others.map(|(section, ids)| (section.as_str(), ids))) {
            for some in ids.chunks(SOME) {
                let removed = |id: &Uuid| Difference {
                    action: Action::Removed,
                    section: section.to_owned(),
                    entry: *id,
                    fields: Vec::new(),
                };
                self.record(&some.iter().map(removed).collect::<Vec<_>>()).await?;
            }
        }
        if self.dry {
            return Ok(());
        }
        store::outcomes::delete(self.tx, self.place.id, &plan.outcomes_gone).await?;
        store::associations::delete(self.tx, self.place.id, &plan.associations_gone).await?;
        for (section, ids) in &plan.entries_gone {
            store::case_entries::delete(self.tx, self.place.id, section, ids).await?;
        }
        Ok(())
    }
}

/// Those entries that say something else than before.
pub(super) fn changed(steps: impl IntoIterator<Item = (Step, Uuid)>) -> Vec<Uuid> {
    steps.into_iter().filter(|(step, _)| *step == Step::Change).map(|(_, id)| id).collect()
}

fn difference(
    step: Step,
    section: &str,
    entry: Uuid,
    before: Option<&String>,
    after: Option<&Entry>,
) -> Difference {
    let action = match step {
        Step::Add => Action::Added,
        Step::Change => Action::Changed,
        Step::Move => Action::Moved,
    };
    let fields = match (before, after) {
        (Some(before), Some(after)) => case::differences(before, &after.json),
        _ => Vec::new(),
    };
    Difference { action, section: section.to_owned(), entry, fields }
}
