//! What else is needed where one section is: told by moving it about, without another search.
//!
//! Sections of which all but one have places can hold together without it. Put it where it disturbs nothing
//! but one other section: without that one they can too, and so on from there. Put it where it breaks nothing
//! but one rule: without that rule they can. Source: Belov, Marques-Silva, *Accelerating MUS Extraction with
//! Recursive Model Rotation*, FMCAD 2011.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use super::ground::{Ground, Part};
use super::steps::Steps;
use crate::model::{NONE, Pattern, Problem, RuleId, SectionId, number};
use crate::state::{Place, Spot};

/// Requirements that cannot hold together, and those of them that are proven to be needed for that. Every
/// section is there but the one that is moved, so that all rules that are asked for bind it.
pub(super) struct Rotation<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) others: &'a BTreeSet<Requirement>,
    pub(super) needed: &'a mut BTreeSet<Requirement>,
    pub(super) steps: &'a mut Steps,
}

/// What would be broken, as far as it matters.
#[derive(Default)]
struct Broken {
    /// By what, if by one requirement only.
    by: Only<Requirement>,
    /// With whom, if with one section only.
    with: Only<u32>,
}

/// None, one or many.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Only<T> {
    #[default]
    None,
    One(T),
    Many,
}

impl<T: Copy + PartialEq> Only<T> {
    fn add(&mut self, one: T) {
        *self = match *self {
            Self::None => Self::One(one),
            Self::One(known) if known == one => Self::One(known),
            _ => Self::Many,
        };
    }
}

impl Broken {
    fn add(&mut self, by: Requirement, with: Option<u32>) {
        self.by.add(by);
        match with {
            Some(section) => self.with.add(section),
            None => self.with = Only::Many,
        }
    }

    fn is_much(&self) -> bool {
        self.by == Only::Many && self.with == Only::Many
    }
}

impl Rotation<'_> {
    /// Notes what is needed, where the sections have these places but for one that has none.
    pub(super) fn rotate(&mut self, left_out: u32, spots: BTreeMap<u32, Spot>) {
        let mut waiting = vec![(left_out, spots)];
        while let Some((section, spots)) = waiting.pop() {
            let spots_of = all_spots(self.ground.problem, section).count();
            if !self.steps.take((spots_of * (1 + spots.len())) as u64) {
                return;
            }
            for spot in all_spots(self.ground.problem, section) {
                let broken = self.broken(section, &spot, &spots);
                if let Only::One(requirement) = broken.by {
                    self.needed.insert(requirement);
                }
                let Only::One(other) = broken.with else { continue };
                if self.needed.insert(Requirement::Section(SectionId(other))) {
                    let mut turned = spots.clone();
                    turned.remove(&other);
                    turned.insert(section, spot);
                    waiting.push((other, turned));
                }
            }
        }
    }

    fn broken(&self, section: u32, spot: &Spot, spots: &BTreeMap<u32, Spot>) -> Broken {
        let mut broken = Broken::default();
        for part in Part::BOTH {
            let place = part.of(spot);
            if place == NONE {
                continue;
            }
            let is_closed = part.is_closed(self.ground.problem, place, spot.time);
            if is_closed && self.others.contains(&part.shut(place)) {
                broken.add(part.shut(place), None);
            }
            if self.others.contains(&part.held(place)) {
                let there = spots.iter().filter(|(_, there)| part.of(there) == place);
                for (other, _) in there.filter(|(_, there)| there.pattern.overlaps(&spot.pattern)) {
                    broken.add(part.held(place), Some(*other));
                }
            }
        }
        for rule in self.ground.rules_of(section) {
            if broken.is_much() {
                break;
            }
            if self.others.contains(&Requirement::Rule(RuleId(*rule))) {
                self.break_rule(RuleId(*rule), section, spot, spots, &mut broken);
            }
        }
        broken
    }

    fn break_rule(
        &self,
        id: RuleId,
        section: u32,
        spot: &Spot,
        spots: &BTreeMap<u32, Spot>,
        broken: &mut Broken,
    ) {
        let problem = self.ground.problem;
        let rule = problem.rule(id);
        let Some(place) = rule.sections.iter().position(|other| other.0 == section) else { return };
        let members = rule.sections.iter().enumerate();
        let there: Vec<(usize, u32, &Spot)> =
            members.filter_map(|(at, other)| Some((at, other.0, spots.get(&other.0)?))).collect();
        if rule.kind.is_of_pairs() {
            for (at, other, there) in there {
                let (a, b) = if at < place { (there, spot) } else { (spot, there) };
                let travel = problem.travel(a.space, b.space);
                if !rule.kind.keeps(&a.pattern, &b.pattern, a.space == b.space, travel) {
                    broken.add(Requirement::Rule(id), Some(other));
                }
            }
        } else {
            let all = || there.iter().map(|(_, _, there)| *there).chain([spot]);
            let placed: Vec<Pattern> = all().map(|there| there.pattern).collect();
            let spaces: BTreeSet<u32> = all().map(|t| t.space).filter(|space| *space != NONE).collect();
            if rule.kind.breaches(problem.horizon, &placed, number(spaces.len())) > 0 {
                broken.add(Requirement::Rule(id), None);
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
