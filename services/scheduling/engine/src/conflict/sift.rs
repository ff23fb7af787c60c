//! What of requirements that cannot hold together is needed for that.
//!
//! Each is left out on trial: where the rest still cannot hold together it stays out, and where the rest can
//! it is needed, whatever else is left out later. They are tried by halves, so that what does not matter goes
//! at once: the division is that of Junker, *`QuickXplain`: Preferred Explanations and Relaxations for
//! Over-Constrained Problems*, AAAI 2004, the trial that of Chinneck, Dravnieks, *Locating Minimal Infeasible
//! Constraint Sets in Linear Programs*, ORSA Journal on Computing 3, 1991.

use std::collections::BTreeSet;

use super::Requirement;
use super::decide::{Verdict, decide};
use super::ground::Ground;
use super::rotate::rotate;
use super::steps::Steps;
use crate::model::SectionId;
use crate::state::Spot;

/// What of the steps that are left each trial may take, as long as there is much to try.
const QUICK: u64 = 64;
/// What of the steps that are left each trial may take at last.
const SLOW: u64 = 8;

/// Requirements that cannot hold together.
pub(super) struct Core<'g> {
    ground: &'g Ground<'g>,
    sections: Vec<u32>,
    others: BTreeSet<Requirement>,
    /// Those that are proven to be needed.
    needed: BTreeSet<Requirement>,
}

impl<'g> Core<'g> {
    /// Sections that are proven to have no places with all that may bind them.
    pub(super) fn new(ground: &'g Ground<'g>, sections: Vec<u32>) -> Self {
        let others = ground.bound(&sections);
        Self { ground, sections, others, needed: BTreeSet::new() }
    }

    /// Leaves out what is not needed: first of the sections, so that the rest is quick to decide. Says what
    /// is left, and whether all of it is proven to be needed.
    pub(super) fn sift(mut self, steps: &mut Steps) -> (Vec<Requirement>, bool) {
        steps.part(2, |steps| self.sift_some(self.must_be(), QUICK, steps));
        steps.part(2, |steps| self.sift_some(self.others.iter().copied().collect(), QUICK, steps));
        // What could not be decided among many may be among few.
        for one in self.left() {
            self.sift_some(vec![one], SLOW, steps);
        }
        let left = self.left();
        let is_least = left.iter().all(|one| self.needed.contains(one));
        (left, is_least)
    }

    fn left(&self) -> Vec<Requirement> {
        self.must_be().into_iter().chain(self.others.iter().copied()).collect()
    }

    fn must_be(&self) -> Vec<Requirement> {
        self.sections.iter().map(|section| Requirement::Section(SectionId(*section))).collect()
    }

    fn has(&self, one: Requirement) -> bool {
        match one {
            Requirement::Section(section) => self.sections.binary_search(&section.0).is_ok(),
            other => self.others.contains(&other),
        }
    }

    fn sift_some(&mut self, some: Vec<Requirement>, part: u64, steps: &mut Steps) {
        let mut waiting = halves(some);
        while let Some(mut some) = waiting.pop() {
            some.retain(|one| self.has(*one) && !self.needed.contains(one));
            if some.is_empty() {
                continue;
            }
            let known = steps.part(part, |steps| self.without(&some, steps));
            match (known, some[..].split_first()) {
                (Verdict::Impossible(sections), _) => {
                    let bound = self.ground.bound(&sections);
                    self.others.retain(|other| bound.contains(other) && !some.contains(other));
                    self.sections = sections;
                }
                (Verdict::Possible(spots), Some((one, []))) => self.note(*one, spots, steps),
                (Verdict::Undecided, Some((_, []))) => {}
                _ => waiting.extend(halves(some)),
            }
        }
    }

    /// Notes that one is needed, as the sections have these places without it.
    fn note(&mut self, one: Requirement, spots: Vec<Spot>, steps: &mut Steps) {
        self.needed.insert(one);
        if let Requirement::Section(SectionId(section)) = one {
            let rest = self.sections.iter().copied().filter(|other| *other != section);
            let spots = rest.zip(spots).collect();
            let (ground, others, needed) = (self.ground, &self.others, &mut self.needed);
            steps.part(SLOW, |steps| rotate(ground, others, (section, spots), needed, steps));
        }
    }

    /// What is known where some are left out.
    fn without(&self, some: &[Requirement], steps: &mut Steps) -> Verdict {
        let is_left = |section: &u32| !some.contains(&Requirement::Section(SectionId(*section)));
        let sections: Vec<u32> = self.sections.iter().copied().filter(is_left).collect();
        let bound = self.ground.bound(&sections);
        let others = self.others.iter().filter(|other| bound.contains(other) && !some.contains(other));
        let others: BTreeSet<Requirement> = others.copied().collect();
        decide(self.ground, &sections, &others, None, steps)
    }
}

/// The second half and the first, as they wait for their turn; of one, that.
fn halves(mut some: Vec<Requirement>) -> Vec<Vec<Requirement>> {
    let rest = some.split_off(some.len() / 2);
    vec![rest, some]
}
