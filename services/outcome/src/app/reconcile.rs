//! What an imported package changes in a draft: pure, so that a dry run says what an import does.

use std::collections::{HashMap, HashSet};

use trellis_kernel::{Timestamp, Uuid};

use crate::domain::association::{ASSOCIATION, Association, AssociationType, Held, association_name};
use crate::domain::case::{Definition, Document, Item, Link, Package, Source, UNSEQUENCED};
use crate::domain::framework::{FRAMEWORK, Framework, FrameworkRef, Holdings};
use crate::domain::graph::{self, WayUp};
use crate::domain::outcome::{OUTCOME, Outcome, outcome_name};
use crate::domain::progression::Progression;
use crate::domain::transfer::{Counts, Issue, Place, Severity, Tally};
use crate::store::case_entries::{Entry, Key};

/// The sections of a package whose entries become resources.
const DOCUMENT: &str = "CFDocument";
const ITEMS: &str = "CFItems";
const ASSOCIATIONS: &str = "CFAssociations";
const RUBRICS: &str = "CFRubrics";

/// What is in the draft before the import.
#[derive(Debug)]
pub(crate) struct Here {
    /// The draft; none when the framework is new.
    pub(crate) framework: Option<Framework>,
    /// Its outcomes.
    pub(crate) outcomes: Vec<Outcome>,
    /// Its associations.
    pub(crate) associations: Vec<Association>,
    /// Its progressions.
    pub(crate) progressions: Vec<Progression>,
    /// The digests of what was imported before.
    pub(crate) digests: HashMap<Key, String>,
}

/// Something that is to be told.
pub(crate) type Tale = (&'static str, trellis_kernel::Name, &'static str);

/// What the import changes.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The draft as it will be.
    pub(crate) framework: Framework,
    /// Whether the framework is new.
    pub(crate) new: bool,
    /// Whether anything changes.
    pub(crate) changed: bool,
    /// Outcomes that are new or changed.
    pub(crate) outcomes: Vec<Outcome>,
    /// Outcomes that go.
    pub(crate) outcomes_gone: Vec<Uuid>,
    /// Associations that are new or changed, each at its position.
    pub(crate) associations: Vec<(Association, i32)>,
    /// Associations that go.
    pub(crate) associations_gone: Vec<Uuid>,
    /// Entries that are new or changed, as they came.
    pub(crate) entries: Vec<Entry>,
    /// Entries that go, by section.
    pub(crate) entries_gone: HashMap<String, Vec<Uuid>>,
    /// What became of every entry.
    pub(crate) tally: Tally,
    /// What there is to know.
    pub(crate) issues: Vec<Issue>,
    /// What is to be told.
    pub(crate) tales: Vec<Tale>,
}

/// Compares a package with what is here.
pub(crate) fn plan(package: Package, here: Here, place: FrameworkRef, now: Timestamp) -> Plan {
    let Package { document, items, associations, definitions, issues, tally } = package;
    let new = here.framework.is_none();
    let framework = here.framework.clone().unwrap_or_else(|| Framework {
        place: place.clone(),
        content: document.content.clone(),
        revision: 0,
        revision_time: None,
        unpublished: true,
        release_note: Vec::new(),
        holdings: Holdings::default(),
        create_time: now,
        update_time: now,
        version: 0,
    });
    let plan = Plan {
        framework,
        new,
        changed: new,
        outcomes: Vec::new(),
        outcomes_gone: Vec::new(),
        associations: Vec::new(),
        associations_gone: Vec::new(),
        entries: Vec::new(),
        entries_gone: HashMap::new(),
        tally,
        issues,
        tales: Vec::new(),
    };
    let mut comparison = Comparison { plan, place, now, here, dropped: HashSet::new() };
    comparison.document(document);
    comparison.open_circles(&associations);
    comparison.items(items, &associations);
    comparison.associations(associations);
    comparison.definitions(definitions);
    comparison.finish()
}

struct Comparison {
    plan: Plan,
    place: FrameworkRef,
    now: Timestamp,
    here: Here,
    /// Authored associations that close a circle with those of the package.
    dropped: HashSet<Uuid>,
}

/// What an entry of the package is, compared with what was imported before.
enum Compared {
    New,
    Same,
    Changed,
}

impl Comparison {
    fn compare(&self, section: &str, id: Uuid, source: &Source) -> Compared {
        match self.here.digests.get(&(section.to_owned(), id)) {
            None => Compared::New,
            Some(digest) if *digest == source.digest => Compared::Same,
            Some(_) => Compared::Changed,
        }
    }

    fn keep(&mut self, section: &str, id: Uuid, title: String, source: Source) {
        let Source { json, digest } = source;
        self.plan.entries.push(Entry { section: section.to_owned(), id, title, digest, json });
    }

    fn warn(&mut self, code: &str, pointer: String, text: &str, repair: &str) {
        self.plan.issues.push(Issue {
            severity: Severity::Warning,
            code: code.to_owned(),
            place: Place { pointer, line: 0, column: 0 },
            text: text.to_owned(),
            repair: repair.to_owned(),
        });
    }

    /// What people set here and no package says stays as it is.
    fn document(&mut self, document: Document) {
        if matches!(self.compare(DOCUMENT, document.id, &document.source), Compared::Same) {
            return;
        }
        let own = &self.plan.framework.content;
        let mut content = document.content;
        if !self.plan.new {
            content.kind = own.kind;
            content.external_ids.clone_from(&own.external_ids);
            content.education_levels.clone_from(&own.education_levels);
        }
        self.plan.framework.content = content;
        self.plan.changed = true;
        self.keep(DOCUMENT, document.id, String::new(), document.source);
    }

    fn is_imported(&self, section: &str, id: Uuid) -> bool {
        self.here.digests.contains_key(&(section.to_owned(), id))
    }

    /// The associations that were made here.
    fn authored(&self) -> impl Iterator<Item = &Association> {
        self.here.associations.iter().filter(|association| {
            !self.is_imported(ASSOCIATIONS, association.id) && !self.dropped.contains(&association.id)
        })
    }

    /// Drops those associations made here that close a circle with those of the package.
    fn open_circles(&mut self, links: &[Link]) {
        for kind in [AssociationType::ChildOf, AssociationType::Precedes] {
            let own: Vec<(Uuid, (Uuid, Uuid))> = self
                .authored()
                .filter(|association| association.content.kind == kind)
                .filter_map(|association| {
                    Some((
                        association.id,
                        own_ends(
                            association.content.origin.held.as_ref(),
                            association.content.destination.held.as_ref(),
                        )?,
                    ))
                })
                .collect();
            if own.is_empty() {
                continue;
            }
            let of_kind = links.iter().filter(|link| link.content.kind == kind);
            let mut edges: Vec<(Uuid, Uuid)> = of_kind
                .filter_map(|link| {
                    own_ends(link.content.origin.held.as_ref(), link.content.destination.held.as_ref())
                })
                .collect();
            for (id, edge) in own {
                if graph::closes(&edges, edge.0, edge.1).is_none() {
                    edges.push(edge);
                    continue;
                }
                self.dropped.insert(id);
                self.plan.associations_gone.push(id);
                self.plan.tally.associations.removed += 1;
                self.plan.tales.push(("association.deleted", association_name(&self.place, id), ASSOCIATION));
                self.warn(
                    "CYCLE_DETECTED",
                    String::new(),
                    "An association made here closes a circle with those of the document.",
                    "The association made here is removed.",
                );
            }
        }
    }

    fn items(&mut self, items: Vec<Item>, links: &[Link]) {
        let ways = self.ways(links);
        let mut known: HashMap<Uuid, Outcome> = std::mem::take(&mut self.here.outcomes)
            .into_iter()
            .map(|outcome| (outcome.id, outcome))
            .collect();
        for (position, mut item) in items.into_iter().enumerate() {
            if let Some(way) = ways.get(&item.id).and_then(|ways| graph::first_way(ways)) {
                let unsequenced = UNSEQUENCED.saturating_add(i32::try_from(position).unwrap_or(i32::MAX));
                item.parent = way.parent;
                item.order = way.sequence.unwrap_or(unsequenced);
            }
            let held = known.remove(&item.id);
            self.item(item, held);
        }
        self.items_gone(known);
    }

    /// The ways up that associations made here add to those of the package, by outcome.
    fn ways(&self, links: &[Link]) -> HashMap<Uuid, Vec<WayUp>> {
        let mut ways: HashMap<Uuid, Vec<WayUp>> = HashMap::new();
        for association in self.authored().filter(|a| a.content.kind == AssociationType::ChildOf) {
            let content = &association.content;
            if let Some((child, parent)) =
                way_up(content.origin.held.as_ref(), content.destination.held.as_ref())
            {
                let way = WayUp { parent, sequence: content.sequence, association: association.id };
                ways.entry(child).or_default().push(way);
            }
        }
        for link in links.iter().filter(|link| link.content.kind == AssociationType::ChildOf) {
            if let Some((child, parent)) =
                way_up(link.content.origin.held.as_ref(), link.content.destination.held.as_ref())
                && let Some(ways) = ways.get_mut(&child)
            {
                ways.push(WayUp { parent, sequence: link.content.sequence, association: link.id });
            }
        }
        ways
    }

    fn item(&mut self, item: Item, held: Option<Outcome>) {
        let Item { id, content, parent, order, source } = item;
        let Some(mut outcome) = held else {
            self.plan.tally.outcomes.created += 1;
            let name = outcome_name(&self.place, id);
            self.plan.tales.push(("outcome.created", name, OUTCOME));
            self.plan.outcomes.push(Outcome {
                framework: self.place.clone(),
                id,
                content,
                parent,
                list_order: order,
                published: 0,
                create_time: self.now,
                update_time: self.now,
                version: 1,
            });
            self.keep(ITEMS, id, String::new(), source);
            return;
        };
        let same = matches!(self.compare(ITEMS, id, &source), Compared::Same);
        if same && (outcome.parent, outcome.list_order) == (parent, order) {
            self.plan.tally.outcomes.unchanged += 1;
            return;
        }
        if !same {
            let (kind, external_ids) =
                (outcome.content.kind, std::mem::take(&mut outcome.content.external_ids));
            outcome.content = content;
            outcome.content.kind = kind;
            outcome.content.external_ids = external_ids;
            self.keep(ITEMS, id, String::new(), source);
        }
        outcome.parent = parent;
        outcome.list_order = order;
        outcome.version += 1;
        outcome.update_time = self.now;
        self.plan.tally.outcomes.updated += 1;
        self.plan.tales.push(("outcome.updated", outcome.name(), OUTCOME));
        self.plan.outcomes.push(outcome);
    }

    /// Outcomes of an earlier import that are no longer in the package go, unless something that was
    /// made here builds on them.
    fn items_gone(&mut self, rest: HashMap<Uuid, Outcome>) {
        let mut needed: HashSet<Uuid> = self
            .here
            .progressions
            .iter()
            .flat_map(|progression| progression.content.outcomes.clone())
            .collect();
        for association in self.authored() {
            for node in [&association.content.origin, &association.content.destination] {
                needed.extend(node.own(self.place.id));
            }
        }
        let mut gone: Vec<Uuid> = rest.into_keys().filter(|id| self.is_imported(ITEMS, *id)).collect();
        gone.sort_unstable();
        for id in gone {
            if needed.contains(&id) {
                self.warn(
                    "ITEM_KEPT",
                    format!("/{ITEMS}"),
                    &format!(
                        "The outcome {id} is no longer in the document, but something made here builds on it."
                    ),
                    "The outcome is kept.",
                );
                continue;
            }
            self.plan.tally.outcomes.removed += 1;
            self.plan.tales.push(("outcome.deleted", outcome_name(&self.place, id), OUTCOME));
            self.plan.entries_gone.entry(ITEMS.to_owned()).or_default().push(id);
            self.plan.outcomes_gone.push(id);
        }
    }

    fn associations(&mut self, links: Vec<Link>) {
        let mut known: HashMap<Uuid, Association> =
            self.here.associations.iter().map(|association| (association.id, association.clone())).collect();
        for (position, link) in links.into_iter().enumerate() {
            let held = known.remove(&link.id);
            self.association(link, i32::try_from(position).unwrap_or(i32::MAX), held);
        }
        let mut gone: Vec<Uuid> =
            known.into_keys().filter(|id| self.is_imported(ASSOCIATIONS, *id)).collect();
        gone.sort_unstable();
        for id in gone {
            self.plan.tally.associations.removed += 1;
            self.plan.tales.push(("association.deleted", association_name(&self.place, id), ASSOCIATION));
            self.plan.entries_gone.entry(ASSOCIATIONS.to_owned()).or_default().push(id);
            self.plan.associations_gone.push(id);
        }
    }

    fn association(&mut self, link: Link, position: i32, held: Option<Association>) {
        let Link { id, content, source } = link;
        let same = matches!(self.compare(ASSOCIATIONS, id, &source), Compared::Same);
        let name = association_name(&self.place, id);
        let association = match held {
            // An end may have come into the package or left it, though the association says the same.
            Some(held) if same && held.content == content => {
                self.plan.tally.associations.unchanged += 1;
                return;
            }
            Some(held) => {
                self.plan.tally.associations.updated += 1;
                self.plan.tales.push(("association.updated", name, ASSOCIATION));
                Association { content, update_time: self.now, version: held.version + 1, ..held }
            }
            None => {
                self.plan.tally.associations.created += 1;
                self.plan.tales.push(("association.created", name, ASSOCIATION));
                let framework = self.place.clone();
                Association {
                    framework,
                    id,
                    content,
                    create_time: self.now,
                    update_time: self.now,
                    version: 1,
                }
            }
        };
        if !same {
            self.keep(ASSOCIATIONS, id, String::new(), source);
        }
        self.plan.associations.push((association, position));
    }

    fn definitions(&mut self, definitions: Vec<Definition>) {
        let mut rest: HashSet<Key> = self
            .here
            .digests
            .keys()
            .filter(|(section, _)| ![DOCUMENT, ITEMS, ASSOCIATIONS].contains(&section.as_str()))
            .cloned()
            .collect();
        for definition in definitions {
            let Definition { section, id, title, counted, source } = definition;
            rest.remove(&(section.clone(), id));
            let compared = self.compare(&section, id, &source);
            if counted {
                let counts = counts_of(&mut self.plan.tally, &section);
                match compared {
                    Compared::New => counts.created += 1,
                    Compared::Same => counts.unchanged += 1,
                    Compared::Changed => counts.updated += 1,
                }
            }
            if !matches!(compared, Compared::Same) {
                self.plan.changed = true;
                self.keep(&section, id, title, source);
            }
        }
        for (section, id) in rest {
            counts_of(&mut self.plan.tally, &section).removed += 1;
            self.plan.entries_gone.entry(section).or_default().push(id);
        }
    }

    fn finish(mut self) -> Plan {
        let plan = &mut self.plan;
        let tally = &plan.tally;
        let parts = [&tally.outcomes, &tally.associations, &tally.definitions, &tally.rubrics];
        plan.changed |= parts.iter().any(|counts| counts.changed());
        if plan.changed {
            let framework = &mut plan.framework;
            framework.version += 1;
            framework.update_time = self.now;
            framework.unpublished = true;
            let signed = |counts: &Counts| {
                i32::try_from(counts.created).unwrap_or(i32::MAX)
                    - i32::try_from(counts.removed).unwrap_or(i32::MAX)
            };
            framework.holdings.outcomes += signed(&tally.outcomes);
            framework.holdings.associations += signed(&tally.associations);
            let kind = if plan.new { "framework.created" } else { "framework.updated" };
            plan.tales.insert(0, (kind, self.place.name(), FRAMEWORK));
        }
        self.plan
    }
}

fn counts_of<'t>(tally: &'t mut Tally, section: &str) -> &'t mut Counts {
    if section == RUBRICS { &mut tally.rubrics } else { &mut tally.definitions }
}

fn own_ends(origin: Option<&Held>, destination: Option<&Held>) -> Option<(Uuid, Uuid)> {
    match (origin, destination) {
        (Some(Held::Outcome(origin)), Some(Held::Outcome(destination))) => Some((*origin, *destination)),
        _ => None,
    }
}

/// The outcome that stands below, and what it stands below: none for the framework.
fn way_up(origin: Option<&Held>, destination: Option<&Held>) -> Option<(Uuid, Option<Uuid>)> {
    match (origin, destination) {
        (Some(Held::Outcome(child)), Some(Held::Outcome(parent))) => Some((*child, Some(*parent))),
        (Some(Held::Outcome(child)), Some(Held::Framework)) => Some((*child, None)),
        _ => None,
    }
}
