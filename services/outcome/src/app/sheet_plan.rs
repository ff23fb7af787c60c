//! What a spreadsheet changes in a draft: pure, so that a preview says what an import does.

use std::collections::{HashMap, HashSet};

use trellis_kernel::{Name, Timestamp, Uuid};

use crate::domain::association::{
    ASSOCIATION, Association, AssociationContent, AssociationType, Held, Node, association_name,
};
use crate::domain::framework::{FRAMEWORK, Framework, Holdings};
use crate::domain::graph;
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeKind};
use crate::domain::sheet::{Above, Entry, Issue, differences, fault};
use crate::domain::transfer::{Counts, Severity};

/// What happened to a resource: the kind of event, its name and its type.
type Tale = (&'static str, Name, &'static str);

/// What is in the draft before.
#[derive(Debug)]
pub(crate) struct Here {
    /// The draft; a new one holds nothing yet and has version 0.
    pub(crate) framework: Framework,
    /// Its outcomes.
    pub(crate) outcomes: Vec<Outcome>,
    /// Its associations.
    pub(crate) associations: Vec<Association>,
}

/// What a row changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowChange {
    /// The row, from 1.
    pub(crate) row: u32,
    /// The outcome as it is; none when the row makes a new one.
    pub(crate) outcome: Option<Uuid>,
    /// The fields that would be different.
    pub(crate) fields: Vec<&'static str>,
}

/// What the spreadsheet changes.
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
    /// Associations that are new, each placing an outcome.
    pub(crate) placed: Vec<Association>,
    /// Associations that are changed, for an outcome that stands elsewhere.
    pub(crate) moved: Vec<Association>,
    /// What became of the rows.
    pub(crate) counts: Counts,
    /// What the rows change, in the order of the sheet.
    pub(crate) changes: Vec<RowChange>,
    /// What there is to know, in the order of the sheet.
    pub(crate) issues: Vec<Issue>,
    /// What is to be told.
    pub(crate) tales: Vec<Tale>,
}

impl Plan {
    /// Whether nothing of it may be written.
    pub(crate) fn is_refused(&self) -> bool {
        self.issues.iter().any(|issue| issue.severity == Severity::Error)
    }
}

/// Compares the rows with what is here.
pub(crate) fn plan(
    entries: &[Entry],
    issues: Vec<Issue>,
    default_kind: OutcomeKind,
    here: &Here,
    now: Timestamp,
    ids: &mut dyn FnMut() -> Uuid,
) -> Plan {
    let new = here.framework.version == 0;
    let plan = Plan {
        framework: here.framework.clone(),
        new,
        changed: new,
        outcomes: Vec::new(),
        placed: Vec::new(),
        moved: Vec::new(),
        counts: Counts { read: count(entries.len()), ..Counts::default() },
        changes: Vec::new(),
        issues,
        tales: Vec::new(),
    };
    let known = Known::of(here);
    let mut comparison = Comparison { plan, here, known, default_kind, now };
    let rows = comparison.identities(entries, ids);
    let stands = comparison.stands(entries, &rows);
    comparison.refuse_circles(entries, &rows, &stands);
    comparison.outcomes(entries, &rows, &stands, ids);
    comparison.finish()
}

/// The draft, by what rows name.
struct Known<'a> {
    outcomes: HashMap<Uuid, &'a Outcome>,
    codes: HashMap<&'a str, Vec<Uuid>>,
    /// The associations by which an outcome stands in the tree.
    ways: HashMap<Uuid, Vec<&'a Association>>,
    /// The highest place among the siblings below each.
    last: HashMap<Option<Uuid>, i32>,
}

impl<'a> Known<'a> {
    fn of(here: &'a Here) -> Self {
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
enum Stand {
    /// Where it stood; at the top, when it is new.
    Stays,
    /// Below an outcome, or (none) the framework.
    Below(Option<Uuid>),
}

/// The outcome of a row; none when the row cannot be taken.
type Rows = Vec<Option<Uuid>>;

struct Comparison<'a> {
    plan: Plan,
    here: &'a Here,
    known: Known<'a>,
    default_kind: OutcomeKind,
    now: Timestamp,
}

impl Comparison<'_> {
    fn refuse(&mut self, code: &'static str, row: u32, text: &'static str) {
        self.plan.issues.push(Issue::error(code, row, 0, text));
    }

    /// Which outcome each row is about.
    fn identities(&mut self, entries: &[Entry], ids: &mut dyn FnMut() -> Uuid) -> Rows {
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
    fn stands(&mut self, entries: &[Entry], rows: &Rows) -> Vec<Stand> {
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
    fn refuse_circles(&mut self, entries: &[Entry], rows: &Rows, stands: &[Stand]) {
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

    fn outcomes(&mut self, entries: &[Entry], rows: &Rows, stands: &[Stand], ids: &mut dyn FnMut() -> Uuid) {
        // Of a row that is refused already, what follows from it is not told too.
        let errors = self.plan.issues.iter().filter(|issue| issue.severity == Severity::Error);
        let refused: HashSet<u32> = errors.map(|issue| issue.row).collect();
        for ((entry, id), stand) in entries.iter().zip(rows).zip(stands) {
            let Some(id) = id.filter(|_| !refused.contains(&entry.row)) else {
                self.plan.counts.refused += 1;
                continue;
            };
            let held = self.known.outcomes.get(&id).copied();
            let before = held.map(|outcome| outcome.content.clone()).unwrap_or_default();
            let mut content = entry.apply(before.clone());
            if content.kind == OutcomeKind::Unspecified && held.is_none() {
                content.kind = self.default_kind;
            }
            if let Some(issue) = fault(entry.row, &content) {
                self.plan.counts.refused += 1;
                self.plan.issues.push(issue);
                continue;
            }
            let stood = held.map(|outcome| outcome.parent);
            let parent = match stand {
                Stand::Below(parent) => *parent,
                Stand::Stays => stood.flatten(),
            };
            let stays = stood == Some(parent);
            let order = match (entry.order, held) {
                (Some(order), _) => order,
                (None, Some(outcome)) if stays => outcome.list_order,
                (None, _) => self.known.last.get(&parent).map_or(1, |last| last.saturating_add(1)),
            };
            let last = self.known.last.entry(parent).or_default();
            *last = (*last).max(order);
            let mut fields = differences(&before, &content);
            if !stays && (held.is_some() || parent.is_some()) {
                fields.push("parent_outcome");
            }
            let moved = !stays || held.is_some_and(|outcome| outcome.list_order != order);
            if held.is_none_or(|outcome| outcome.list_order != order) {
                fields.push("list_order");
            }
            match held {
                Some(_) if fields.is_empty() => self.plan.counts.unchanged += 1,
                Some(outcome) => {
                    if moved && !self.put_elsewhere(entry.row, id, parent, order, ids) {
                        self.plan.counts.refused += 1;
                        continue;
                    }
                    self.plan.counts.updated += 1;
                    let outcome = Outcome {
                        content,
                        parent,
                        list_order: order,
                        update_time: self.now,
                        version: outcome.version + 1,
                        ..outcome.clone()
                    };
                    self.put("outcome.updated", outcome, entry.row, Some(id), fields);
                }
                None => {
                    self.plan.counts.created += 1;
                    let outcome = Outcome {
                        framework: self.here.framework.place.clone(),
                        id,
                        content,
                        parent,
                        list_order: order,
                        published: 0,
                        create_time: self.now,
                        update_time: self.now,
                        version: 1,
                    };
                    self.place(ids(), id, parent, order);
                    self.put("outcome.created", outcome, entry.row, None, fields);
                }
            }
        }
    }

    fn put(
        &mut self,
        kind: &'static str,
        outcome: Outcome,
        row: u32,
        held: Option<Uuid>,
        fields: Vec<&'static str>,
    ) {
        self.plan.tales.push((kind, outcome.name(), OUTCOME));
        self.plan.changes.push(RowChange { row, outcome: held, fields });
        self.plan.outcomes.push(outcome);
    }

    /// Makes the association by which an outcome stands where it stands.
    fn place(&mut self, id: Uuid, child: Uuid, parent: Option<Uuid>, order: i32) {
        let node = |held| Node { held: Some(held), ..Node::default() };
        let framework = self.here.framework.place.clone();
        self.plan.tales.push(("association.created", association_name(&framework, id), ASSOCIATION));
        let content = AssociationContent {
            kind: AssociationType::ChildOf,
            extension: String::new(),
            origin: node(Held::Outcome(child)),
            destination: node(parent.map_or(Held::Framework, Held::Outcome)),
            sequence: Some(order),
            grouping: String::new(),
            notes: String::new(),
            case: None,
        };
        let (create_time, update_time) = (self.now, self.now);
        self.plan.placed.push(Association { framework, id, content, create_time, update_time, version: 1 });
    }

    /// Changes the association by which an outcome stands; refused when there are several.
    fn put_elsewhere(
        &mut self,
        row: u32,
        child: Uuid,
        parent: Option<Uuid>,
        order: i32,
        ids: &mut dyn FnMut() -> Uuid,
    ) -> bool {
        let ways = self.known.ways.get(&child).map_or(&[][..], Vec::as_slice);
        let way = match ways {
            [] => {
                self.place(ids(), child, parent, order);
                return true;
            }
            [only] => *only,
            _ => {
                let text = "The outcome stands in several places of the tree, of which the sheet knows one.";
                self.refuse("SEVERAL_PLACES", row, text);
                return false;
            }
        };
        let above = Some(parent.map_or(Held::Framework, Held::Outcome));
        let own = &way.content.destination;
        // What CASE calls the place goes with the place.
        let destination =
            if own.held == above { own.clone() } else { Node { held: above, ..Node::default() } };
        let content = AssociationContent { destination, sequence: Some(order), ..way.content.clone() };
        self.plan.tales.push(("association.updated", way.name(), ASSOCIATION));
        self.plan.moved.push(Association {
            content,
            update_time: self.now,
            version: way.version + 1,
            ..way.clone()
        });
        true
    }

    fn finish(mut self) -> Plan {
        let plan = &mut self.plan;
        plan.issues.sort_by_key(|issue| (issue.row, issue.column));
        plan.changed |= plan.counts.changed();
        if plan.changed {
            let framework = &mut plan.framework;
            framework.version += 1;
            framework.update_time = self.now;
            framework.unpublished = true;
            let Holdings { outcomes, associations, .. } = &mut framework.holdings;
            let signed = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
            *outcomes = outcomes.saturating_add(i32::try_from(plan.counts.created).unwrap_or(i32::MAX));
            *associations = associations.saturating_add(signed(plan.placed.len()));
            let kind = if plan.new { "framework.created" } else { "framework.updated" };
            plan.tales.insert(0, (kind, framework.place.name(), FRAMEWORK));
        }
        self.plan
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
