use proptest::prelude::*;

use super::{
    Fairness, GroupFairness, GroupFigures, MIN_CELL, Share, compare, drawn, fairness, first_come, in_order,
    random_order, satisfaction,
};
use crate::model::{
    Builder, Component, Configuration, Fault, Horizon, Learner, NONE, Offering, OfferingId, Problem, Request,
    Section, SectionId, Weight, number,
};
use crate::plan::{Plan, Seat};
use crate::search::{Dice, construct, each_ticket};
use crate::testing::any_problem;

/// A first plan, without any search.
fn first(problem: &Problem, seed: u64) -> Plan {
    Plan::of(problem, &construct(problem, &mut Dice::new(seed, 0, 0)).keep())
}

/// A section for so many at a slot of the only day, where every section can only be there.
fn at(builder: &mut Builder, slot: u16, capacity: u32) -> SectionId {
    builder.section(Section { capacity, ..Section::at([day().weekly(0, slot, 1).unwrap()]) })
}

fn day() -> Horizon {
    Horizon::new(1, 1, 20).unwrap()
}

fn way(components: Vec<Vec<SectionId>>) -> Configuration {
    let components = components.into_iter().map(|sections| Component { sections }).collect();
    Configuration { components }
}

/// An offering of one section.
fn class(builder: &mut Builder, slot: u16, capacity: u32) -> OfferingId {
    let section = at(builder, slot, capacity);
    builder.offering(Offering { configurations: vec![way(vec![vec![section]])] })
}

fn wish(options: &[(OfferingId, u32)]) -> Request {
    Request { options: options.to_vec(), unplaced: Weight::Soft(10) }
}

fn learner(requests: Vec<Request>) -> Learner {
    Learner { requests, closed: Vec::new(), group: 0, spared: 0 }
}

/// The sections that every request got.
fn got(plan: &Plan) -> Vec<Vec<usize>> {
    let sections = |seat: &Seat| seat.sections.iter().map(|section| section.index()).collect();
    plan.seats.iter().map(|seat| seat.as_ref().map_or(Vec::new(), sections)).collect()
}

#[test]
fn satisfaction_is_how_far_an_option_is_from_the_worst() {
    let offering = class(&mut Builder::new(day()), 0, 1);
    let cases: [(&[u32], Weight, &[u32]); 6] = [
        (&[0, 3, 7], Weight::Soft(10), &[1000, 700, 300]),
        (&[0, 3, 7], Weight::Soft(5), &[1000, 571, 0]),
        (&[0, 3, 7], Weight::Hard, &[1000, 785, 500]),
        (&[0, 1], Weight::Soft(1_000_000), &[1000, 999]),
        (&[0], Weight::Hard, &[1000]),
        (&[0, u32::MAX], Weight::Soft(0), &[1000, 0]),
    ];
    for (penalties, unplaced, expected) in cases {
        let options = penalties.iter().map(|penalty| (offering, *penalty)).collect();
        let request = Request { options, unplaced };
        let each: Vec<u32> = (0..number(penalties.len())).map(|o| satisfaction(&request, o)).collect();
        assert_eq!(each, expected, "{penalties:?} {unplaced:?}");
        assert_eq!(satisfaction(&request, NONE), 0);
    }
}

#[test]
fn figures_are_those_that_one_counts_by_hand() {
    let mut builder = Builder::new(day());
    let [a, b, c, d] = [0, 1, 2, 3].map(|slot| class(&mut builder, slot, 30));
    let four = wish(&[(a, 0), (b, 3), (c, 7), (d, 8)]);
    let two = vec![wish(&[(b, 0)]), wish(&[(a, 0), (c, 5)])];
    for requests in [vec![four.clone()], two, Vec::new(), vec![four.clone()], vec![four]] {
        builder.learner(learner(requests));
    }
    let problem = builder.build().unwrap();
    let seat = |offering: OfferingId| Some(Seat { offering, sections: vec![SectionId(offering.0)] });
    let seats = vec![seat(a), None, seat(c), seat(d), seat(c)];

    let told = fairness(&problem, &Plan { seats, ..first(&problem, 1) }).unwrap();

    assert_eq!((told.learners, told.requests), (4, 5));
    let shares = [told.first_choice, told.top_three, told.unplaced];
    assert_eq!(shares, [1, 3, 1].map(|count| Share { count, of: 5 }));
    // Of 1000, 250, 200 and 300 the mean is 437.5.
    assert_eq!((told.minimum, told.tenth_percentile, told.mean), (200, 200, 438));
    assert_eq!(told.groups, [GroupFairness { group: 0, figures: None }]);
    assert!((told.top_three.ratio() - 0.6).abs() < 1e-9);
    assert!(Share { count: 0, of: 0 }.ratio().abs() < 1e-9);
}

#[test]
fn the_tenth_percentile_is_that_of_the_nearest_rank() {
    for (learners, expected) in [(0, 0), (10, 0), (11, 100), (20, 100), (21, 200)] {
        let mut builder = Builder::new(day());
        let offering = class(&mut builder, 0, 30);
        // The later someone is, the less it costs.
        for place in 0..learners {
            builder.learner(learner(vec![wish(&[(offering, 10_u32.saturating_sub(place))])]));
        }
        let problem = builder.build().unwrap();
        let told = fairness(&problem, &first_come(&problem, &first(&problem, 1))).unwrap();
        assert_eq!((told.minimum, told.tenth_percentile), (0, expected), "{learners}");
    }
}

/// Groups of so many, of which each learner asks for something that the first twenty get, and what is told.
fn grouped(sizes: &[usize]) -> Fairness {
    let mut builder = Builder::new(day());
    let [scarce, plenty] = [20, 1000].map(|capacity| class(&mut builder, 0, capacity));
    for (group, size) in (0..).zip(sizes) {
        for _ in 0..*size {
            builder.learner(Learner { group, ..learner(vec![wish(&[(scarce, 0), (plenty, 5)])]) });
        }
        builder.learner(Learner { group, ..learner(Vec::new()) });
    }
    let problem = builder.build().unwrap();
    fairness(&problem, &first_come(&problem, &first(&problem, 1))).unwrap()
}

fn told_of(told: &Fairness) -> Vec<u32> {
    told.groups.iter().filter(|group| group.figures.is_some()).map(|group| group.group).collect()
}

#[test]
fn small_groups_are_not_told_nor_those_that_would_give_them_away() {
    let cases: [(&[usize], &[u32]); 8] = [
        (&[10, 12], &[0, 1]),
        (&[12], &[0]),
        (&[9], &[]),
        (&[9, 10], &[]),
        (&[9, 15, 12], &[1]),
        (&[5, 6, 12], &[2]),
        // Both together are still few.
        (&[20, 3, 4, 12], &[0]),
        (&[10, 9, 10, 8], &[0, 2]),
    ];
    for (sizes, expected) in cases {
        let told = grouped(sizes);
        assert_eq!(told_of(&told), expected, "{sizes:?}");
        assert_eq!(told.groups.len(), sizes.len());
    }
}

#[test]
fn a_group_has_figures_of_its_own() {
    let told = grouped(&[14, 10, 11]);
    let figures: Vec<_> = told.groups.iter().map(|group| group.figures.unwrap()).collect();
    let expected = [(14, 0, 14), (10, 200, 6), (11, 500, 0)].map(|(learners, mean_regret, count)| {
        GroupFigures { learners, mean_regret, first_choice: Share { count, of: learners } }
    });
    assert_eq!(figures, expected);
}

#[test]
fn who_comes_first_is_served_first() {
    let mut builder = Builder::new(day());
    let [scarce, plenty] = [1, 30].map(|capacity| class(&mut builder, 0, capacity));
    (0..3).for_each(|_| _ = builder.learner(learner(vec![wish(&[(plenty, 5), (scarce, 0)])])));
    let problem = builder.build().unwrap();
    let plan = first(&problem, 1);
    assert_eq!(got(&first_come(&problem, &plan)), [[0], [1], [1]]);
    let lots = || (0..50).map(|seed| got(&random_order(&problem, &plan, seed))).collect::<Vec<_>>();
    assert!((0..3).all(|lucky| lots().iter().any(|got| got[lucky] == [0])), "someone is never first");
    assert_eq!(lots(), lots());
}

#[test]
fn what_must_be_had_comes_before_who_comes_first() {
    let mut builder = Builder::new(day());
    let scarce = class(&mut builder, 0, 1);
    builder.learner(learner(vec![wish(&[(scarce, 0)])]));
    let must = Request { unplaced: Weight::Hard, ..wish(&[(scarce, 0)]) };
    let late = builder.learner(learner(vec![must]));
    let last = builder.learner(learner(vec![wish(&[(scarce, 0)])]));
    let problem = builder.build().unwrap();
    let plan = first(&problem, 1);
    assert_eq!(got(&first_come(&problem, &plan)), [vec![], vec![0], vec![]]);
    // In an order, only who is in it.
    assert_eq!(got(&in_order(&problem, &plan, &[last]).unwrap()), [vec![], vec![], vec![0]]);
    assert!(in_order(&problem, &plan, &[late, late]).is_err());
}

#[test]
fn an_offering_is_taken_once_and_nothing_is_had_at_once() {
    let mut builder = Builder::new(day());
    let [choir, chess, robotics] = [0, 0, 1].map(|slot| class(&mut builder, slot, 30));
    let any = wish(&[(choir, 0), (chess, 1), (robotics, 2)]);
    builder.learner(learner(vec![any.clone(), any.clone(), any.clone()]));
    let closed = vec![day().weekly(0, 0, 1).unwrap()];
    builder.learner(Learner { closed, ..learner(vec![any]) });
    let problem = builder.build().unwrap();
    assert_eq!(got(&first_come(&problem, &first(&problem, 1))), [vec![0], vec![2], vec![], vec![2]]);
}

#[test]
fn a_ticket_is_whole_with_parents_and_none_of_it_clashes() {
    let mut builder = Builder::new(day());
    let lectures = vec![at(&mut builder, 0, 30), at(&mut builder, 1, 30), at(&mut builder, 2, 30)];
    let labs: Vec<SectionId> = [(3, 0), (1, 30), (4, 30)].map(|(s, c)| at(&mut builder, s, c)).to_vec();
    labs.iter().zip(&lectures).for_each(|(lab, lecture)| builder.parent(*lab, *lecture));
    let online = at(&mut builder, 5, 1);
    // The lab of the first lecture is full and that of the second is at the same time.
    let offering = Offering { configurations: vec![way(vec![labs, lectures]), way(vec![vec![online]])] };
    let course = builder.offering(offering);
    let away = |slot| vec![day().weekly(0, slot, 1).unwrap()];
    let one = || learner(vec![wish(&[(course, 0)])]);
    builder.learner(one());
    builder.learner(Learner { closed: away(4), ..one() });
    builder.learner(Learner { closed: away(2), ..one() });
    let problem = builder.build().unwrap();
    assert_eq!(got(&first_come(&problem, &first(&problem, 1))), [vec![2, 5], vec![6], vec![]]);
}

#[test]
fn there_is_time_to_get_from_one_to_the_other() {
    for (travel, expected) in [(1, vec![1]), (2, vec![2])] {
        let mut builder = Builder::new(day());
        let spaces = [builder.space(Vec::new()), builder.space(Vec::new())];
        builder.travel(spaces[0], spaces[1], travel);
        let [choir, near, late] = [(0, 0), (2, 1), (3, 1)].map(|(slot, space): (u16, usize)| {
            let time = day().weekly(0, slot, 1).unwrap();
            let section =
                builder.section(Section { spaces: vec![(spaces[space], 0)], ..Section::at([time]) });
            builder.offering(Offering { configurations: vec![way(vec![vec![section]])] })
        });
        builder.learner(learner(vec![wish(&[(choir, 0)]), wish(&[(near, 0), (late, 1)])]));
        let problem = builder.build().unwrap();
        assert_eq!(got(&first_come(&problem, &first(&problem, 1))), [vec![0], expected]);
    }
}

/// To see that sixteen cannot all be at one of fifteen times takes longer than anyone waits.
#[test]
fn a_hopeless_configuration_does_not_keep_from_the_next() {
    let mut builder = Builder::new(day());
    let mut component = |_| (0..15).map(|slot| at(&mut builder, slot, 30)).collect();
    let crowded = (0..16).map(&mut component).collect();
    let free = at(&mut builder, 0, 30);
    let offering = Offering { configurations: vec![way(crowded), way(vec![vec![free]])] };
    let offering = builder.offering(offering);
    builder.learner(learner(vec![wish(&[(offering, 0)])]));
    let problem = builder.build().unwrap();
    assert_eq!(got(&first_come(&problem, &first(&problem, 1))), [[free.index()]]);
}

#[test]
fn a_plan_of_something_else_is_refused_and_seats_nobody() {
    let mut builder = Builder::new(day());
    let offering = class(&mut builder, 0, 1);
    builder.learner(learner(vec![wish(&[(offering, 0)])]));
    let problem = builder.build().unwrap();
    let other = Plan { placements: Vec::new(), seats: Vec::new() };
    assert_eq!(fairness(&problem, &other).unwrap_err(), Fault::Unknown("section or request"));
    assert_eq!(compare(&problem, &other, 1, 1).unwrap_err(), Fault::Unknown("section or request"));
    assert_eq!(first_come(&problem, &other).seats, [None]);
}

/// Two groups of ten. What most want is short by one seat, and what the rest want has none to spare.
fn contested() -> Problem {
    let mut builder = Builder::new(day());
    let [a, b, c] = [14, 5, 30].map(|capacity| class(&mut builder, 0, capacity));
    let wishes = [&[(a, 0), (b, 3), (c, 9)][..], &[(a, 0)], &[(a, 0), (c, 9)], &[(b, 0), (c, 9)]];
    for place in 0..20 {
        let group = u32::from(place < 10);
        builder.learner(Learner { group, ..learner(vec![wish(wishes[place % 4])]) });
    }
    builder.build().unwrap()
}

#[test]
fn orders_by_lot_are_told_in_the_mean() {
    let problem = contested();
    let plan = first(&problem, 1);
    let all: Vec<Fairness> =
        (0..40).map(|draw| fairness(&problem, &drawn(&problem, &plan, 9, draw)).unwrap()).collect();
    assert_eq!(fairness(&problem, &random_order(&problem, &plan, 9)).unwrap(), all[0]);
    assert_eq!(compare(&problem, &plan, 0, 9).unwrap().random_order, all[0]);
    let compared = compare(&problem, &plan, 40, 9).unwrap();
    assert_eq!(compared.plan, fairness(&problem, &plan).unwrap());
    assert_eq!(compared.first_come, fairness(&problem, &first_come(&problem, &plan)).unwrap());
    let figures: [fn(&Fairness) -> u32; 8] = [
        |one| one.first_choice.count,
        |one| one.top_three.count,
        |one| one.unplaced.count,
        |one| one.minimum,
        |one| one.tenth_percentile,
        |one| one.mean,
        |one| one.groups[1].figures.unwrap().mean_regret,
        |one| one.groups[1].figures.unwrap().first_choice.count,
    ];
    for (place, figure) in figures.into_iter().enumerate() {
        assert!(all.iter().any(|one| figure(one) != figure(&all[0])), "{place} shows nothing");
        let mean = all.iter().map(|one| f64::from(figure(one))).sum::<f64>() / 40.0;
        assert!((mean - f64::from(figure(&compared.random_order))).abs() <= 0.5, "{place}: {mean}");
    }
}

/// What is free, and what a learner has who chooses.
struct Left<'p> {
    problem: &'p Problem,
    plan: &'p Plan,
    free: Vec<u32>,
    held: Vec<u32>,
    taken: Vec<OfferingId>,
}

impl Left<'_> {
    /// Whether a learner gets into a section beside others, by the words of the rules.
    fn gets_in(&self, learner: u32, others: &[u32], section: u32) -> bool {
        let at = |section: u32| self.plan.placements[section as usize];
        let space = |section: u32| at(section).space.map_or(NONE, |space| space.0);
        let travel = |other: u32| self.problem.travel(space(section), space(other));
        let apart = |other: &u32| at(section).time.apart(&at(*other).time, travel(*other));
        let closed = &self.problem.learners[learner as usize].closed;
        self.free[section as usize] > 0
            && self.held.iter().chain(others).all(apart)
            && !closed.iter().any(|away| away.overlaps(&at(section).time))
    }

    /// The least penalty at which a request can be had.
    fn least(&self, learner: u32, request: u32) -> Option<u32> {
        let mut least = None;
        for (option, (offering, penalty)) in (0..).zip(self.problem.options(request)) {
            each_ticket(self.problem, option, *offering, &mut |ticket| {
                let row = ticket.sections();
                let fits = (0..row.len()).all(|place| self.gets_in(learner, &row[..place], row[place]));
                if fits && !self.taken.contains(offering) && least.is_none_or(|least| least > *penalty) {
                    least = Some(*penalty);
                }
                true
            });
        }
        least
    }
}

/// Checks that everyone, in an order, got the best that was left, and nothing that was not.
fn check_turns(problem: &Problem, plan: &Plan, order: &[u32]) -> Result<(), TestCaseError> {
    let free = problem.sections.capacity.clone();
    let mut left = Left { problem, plan, free, held: Vec::new(), taken: Vec::new() };
    let mut had = vec![(Vec::new(), Vec::new()); problem.learners.len()];
    for (learner, must) in order.iter().map(|id| (id, true)).chain(order.iter().map(|id| (id, false))) {
        (left.held, left.taken) = std::mem::take(&mut had[*learner as usize]);
        let now = |request: &u32| (problem.request(*request).unplaced == Weight::Hard) == must;
        for request in problem.requests_of(*learner).filter(now) {
            let seat = plan.seats[request as usize].as_ref();
            let option = |seat: &Seat| problem.options(request).iter().find(|(id, _)| *id == seat.offering);
            let penalty = seat.and_then(option).map(|(_, penalty)| *penalty);
            prop_assert_eq!(penalty, left.least(*learner, request));
            for section in seat.iter().flat_map(|seat| &seat.sections) {
                prop_assert!(left.gets_in(*learner, &[], section.0));
                left.free[section.index()] -= 1;
                left.held.push(section.0);
            }
            left.taken.extend(seat.map(|seat| seat.offering));
        }
        had[*learner as usize] = (std::mem::take(&mut left.held), std::mem::take(&mut left.taken));
    }
    Ok(())
}

proptest! {
    /// Counts add up, and figures are where they must be.
    #[test]
    fn figures_agree_with_each_other(seed: u64) {
        let problem = any_problem(seed);
        let plan = first(&problem, seed);
        let compared = compare(&problem, &plan, 2, seed).unwrap();
        let asking = problem.learners().iter().filter(|learner| !learner.requests.is_empty()).count();
        let none = plan.seats.iter().filter(|seat| seat.is_none()).count();
        prop_assert_eq!(compared.plan.unplaced.count as usize, none);
        for told in [&compared.plan, &compared.first_come, &compared.random_order] {
            prop_assert_eq!(told.learners as usize, asking);
            prop_assert_eq!(told.requests as usize, problem.requests());
            prop_assert!(told.first_choice.count <= told.top_three.count);
            // Requests have three options at most here.
            prop_assert_eq!(told.top_three.count + told.unplaced.count, told.requests);
            prop_assert!(told.minimum <= told.tenth_percentile && told.tenth_percentile <= 1000);
            prop_assert!(told.minimum <= told.mean && told.mean <= 1000);
        }
    }

    /// Whoever's turn it is gets the best that is left: the first, for the first request, the best that exists.
    #[test]
    fn in_turn_everyone_gets_the_best_that_is_left(seed: u64) {
        let problem = any_problem(seed);
        let plan = first(&problem, seed);
        let mut order: Vec<u32> = (0..number(problem.learners().len())).collect();
        let served = first_come(&problem, &plan);
        prop_assert_eq!(&served.placements, &plan.placements);
        prop_assert!(problem.cost_of(&served).is_ok());
        check_turns(&problem, &served, &order)?;
        Dice::new(seed, 0, 0).shuffle(&mut order);
        check_turns(&problem, &random_order(&problem, &plan, seed), &order)?;
    }

    /// No small group is told, nor can be reckoned from what is; and no more is held back than that takes.
    #[test]
    fn a_small_group_is_never_told(sizes in prop::collection::vec(1_usize..25, 1..7)) {
        let told = grouped(&sizes);
        let total: usize = sizes.iter().sum();
        let shown: Vec<usize> = told_of(&told).iter().map(|group| sizes[*group as usize]).collect();
        let rest = total - shown.iter().sum::<usize>();
        let hidden = sizes.len() - shown.len();
        prop_assert_eq!(told.learners as usize, total);
        prop_assert!(shown.iter().all(|size| *size >= MIN_CELL as usize));
        prop_assert!(hidden == 0 || shown.is_empty() || (hidden >= 2 && rest >= MIN_CELL as usize));
        let small = sizes.iter().filter(|size| **size < MIN_CELL as usize).count();
        prop_assert!(hidden <= small + usize::from(small > 0), "{} of {:?}", hidden, sizes);
    }
}
