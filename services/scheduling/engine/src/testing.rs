//! Problems of every sort, small and at random, for tests.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::model::{
    Builder, Cohort, Component, Configuration, DayLimit, DayRule, DayShape, Equity, FacilitatorId, Horizon,
    Kind, Learner, LearnerId, Offering, OfferingId, Pair, PairWish, Pattern, Problem, Request, Section,
    SectionId, SpaceId, Weight, number,
};

/// Chance for tests.
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.0.next_u64() % u64::from(bound)).unwrap()
    }

    fn place(&mut self, length: usize) -> usize {
        self.below(number(length)) as usize
    }

    fn small(&mut self, bound: u16) -> u16 {
        u16::try_from(self.below(u32::from(bound))).unwrap()
    }

    pub(crate) fn one_in(&mut self, of: u32) -> bool {
        self.below(of) == 0
    }

    fn weight(&mut self) -> Weight {
        if self.one_in(2) { Weight::Hard } else { Weight::Soft(1 + self.below(9)) }
    }

    /// One or more, up to so many.
    pub(crate) fn some<T: Copy>(&mut self, from: &[T], most: u32) -> Vec<T> {
        let mut left = from.to_vec();
        let wanted = 1 + self.below(most);
        (0..wanted)
            .map_while(|_| (!left.is_empty()).then(|| left.swap_remove(self.place(left.len()))))
            .collect()
    }

    /// What any rule may ask.
    pub(crate) fn kind(&mut self) -> Kind {
        let small = self.small(4);
        match self.below(21) {
            0 => Kind::SameStart,
            1 => Kind::SameTime,
            2 => Kind::DifferentTime,
            3 => Kind::SameDays,
            4 => Kind::DifferentDays,
            5 => Kind::SameWeeks,
            6 => Kind::DifferentWeeks,
            7 => Kind::Overlap,
            8 => Kind::NotOverlap,
            9 => Kind::SameRoom,
            10 => Kind::DifferentRoom,
            11 => Kind::SameAttendees,
            12 => Kind::Precedence,
            13 => Kind::WorkDay(small + 1),
            14 => Kind::MinGap(small),
            15 => Kind::MaxDays(u32::from(small)),
            16 => Kind::MaxDayLoad(small),
            17 => Kind::MaxBreaks(small, 1),
            18 => Kind::MaxBlock(small, 1),
            19 => Kind::MinDays(u32::from(small)),
            _ => Kind::FewSpaces,
        }
    }
}

/// Any small problem. In some, no two patterns overlap, as in a bell schedule.
pub(crate) fn any_problem(seed: u64) -> Problem {
    let mut random = Random::new(seed);
    let blocks = random.one_in(2);
    let horizon = Horizon::new(1 + random.below(3), 2 + random.below(3), 4 + random.small(4)).unwrap();
    let mut builder = Builder::new(horizon);
    builder.weigh_rules(1 + random.below(3));
    if random.one_in(2) {
        builder.clash(Weight::Soft(1 + random.below(5)));
    }
    let patterns = patterns(&mut random, horizon, blocks);
    let closed = |random: &mut Random| if random.one_in(3) { random.some(&patterns, 2) } else { Vec::new() };
    let spaces: Vec<SpaceId> = (0..=random.below(4))
        .map(|_| {
            let c = closed(&mut random);
            builder.space(c)
        })
        .collect();
    let led: Vec<FacilitatorId> = (0..=random.below(3))
        .map(|_| {
            let c = closed(&mut random);
            builder.facilitator(c)
        })
        .collect();
    if random.one_in(3) {
        for (place, one) in spaces.iter().enumerate() {
            spaces[..place].iter().for_each(|other| builder.travel(*one, *other, random.small(3)));
        }
    }
    let sections = sections(&mut random, &mut builder, &patterns, &spaces, &led);
    rules(&mut random, &mut builder, &sections);
    let shape =
        builder.shape(DayShape::new(horizon.slots(), |busy| busy.count_ones().pow(2) + (busy & 1)).unwrap());
    for _ in 0..random.below(4) {
        let members = random.some(&sections, 5);
        builder.cohort(Cohort { sections: members, shape, weight: 1 + random.below(3) });
    }
    let offerings = offerings(&mut random, &mut builder, &sections);
    let mut learners = Vec::new();
    for _ in 0..random.below(6) {
        let requests = (0..=random.below(3)).map(|_| request(&mut random, &offerings)).collect();
        let (closed, group, spared) = (closed(&mut random), random.below(3), random.below(9));
        learners.push(builder.learner(Learner { requests, closed, group, spared }));
    }
    if random.one_in(2) {
        school(&mut random, &mut builder, &learners, &offerings);
    }
    builder.build().unwrap()
}

/// What schools ask of learners' days, company and equity.
fn school(random: &mut Random, builder: &mut Builder, learners: &[LearnerId], offerings: &[OfferingId]) {
    let load = DayLimit::Load(random.small(4));
    builder.day_rule(DayRule { limit: load, weight: random.weight() });
    let from = random.small(2);
    let limit = DayLimit::Break { from, until: from + 3, length: 1 + random.small(2) };
    builder.day_rule(DayRule { limit, weight: random.weight() });
    builder.equity(Equity { spread: random.below(3), gap: random.below(20) });
    for pair in learners.windows(2) {
        let offering = offerings.get(random.below(4) as usize);
        let wish = offering.map_or(PairWish::Apart, |offering| PairWish::With(*offering));
        builder.pair(Pair { one: pair[0], other: pair[1], wish, weight: random.weight() });
    }
}

/// What sections of a small problem may meet in: every slot of every day, or what overlaps.
pub(crate) fn patterns(random: &mut Random, horizon: Horizon, blocks: bool) -> Vec<Pattern> {
    let every = u64::MAX >> (64 - horizon.weeks());
    if blocks {
        let cells = (0..horizon.days()).flat_map(|day| (0..horizon.slots()).map(move |slot| (day, slot)));
        return cells.map(|(day, slot)| horizon.pattern(every, 1 << day, slot, 1).unwrap()).collect();
    }
    (0..12)
        .map(|_| {
            let weeks = (u64::from(random.below(8)) & every).max(1);
            let days = 1 + random.below((1 << horizon.days()) - 1);
            let start = random.small(horizon.slots());
            let length = 1 + random.small(horizon.slots() - start);
            horizon.pattern(weeks, days, start, length).unwrap()
        })
        .collect()
}

fn sections(
    random: &mut Random,
    builder: &mut Builder,
    patterns: &[Pattern],
    spaces: &[SpaceId],
    led: &[FacilitatorId],
) -> Vec<SectionId> {
    (0..3 + random.below(8))
        .map(|_| {
            let times = random.some(patterns, 8).into_iter().map(|time| (time, random.below(4))).collect();
            let mut section = Section { times, ..Section::at([]) };
            // Without a space that is never closed it might be nowhere; that is another test's matter.
            if random.one_in(2) {
                section.spaces = spaces.iter().map(|space| (*space, random.below(3))).collect();
                section.spaces.push((builder.space(Vec::new()), 5));
            }
            if random.one_in(3) {
                section.facilitators = led.iter().map(|who| (*who, random.below(3))).collect();
                section.facilitators.push((builder.facilitator(Vec::new()), 5));
            }
            if random.one_in(2) {
                section.capacity = random.below(3);
                section.least = (random.below(4), random.weight());
            }
            builder.section(section)
        })
        .collect()
}

fn rules(random: &mut Random, builder: &mut Builder, sections: &[SectionId]) {
    for _ in 0..random.below(12) {
        let kind = random.kind();
        let weight = random.weight();
        let members = random.some(sections, 5);
        builder.rule(kind, weight, members);
    }
}

/// Offerings of the sections, of which some have parents.
fn offerings(random: &mut Random, builder: &mut Builder, sections: &[SectionId]) -> Vec<OfferingId> {
    let mut left = sections.to_vec();
    let mut made = Vec::new();
    while left.len() >= 3 {
        let first: Vec<SectionId> = left.split_off(left.len() - 2);
        let mut components = vec![Component { sections: first.clone() }];
        if left.len() > 2 && random.one_in(2) {
            let second: Vec<SectionId> = left.split_off(left.len() - 2);
            if random.one_in(2) {
                second.iter().zip(&first).for_each(|(child, parent)| builder.parent(*child, *parent));
            }
            components.push(Component { sections: second });
        }
        let mut configurations = vec![Configuration { components }];
        if let Some(last) = left.pop().filter(|_| random.one_in(2)) {
            configurations.push(Configuration { components: vec![Component { sections: vec![last] }] });
        }
        made.push(builder.offering(Offering { configurations }));
    }
    made
}

fn request(random: &mut Random, offerings: &[OfferingId]) -> Request {
    let options = random.some(offerings, 3).into_iter().zip([0, 3, 7]).collect();
    Request { options, unplaced: random.weight() }
}
