use std::ops::ControlFlow;
use std::time::Duration;

use proptest::prelude::*;

use super::{Aim, Budget, Effort, Options, Round, Solution, solve};
use crate::Cost;
use crate::model::{
    Builder, Component, Configuration, DayLimit, DayRule, Equity, Fault, Horizon, Kind, Learner, Offering,
    OfferingId, Pair, PairWish, Pattern, Priority, Problem, Request, Section, SectionId, Weight,
};
use crate::testing::any_problem;

/// So many epochs of each aim.
fn effort(epochs: u64, workers: usize) -> Effort {
    let round = |aim| Round { aim, planned: epochs, done: vec![epochs; workers] };
    Effort { rounds: vec![round(Aim::Feasible), round(Aim::Survey), round(Aim::Descent)] }
}

fn run(problem: &Problem, seed: u64, workers: usize, effort: Effort) -> Solution {
    let options = Options { seed, workers, budget: Budget::Effort(effort), ..Options::default() };
    solve(problem, &options, |_| ControlFlow::Continue(())).unwrap()
}

/// What is found where there is next to nothing to find.
fn solved(problem: &Problem) -> Solution {
    run(problem, 1, 1, effort(3, 1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// The cost that is told is that of the plan, and the same effort gives the same plan again.
    #[test]
    fn a_run_tells_its_cost_and_can_be_repeated(seed: u64, workers in 1_usize..3) {
        let problem = any_problem(seed);
        let first = run(&problem, seed, workers, effort(2, workers));
        prop_assert_eq!(problem.cost_of(&first.plan).unwrap(), first.cost);
        let again = run(&problem, seed, workers, first.effort.clone());
        prop_assert_eq!(&again.plan, &first.plan);
        prop_assert_eq!(again.cost, first.cost);
    }
}

#[test]
fn a_run_by_the_clock_is_repeated_by_its_effort() {
    let (problem, _) = colours(9, 12, 4);
    for workers in [1, 2] {
        let budget = Budget::Time(Duration::from_millis(300));
        let options = Options { workers, budget, ..Options::default() };
        let first = solve(&problem, &options, |_| ControlFlow::Continue(())).unwrap();
        let again = run(&problem, 1, workers, first.effort);
        assert_eq!(again.plan, first.plan);
    }
}

/// Where there is time for one epoch alone, it goes into what is better at once, and not into a look at all
/// temperatures that finds nothing.
#[test]
fn a_run_with_next_to_no_time_takes_what_is_better_at_once() {
    let (problem, _) = colours(30, 40, 4);
    let least = |rounds| run(&problem, 3, 1, Effort { rounds });
    let (nothing, end) =
        (least(Vec::new()), least(vec![Round { aim: Aim::Descent, planned: 1, done: vec![1] }]));
    assert!(end.cost < nothing.cost, "{:?} {:?}", end.cost, nothing.cost);
    assert_eq!(end.moves, 60_000, "of which fifty thousand show how much worse changes make it");
    assert_eq!(run(&problem, 3, 1, end.effort.clone()).plan, end.plan);
}

/// Sections that exclude each other in threes, and a slot for each of a three.
fn colours(sections: usize, slots: u16, cost: u32) -> (Problem, Vec<SectionId>) {
    let horizon = Horizon::new(1, 1, slots).unwrap();
    let mut builder = Builder::new(horizon);
    let times: Vec<_> =
        (0..slots).map(|slot| (horizon.weekly(0, slot, 1).unwrap(), u32::from(slot) * cost)).collect();
    let made: Vec<SectionId> =
        (0..sections).map(|_| builder.section(Section { times: times.clone(), ..Section::at([]) })).collect();
    for three in made.chunks(3) {
        builder.rule(Kind::NotOverlap, Weight::Hard, three.to_vec());
    }
    (builder.build().unwrap(), made)
}

#[test]
fn the_best_is_found_where_it_is_known() {
    let (problem, sections) = colours(9, 6, 1);
    let solution = solved(&problem);
    // Of each three, one in the first slot, one in the second and one in the third.
    assert_eq!(solution.cost, Cost { hard: 0, soft: 9 });
    assert_eq!(solution.plan.placements.len(), sections.len());
}

#[test]
fn days_of_many_slots_need_no_shape() {
    let horizon = Horizon::new(1, 1, 288).unwrap();
    let mut builder = Builder::new(horizon);
    let long = |start| horizon.weekly(0, start, 100).unwrap();
    let sections: Vec<SectionId> =
        (0..2).map(|_| builder.section(Section::at([long(0), long(50), long(120)]))).collect();
    builder.rule(Kind::NotOverlap, Weight::Hard, sections);
    assert_eq!(solved(&builder.build().unwrap()).cost, Cost::default());
}

#[test]
fn what_cannot_be_is_told_as_broken() {
    let (problem, _) = colours(3, 2, 0);
    assert_eq!(solved(&problem).cost.hard, 1);
}

#[test]
fn a_run_stops_when_told_and_keeps_what_it_has() {
    let problem = electives(40, 3, |_, _| {});
    let budget = Budget::Time(Duration::from_mins(10));
    let mut heard = 0;
    let solution = solve(&problem, &Options { budget, ..Options::default() }, |progress| {
        heard += 1;
        assert!(progress.moves > 0);
        if heard == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(solution.cancelled);
    assert_eq!(problem.cost_of(&solution.plan).unwrap(), solution.cost);
}

#[test]
fn the_best_plan_is_shown_on_the_way() {
    let problem = electives(40, 3, |_, _| {});
    for workers in [1, 2] {
        let budget = Budget::Time(Duration::from_mins(10));
        let show = Some(Duration::ZERO);
        let mut shown = None;
        let solution =
            solve(&problem, &Options { workers, budget, show, ..Options::default() }, |progress| {
                shown = progress.plan.as_ref().map(|plan| problem.cost_of(plan).unwrap());
                if shown.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        assert!(solution.unwrap().cost <= shown.unwrap());
    }
}

#[test]
fn a_run_ends_at_once_when_whoever_watches_panics() {
    let problem = electives(40, 3, |_, _| {});
    let budget = Budget::Time(Duration::from_hours(24));
    let ended = std::panic::catch_unwind(|| {
        solve(&problem, &Options { budget, ..Options::default() }, |_| panic!("enough"))
    });
    assert_eq!(ended.unwrap_err().downcast_ref(), Some(&"enough"));
}

#[test]
fn a_run_stops_when_it_has_enough() {
    let (problem, _) = colours(9, 12, 1);
    let enough = Cost { hard: 0, soft: 30 };
    let budget = Budget::Time(Duration::from_mins(10));
    let solution =
        solve(&problem, &Options { budget, enough, ..Options::default() }, |_| ControlFlow::Continue(()))
            .unwrap();
    assert!(solution.cost <= enough && !solution.cancelled);
}

#[test]
fn nothing_to_place_is_refused() {
    let problem = Builder::new(Horizon::new(1, 1, 1).unwrap()).build().unwrap();
    let refused = solve(&problem, &Options::default(), |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err(), Fault::Unknown("section"));
}

/// Four electives in two slots with so many seats each, and learners who each ask for the first two.
fn electives(learners: u32, seats: u32, and: impl FnOnce(&mut Builder, &[OfferingId])) -> Problem {
    let horizon = Horizon::new(1, 2, 6).unwrap();
    let mut builder = Builder::new(horizon);
    let times: Vec<Pattern> = (0..2).map(|slot| horizon.weekly(0, slot, 1).unwrap()).collect();
    let offerings: Vec<OfferingId> = (0..4).map(|_| one_section(&mut builder, &times, seats)).collect();
    for _ in 0..learners {
        builder.learner(asking(vec![wish(&offerings[..2], Priority::Requested)]));
    }
    and(&mut builder, &offerings);
    builder.build().unwrap()
}

fn one_section(builder: &mut Builder, times: &[Pattern], capacity: u32) -> OfferingId {
    let section = builder.section(Section { capacity, ..Section::at(times.iter().copied()) });
    let components = vec![Component { sections: vec![section] }];
    builder.offering(Offering { configurations: vec![Configuration { components }] })
}

fn wish(options: &[OfferingId], priority: Priority) -> Request {
    let options = options.iter().copied().zip([0, 10]).collect();
    Request { options, unplaced: priority.unplaced() }
}

fn asking(requests: Vec<Request>) -> Learner {
    Learner { requests, closed: Vec::new(), group: 0, spared: 0 }
}

#[test]
fn a_higher_priority_takes_the_seat_of_a_lower() {
    let problem = electives(4, 2, |builder, offerings| {
        builder.learner(asking(vec![wish(&offerings[..1], Priority::Support)]));
        builder.learner(asking(vec![wish(&offerings[..1], Priority::Required)]));
    });
    let solution = solved(&problem);
    assert_eq!(solution.cost.hard, 0);
    let placed: Vec<bool> = solution.plan.seats.iter().map(Option::is_some).collect();
    assert_eq!(placed[4..], [true, true], "support and required have the two seats of the first");
    assert_eq!(placed[..4].iter().filter(|placed| **placed).count(), 2, "two have those of the second");
}

/// Of two that a learner must have and that meet at the same times, the one is given that costs nobody else anything.
/// They meet twice, so that to have both would be worse than to lack one.
#[test]
fn what_must_be_given_up_is_what_others_can_use() {
    let horizon = Horizon::new(1, 2, 4).unwrap();
    let mut builder = Builder::new(horizon);
    let mut twice = |start, length, capacity| {
        let mut component = |day| {
            let time = horizon.weekly(day, start, length).unwrap();
            Component { sections: vec![builder.section(Section { capacity, ..Section::at([time]) })] }
        };
        let components = vec![component(0), component(1)];
        builder.offering(Offering { configurations: vec![Configuration { components }] })
    };
    let (bridges, choir, newspaper) = (twice(0, 1, 1), twice(1, 1, 5), twice(0, 2, 5));
    let must = |offering| Request { options: vec![(offering, 0)], unplaced: Weight::Hard };
    builder.learner(asking(vec![must(bridges), must(newspaper)]));
    builder.learner(asking(vec![wish(&[bridges], Priority::Requested), wish(&[choir], Priority::Requested)]));
    let problem = builder.build().unwrap();
    for seed in 0..20 {
        let solution = run(&problem, seed, 1, effort(3, 1));
        assert_eq!(solution.cost, Cost { hard: 1, soft: 0 }, "seed {seed}");
    }
}

#[test]
fn whoever_makes_room_for_another_own_request_does_not_take_the_same_offering() {
    let horizon = Horizon::new(1, 1, 2).unwrap();
    let mut builder = Builder::new(horizon);
    let at = |slot| [horizon.weekly(0, slot, 1).unwrap()];
    let choir = (0..2).map(|slot| builder.section(Section::at(at(slot)))).collect();
    let components = vec![Component { sections: choir }];
    let choir = builder.offering(Offering { configurations: vec![Configuration { components }] });
    let [first, second] = [0, 1].map(|slot| one_section(&mut builder, &at(slot), 99));
    // Both requests would rather have the choir, which has a section in either slot.
    let options = vec![(choir, 0), (first, 10), (second, 10)];
    let request = Request { options, unplaced: Priority::Requested.unplaced() };
    for _ in 0..20 {
        builder.learner(asking(vec![request.clone(); 2]));
    }
    let problem = builder.build().unwrap();
    for seed in 1..9 {
        let solution = run(&problem, seed, 1, effort(5, 1));
        assert_eq!(problem.cost_of(&solution.plan), Ok(solution.cost));
        assert_eq!(solution.cost, Cost { hard: 0, soft: 200 }, "one has the choir, and the other costs ten");
    }
}

#[test]
fn learners_sit_together_or_apart_where_they_must() {
    let horizon = Horizon::new(1, 1, 2).unwrap();
    let mut builder = Builder::new(horizon);
    let times: Vec<Pattern> = (0..2).map(|slot| horizon.weekly(0, slot, 1).unwrap()).collect();
    let sections: Vec<SectionId> =
        (0..2).map(|_| builder.section(Section::at(times.iter().copied()))).collect();
    let components = vec![Component { sections }];
    let choir = builder.offering(Offering { configurations: vec![Configuration { components }] });
    let learners: Vec<_> =
        (0..4).map(|_| builder.learner(asking(vec![wish(&[choir], Priority::Required)]))).collect();
    for (one, other, wish) in [
        (0, 1, PairWish::With(choir)),
        (1, 2, PairWish::Apart),
        (2, 3, PairWish::With(choir)),
        (0, 3, PairWish::Apart),
    ] {
        builder.pair(Pair { one: learners[one], other: learners[other], wish, weight: Weight::Hard });
    }
    let solution = solved(&builder.build().unwrap());
    assert_eq!(solution.cost.hard, 0);
    let seats = &solution.plan.seats;
    assert!(seats[0] == seats[1] && seats[2] == seats[3] && seats[1] != seats[2]);
}

#[test]
fn a_day_has_no_more_than_it_may_and_a_break() {
    let horizon = Horizon::new(1, 2, 6).unwrap();
    let mut builder = Builder::new(horizon);
    let times: Vec<Pattern> =
        (0..2).flat_map(|day| (0..6).map(move |slot| horizon.weekly(day, slot, 1).unwrap())).collect();
    let offerings: Vec<OfferingId> = (0..6).map(|_| one_section(&mut builder, &times, 9)).collect();
    let requests = offerings.iter().map(|id| wish(&[*id], Priority::Required)).collect();
    builder.learner(asking(requests));
    builder.day_rule(DayRule { limit: DayLimit::Load(3), weight: Weight::Hard });
    let limit = DayLimit::Break { from: 2, until: 5, length: 2 };
    builder.day_rule(DayRule { limit, weight: Weight::Hard });
    let solution = solved(&builder.build().unwrap());
    assert_eq!(solution.cost.hard, 0);
    for day in 0..2 {
        let on = solution.plan.placements.iter().filter(|placement| placement.time.days() == 1 << day);
        let slots: Vec<u16> = on.map(|placement| placement.time.start()).collect();
        assert_eq!(slots.len(), 3, "{slots:?}");
        let free = |first: u16| !slots.contains(&first) && !slots.contains(&(first + 1));
        assert!(free(2) || free(3), "{slots:?}");
    }
}

#[test]
fn equity_spreads_what_is_lost() {
    let lost = |equity| {
        let horizon = Horizon::new(1, 1, 4).unwrap();
        let mut builder = Builder::new(horizon);
        let times: Vec<Pattern> = (0..4).map(|slot| horizon.weekly(0, slot, 1).unwrap()).collect();
        // Two want the same two sections of one seat each; the second costs the one less to lose.
        let offerings: Vec<OfferingId> = (0..2).map(|_| one_section(&mut builder, &times, 1)).collect();
        builder.equity(equity);
        for cost in [10, 9] {
            let request = |id: &OfferingId| Request { options: vec![(*id, 0)], unplaced: Weight::Soft(cost) };
            builder.learner(asking(offerings.iter().map(request).collect()));
        }
        let solution = solved(&builder.build().unwrap());
        let seats = &solution.plan.seats;
        [0, 1].map(|learner| seats[learner * 2..learner * 2 + 2].iter().filter(|seat| seat.is_none()).count())
    };
    assert_eq!(lost(Equity::default()), [0, 2], "without it, who loses least loses all");
    assert_eq!(lost(Equity { spread: 1, gap: 0 }), [1, 1]);
}

#[test]
fn a_longer_list_of_wishes_that_exclude_each_other_weighs_no_more() {
    let lost = |spared| {
        let horizon = Horizon::new(1, 1, 1).unwrap();
        let mut builder = Builder::new(horizon);
        let times = [horizon.weekly(0, 0, 1).unwrap()];
        let [scarce, other] = [1, 9].map(|capacity| one_section(&mut builder, &times, capacity));
        builder.equity(Equity { spread: 1, gap: 0 });
        let request = |id, cost| Request { options: vec![(id, 0)], unplaced: Weight::Soft(cost) };
        // Whoever wishes for both can have one alone, and so always lacks the other.
        builder.learner(Learner { spared, ..asking(vec![request(scarce, 10), request(other, 3)]) });
        builder.learner(asking(vec![request(scarce, 8)]));
        solved(&builder.build().unwrap()).plan.seats[0].is_none()
    };
    assert!(!lost(0), "without it, what cannot be had counts as lost");
    assert!(lost(3));
}
