//! A problem as what must hold in it, and what placements break of that.

use std::collections::{BTreeMap, BTreeSet};

use super::Requirement;
use super::steps::Steps;
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
            let mut wanted: BTreeMap<u32, u32> = BTreeMap::new();
            for section in sections {
                for place in part.choices(self.problem, *section).filter(|place| *place != NONE) {
                    *wanted.entry(place).or_default() += 1;
                    let mut times = self.problem.sections.times.row(*section).iter();
                    if times.any(|time| part.is_closed(self.problem, place, time.id)) {
                        bound.insert(part.shut(place));
                    }
                }
            }
            let shared = wanted.into_iter().filter(|(_, sections)| *sections > 1);
            bound.extend(shared.map(|(place, _)| part.held(place)));
        }
        bound
    }

    /// Whether something is a rule of several sections together.
    pub(super) fn is_together(&self, one: Requirement) -> bool {
        matches!(one, Requirement::Rule(rule) if !self.problem.rule(rule).kind.is_of_pairs())
    }

    /// How much there is to look at, at most, for the breaches of a section at a spot.
    pub(super) fn size(&self, section: u32) -> u64 {
        let rules =
            self.rules_of(section).iter().map(|rule| self.problem.rules[*rule as usize].sections.len());
        let most = Part::BOTH.map(|part| {
            let places = part.choices(self.problem, section);
            places.map(|place| self.users(part, place).len()).max().unwrap_or(0)
        });
        (1 + rules.sum::<usize>() + most[0] + most[1]) as u64
    }

    /// Tells of each breach of what is asked that a section has a part in at a spot: of what, and who else has.
    /// All others are where `at` says, if anywhere.
    pub(super) fn each_breach<'s>(
        &self,
        (section, spot): (u32, &'s Spot),
        at: impl Fn(u32) -> Option<&'s Spot>,
        is_asked: impl Fn(Requirement) -> bool,
        mut tell: impl FnMut(Requirement, &[u32]),
    ) {
        let problem = self.problem;
        for part in Part::BOTH {
            let place = part.of(spot);
            if part.is_closed(problem, place, spot.time) && is_asked(part.shut(place)) {
                tell(part.shut(place), &[]);
            }
            if place == NONE || !is_asked(part.held(place)) {
                continue;
            }
            for other in self.users(part, place).iter().filter(|other| **other != section) {
                let shares = |there: &Spot| part.of(there) == place && there.pattern.overlaps(&spot.pattern);
                if at(*other).is_some_and(shares) {
                    tell(part.held(place), &[*other]);
                }
            }
        }
        for id in self.rules_of(section) {
            let (rule, id) = (&problem.rules[*id as usize], Requirement::Rule(RuleId(*id)));
            if !is_asked(id) {
                continue;
            }
            let Some(place) = rule.sections.iter().position(|other| other.0 == section) else { continue };
            let others = rule.sections.iter().enumerate().filter(|(other, _)| *other != place);
            let there: Vec<(usize, u32, &Spot)> =
                others.filter_map(|(other, id)| Some((other, id.0, at(id.0)?))).collect();
            if rule.kind.is_of_pairs() {
                for (other, number, there) in there {
                    let (a, b) = if other < place { (there, spot) } else { (spot, there) };
                    let travel = problem.travel(a.space, b.space);
                    if !rule.kind.keeps(&a.pattern, &b.pattern, a.space == b.space, travel) {
                        tell(id, &[number]);
                    }
                }
                continue;
            }
            let all = || there.iter().map(|(_, _, there)| *there).chain([spot]);
            let placed: Vec<Pattern> = all().map(|there| there.pattern).collect();
            let spaces: BTreeSet<u32> = all().map(|t| t.space).filter(|space| *space != NONE).collect();
            if rule.kind.breaches(problem.horizon, &placed, number(spaces.len())) > 0 {
                tell(id, &there.iter().map(|(_, other, _)| *other).collect::<Vec<u32>>());
            }
        }
    }

    /// The sections with which one has a part in a breach in a plan, and whether it has in any.
    pub(super) fn broken_with(&self, spots: &[Spot], section: u32, steps: &mut Steps) -> (bool, Vec<u32>) {
        steps.take(self.size(section));
        let (mut is_broken, mut with) = (false, Vec::new());
        let at = |other: u32| spots.get(other as usize);
        self.each_breach(
            (section, &spots[section as usize]),
            at,
            |_| true,
            |_, others| {
                is_broken = true;
                with.extend(others);
            },
        );
        (is_broken, with)
    }

    /// The sections that have a part in a breach, those together that are connected by breaches, in order.
    pub(super) fn clusters(&self, spots: &[Spot], steps: &mut Steps) -> Vec<Vec<u32>> {
        let mut clusters = Vec::new();
        let mut seen = vec![false; spots.len()];
        for section in self.problem.all_sections() {
            let (mut cluster, mut waiting) = (Vec::new(), vec![section]);
            while let Some(one) = waiting.pop() {
                if !std::mem::replace(&mut seen[one as usize], true) {
                    let (is_broken, with) = self.broken_with(spots, one, steps);
                    waiting.extend(with);
                    cluster.extend(is_broken.then_some(one));
                }
            }
            if !cluster.is_empty() {
                cluster.sort_unstable();
                clusters.push(cluster);
            }
        }
        clusters
    }

    /// The sections outside of some with which these have a part in a breach.
    pub(super) fn in_the_way(&self, spots: &[Spot], inside: &[u32], steps: &mut Steps) -> BTreeSet<u32> {
        let with = inside.iter().flat_map(|section| self.broken_with(spots, *section, steps).1);
        with.filter(|section| inside.binary_search(section).is_err()).collect()
    }
}
