//! What else is needed where one section is: told by moving it about, without another search.
//!
//! Sections of which all but one have places can hold together without it. Put it where it disturbs nothing
//! but one other section: without that one they can too, and so on from there. Put it where it breaks nothing
//! but one rule: without that rule they can. Source: Belov, Marques-Silva, *Accelerating MUS Extraction with
//! Recursive Model Rotation*, FMCAD 2011.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use super::ground::Ground;
use super::steps::Steps;
use crate::model::{Problem, SectionId};
use crate::state::{Place, Spot};

/// Notes which requirements are needed, where all of `others` hold for sections at these spots and the one
/// that is left out is all that is missing.
pub(super) fn rotate(
    ground: &Ground<'_>,
    others: &BTreeSet<Requirement>,
    (left_out, spots): (u32, BTreeMap<u32, Spot>),
    needed: &mut BTreeSet<Requirement>,
    steps: &mut Steps,
) {
    let mut waiting = vec![(left_out, spots)];
    while let Some((section, spots)) = waiting.pop() {
        let size = ground.size(section) + spots.len() as u64;
        for spot in all_spots(ground.problem, section) {
            if !steps.take(size) {
                return;
            }
            let (mut by, mut with) = (BTreeSet::new(), BTreeSet::new());
            let at = |other| spots.get(&other);
            let is_asked = |one| others.contains(&one);
            ground.each_breach((section, &spot), at, is_asked, |one, sections| {
                by.insert(one);
                // Without another section, a rule of all together may be broken still.
                with.insert(sections.first().copied().filter(|_| !ground.is_together(one)));
            });
            needed.extend(by.first().filter(|_| by.len() == 1));
            let Some(Some(other)) = with.first().filter(|_| with.len() == 1) else { continue };
            if needed.insert(Requirement::Section(SectionId(*other))) {
                let mut turned = spots.clone();
                turned.remove(other);
                turned.insert(section, spot);
                waiting.push((*other, turned));
            }
        }
    }
}

/// All that a section could be if nothing was closed.
fn all_spots(problem: &Problem, section: u32) -> impl Iterator<Item = Spot> {
    let (spaces, led) =
        (problem.sections.spaces.width(section), problem.sections.facilitators.width(section));
    let times = 0..problem.sections.times.width(section);
    let pairs = times.flat_map(move |time| (0..spaces).map(move |space| (time, space)));
    let places = pairs.flat_map(move |(time, space)| (0..led).map(move |led| Place { time, space, led }));
    places.map(move |place| problem.spot(section, place))
}
