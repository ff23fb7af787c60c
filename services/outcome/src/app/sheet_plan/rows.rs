//! What the rows are about: which outcome each, and where it is to stand.

use std::collections::{HashMap, HashSet};

use trellis_kernel::Uuid;

use super::{Comparison, Here};
use crate::domain::association::{Association, AssociationType, Held};
use crate::domain::graph;
use crate::domain::outcome::Outcome;
use crate::domain::sheet::{Above, Entry, Issue};

/// The draft, by what rows name.
pub(super) struct Known<'a> {
    pub(super) outcomes: HashMap<Uuid, &'a Outcome>,
    codes: HashMap<&'a str, Vec<Uuid>>,
    /// The associations by which an outcome stands in the tree.
    pub(super) ways: HashMap<Uuid, Vec<&'a Association>>,
    /// The highest place among the siblings below each.
    pub(super) last: HashMap<Option<Uuid>, i32>,
}

impl<'a> Known<'a> {
    pub(super) fn of(here: &'a Here) -> Self {
        let mut known = Self {
            outcomes: HashMap::new(),
            codes: HashMap::new(),
            ways: HashMap::new(),
            last: HashMap::new(),
        };
        for outcome in &here.outcomes {
            known.outcomes.insert(outcome.id, outcome);
            if !outcome.content.code.is_empty() {
                known.codes.entry(&outcome.content.code).or_default().push(outcome.id);
            }
            let last = known.last.entry(outcome.parent).or_default();
            *last = (*last).max(outcome.list_order);
        }
        for association in here.associations.iter().filter(|a| a.content.kind == AssociationType::ChildOf) {
            if let (Some(Held::Outcome(child)), Some(Held::Outcome(_) | Held::Framework)) =
                (&association.content.origin.held, &association.content.destination.held)
            {
                known.ways.entry(*child).or_default().push(association);
            }
        }
        known
    }
}

/// Where the outcome of a row is to stand.
#[derive(Clone, Copy)]
pub(super) enum Stand {
    /// Where it stood; at the top, when it is new.
    Stays,
    /// Below an outcome, or (none) the framework.
    Below(Option<Uuid>),
}

/// The outcome of a row; none when the row cannot be taken.
pub(super) type Rows = Vec<Option<Uuid>>;

impl Comparison<'_> {
    /// Which outcome each row is about.
    pub(super) fn identities(&mut self, entries: &[Entry], ids: &mut dyn FnMut() -> Uuid) -> Rows {
        let mut taken: HashSet<Uuid> = HashSet::new();
        let mut codes: HashMap<&str, Uuid> = HashMap::new();
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            let id = match (entry.id, entry.code.as_str()) {
                (Some(id), _) => Some(id),
                (None, "") if !self.plan.new => {
                    let text = "The row has neither an identity nor a code by which it could be known again.";
                    self.refuse("KEY_MISSING", entry.row, text);
                    None
                }
                (None, "") => Some(ids()),
                (None, code) => match self.known.codes.get(code).map(Vec::as_slice) {
                    Some([only]) => Some(*only),
                    Some(_) => {
                        let text =
                            "Several outcomes of the draft have this code: map a column of identities.";
                        self.refuse("CODE_AMBIGUOUS", entry.row, text);
                        None
                    }
                    None => Some(*codes.entry(code).or_insert_with(&mut *ids)),
                },
            };
            if let Some(id) = id
                && !taken.insert(id)
            {
                self.refuse("KEY_REPEATED", entry.row, "A row before is about the same outcome.");
                rows.push(None);
                continue;
            }
            rows.push(id);
        }
        rows
    }

    /// What each row's outcome stands below.
    pub(super) fn stands(&mut self, entries: &[Entry], rows: &Rows) -> Vec<Stand> {
        let in_sheet: HashSet<Uuid> = rows.iter().flatten().copied().collect();
        let mut by_code: HashMap<&str, Vec<Uuid>> = HashMap::new();
        for (entry, id) in entries.iter().zip(rows) {
            if let Some(id) = id
                && !entry.code.is_empty()
            {
                by_code.entry(&entry.code).or_default().push(*id);
            }
        }
        let mut stands = Vec::with_capacity(entries.len());
        for entry in entries {
            stands.push(match &entry.above {
                Above::Stays => Stand::Stays,
                Above::Top => Stand::Below(None),
                Above::Row(place) => rows[*place].map_or(Stand::Stays, |id| Stand::Below(Some(id))),
                Above::Id(id) if in_sheet.contains(id) || self.known.outcomes.contains_key(id) => {
                    Stand::Below(Some(*id))
                }
                Above::Id(_) => {
                    let text = "The outcome above is neither in the sheet nor in the draft.";
                    self.refuse("PARENT_UNKNOWN", entry.row, text);
                    Stand::Stays
                }
                Above::Code(code) => {
                    let own = by_code.get(code.as_str()).or_else(|| self.known.codes.get(code.as_str()));
                    match own.map(Vec::as_slice) {
                        Some([only]) => Stand::Below(Some(*only)),
                        Some(_) => {
                            let text = "Several outcomes have the code of the outcome above.";
                            self.refuse("PARENT_AMBIGUOUS", entry.row, text);
                            Stand::Stays
                        }
                        None => {
                            let text = "The outcome above is neither in the sheet nor in the draft.";
                            self.refuse("PARENT_UNKNOWN", entry.row, text);
                            Stand::Stays
                        }
                    }
                }
            });
        }
        stands
    }

    /// Refuses rows that would stand below themselves.
    pub(super) fn refuse_circles(&mut self, entries: &[Entry], rows: &Rows, stands: &[Stand]) {
        let mut edges: Vec<(Uuid, Uuid)> = Vec::new();
        let mut row_of: HashMap<Uuid, u32> = HashMap::new();
        for ((entry, id), stand) in entries.iter().zip(rows).zip(stands) {
            let (Some(id), Stand::Below(parent)) = (id, stand) else { continue };
            row_of.insert(*id, entry.row);
            edges.extend(parent.map(|parent| (*id, parent)));
        }
        for (child, ways) in &self.known.ways {
            if row_of.contains_key(child) {
                continue;
            }
            let parents = ways.iter().filter_map(|way| match way.content.destination.held {
                Some(Held::Outcome(parent)) => Some((*child, parent)),
                _ => None,
            });
            edges.extend(parents);
        }
        for circle in graph::circles(&edges) {
            let rows = circle.path.iter().filter_map(|id| row_of.get(id));
            let path = rows.clone().map(u32::to_string).collect::<Vec<_>>().join(" → ");
            let row = row_of.get(&edges[circle.edge].0).or_else(|| rows.clone().next()).copied();
            let text = format!("Rows stand below each other in a circle: {path}.");
            self.plan.issues.push(Issue::error("CYCLE_DETECTED", row.unwrap_or_default(), 0, text));
        }
    }
}
