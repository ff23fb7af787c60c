//! What an imported package changes in a draft: pure, so that a dry run says what an import does.

use std::collections::{HashMap, HashSet};

use trellis_kernel::{Timestamp, Uuid};

use crate::domain::association::{Association, AssociationType, Held};
use crate::domain::case::{Definition, Digest, Item, Link, Package, Source, UNSEQUENCED};
use crate::domain::framework::{Framework, FrameworkRef, Holdings};
use crate::domain::graph::{self, WayUp};
use crate::domain::transfer::{Counts, Issue, Place, Severity, Tally};

/// The sections of a package whose entries become resources.
pub(super) const DOCUMENT: &str = "CFDocument";
pub(super) const ITEMS: &str = "CFItems";
pub(super) const ASSOCIATIONS: &str = "CFAssociations";
pub(super) const RUBRICS: &str = "CFRubrics";

/// The digests of what was imported before, by section and identity.
pub(crate) type Digests = HashMap<String, HashMap<Uuid, Digest>>;

/// What is in the draft before the import: where everything stands, not what it says.
#[derive(Debug)]
pub(crate) struct Here {
    /// The draft; none when the framework is new.
    pub(crate) framework: Option<Framework>,
    /// Its outcomes: what each stands below, and its place there.
    pub(crate) outcomes: HashMap<Uuid, (Option<Uuid>, i32)>,
    /// Its associations that were imported: their ends in the framework.
    pub(crate) associations: HashMap<Uuid, (Option<Uuid>, Option<Uuid>)>,
    /// Its associations that were made here.
    pub(crate) authored: Vec<Association>,
    /// The outcomes that its progressions build on.
    pub(crate) progressed: HashSet<Uuid>,
    /// Its rubrics.
    pub(crate) rubrics: HashSet<Uuid>,
    /// The outcomes that their criteria look at and that the draft holds, or may come to hold: each with whether
    /// it does.
    pub(crate) looked_at: HashMap<Uuid, Vec<(Uuid, bool)>>,
    /// The digests of what was imported before.
    pub(crate) digests: Digests,
}

/// Which outcomes the draft will hold: those of the package, and these that stay beside.
#[derive(Debug, Default)]
pub(crate) struct Aligned(HashSet<Uuid>);

impl Aligned {
    /// Whether it will hold an outcome.
    pub(super) fn holds(&self, package: &Package, outcome: Uuid) -> bool {
        package.holds(outcome) || self.0.contains(&outcome)
    }
}

/// What becomes of an entry that does not stay as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is new.
    Add,
    /// It says something else than before.
    Change,
    /// It says the same, and stands elsewhere.
    Move,
}

/// What the import changes.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The draft as it will be.
    pub(crate) framework: Framework,
    /// Whether the framework is new.
    pub(crate) new: bool,
    /// Whether anything changes.
    pub(crate) changed: bool,
    /// Whether the `CFDocument` is new or changed.
    pub(crate) document: Option<Step>,
    /// Outcomes that are new, changed or moved.
    pub(crate) outcomes: Vec<(Step, Item)>,
    /// Outcomes that go.
    pub(crate) outcomes_gone: Vec<Uuid>,
    /// Associations that are new, changed or moved, each at its position.
    pub(crate) associations: Vec<(Step, Link, i32)>,
    /// Associations that go.
    pub(crate) associations_gone: Vec<Uuid>,
    /// Definitions, rubrics and other sections that are new or changed.
    pub(crate) definitions: Vec<(Step, Definition)>,
    /// Rubrics whose entries say the same, and whose criteria look at outcomes that came or went.
    pub(crate) rubrics_moved: Vec<Uuid>,
    /// Rubrics that go with their entries.
    pub(crate) rubrics_gone: Vec<Uuid>,
    /// Which outcomes the draft will hold.
    pub(crate) aligned: Aligned,
    /// Entries that go, by section.
    pub(crate) entries_gone: HashMap<String, Vec<Uuid>>,
    /// What became of every entry.
    pub(crate) tally: Tally,
    /// What there is to know.
    pub(crate) issues: Vec<Issue>,
}

/// Compares a package with what is here. Its issues are taken out of it.
pub(crate) fn plan(package: &mut Package, here: Here, place: FrameworkRef, now: Timestamp) -> Plan {
    let new = here.framework.is_none();
    let framework = here.framework.clone().unwrap_or_else(|| Framework {
        place: place.clone(),
        content: package.document.content.clone(),
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
        document: None,
        outcomes: Vec::new(),
        outcomes_gone: Vec::new(),
        associations: Vec::new(),
        associations_gone: Vec::new(),
        definitions: Vec::new(),
        rubrics_moved: Vec::new(),
        rubrics_gone: Vec::new(),
        aligned: Aligned::default(),
        entries_gone: HashMap::new(),
        tally: package.tally,
        issues: std::mem::take(&mut package.issues),
    };
    let mut comparison = Comparison { plan, place, now, here, dropped: HashSet::new() };
    comparison.document(package);
    comparison.open_circles(&package.associations);
    comparison.items(&package.items, &package.associations);
    comparison.associations(&package.associations);
    comparison.definitions(package);
    comparison.rubrics(package);
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

impl Comparison {
    /// What an entry of the package is, compared with what was imported before; none when it is the same.
    fn compare(&self, section: &str, id: Uuid, source: Source) -> Option<Step> {
        match self.here.digests.get(section).and_then(|digests| digests.get(&id)) {
            None => Some(Step::Add),
            Some(digest) if *digest == source.digest => None,
            Some(_) => Some(Step::Change),
        }
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
    fn document(&mut self, package: &Package) {
        let document = &package.document;
        let Some(step) = self.compare(DOCUMENT, document.id, document.source) else { return };
        let own = &self.plan.framework.content;
        let mut content = document.content.clone();
        if !self.plan.new {
            content.kind = own.kind;
            content.external_ids.clone_from(&own.external_ids);
            content.education_levels.clone_from(&own.education_levels);
        }
        if !self.plan.new && step == Step::Add {
            self.warn(
                "FRAMEWORK_MADE_HERE",
                format!("/{DOCUMENT}/identifier"),
                "A framework with this GUID was made here, and never imported.",
                "What the CFDocument says replaces its title and description; what was made in it stays.",
            );
        }
        self.plan.framework.content = content;
        self.plan.changed = true;
        self.plan.document = Some(step);
    }

    fn is_imported(&self, section: &str, id: Uuid) -> bool {
        self.here.digests.get(section).is_some_and(|digests| digests.contains_key(&id))
    }

    /// The associations that were made here.
    fn authored(&self) -> impl Iterator<Item = &Association> {
        self.here.authored.iter().filter(|association| !self.dropped.contains(&association.id))
    }

    /// Drops those associations made here that close a circle with those of the package.
    fn open_circles(&mut self, links: &[Link]) {
        for kind in [AssociationType::ChildOf, AssociationType::Precedes] {
            let own: Vec<(Uuid, (Uuid, Uuid))> = self
                .authored()
                .filter(|association| association.content.kind == kind)
                .filter_map(|association| {
                    let content = &association.content;
                    let edge = own_ends(content.origin.held.as_ref(), content.destination.held.as_ref())?;
                    Some((association.id, edge))
                })
                .collect();
            if own.is_empty() {
                continue;
            }
            let mut edges: Vec<(Uuid, Uuid)> =
                links.iter().filter(|link| link.kind == kind).filter_map(Link::edge).collect();
            for (id, edge) in own {
                if graph::closes(&edges, edge.0, edge.1).is_none() {
                    edges.push(edge);
                    continue;
                }
                self.dropped.insert(id);
                self.plan.associations_gone.push(id);
                self.plan.tally.associations.removed += 1;
                self.warn(
                    "CYCLE_DETECTED",
                    String::new(),
                    "An association made here closes a circle with those of the document.",
                    "The association made here is removed.",
                );
            }
        }
    }

    fn items(&mut self, items: &[Item], links: &[Link]) {
        let ways = self.ways(links);
        let mut known = std::mem::take(&mut self.here.outcomes);
        for (position, item) in items.iter().enumerate() {
            let mut item = *item;
            if let Some(way) = ways.get(&item.id) {
                let unsequenced = UNSEQUENCED.saturating_add(i32::try_from(position).unwrap_or(i32::MAX));
                item.parent = way.parent;
                item.order = way.sequence.unwrap_or(unsequenced);
            }
            let held = known.remove(&item.id);
            self.item(item, held);
        }
        self.items_gone(known);
    }

    /// Where outcomes stand that an association made here may place elsewhere than the package does.
    fn ways(&self, links: &[Link]) -> HashMap<Uuid, WayUp> {
        let mut ways: HashMap<Uuid, WayUp> = HashMap::new();
        let mut add = |child: Uuid, way: WayUp| {
            ways.entry(child).and_modify(|first| *first = first.first_of(way)).or_insert(way);
        };
        for association in self.authored().filter(|a| a.content.kind == AssociationType::ChildOf) {
            let content = &association.content;
            if let Some((child, parent)) =
                way_up(content.origin.held.as_ref(), content.destination.held.as_ref())
            {
                add(child, WayUp { parent, sequence: content.sequence, association: association.id });
            }
        }
        if !ways.is_empty() {
            for (child, way) in links.iter().filter_map(Link::way_up) {
                ways.entry(child).and_modify(|first| *first = first.first_of(way));
            }
        }
        ways
    }

    fn item(&mut self, item: Item, held: Option<(Option<Uuid>, i32)>) {
        let step = match (held, self.compare(ITEMS, item.id, item.source)) {
            (None, compared) => {
                if compared != Some(Step::Add) {
                    self.warn(
                        "ITEM_RESTORED",
                        format!("/{ITEMS}"),
                        &format!(
                            "The outcome {} was deleted here, and the document still holds it.",
                            item.id
                        ),
                        "The document rules over what it brought: the outcome is there again.",
                    );
                }
                self.plan.tally.outcomes.created += 1;
                Step::Add
            }
            (Some(_), Some(_)) => {
                self.plan.tally.outcomes.updated += 1;
                Step::Change
            }
            (Some(stands), None) if stands != (item.parent, item.order) => {
                self.plan.tally.outcomes.updated += 1;
                Step::Move
            }
            (Some(_), None) => {
                self.plan.tally.outcomes.unchanged += 1;
                return;
            }
        };
        self.plan.outcomes.push((step, item));
    }

    /// Outcomes of an earlier import that are no longer in the package go, unless something that was
    /// made here builds on them.
    fn items_gone(&mut self, rest: HashMap<Uuid, (Option<Uuid>, i32)>) {
        let mut needed = std::mem::take(&mut self.here.progressed);
        for (rubric, looked_at) in &self.here.looked_at {
            if !self.is_imported(RUBRICS, *rubric) {
                needed.extend(looked_at.iter().filter(|(_, held)| *held).map(|(outcome, _)| outcome));
            }
        }
        for association in self.authored() {
            for node in [&association.content.origin, &association.content.destination] {
                needed.extend(node.own(self.place.id));
            }
        }
        let (mut gone, stay): (Vec<Uuid>, Vec<Uuid>) =
            rest.into_keys().partition(|id| self.is_imported(ITEMS, *id));
        gone.sort_unstable();
        self.plan.aligned.0.extend(stay);
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
                self.plan.aligned.0.insert(id);
                continue;
            }
            self.plan.tally.outcomes.removed += 1;
            self.plan.entries_gone.entry(ITEMS.to_owned()).or_default().push(id);
            self.plan.outcomes_gone.push(id);
        }
    }

    fn associations(&mut self, links: &[Link]) {
        let mut known = std::mem::take(&mut self.here.associations);
        for (position, link) in links.iter().enumerate() {
            let held = known.remove(&link.id);
            self.association(*link, i32::try_from(position).unwrap_or(i32::MAX), held);
        }
        let mut gone: Vec<Uuid> = known.into_keys().collect();
        gone.sort_unstable();
        for id in gone {
            self.plan.tally.associations.removed += 1;
            self.plan.entries_gone.entry(ASSOCIATIONS.to_owned()).or_default().push(id);
            self.plan.associations_gone.push(id);
        }
    }

    fn association(&mut self, link: Link, position: i32, held: Option<(Option<Uuid>, Option<Uuid>)>) {
        let own = self.place.id;
        let counts = &mut self.plan.tally.associations;
        let Some(ends) = held else {
            counts.created += 1;
            self.plan.associations.push((Step::Add, link, position));
            return;
        };
        // An end may have come into the package or left it, though the association says the same.
        let moved = ends != (link.origin.own(own), link.destination.own(own));
        let step = match self.compare(ASSOCIATIONS, link.id, link.source) {
            None if !moved => {
                self.plan.tally.associations.unchanged += 1;
                return;
            }
            None => Step::Move,
            Some(step) => step,
        };
        self.plan.tally.associations.updated += 1;
        self.plan.associations.push((step, link, position));
    }

    fn definitions(&mut self, package: &Package) {
        for definition in &package.definitions {
            let compared = self.compare(&definition.section, definition.id, definition.source);
            let compared = compared.or_else(|| self.is_unread(package, definition).then_some(Step::Change));
            if let Some(rest) = self.here.digests.get_mut(&definition.section) {
                rest.remove(&definition.id);
            }
            if definition.counted {
                let counts = counts_of(&mut self.plan.tally, &definition.section);
                match compared {
                    Some(Step::Add) => counts.created += 1,
                    None => counts.unchanged += 1,
                    Some(_) => counts.updated += 1,
                }
            }
            if let Some(step) = compared {
                self.plan.changed = true;
                self.plan.definitions.push((step, definition.clone()));
            }
        }
        let rest = std::mem::take(&mut self.here.digests);
        for (section, digests) in rest.into_iter().filter(|(_, digests)| !digests.is_empty()) {
            if [DOCUMENT, ITEMS, ASSOCIATIONS].contains(&section.as_str()) {
                continue;
            }
            let counts = counts_of(&mut self.plan.tally, &section);
            counts.removed += u32::try_from(digests.len()).unwrap_or(u32::MAX);
            let mut gone: Vec<Uuid> = digests.into_keys().collect();
            gone.sort_unstable();
            if section == RUBRICS {
                self.plan.rubrics_gone.extend(gone.iter().filter(|id| self.here.rubrics.contains(id)));
            }
            self.plan.entries_gone.entry(section).or_default().extend(gone);
        }
    }

    /// Whether a rubric can be read that was imported before rubrics were.
    fn is_unread(&self, package: &Package, definition: &Definition) -> bool {
        definition.section == RUBRICS
            && !self.here.rubrics.contains(&definition.id)
            && package.rubric(definition).is_some()
    }

    /// Finds the rubrics that are not written anyway, and whose criteria look at outcomes that came or went.
    fn rubrics(&mut self, package: &Package) {
        let plan = &mut self.plan;
        let written = plan.definitions.iter().filter(|(_, definition)| definition.section == RUBRICS);
        let mut passed: HashSet<Uuid> = written.map(|(_, definition)| definition.id).collect();
        passed.extend(&plan.rubrics_gone);
        for (rubric, looked_at) in std::mem::take(&mut self.here.looked_at) {
            let moved =
                looked_at.iter().any(|(outcome, held)| plan.aligned.holds(package, *outcome) != *held);
            if moved && !passed.contains(&rubric) {
                plan.rubrics_moved.push(rubric);
            }
        }
        plan.rubrics_moved.sort_unstable();
        plan.changed |= !plan.rubrics_moved.is_empty();
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
