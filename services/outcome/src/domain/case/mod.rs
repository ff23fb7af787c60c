//! Reading a CASE 1.0 or 1.1 package (`CFPackage`), leniently and without losing anything.
//!
//! What can be repaired is, and an [`Issue`] says so. An entry that cannot be taken is refused with an
//! issue. A document that cannot be taken is refused whole ([`Refusal`]). Of every entry the place in the
//! document is kept ([`Source`]), so that fields and extensions that are not understood survive.
//!
//! The document is held once, as it came. What is made of it here is its outline: identities, digests,
//! and how entries stand to each other. What an entry says is read again from its place when it is
//! wanted, so that a package of a hundred thousand outcomes takes little more room than its own bytes.

mod association;
mod definition;
mod document;
mod fields;
mod issues;
mod item;
mod json;
mod kept;
pub(crate) mod query;
mod rubric;
pub(crate) mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use trellis_kernel::Uuid;

use super::association::{AssociationContent, AssociationType};
use super::framework::FrameworkContent;
use super::graph::{self, WayUp};
use super::outcome::OutcomeContent;
use super::rubric::RubricContent;
use super::text::hex;
use super::transfer::{Issue, Place, Severity, Tally};
use issues::Issues;
use json::Sections;

/// The largest document that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 128 * 1024 * 1024;
/// The most entries that one section of a package may hold.
pub(crate) const MAX_ENTRIES: usize = 500_000;
/// The most issues that an import keeps; a package with more is refused whole.
pub(crate) const MAX_ISSUES: usize = 50_000;
/// The deepest nesting that a package may have.
pub(crate) const MAX_DEPTH: usize = 64;

/// The most keys of an entry that are told of as changed.
const MAX_FIELDS: usize = 100;

/// How many items that nothing places are told one by one.
const LOOSE: usize = 1000;

/// Where items stand that no sequence number places: after those that one does, in the order of the
/// package.
pub(crate) const UNSEQUENCED: i32 = 1_000_000;

/// What an entry says, whatever its white space and the order of its keys, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digest([u8; 16]);

impl Digest {
    /// The digest of bytes.
    fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        let whole = sha2::Sha256::digest(bytes);
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        Self(half)
    }

    /// In hexadecimal digits, as it is kept.
    pub(crate) fn text(self) -> String {
        hex(&self.0)
    }

    /// Reads what [`text`](Self::text) writes; none when it is anything else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let number = u128::from_str_radix(text, 16).ok()?;
        (text.len() == 32).then(|| Self(number.to_be_bytes()))
    }
}

/// Where an entry stands in the document, and a digest of what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    offset: u32,
    length: u32,
    /// A digest of what it says.
    pub digest: Digest,
}

impl Source {
    /// What stands at a spot. A document's offsets are no greater than [`MAX_BYTES`].
    fn new(spot: Spot, text: &str, digest: Digest) -> Self {
        Self { offset: json::small(spot.offset), length: json::small(text.len()), digest }
    }

    fn of(self, text: &str) -> &str {
        let begin = self.offset as usize;
        text.get(begin..begin + self.length as usize).unwrap_or_default()
    }
}

/// A package, read: its document, and the outline of it.
#[derive(Debug)]
pub(crate) struct Package {
    text: String,
    /// The framework (`CFDocument`).
    pub document: Document,
    /// The outcomes (`CFItems`).
    pub items: Vec<Item>,
    /// The associations (`CFAssociations`).
    pub associations: Vec<Link>,
    /// The definitions (`CFDefinitions`), the rubrics (`CFRubrics`), and what else the package holds.
    pub definitions: Vec<Definition>,
    /// What there is to know about its entries, in the order of the document.
    pub issues: Vec<Issue>,
    /// How many of each were read, repeated and refused.
    pub tally: Tally,
    /// By what else than their GUIDs associations name items.
    names: HashMap<String, Uuid>,
    /// The GUIDs of the items, in order.
    ids: Vec<Uuid>,
}

/// The framework of a package.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: FrameworkContent,
    /// Where it stands.
    pub source: Source,
}

/// An outcome of a package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    /// Its identity.
    pub id: Uuid,
    /// The outcome above it; none at the top.
    pub parent: Option<Uuid>,
    /// Its place among its siblings.
    pub order: i32,
    /// Where it stands.
    pub source: Source,
    /// Its place in the section.
    index: u32,
}

/// An end of an association, as far as the package holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// An outcome of the package.
    Outcome(Uuid),
    /// The framework of the package.
    Framework,
    /// Something that the package does not hold.
    Elsewhere,
}

impl End {
    /// The identity in the framework, as the graph has it.
    pub(crate) const fn own(self, framework: Uuid) -> Option<Uuid> {
        match self {
            Self::Outcome(id) => Some(id),
            Self::Framework => Some(framework),
            Self::Elsewhere => None,
        }
    }
}

/// An association of a package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// Its identity.
    pub id: Uuid,
    /// How its origin relates to its destination.
    pub kind: AssociationType,
    /// Where it starts.
    pub origin: End,
    /// Where it leads.
    pub destination: End,
    /// Its place among those of the same destination.
    pub sequence: Option<i32>,
    /// Where it stands.
    pub source: Source,
    /// Its place in the section.
    index: u32,
}

impl Link {
    /// The ends, when both are outcomes of the package.
    pub(crate) const fn edge(&self) -> Option<(Uuid, Uuid)> {
        match (self.origin, self.destination) {
            (End::Outcome(origin), End::Outcome(destination)) => Some((origin, destination)),
            _ => None,
        }
    }

    /// The outcome that this places, and what it stands below: none for the framework.
    pub(crate) fn way_up(&self) -> Option<(Uuid, WayUp)> {
        let parent = match (self.kind, self.destination) {
            (AssociationType::ChildOf, End::Outcome(parent)) => Some(parent),
            (AssociationType::ChildOf, End::Framework) => None,
            _ => return None,
        };
        let End::Outcome(child) = self.origin else { return None };
        Some((child, WayUp { parent, sequence: self.sequence, association: self.id }))
    }
}

/// A definition or a rubric of a package, kept as it came.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// What it is: the key of the package that holds it, `CFItemTypes`, `CFRubrics`.
    pub section: String,
    /// Its identity.
    pub id: Uuid,
    /// Whether it is an entry of its own, which the tally counts; else a section kept as a whole.
    pub counted: bool,
    /// Where it stands.
    pub source: Source,
}

impl Package {
    /// The JSON of an entry, without the white space between its tokens; what travelled in its extensions
    /// stands where it was.
    pub(crate) fn json(&self, source: Source) -> String {
        let text = source.of(&self.text);
        kept::unpacked(text).unwrap_or_else(|| json::compact(text))
    }

    /// What is written about an outcome.
    pub(crate) fn item(&self, item: &Item) -> Option<OutcomeContent> {
        item::again(item.source.of(&self.text), &self.scope())
    }

    /// What is written about an association.
    pub(crate) fn association(&self, link: &Link) -> Option<AssociationContent> {
        association::again(link.source.of(&self.text), &self.scope(), &self.ends())
    }

    /// What is written about a rubric; none when it cannot be read, or this is none.
    pub(crate) fn rubric(&self, definition: &Definition) -> Option<RubricContent> {
        let is_rubric = definition.counted && definition.section == write::RUBRICS;
        let text = is_rubric.then(|| definition.source.of(&self.text))?;
        rubric::again(text, definition.id, &self.scope(), &self.ends())
    }

    /// Whether it has an outcome of this identity.
    pub(crate) fn holds(&self, id: Uuid) -> bool {
        self.ids.binary_search(&id).is_ok()
    }

    /// The title of a definition; empty when it has none.
    pub(crate) fn title(&self, definition: &Definition) -> String {
        if definition.counted { definition::title(definition.source.of(&self.text)) } else { String::new() }
    }

    /// Whether what is written about an outcome is not what this entry, imported before, said: somebody
    /// edited it here. A kind and external ids are no part of what a package says.
    pub(crate) fn is_edited(&self, before: &str, held: &OutcomeContent) -> bool {
        item::again(before, &self.scope()).is_some_and(|mut said| {
            said.kind = held.kind;
            said.external_ids.clone_from(&held.external_ids);
            said != *held
        })
    }

    /// The same of an association. Which of its ends are held follows from the package, and nobody edits that.
    pub(crate) fn is_association_edited(&self, before: &str, held: &AssociationContent) -> bool {
        let loose = |mut content: AssociationContent| {
            (content.origin.held, content.destination.held) = (None, None);
            content
        };
        let said = association::again(before, &self.scope(), &self.ends());
        said.is_some_and(|said| loose(said) != loose(held.clone()))
    }

    /// The same of a rubric: words in other languages than the package's, and what its criteria look at, are
    /// no edits of what it said.
    pub(crate) fn is_rubric_edited(&self, before: &str, id: Uuid, held: &RubricContent) -> bool {
        let Some(said) = rubric::again(before, id, &self.scope(), &self.ends()) else { return false };
        let mut would_be = held.clone().taking(said, &self.document.content.language);
        let mut held = held.clone();
        for content in [&mut would_be, &mut held] {
            content.realign(|outcome| self.holds(outcome));
        }
        would_be != held
    }

    fn ends(&self) -> Ends<'_> {
        Ends { framework: self.document.id, names: &self.names, ids: &self.ids }
    }

    fn scope(&self) -> Scope {
        Scope { framework: self.document.id, language: self.document.content.language.clone() }
    }
}

/// Why a document was refused whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Where.
    pub place: Place,
    /// What is the matter.
    pub text: String,
    /// Every reason there is, this one among them.
    pub issues: Vec<Issue>,
}

impl Refusal {
    fn at(place: Place, code: &str, text: &str) -> Self {
        let issue = Issue {
            severity: Severity::Error,
            code: code.to_owned(),
            place: place.clone(),
            text: text.to_owned(),
            repair: String::new(),
        };
        Self { place, text: text.to_owned(), issues: vec![issue] }
    }
}

/// The keys under which two readings of an entry say something else.
pub(crate) fn differences(before: &str, after: &str) -> Vec<String> {
    let keys = |text| serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text).unwrap_or_default();
    let (before, after) = (keys(before), keys(after));
    let every: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let told = every.into_iter().filter(|key| before.get(*key) != after.get(*key)).take(MAX_FIELDS);
    told.map(|key| key.chars().take(100).collect()).collect()
}

/// Reads a package.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Package, Refusal> {
    let text = json::text(bytes)?;
    let sections = Sections::read(&text)?;
    let mut issues = Issues::new(text.as_bytes());
    let mut tally = Tally::default();
    let document = document::read(&sections, &mut issues)?;
    let scope = Scope { framework: document.id, language: document.content.language.clone() };
    let (mut items, names) = item::read(&sections, &scope, &mut issues, &mut tally.outcomes)?;
    let mut ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    ids.sort_unstable();
    let ends = Ends { framework: document.id, names: &names, ids: &ids };
    let mut associations = association::read(&sections, &scope, &ends, &mut issues, &mut tally)?;
    open_circles(&mut associations, &mut issues, &mut tally);
    let definitions = definition::read(&sections, &scope, &mut issues, &mut tally)?;
    let document = document::complete(document, &definitions, &text);
    place_items(&mut items, &associations, &mut issues);
    if tally.outcomes.read > 0 && items.is_empty() {
        return Err(issues.refuse("NO_ITEM_TAKEN", "Not one of the items can be taken."));
    }
    if issues.len() > MAX_ISSUES {
        return Err(issues.refuse("TOO_MANY_ISSUES", "The document has more issues than an import keeps."));
    }
    let issues = issues.finish();
    Ok(Package { text, document, items, associations, definitions, issues, tally, names, ids })
}

/// What every entry of a package is read in.
struct Scope {
    framework: Uuid,
    language: String,
}

/// What an association's end can be resolved to.
struct Ends<'a> {
    framework: Uuid,
    names: &'a HashMap<String, Uuid>,
    ids: &'a [Uuid],
}

impl Ends<'_> {
    /// What of the package has this GUID.
    fn guid(&self, id: Uuid) -> End {
        if id == self.framework {
            End::Framework
        } else if self.ids.binary_search(&id).is_ok() {
            End::Outcome(id)
        } else {
            End::Elsewhere
        }
    }

    /// What of the package is called so.
    fn name(&self, name: &str) -> End {
        self.names.get(&name.to_lowercase()).map_or(End::Elsewhere, |id| End::Outcome(*id))
    }
}

/// Where an entry stands in the document, for its issues.
#[derive(Clone, Copy, Debug)]
struct Spot {
    index: usize,
    offset: usize,
}

/// Refuses the associations that would close a circle of a type that must have none.
fn open_circles(associations: &mut Vec<Link>, issues: &mut Issues<'_>, tally: &mut Tally) {
    let mut refused: HashSet<usize> = HashSet::new();
    for kind in [AssociationType::ChildOf, AssociationType::Precedes] {
        let (chosen, edges): (Vec<usize>, Vec<(Uuid, Uuid)>) = associations
            .iter()
            .enumerate()
            .filter(|(_, link)| link.kind == kind)
            .filter_map(|(index, link)| Some((index, link.edge()?)))
            .unzip();
        for circle in graph::circles(&edges) {
            let index = chosen[circle.edge];
            refused.insert(index);
            let path: Vec<String> = circle.path.iter().map(Uuid::to_string).collect();
            let link = &associations[index];
            issues.entry(
                Spot { index: link.index as usize, offset: link.source.offset as usize },
                "CFAssociations",
                Severity::Error,
                "CYCLE_DETECTED",
                &format!("The association closes a circle: {}.", path.join(" → ")),
                "The association is left out.",
            );
        }
    }
    tally.associations.refused += u32::try_from(refused.len()).unwrap_or(u32::MAX);
    let mut index = 0..;
    associations.retain(|_| index.next().is_none_or(|index| !refused.contains(&index)));
}

/// Places every item in the tree that the isChildOf associations build.
fn place_items(items: &mut [Item], associations: &[Link], issues: &mut Issues<'_>) {
    let mut ways: HashMap<Uuid, WayUp> = HashMap::new();
    for (child, way) in associations.iter().filter_map(Link::way_up) {
        ways.entry(child).and_modify(|first| *first = first.first_of(way)).or_insert(way);
    }
    let loose = items.iter().filter(|item| !ways.contains_key(&item.id)).count();
    if loose > LOOSE {
        let text = format!("No isChildOf association places {loose} of the items.");
        let repair = "They stand at the top of the framework.";
        issues.add(
            items[0].source.offset as usize,
            "/CFItems".to_owned(),
            Severity::Note,
            "ITEM_WITHOUT_PARENT",
            &text,
            repair,
        );
    }
    for (position, item) in items.iter_mut().enumerate() {
        let first = ways.get(&item.id);
        item.parent = first.and_then(|way| way.parent);
        let unsequenced = UNSEQUENCED.saturating_add(i32::try_from(position).unwrap_or(i32::MAX));
        item.order = first.and_then(|way| way.sequence).unwrap_or(unsequenced);
        if first.is_none() && loose <= LOOSE {
            issues.entry(
                Spot { index: item.index as usize, offset: item.source.offset as usize },
                "CFItems",
                Severity::Note,
                "ITEM_WITHOUT_PARENT",
                "No isChildOf association places the item.",
                "It stands at the top of the framework.",
            );
        }
    }
}

#[cfg(test)]
mod tests;

pub(crate) use fields::{guid, guid_at_end};
