//! Reading a CASE 1.0 or 1.1 package (`CFPackage`), leniently and without losing anything.
//!
//! What can be repaired is, and an [`Issue`] says so. An entry that cannot be taken is refused with an
//! issue. A document that cannot be taken is refused whole ([`Refusal`]). Of every entry the JSON is
//! kept as it came ([`Source`]), so that fields and extensions that are not understood survive.

mod association;
mod definition;
mod document;
mod fields;
mod issues;
mod item;
mod json;

use std::collections::{HashMap, HashSet};

use trellis_kernel::Uuid;

use super::association::{AssociationContent, AssociationType, Held};
use super::framework::FrameworkContent;
use super::graph::{self, WayUp};
use super::outcome::OutcomeContent;
use super::transfer::{Issue, Place, Severity, Tally};
use issues::Issues;
use json::Sections;

/// The most entries that one section of a package may hold.
pub(crate) const MAX_ENTRIES: usize = 200_000;
/// The most issues that an import keeps; a package with more is refused whole.
pub(crate) const MAX_ISSUES: usize = 50_000;
/// The deepest nesting that a package may have.
pub(crate) const MAX_DEPTH: usize = 64;

/// Where items stand that no sequence number places: after those that one does, in the order of the
/// package.
pub(crate) const UNSEQUENCED: i32 = 1_000_000;

/// An entry as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its JSON, without the white space between tokens.
    pub json: String,
    /// A digest of what it says, whatever its white space.
    pub digest: String,
}

/// A package, read.
#[derive(Debug)]
pub(crate) struct Package {
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
}

/// The framework of a package.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: FrameworkContent,
    /// As it came.
    pub source: Source,
}

/// An outcome of a package.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: OutcomeContent,
    /// The outcome above it; none at the top.
    pub parent: Option<Uuid>,
    /// Its place among its siblings.
    pub order: i32,
    /// As it came.
    pub source: Source,
}

/// An association of a package.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: AssociationContent,
    /// As it came.
    pub source: Source,
}

/// A definition or a rubric of a package, kept as it came.
#[derive(Debug)]
pub(crate) struct Definition {
    /// What it is: the key of the package that holds it, `CFItemTypes`, `CFRubrics`.
    pub section: String,
    /// Its identity.
    pub id: Uuid,
    /// Its title, if it has one.
    pub title: String,
    /// Whether it is an entry of its own, which the tally counts; else a section kept as a whole.
    pub counted: bool,
    /// As it came.
    pub source: Source,
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

/// Reads a package.
pub(crate) fn read(bytes: &[u8]) -> Result<Package, Refusal> {
    let sections = Sections::read(bytes)?;
    let mut issues = Issues::new(sections.bytes());
    let mut tally = Tally::default();
    let document = document::read(&sections, &mut issues)?;
    let scope = Scope { framework: document.id, language: document.content.language.clone() };
    let (mut items, names) = item::read(&sections, &scope, &mut issues, &mut tally.outcomes)?;
    let ends = Ends { framework: document.id, names: &names };
    let read = association::read(&sections, &scope, &ends, &mut issues, &mut tally)?;
    let associations = without_circles(read, &mut issues, &mut tally);
    let definitions = definition::read(&sections, &scope, &mut issues, &mut tally)?;
    let document = document::complete(document, &definitions);
    place_items(&mut items, &associations, &mut issues);
    if tally.outcomes.read > 0 && items.is_empty() {
        return Err(issues.refuse("NO_ITEM_TAKEN", "Not one of the items can be taken."));
    }
    if issues.len() > MAX_ISSUES {
        return Err(issues.refuse("TOO_MANY_ISSUES", "The document has more issues than an import keeps."));
    }
    let items = items.into_iter().map(|(item, _)| item).collect();
    let associations = associations.into_iter().map(|(link, _)| link).collect();
    Ok(Package { document, items, associations, definitions, issues: issues.finish(), tally })
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
}

/// Where an entry stands in the document, for its issues.
#[derive(Clone, Copy, Debug)]
struct Spot {
    index: usize,
    offset: usize,
}

/// Refuses the associations that would close a circle of a type that must have none.
fn without_circles(
    associations: Vec<(Link, Spot)>,
    issues: &mut Issues<'_>,
    tally: &mut Tally,
) -> Vec<(Link, Spot)> {
    let mut refused: HashSet<usize> = HashSet::new();
    for kind in [AssociationType::ChildOf, AssociationType::Precedes] {
        let chosen: Vec<(usize, (Uuid, Uuid))> = associations
            .iter()
            .enumerate()
            .filter(|(_, (link, _))| link.content.kind == kind)
            .filter_map(|(index, (link, _))| Some((index, own_ends(link)?)))
            .collect();
        let edges: Vec<(Uuid, Uuid)> = chosen.iter().map(|(_, edge)| *edge).collect();
        for circle in graph::circles(&edges) {
            let index = chosen[circle.edge].0;
            refused.insert(index);
            let path: Vec<String> = circle.path.iter().map(Uuid::to_string).collect();
            issues.entry(
                associations[index].1,
                "CFAssociations",
                Severity::Error,
                "CYCLE_DETECTED",
                &format!("The association closes a circle: {}.", path.join(" → ")),
                "The association is left out.",
            );
        }
    }
    tally.associations.refused += u32::try_from(refused.len()).unwrap_or(u32::MAX);
    let kept = associations.into_iter().enumerate().filter(|(index, _)| !refused.contains(index));
    kept.map(|(_, association)| association).collect()
}

/// The ends of an association within its own framework.
fn own_ends(link: &Link) -> Option<(Uuid, Uuid)> {
    match (&link.content.origin.held, &link.content.destination.held) {
        (Some(Held::Outcome(origin)), Some(Held::Outcome(destination))) => Some((*origin, *destination)),
        _ => None,
    }
}

/// Places every item in the tree that the isChildOf associations build.
fn place_items(items: &mut [(Item, Spot)], associations: &[(Link, Spot)], issues: &mut Issues<'_>) {
    let mut ways: HashMap<Uuid, Vec<WayUp>> = HashMap::new();
    for (link, _) in associations.iter().filter(|(link, _)| link.content.kind == AssociationType::ChildOf) {
        let (Some(Held::Outcome(child)), Some(above)) =
            (&link.content.origin.held, &link.content.destination.held)
        else {
            continue;
        };
        let parent = if let Held::Outcome(parent) = above { Some(*parent) } else { None };
        let way = WayUp { parent, sequence: link.content.sequence, association: link.id };
        ways.entry(*child).or_default().push(way);
    }
    for (position, (item, spot)) in items.iter_mut().enumerate() {
        let first = ways.get(&item.id).and_then(|ways| graph::first_way(ways));
        item.parent = first.and_then(|way| way.parent);
        let unsequenced = UNSEQUENCED.saturating_add(i32::try_from(position).unwrap_or(i32::MAX));
        item.order = first.and_then(|way| way.sequence).unwrap_or(unsequenced);
        if first.is_none() {
            issues.entry(
                *spot,
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
