//! Writing what a package changes, some entries at a time: what is being written is all that is held of
//! them beside the document itself. The next are read while the database writes.

use std::collections::HashMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _};
use trellis_kernel::{Failure, Name, Result, Timestamp, Uuid};
use trellis_store::Tx;

use super::reconcile::{ASSOCIATIONS, DOCUMENT, ITEMS, Plan, Step};
use crate::app::told;
use crate::domain::association::{ASSOCIATION, Association, AssociationContent, association_name};
use crate::domain::case::{Definition, Item, Link, Package, Source};
use crate::domain::framework::{FRAMEWORK, FrameworkRef};
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeContent, outcome_name};
use crate::store;
use crate::store::case_entries::Entry;

/// How many entries are written at a time.
const SOME: usize = 2_000;

/// An outcome to write: what becomes of it, where it stands, what it says, and its entry if that is new.
type NewOutcome = (Step, Item, OutcomeContent, Option<Entry>);
/// An association to write, at its position.
type NewAssociation = (Step, Link, i32, AssociationContent, Option<Entry>);

/// Writes what a plan changes, and tells of it.
pub(super) async fn write(tx: &mut Tx, package: Arc<Package>, plan: &Plan) -> Result<()> {
    let place = plan.framework.place.clone();
    let now = tx.now();
    let kind = if plan.new { "framework.created" } else { "framework.updated" };
    tx.tell(told(kind, &place.name(), FRAMEWORK));
    if plan.new {
        store::frameworks::insert(tx, &plan.framework).await?;
    } else {
        store::frameworks::update(tx, &plan.framework).await?;
    }
    let mut writer = Writer { tx, place, now, new: plan.new };
    if plan.document.is_some() {
        let source = package.document.source;
        let own = package.document.id;
        writer.keep(vec![entry(&package, DOCUMENT, own, String::new(), source)]).await?;
    }
    let mut batches = read(&package, &plan.outcomes, read_outcome);
    while let Some(batch) = batches.next().await {
        writer.outcomes(batch?).await?;
    }
    let mut batches = read(&package, &plan.associations, read_association);
    while let Some(batch) = batches.next().await {
        writer.associations(batch?).await?;
    }
    for batch in plan.definitions.chunks(SOME) {
        writer.definitions(&package, batch).await?;
    }
    writer.forget(plan).await
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
    let entry = (*step != Step::Move).then(|| entry(package, ITEMS, item.id, String::new(), item.source));
    Some((*step, *item, package.item(item)?, entry))
}

fn read_association(package: &Package, (step, link, position): &(Step, Link, i32)) -> Option<NewAssociation> {
    let entry =
        (*step != Step::Move).then(|| entry(package, ASSOCIATIONS, link.id, String::new(), link.source));
    Some((*step, *link, *position, package.association(link)?, entry))
}

fn entry(package: &Package, section: &str, id: Uuid, title: String, source: Source) -> Entry {
    let (digest, json) = (source.digest.text(), package.json(source));
    Entry { section: section.to_owned(), id, title, digest, json }
}

struct Writer<'t> {
    tx: &'t mut Tx,
    place: FrameworkRef,
    now: Timestamp,
    /// Whether the framework is new, and nothing of it is here.
    new: bool,
}

impl Writer<'_> {
    fn tell(&mut self, kind: &'static str, name: &Name, resource_type: &'static str) {
        self.tx.tell(told(kind, name, resource_type));
    }

    async fn keep(&self, entries: Vec<Entry>) -> Result<()> {
        if self.new {
            store::case_entries::insert(self.tx, self.place.id, entries).await
        } else {
            store::case_entries::put(self.tx, self.place.id, entries).await
        }
    }

    async fn outcomes(&mut self, batch: Vec<NewOutcome>) -> Result<()> {
        let here: Vec<Uuid> =
            batch.iter().filter(|(step, ..)| *step != Step::Add).map(|(_, item, ..)| item.id).collect();
        let mut held: HashMap<Uuid, Outcome> = HashMap::new();
        if !here.is_empty() {
            let found = store::outcomes::some(self.tx, &self.place, &here).await?;
            held.extend(found.into_iter().map(|outcome| (outcome.id, outcome)));
        }
        let (mut added, mut changed, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (step, item, content, entry) in batch {
            entries.extend(entry);
            let name = outcome_name(&self.place, item.id);
            match held.remove(&item.id) {
                None => {
                    self.tell("outcome.created", &name, OUTCOME);
                    added.push(self.outcome(item, content));
                }
                Some(outcome) => {
                    self.tell("outcome.updated", &name, OUTCOME);
                    changed.push(self.changed(step, item, content, outcome));
                }
            }
        }
        store::outcomes::insert(self.tx, &added).await?;
        store::outcomes::put(self.tx, &changed).await?;
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
        let (mut added, mut changed, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (_, link, position, content, entry) in batch {
            entries.extend(entry);
            let name = association_name(&self.place, link.id);
            let update_time = self.now;
            if let Some(held) = held.remove(&link.id) {
                self.tell("association.updated", &name, ASSOCIATION);
                let version = held.version + 1;
                changed.push((Association { content, update_time, version, ..held }, position));
            } else {
                self.tell("association.created", &name, ASSOCIATION);
                let (framework, create_time) = (self.place.clone(), self.now);
                let association =
                    Association { framework, id: link.id, content, create_time, update_time, version: 1 };
                added.push((association, position));
            }
        }
        store::associations::insert(self.tx, &added).await?;
        store::associations::put(self.tx, &changed).await?;
        self.keep(entries).await
    }

    async fn definitions(&self, package: &Package, batch: &[(Step, Definition)]) -> Result<()> {
        let entries = batch.iter().map(|(_, definition)| {
            let Definition { section, id, source, .. } = definition;
            entry(package, section, *id, package.title(definition), *source)
        });
        self.keep(entries.collect()).await
    }

    /// Deletes what is no longer in the package.
    async fn forget(&mut self, plan: &Plan) -> Result<()> {
        for id in &plan.outcomes_gone {
            self.tell("outcome.deleted", &outcome_name(&self.place, *id), OUTCOME);
        }
        for id in &plan.associations_gone {
            self.tell("association.deleted", &association_name(&self.place, *id), ASSOCIATION);
        }
        store::outcomes::delete(self.tx, self.place.id, &plan.outcomes_gone).await?;
        store::associations::delete(self.tx, self.place.id, &plan.associations_gone).await?;
        for (section, ids) in &plan.entries_gone {
            store::case_entries::delete(self.tx, self.place.id, section, ids).await?;
        }
        Ok(())
    }
}
