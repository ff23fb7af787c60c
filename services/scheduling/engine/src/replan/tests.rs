use std::ops::ControlFlow;

use super::replan;
use crate::model::{
    Builder, Component, Configuration, FacilitatorId, Fault, Horizon, Learner, Offering, Pattern, Priority,
    Problem, Request, Section,
};
use crate::plan::Plan;
use crate::search::{Aim, Budget, Effort, Options, Round, solve};

/// Twelve offerings of one section, each led by one of three, and learners who ask for three of them.
fn school(lost: Option<usize>, learners: usize) -> Problem {
    let horizon = Horizon::new(1, 1, 8).unwrap();
    let mut builder = Builder::new(horizon);
    let blocks: Vec<Pattern> = (0..8).map(|slot| horizon.weekly(0, slot, 1).unwrap()).collect();
    let spaces: Vec<_> = (0..3).map(|_| builder.space(Vec::new())).collect();
    let facilitators: Vec<FacilitatorId> = (0..3).map(|_| builder.facilitator(Vec::new())).collect();
    let mut offerings = Vec::new();
    for _ in 0..12 {
        let led = facilitators.iter().filter(|id| Some(id.index()) != lost).map(|id| (*id, 0)).collect();
        let section = builder.section(Section {
            spaces: spaces.iter().map(|space| (*space, 0)).collect(),
            facilitators: led,
            capacity: 20,
            ..Section::at(blocks.iter().copied())
        });
        let components = vec![Component { sections: vec![section] }];
        offerings.push(builder.offering(Offering { configurations: vec![Configuration { components }] }));
    }
    for learner in 0..learners {
        let request = |step: usize| Request {
            options: vec![(offerings[(learner + step * 5) % 12], 0)],
            unplaced: Priority::Requested.unplaced(),
        };
        builder.learner(Learner {
            requests: vec![request(0), request(1), request(2)],
            closed: Vec::new(),
            group: 0,
            spared: 0,
        });
    }
    builder.build().unwrap()
}

fn options(epochs: u64) -> Options {
    let round = |aim| Round { aim, planned: epochs, done: vec![epochs] };
    let rounds = vec![round(Aim::Feasible), round(Aim::Survey), round(Aim::Descent)];
    Options { budget: Budget::Effort(Effort { rounds }), ..Options::default() }
}

fn published(problem: &Problem) -> Plan {
    let solution = solve(problem, &options(5), |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(solution.cost.hard, 0);
    solution.plan
}

#[test]
fn a_lost_facilitator_is_replaced_and_hardly_anyone_is_moved() {
    let plan = published(&school(None, 60));
    let problem = school(Some(0), 60);
    let had: Vec<usize> = (0..12)
        .filter(|section| plan.placements[*section].facilitator.is_some_and(|id| id.index() == 0))
        .collect();

    let alternatives = replan(&problem, &plan, &options(5), |_| ControlFlow::Continue(())).unwrap();

    let best = &alternatives[0];
    assert_eq!(best.cost.hard, 0);
    assert_eq!(problem.cost_of(&best.plan).unwrap(), best.cost);
    for section in &had {
        let changed = |id: &crate::SectionId| id.index() == *section;
        assert!(best.rehoused.iter().any(changed) || best.retimed.iter().any(changed));
    }
    let theirs = |seat: &crate::Seat| seat.sections.iter().any(|id| had.contains(&id.index()));
    for learner in &best.affected {
        let requests = learner.index() * 3..learner.index() * 3 + 3;
        let seats = plan.seats[requests].iter().flatten();
        assert!(seats.into_iter().any(theirs), "someone is affected who had nothing of that facilitator");
    }
    assert!(alternatives.is_sorted_by_key(|alternative| alternative.affected.len()));
}

#[test]
fn what_still_holds_stays_as_it_is_and_who_is_new_is_placed() {
    let plan = published(&school(None, 30));
    let same = replan(&school(None, 30), &plan, &options(3), |_| ControlFlow::Continue(())).unwrap();
    assert!(same[0].affected.is_empty() && same[0].retimed.is_empty() && same[0].reseated.is_empty());

    let more = replan(&school(None, 33), &plan, &options(3), |_| ControlFlow::Continue(())).unwrap();
    assert!(more[0].plan.seats[90..].iter().all(Option::is_some));
    assert!(more[0].affected.is_empty());
}

#[test]
fn a_plan_of_something_else_is_refused() {
    let plan = published(&school(None, 30));
    let refused = replan(&school(None, 20), &plan, &options(1), |_| ControlFlow::Continue(()));
    assert_eq!(refused.unwrap_err(), Fault::Unknown("section or request"));
}
