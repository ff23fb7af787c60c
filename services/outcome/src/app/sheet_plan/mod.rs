//! What a spreadsheet changes in a draft: pure, so that a preview says what an import does.

mod outcomes;
mod rows;

use trellis_kernel::{Name, Timestamp, Uuid};

use self::rows::Known;
use crate::domain::association::Association;
use crate::domain::framework::{FRAMEWORK, Framework, Holdings};
use crate::domain::outcome::{Outcome, OutcomeKind};
use crate::domain::sheet::{Entry, Issue};
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

/// The rows beside the draft, and what has come of them so far.
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
