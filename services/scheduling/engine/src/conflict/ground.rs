//! A problem as what must hold in it, and what placements break of that.

use std::collections::BTreeSet;

use super::Requirement;
use crate::model::{FacilitatorId, Kind, NONE, Pattern, Problem, RuleId, SectionId, SpaceId, Weight, number};
use crate::state::Spot;

/// What a section has beside its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A space.
    Space,
    /// A facilitator.
    Led,
}

impl Part {
    pub(super) const BOTH: [Self; 2] = [Self::Space, Self::Led];

    /// The numbers of those that a section may have.
    pub(super) fn choices(self, problem: &Problem, section: u32) -> impl Iterator<Item = u32> {
        let row = match self {
            Self::Space => problem.sections.spaces.row(section),
            Self::Led => problem.sections.facilitators.row(section),
        };
        row.iter().map(|choice| choice.id)
    }

    pub(super) fn is_closed(self, problem: &Problem, place: u32, time: u32) -> bool {
        match self {
            Self::Space => problem.spaces.is_closed(place, time),
            Self::Led => problem.facilitators.is_closed(place, time),
        }
    }

    pub(super) const fn of(self, spot: &Spot) -> u32 {
        match self {
            Self::Space => spot.space,
            Self::Led => spot.led,
        }
    }

    /// That it has one section at a time.
    pub(super) const fn held(self, place: u32) -> Requirement {
        match self {
            Self::Space => Requirement::Space(SpaceId(place)),
            Self::Led => Requirement::Facilitator(FacilitatorId(place)),
        }
    }

    /// That it has none at its closed times.
    pub(super) const fn shut(self, place: u32) -> Requirement {
        match self {
            Self::Space => Requirement::SpaceClosed(SpaceId(place)),
            Self::Led => Requirement::Away(FacilitatorId(place)),
        }
    }
}

/// Whether fewer sections may break a rule that more of them keep, so that it says nothing of a part of them:
/// one that is not there might be what fills a break.
pub(super) const fn is_of_all(kind: Kind) -> bool {
    matches!(kind, Kind::MinDays(_) | Kind::MaxBreaks(..))
}

/// A problem as what must hold in it.
pub(super) struct Ground<'p> {
    pub(super) problem: &'p Problem,
    /// The hard rules of each section, by number.
    rules: Vec<Vec<u32>>,
    /// The sections that may be in each space and that each facilitator may lead.
    users: [Vec<Vec<u32>>; 2],
}

impl<'p> Ground<'p> {
    pub(super) fn new(problem: &'p Problem) -> Self {
        let mut rules = vec![Vec::new(); problem.sections()];
        for (at, rule) in (0..).zip(&problem.rules).filter(|(_, rule)| rule.weight == Weight::Hard) {
            rule.sections.iter().for_each(|section| rules[section.index()].push(at));
        }
        let counts = [problem.spaces.count, problem.facilitators.count];
        let mut users = counts.map(|count| vec![Vec::new(); count]);
        for (part, users) in Part::BOTH.into_iter().zip(&mut users) {
            for section in problem.all_sections() {
                for place in part.choices(problem, section).filter(|place| *place != NONE) {
                    users[place as usize].push(section);
                }
            }
        }
        Self { problem, rules, users }
    }

    /// The hard rules of a section, by number.
    pub(super) fn rules_of(&self, section: u32) -> &[u32] {
        &self.rules[section as usize]
    }

    /// The sections that may have a space or facilitator.
    pub(super) fn users(&self, part: Part, place: u32) -> &[u32] {
        self.users[part as usize].get(place as usize).map_or(&[], Vec::as_slice)
    }

    /// All that may bind sections, in order, beside that they must be somewhere.
    pub(super) fn bound(&self, sections: &[u32]) -> BTreeSet<Requirement> {
        let has = |id: &SectionId| sections.binary_search(&id.0).is_ok();
        let rules: BTreeSet<u32> = sections.iter().flat_map(|s| self.rules_of(*s)).copied().collect();
        let binds = |rule: &u32| {
            let of = &self.problem.rules[*rule as usize];
            let least = match of.kind {
                kind if kind.is_of_pairs() => 2,
                kind if is_of_all(kind) => of.sections.len(),
                _ => 1,
            };
            of.sections.iter().filter(|id| has(id)).count() >= least
        };
        let rules = rules.into_iter().filter(binds);
        let mut bound: BTreeSet<Requirement> = rules.map(|rule| Requirement::Rule(RuleId(rule))).collect();
        for part in Part::BOTH {
            let choices = |section: &u32| part.choices(self.problem, *section);
            let mut wanted: Vec<u32> =
                sections.iter().flat_map(choices).filter(|place| *place != NONE).collect();
            wanted.sort_unstable();
            for some in wanted.chunk_by(|a, b| a == b) {
                if some.len() > 1 {
                    bound.insert(part.held(some[0]));
                }
            }
            for section in sections {
                for place in part.choices(self.problem, *section) {
                    let mut times = self.problem.sections.times.row(*section).iter();
                    if times.any(|time| part.is_closed(self.problem, place, time.id)) {
                        bound.insert(part.shut(place));
                    }
                }
            }
        }
        bound
    }

    /// Sections with all that are in a hard rule, a space or with a facilitator with any of them, in order.
    pub(super) fn ring(&self, sections: &[u32]) -> Vec<u32> {
        let mut wider = BTreeSet::new();
        for section in sections {
            wider.insert(*section);
            let rules = self.rules_of(*section).iter().map(|rule| &self.problem.rules[*rule as usize]);
            wider.extend(rules.flat_map(|rule| &rule.sections).map(|id| id.0));
            for part in Part::BOTH {
                let places = part.choices(self.problem, *section);
                wider.extend(places.flat_map(|place| self.users(part, place)));
            }
        }
        wider.into_iter().collect()
    }

    /// Tells of the sections of each breach that a section has a part in.
    pub(super) fn each_breach(&self, spots: &[Spot], section: u32, mut tell: impl FnMut(&[u32])) {
        let problem = self.problem;
        let spot = &spots[section as usize];
        if !problem.is_open(spot) {
            tell(&[section]);
        }
        for part in Part::BOTH {
            let place = part.of(spot);
            for other in self.users(part, place).iter().filter(|other| **other != section) {
                let there = &spots[*other as usize];
                if part.of(there) == place && there.pattern.overlaps(&spot.pattern) {
                    tell(&[section, *other]);
                }
            }
        }
        for rule in self.rules_of(section) {
            let rule = &problem.rules[*rule as usize];
            let all: Vec<u32> = rule.sections.iter().map(|id| id.0).collect();
            if !rule.kind.is_of_pairs() {
                if self.breaks_together(spots, rule.kind, &all) {
                    tell(&all);
                }
                continue;
            }
            let Some(place) = all.iter().position(|id| *id == section) else { continue };
            for (at, other) in all.iter().enumerate().filter(|(at, _)| *at != place) {
                let there = &spots[*other as usize];
                let (a, b) = if at < place { (there, spot) } else { (spot, there) };
                let travel = problem.travel(a.space, b.space);
                if !rule.kind.keeps(&a.pattern, &b.pattern, a.space == b.space, travel) {
                    tell(&[section, *other]);
                }
            }
        }
    }

    fn breaks_together(&self, spots: &[Spot], kind: Kind, sections: &[u32]) -> bool {
        let placed: Vec<Pattern> = sections.iter().map(|section| spots[*section as usize].pattern).collect();
        let spaces = sections.iter().map(|section| spots[*section as usize].space);
        let spaces: BTreeSet<u32> = spaces.filter(|space| *space != NONE).collect();
        kind.breaches(self.problem.horizon, &placed, number(spaces.len())) > 0
    }

    /// The sections that have a part in a breach, those together that are connected by breaches, in order.
    pub(super) fn clusters(&self, spots: &[Spot]) -> Vec<Vec<u32>> {
        let mut joined = Joined::new(spots.len());
        let mut broken = BTreeSet::new();
        for section in self.problem.all_sections() {
            self.each_breach(spots, section, |sections| {
                broken.extend(sections);
                for other in sections {
                    joined.join(section as usize, *other as usize);
                }
            });
        }
        let broken: Vec<u32> = broken.into_iter().collect();
        joined.parts(broken.iter().map(|section| *section as usize)).into_iter().map(numbers).collect()
    }

    /// The sections outside of some with which these have a part in a breach.
    pub(super) fn in_the_way(&self, spots: &[Spot], inside: &[u32]) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        for section in inside {
            self.each_breach(spots, *section, |sections| found.extend(sections));
        }
        found.retain(|section| inside.binary_search(section).is_err());
        found
    }

    /// Sections by those that something required connects, however far round.
    pub(super) fn components(&self, sections: &[u32], others: &BTreeSet<Requirement>) -> Vec<Vec<u32>> {
        let mut joined = Joined::new(sections.len());
        let mut join = |members: &[u32]| {
            let mut places = members.iter().filter_map(|section| sections.binary_search(section).ok());
            if let Some(first) = places.next() {
                places.for_each(|place| joined.join(first, place));
            }
        };
        for other in others {
            match other {
                Requirement::Rule(rule) => {
                    let members = &self.problem.rule(*rule).sections;
                    join(&members.iter().map(|id| id.0).collect::<Vec<u32>>());
                }
                Requirement::Space(space) => join(self.users(Part::Space, space.0)),
                Requirement::Facilitator(led) => join(self.users(Part::Led, led.0)),
                Requirement::Section(_) | Requirement::SpaceClosed(_) | Requirement::Away(_) => {}
            }
        }
        let parts = joined.parts(0..sections.len()).into_iter();
        parts.map(|part| part.into_iter().map(|place| sections[place]).collect()).collect()
    }
}

fn numbers(places: Vec<usize>) -> Vec<u32> {
    places.into_iter().map(number).collect()
}

/// What is connected, by union and find.
struct Joined(Vec<usize>);

impl Joined {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut one: usize) -> usize {
        while self.0[one] != one {
            self.0[one] = self.0[self.0[one]];
            one = self.0[one];
        }
        one
    }

    /// The least of what is connected is its root, so that the order does not depend on who joined whom.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// Some by what is connected, each part and all parts in order.
    fn parts(&mut self, some: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
        let mut keyed: Vec<(usize, usize)> = some.into_iter().map(|one| (self.root(one), one)).collect();
        keyed.sort_unstable();
        keyed.chunk_by(|a, b| a.0 == b.0).map(|part| part.iter().map(|(_, one)| *one).collect()).collect()
    }
}
