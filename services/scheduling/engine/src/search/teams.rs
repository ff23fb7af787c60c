//! Sections that hard rules hold together: where one goes to another time or space, the others go with it.
//!
//! Of many sections that must be at the same time, none can go elsewhere alone, but all of them together can.

use super::dice::Dice;
use super::moves::Trial;
use crate::model::{Csr, Kind, Link, NONE, Problem, Weight};
use crate::state::{Change, Place, State};

/// The most sections that go together.
const LARGEST: usize = 40;

/// What holds each section together with others.
#[derive(Debug)]
pub(super) struct Teams {
    ties: Csr<Link>,
    /// The sections that have gone elsewhere, kept from one time to the next.
    gone: Vec<u32>,
}

fn holds_together(link: &Link) -> bool {
    let alike = matches!(
        link.kind,
        Kind::SameStart | Kind::SameTime | Kind::SameDays | Kind::SameWeeks | Kind::Overlap | Kind::SameRoom
    );
    alike && link.weight == Weight::Hard
}

impl Teams {
    pub(super) fn new(problem: &Problem) -> Self {
        let ties = |section| problem.links.row(section).iter().copied().filter(holds_together).collect();
        let rows: Vec<Vec<Link>> = problem.all_sections().map(ties).collect();
        Self { ties: rows.into_iter().collect(), gone: Vec::new() }
    }

    /// Whether a change would take a section away from others that it is held together with.
    pub(super) fn parts(&self, state: &State<'_>, change: Change) -> bool {
        let ties = self.ties.row(change.section);
        if ties.is_empty() {
            return false;
        }
        let spot = state.problem.spot(change.section, change.to);
        ties.iter().any(|tie| state.would_break(tie, &spot))
    }

    /// Makes changes, and has all come along that are held together with what they move. Whether all can.
    pub(super) fn bring(
        &mut self,
        state: &mut State<'_>,
        trial: &mut Trial,
        changes: &[Change],
        dice: &mut Dice,
    ) -> bool {
        trial.make_all(state, changes.iter().copied());
        self.gone.clear();
        self.gone.extend(changes.iter().map(|change| change.section));
        let mut next = 0;
        while let Some(section) = self.gone.get(next).copied() {
            next += 1;
            for tie in self.ties.row(section) {
                if !state.breaks(section, tie) {
                    continue;
                }
                if self.gone.len() >= LARGEST || self.gone.contains(&tie.other) {
                    return false;
                }
                let Some(change) = self.along(state, tie.other, dice) else { return false };
                trial.make_all(state, [change]);
                self.gone.push(tie.other);
            }
        }
        true
    }

    /// Where a section is together with all that have gone, in its own space and at its own time if it can.
    fn along(&self, state: &State<'_>, section: u32, dice: &mut Dice) -> Option<Change> {
        let problem = state.problem;
        let mut to = state.place(section);
        let held = || self.ties.row(section).iter().filter(|tie| self.gone.contains(&tie.other));
        if let Some(tie) = held().find(|tie| tie.kind == Kind::SameRoom && state.breaks(section, tie)) {
            let space = state.spot(tie.other).space;
            to.space = if space == NONE { 0 } else { problem.space_choice(section, space)? };
        }
        let fits = |to: &Place| {
            let spot = problem.spot(section, *to);
            problem.is_open(&spot) && !held().any(|tie| state.would_break(tie, &spot))
        };
        let times = problem.sections.times.width(section);
        let first = dice.below(times);
        let elsewhen = (0..times).map(|step| Place { time: (first + step) % times, ..to });
        std::iter::once(to).chain(elsewhen).find(fits).map(|to| Change { section, to })
    }
}

#[cfg(test)]
mod tests;
