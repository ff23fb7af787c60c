use proptest::prelude::*;

use super::{Explainer, Obstacle};
use crate::model::{
    Builder, Component, Configuration, Horizon, Learner, Offering, Pattern, Problem, Request, RequestId,
    Section, SectionId, Weight, number,
};
use crate::plan::{Plan, Seat};
use crate::search::{Dice, construct};
use crate::testing::any_problem;

/// A first plan, without any search.
fn first(problem: &Problem, seed: u64) -> Plan {
    Plan::of(problem, &construct(problem, &mut Dice::new(seed, 0, 0)).keep())
}

fn with_seat(plan: &Plan, request: usize, seat: &Seat) -> Plan {
    let mut changed = plan.clone();
    changed.seats[request] = Some(seat.clone());
    changed
}

/// Whether an obstacle is there, by what the plan and the problem say.
fn is_true(problem: &Problem, plan: &Plan, request: usize, obstacle: Obstacle) -> bool {
    let time = |section: SectionId| plan.placements[section.index()].time;
    let learner = &problem.learners()[problem.asker[request] as usize];
    match obstacle {
        Obstacle::Full { section, capacity } => {
            let there = plan.seats.iter().flatten().filter(|seat| seat.sections.contains(&section)).count();
            there >= capacity as usize
        }
        Obstacle::Clash { section, with } => {
            let (a, b) = (plan.placements[section.index()].space, plan.placements[with.index()].space);
            let travel = match (a, b) {
                (Some(a), Some(b)) => problem.travel(a.0, b.0),
                _ => 0,
            };
            !time(section).apart(&time(with), travel)
        }
        Obstacle::Away { section, time: away } => {
            learner.closed.contains(&away) && away.overlaps(&time(section))
        }
        Obstacle::TooFew { section, least } => {
            let there = plan.seats.iter().flatten().filter(|seat| seat.sections.contains(&section)).count();
            there + 1 < least as usize
        }
        Obstacle::Left { section, least } => {
            let there = plan.seats.iter().flatten().filter(|seat| seat.sections.contains(&section)).count();
            there > 1 && there <= least as usize
        }
        Obstacle::Taken { by } => plan.seats[by.index()].is_some(),
        Obstacle::Day { .. } | Obstacle::Company { .. } => true,
    }
}

proptest! {
    /// What an explanation says is in the way is; nothing else is; and what it would cost it does.
    #[test]
    fn explanations_are_true(seed: u64) {
        explains_truly(seed)?;
    }
}

/// A learner leaves a section that then has too few.
#[test]
fn what_is_left_behind_is_in_the_way_too() {
    explains_truly(2_670_698_097_938_463_746).unwrap();
}

fn explains_truly(seed: u64) -> Result<(), TestCaseError> {
    let problem = any_problem(seed);
    let plan = first(&problem, seed);
    let before = problem.cost_of(&plan).unwrap();
    let explainer = Explainer::new(&problem, &plan).unwrap();
    for request in 0..problem.requests() {
        let explanation = explainer.request(RequestId(number(request))).unwrap();
        prop_assert_eq!(&explanation.got, &plan.seats[request]);
        for way in &explanation.ways {
            for obstacle in &way.obstacles {
                prop_assert!(is_true(&problem, &plan, request, *obstacle), "{:?}", obstacle);
            }
            prop_assert!(way.hard <= 0 || !way.obstacles.is_empty(), "{:?}", way);
            // To have an offering twice is no plan at all, and has no cost.
            if way.obstacles.iter().any(|obstacle| matches!(obstacle, Obstacle::Taken { .. })) {
                continue;
            }
            let after = problem.cost_of(&with_seat(&plan, request, &way.seat)).unwrap();
            prop_assert_eq!(i128::from(after.hard) - i128::from(before.hard), i128::from(way.hard));
            prop_assert_eq!(i128::from(after.soft) - i128::from(before.soft), i128::from(way.soft));
        }
    }
    Ok(())
}

fn class(builder: &mut Builder, time: Pattern, capacity: u32) -> Offering {
    let section = builder.section(Section { capacity, ..Section::at([time]) });
    Offering {
        configurations: vec![Configuration { components: vec![Component { sections: vec![section] }] }],
    }
}

#[test]
fn an_unplaced_request_is_told_what_is_full_and_what_clashes() {
    let horizon = Horizon::new(1, 5, 6).unwrap();
    let mut builder = Builder::new(horizon);
    let (monday, tuesday) = (horizon.weekly(0, 0, 1).unwrap(), horizon.weekly(1, 0, 1).unwrap());
    let robotics = class(&mut builder, tuesday, 1);
    let choir = class(&mut builder, monday, 30);
    let chess = class(&mut builder, monday, 30);
    let [robotics, choir, chess] = [robotics, choir, chess].map(|offering| builder.offering(offering));
    let wish = |options: Vec<_>| Request { options, unplaced: Weight::Soft(10) };
    let learner = |requests| Learner { requests, closed: Vec::new(), group: 0, spared: 0 };
    builder.learner(learner(vec![wish(vec![(robotics, 0)])]));
    builder.learner(learner(vec![wish(vec![(choir, 0)]), wish(vec![(robotics, 0), (chess, 1)])]));
    let problem = builder.build().unwrap();
    let seat = |offering, section| Some(Seat { offering, sections: vec![SectionId(section)] });
    let mut plan = first(&problem, 1);
    plan.seats = vec![seat(robotics, 0), seat(choir, 1), None];

    let explanation = Explainer::new(&problem, &plan).unwrap().request(RequestId(2)).unwrap();

    let told: Vec<_> =
        explanation.ways.iter().map(|way| (way.seat.offering, way.obstacles.clone())).collect();
    let full = Obstacle::Full { section: SectionId(0), capacity: 1 };
    let clash = Obstacle::Clash { section: SectionId(2), with: SectionId(1) };
    assert_eq!(told, [(robotics, vec![full]), (chess, vec![clash])]);
    assert!(Explainer::new(&problem, &plan).unwrap().request(RequestId(3)).is_err());
}
