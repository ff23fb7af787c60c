//! Small problems at random, and every placement of them looked at.

use proptest::prelude::*;

use super::{Away, EFFORT, Facilitator, Must, Rule, Space, SpaceClosed, first};
use crate::conflict::{Conflict, Requirement, conflict};
use crate::model::{
    Builder, FacilitatorId, Horizon, Kind, Pattern, Problem, RuleId, Section, SectionId, SpaceId, Weight,
    number,
};
use crate::plan::{Placement, Plan};
use crate::testing::{Random, patterns};

/// A problem, with what the builder was told and the problem does not tell again.
struct Small {
    problem: Problem,
    sections: Vec<Section>,
    spaces: Vec<Vec<Pattern>>,
    facilitators: Vec<Vec<Pattern>>,
    travel: u16,
}

/// Any small problem of sections without learners: too tight, often.
fn small(seed: u64) -> Small {
    let mut random = Random::new(seed);
    let random = &mut random;
    let horizon = Horizon::new(1 + random.below(2), 1 + random.below(3), 4).unwrap();
    let mut builder = Builder::new(horizon);
    let blocks = random.one_in(2);
    let patterns = patterns(random, horizon, blocks);
    let closed = |random: &mut Random| if random.one_in(2) { random.some(&patterns, 2) } else { Vec::new() };
    // The first space and facilitator are always there, so that no section is nowhere.
    let spaces = [vec![], closed(random), closed(random)];
    let facilitators = [vec![], closed(random)];
    let space_ids = spaces.clone().map(|closed| builder.space(closed));
    let led_ids = facilitators.clone().map(|away| builder.facilitator(away));
    let travel = u16::from(random.one_in(3));
    if travel > 0 {
        builder.travel(space_ids[0], space_ids[1], travel);
    }
    let mut sections = Vec::new();
    for _ in 0..2 + random.below(4) {
        let mut section = Section::at(random.some(&patterns, 3));
        if random.one_in(2) {
            section.spaces = random.some(&space_ids, 2).into_iter().map(|id| (id, 0)).collect();
            section.spaces.push((space_ids[0], 0));
        }
        if random.one_in(3) {
            section.facilitators = random.some(&led_ids, 2).into_iter().map(|id| (id, 0)).collect();
            section.facilitators.push((led_ids[0], 0));
        }
        sections.push(section);
    }
    let ids: Vec<SectionId> = sections.iter().map(|section| builder.section(section.clone())).collect();
    for _ in 0..random.below(5) {
        let weight = if random.one_in(5) { Weight::Soft(1) } else { Weight::Hard };
        let members = random.some(&ids, 4);
        builder.rule(random.kind(), weight, members);
    }
    let problem = builder.build().unwrap();
    Small { problem, sections, spaces: spaces.to_vec(), facilitators: facilitators.to_vec(), travel }
}

impl Small {
    fn everything(&self) -> Vec<Requirement> {
        let sections = (0..self.sections.len()).map(|at| Must(SectionId(number(at))));
        let rules = self.problem.rules().iter().enumerate().filter(|(_, rule)| rule.weight == Weight::Hard);
        let rules = rules.map(|(at, _)| Rule(RuleId(number(at))));
        let spaces = (0..3).flat_map(|id| [Space(SpaceId(id)), SpaceClosed(SpaceId(id))]);
        let led = (0..2).flat_map(|id| [Facilitator(FacilitatorId(id)), Away(FacilitatorId(id))]);
        sections.chain(rules).chain(spaces).chain(led).collect()
    }

    /// All that a section could be if nothing was closed.
    fn placements(&self, section: SectionId) -> Vec<Placement> {
        let section = &self.sections[section.index()];
        let or_none = |ids: Vec<Option<u32>>| if ids.is_empty() { vec![None] } else { ids };
        let spaces = or_none(section.spaces.iter().map(|(id, _)| Some(id.0)).collect());
        let led = or_none(section.facilitators.iter().map(|(id, _)| Some(id.0)).collect());
        let mut all = Vec::new();
        for (time, _) in &section.times {
            for space in &spaces {
                for who in &led {
                    let (space, facilitator) = (space.map(SpaceId), who.map(FacilitatorId));
                    all.push(Placement { time: *time, space, facilitator });
                }
            }
        }
        all
    }

    /// Whether one that is placed keeps what is required of it and of those that were placed before.
    fn keeps(&self, required: &[Requirement], placed: &[(SectionId, Placement)]) -> bool {
        let Some(((id, new), before)) = placed.split_last() else { return true };
        let is_closed = |closed: &[Pattern]| closed.iter().any(|time| time.overlaps(&new.time));
        let find = |id: &SectionId| placed.iter().find(|(other, _)| other == id).map(|(_, there)| there);
        required.iter().all(|one| match one {
            Must(_) => true,
            SpaceClosed(space) => new.space != Some(*space) || !is_closed(&self.spaces[space.index()]),
            Away(led) => new.facilitator != Some(*led) || !is_closed(&self.facilitators[led.index()]),
            Space(space) => before.iter().all(|(_, there)| {
                new.space != Some(*space) || there.space != new.space || !there.time.overlaps(&new.time)
            }),
            Facilitator(led) => before.iter().all(|(_, there)| {
                let both = new.facilitator == Some(*led) && there.facilitator == new.facilitator;
                !both || !there.time.overlaps(&new.time)
            }),
            Rule(rule) => {
                let rule = &self.problem.rules()[rule.index()];
                if !rule.kind.is_of_pairs() || !rule.sections.contains(id) {
                    return true;
                }
                let here: Vec<&Placement> = rule.sections.iter().filter_map(find).collect();
                (0..here.len()).all(|b| (0..b).all(|a| self.pair(rule.kind, here[a], here[b])))
            }
        })
    }

    fn pair(&self, kind: Kind, a: &Placement, b: &Placement) -> bool {
        let ways = [(Some(SpaceId(0)), Some(SpaceId(1))), (Some(SpaceId(1)), Some(SpaceId(0)))];
        let travel = if ways.contains(&(a.space, b.space)) { self.travel } else { 0 };
        kind.keeps(&a.time, &b.time, a.space == b.space, travel)
    }

    /// Whether all that is placed keeps the rules of several sections.
    fn keeps_together(&self, required: &[Requirement], placed: &[(SectionId, Placement)]) -> bool {
        required.iter().all(|one| {
            let Rule(rule) = one else { return true };
            let rule = &self.problem.rules()[rule.index()];
            let members: Vec<&Placement> =
                placed.iter().filter(|(id, _)| rule.sections.contains(id)).map(|(_, there)| there).collect();
            let is_of_all = matches!(rule.kind, Kind::MinDays(_) | Kind::MaxBreaks(..));
            if is_of_all && members.len() < rule.sections.len() {
                return true;
            }
            let times: Vec<Pattern> = members.iter().map(|there| there.time).collect();
            let mut spaces: Vec<SpaceId> = members.iter().filter_map(|there| there.space).collect();
            spaces.sort_unstable();
            spaces.dedup();
            rule.kind.breaches(self.problem.horizon(), &times, number(spaces.len())) == 0
        })
    }

    /// A placement of the sections of which all that is required is kept, by trying all.
    fn possible(&self, required: &[Requirement]) -> Option<Vec<(SectionId, Placement)>> {
        let sections = required.iter().filter_map(|one| if let Must(id) = one { Some(*id) } else { None });
        let sections: Vec<SectionId> = sections.collect();
        let mut placed = Vec::new();
        self.place(required, &sections, &mut placed).then_some(placed)
    }

    fn place(
        &self,
        required: &[Requirement],
        left: &[SectionId],
        placed: &mut Vec<(SectionId, Placement)>,
    ) -> bool {
        let Some((section, left)) = left.split_first() else { return self.keeps_together(required, placed) };
        for placement in self.placements(*section) {
            placed.push((*section, placement));
            if self.keeps(required, placed) && self.place(required, left, placed) {
                return true;
            }
            placed.pop();
        }
        false
    }

    /// Every section somewhere, whatever that breaks.
    fn anyhow(&self, seed: u64) -> Plan {
        let mut random = Random::new(seed);
        let ids = (0..self.sections.len()).map(|at| SectionId(number(at)));
        let any = |id| {
            let all = self.placements(id);
            all[random.below(number(all.len())) as usize]
        };
        Plan { placements: ids.map(any).collect(), seats: Vec::new() }
    }

    fn with(&self, placements: Vec<Placement>) -> u64 {
        self.problem.cost_of(&Plan { placements, seats: Vec::new() }).unwrap().hard
    }
}

/// What is told of a problem and a plan is so.
fn check(small: &Small, plan: &Plan) {
    let everything = small.everything();
    let possible = small.possible(&everything);
    if let Some(placed) = &possible {
        assert_eq!(small.with(placed.iter().map(|(_, placement)| *placement).collect()), 0);
    }
    let told = conflict(&small.problem, plan, EFFORT).unwrap();
    assert_eq!(conflict(&small.problem, plan, EFFORT).unwrap(), told);
    let keeps = small.with(plan.placements.clone()) == 0;
    assert_eq!(told == Conflict::None, keeps, "{told:?}");
    match told {
        Conflict::None => assert!(possible.is_some()),
        Conflict::Avoidable { placements } => assert_eq!(small.with(placements), 0),
        Conflict::Unknown { .. } => panic!("this much effort decides anything so small"),
        Conflict::Proven { requirements, minimal } => {
            assert!(minimal && possible.is_none(), "{requirements:?}");
            assert!(requirements.is_sorted(), "{requirements:?}");
            assert!(requirements.iter().all(|one| everything.contains(one)), "{requirements:?}");
            assert_eq!(small.possible(&requirements), None, "{requirements:?}");
            for left_out in &requirements {
                let rest: Vec<Requirement> =
                    requirements.iter().filter(|one| *one != left_out).copied().collect();
                assert!(small.possible(&rest).is_some(), "{left_out:?} of {requirements:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    /// What is told to be impossible is, and no more than that; what is told to be possible is.
    #[test]
    fn what_is_told_is_so(seed: u64) {
        let small = small(seed);
        check(&small, &first(&small.problem));
        check(&small, &small.anyhow(seed));
    }

    /// Whatever the effort, nothing is told that is not so.
    #[test]
    fn with_little_effort_less_is_told_but_nothing_else(seed: u64, bits in 0_u32..15) {
        let small = small(seed);
        let told = conflict(&small.problem, &small.anyhow(seed), 1 << bits).unwrap();
        match told {
            Conflict::None | Conflict::Unknown { .. } => {}
            Conflict::Avoidable { placements } => prop_assert_eq!(small.with(placements), 0),
            Conflict::Proven { requirements, minimal } => {
                prop_assert_eq!(small.possible(&requirements), None);
                for left_out in requirements.iter().filter(|_| minimal) {
                    let mut rest = requirements.clone();
                    rest.retain(|one| one != left_out);
                    prop_assert!(small.possible(&rest).is_some(), "{:?} of {:?}", left_out, requirements);
                }
            }
        }
    }
}

/// The problems at random are of every sort.
#[test]
fn many_small_problems_are_possible_and_many_are_not() {
    let possible = (0..300).filter(|seed| {
        let small = small(*seed);
        small.possible(&small.everything()).is_some()
    });
    let possible = possible.count();
    assert!((60..240).contains(&possible), "{possible}");
}
