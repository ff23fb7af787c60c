//! What the rows make of their outcomes, and of the associations by which those stand.

use std::collections::HashSet;

use trellis_kernel::Uuid;

use super::rows::{Rows, Stand};
use super::{Comparison, RowChange};
use crate::domain::association::{
    ASSOCIATION, Association, AssociationContent, AssociationType, Held, Node, association_name,
};
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeContent, OutcomeKind};
use crate::domain::sheet::{Entry, differences, fault};
use crate::domain::transfer::Severity;

/// What a row says of its outcome.
struct Said {
    row: u32,
    content: OutcomeContent,
    parent: Option<Uuid>,
    order: i32,
    /// The fields that are different.
    fields: Vec<&'static str>,
    /// Whether the outcome stands elsewhere than before.
    moved: bool,
}

impl Comparison<'_> {
    /// Takes the rows, one by one.
    pub(super) fn outcomes(
        &mut self,
        entries: &[Entry],
        rows: &Rows,
        stands: &[Stand],
        ids: &mut dyn FnMut() -> Uuid,
    ) {
        // Of a row that is refused already, what follows from it is not told too.
        let errors = self.plan.issues.iter().filter(|issue| issue.severity == Severity::Error);
        let refused: HashSet<u32> = errors.map(|issue| issue.row).collect();
        for ((entry, id), stand) in entries.iter().zip(rows).zip(stands) {
            let id = id.filter(|_| !refused.contains(&entry.row));
            let said = id.and_then(|id| Some((id, self.said(entry, id, *stand)?)));
            let taken = match (said, id.and_then(|id| self.known.outcomes.get(&id).copied())) {
                (None, _) => false,
                (Some((_, said)), Some(outcome)) => self.change(outcome, said, ids),
                (Some((id, said)), None) => {
                    self.create(id, said, ids);
                    true
                }
            };
            if !taken {
                self.plan.counts.refused += 1;
            }
        }
    }

    /// What a row says; none, with an issue, when no outcome may be so.
    fn said(&mut self, entry: &Entry, id: Uuid, stand: Stand) -> Option<Said> {
        let held = self.known.outcomes.get(&id).copied();
        let before = held.map(|outcome| outcome.content.clone()).unwrap_or_default();
        let mut content = entry.apply(before.clone());
        if content.kind == OutcomeKind::Unspecified && held.is_none() {
            content.kind = self.default_kind;
        }
        if let Some(issue) = fault(entry.row, &content) {
            self.plan.issues.push(issue);
            return None;
        }
        let stood = held.map(|outcome| outcome.parent);
        let parent = match stand {
            Stand::Below(parent) => parent,
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
        let reordered = held.is_none_or(|outcome| outcome.list_order != order);
        if reordered {
            fields.push("list_order");
        }
        Some(Said { row: entry.row, content, parent, order, fields, moved: !stays || reordered })
    }

    /// Changes an outcome as its row says; answers whether it can.
    fn change(&mut self, outcome: &Outcome, said: Said, ids: &mut dyn FnMut() -> Uuid) -> bool {
        let Said { row, content, parent, order, fields, moved } = said;
        if fields.is_empty() {
            self.plan.counts.unchanged += 1;
            return true;
        }
        if moved && !self.put_elsewhere(row, outcome.id, parent, order, ids) {
            return false;
        }
        self.plan.counts.updated += 1;
        let changed = Outcome {
            content,
            parent,
            list_order: order,
            update_time: self.now,
            version: outcome.version + 1,
            ..outcome.clone()
        };
        self.put("outcome.updated", changed, row, Some(outcome.id), fields);
        true
    }

    /// Makes the outcome of a row.
    fn create(&mut self, id: Uuid, said: Said, ids: &mut dyn FnMut() -> Uuid) {
        let Said { row, content, parent, order, fields, moved: _ } = said;
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
        self.put("outcome.created", outcome, row, None, fields);
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
}
