//! Conflicts in problems of a school's size.

use super::{Facilitator, Must, Space, alike, all, first, hard, housed, led, told_within};
use crate::conflict::{Conflict, Requirement, conflict};
use crate::model::{Builder, Horizon, Kind, Pattern, Section, SectionId};
use crate::plan::Plan;
use crate::testing::Random;

/// Seconds, at most.
const EFFORT: u64 = 200_000_000;

fn week() -> Horizon {
    Horizon::new(1, 5, 8).unwrap()
}

fn blocks() -> Vec<Pattern> {
    (0..5).flat_map(|day| (0..8).map(move |slot| week().weekly(day, slot, 1).unwrap())).collect()
}

/// Classes of 32 sections with two facilitators each, and as many rooms, which all fit.
fn school(classes: usize) -> Builder {
    let mut builder = Builder::new(week());
    let rooms: Vec<_> = (0..classes).map(|_| builder.space(Vec::new())).collect();
    for _ in 0..classes {
        let mut own = Vec::new();
        for _ in 0..2 {
            let who = builder.facilitator(Vec::new());
            let section = Section { facilitators: vec![(who, 0)], ..housed(&rooms, blocks()) };
            own.extend(alike(&mut builder, 16, &section));
        }
        hard(&mut builder, Kind::NotOverlap, &own);
    }
    builder
}

#[test]
fn a_busy_facilitator_is_found_in_a_school() {
    let mut builder = school(20);
    let coach = builder.facilitator(Vec::new());
    let many = alike(&mut builder, 41, &led(coach, blocks()));
    assert_eq!(told_within(&builder.build().unwrap(), EFFORT), all(&many, &[Facilitator(coach)]));
}

#[test]
fn labs_that_are_too_few_are_found_in_a_school() {
    let mut builder = school(20);
    let labs = [(); 3].map(|()| builder.space(Vec::new()));
    let many = alike(&mut builder, 121, &housed(&labs, blocks()));
    assert_eq!(told_within(&builder.build().unwrap(), EFFORT), all(&many, &labs.map(Space)));
}

#[test]
fn a_school_with_too_few_rooms_is_told_how_many_sections_are_too_many() {
    let mut builder = Builder::new(week());
    let rooms = [(); 3].map(|()| builder.space(Vec::new()));
    for _ in 0..4 {
        let own = alike(&mut builder, 32, &housed(&rooms, blocks()));
        hard(&mut builder, Kind::NotOverlap, &own);
    }
    let told = told_within(&builder.build().unwrap(), EFFORT);
    let (sections, others) = told.split_at(121);
    assert!(sections.iter().all(|one| matches!(one, Must(_))));
    assert_eq!(others, rooms.map(Space));
}

#[test]
fn sections_that_cannot_be_at_once_for_any_reason_are_counted_together() {
    let mut builder = school(20);
    let (coach, room) = (builder.facilitator(Vec::new()), builder.space(Vec::new()));
    let led = alike(&mut builder, 20, &led(coach, blocks()));
    let housed = alike(&mut builder, 21, &housed(&[room], blocks()));
    let rules: Vec<Requirement> = led
        .iter()
        .map(|one| hard(&mut builder, Kind::NotOverlap, &[&housed[..], &[*one]].concat()))
        .collect();
    let told = told_within(&builder.build().unwrap(), EFFORT);
    let (sections, others) = told.split_at(41);
    assert_eq!(sections, all(&[led, housed].concat(), &[]));
    // The rules keep those in the room apart too, so that it may be left out.
    assert!(others.starts_with(&rules) && others.contains(&Facilitator(coach)), "{others:?}");
}

/// The graphs of Mycielski: of each the next, without three that are all connected, and with one colour more
/// that it needs. The first is a circle of five, which needs three.
fn mycielski(times: usize) -> (usize, Vec<(usize, usize)>) {
    let mut edges: Vec<(usize, usize)> = (0..5).map(|one| (one, (one + 1) % 5)).collect();
    let mut count = 5;
    for _ in 0..times {
        let shadows: Vec<_> = edges.iter().flat_map(|(a, b)| [(*a, count + b), (*b, count + a)]).collect();
        edges.extend(shadows);
        edges.extend((count..2 * count).map(|one| (one, 2 * count)));
        count = 2 * count + 1;
    }
    (count, edges)
}

#[test]
fn what_no_count_shows_is_searched() {
    for (times, slots) in [(0, 2), (1, 3), (2, 4)] {
        let mut builder = school(5);
        let (count, edges) = mycielski(times);
        let nodes = alike(&mut builder, count, &Section::at(blocks().into_iter().take(slots)));
        let apart = |builder: &mut Builder, a: usize, b: usize| -> Requirement {
            let pair: [SectionId; 2] = [nodes[a], nodes[b]];
            hard(builder, Kind::NotOverlap, &pair)
        };
        // Without any edge, one colour less is enough.
        let rules: Vec<Requirement> = edges.iter().map(|(a, b)| apart(&mut builder, *a, *b)).collect();
        assert_eq!(told_within(&builder.build().unwrap(), EFFORT), all(&nodes, &rules));
    }
}

#[test]
fn a_school_whose_plan_was_spoilt_is_mended() {
    let problem = school(20).build().unwrap();
    let mut plan = first(&problem);
    let mut random = Random::new(1);
    for placement in &mut plan.placements {
        if random.below(10) == 0 {
            placement.time = blocks()[random.below(40) as usize];
        }
    }
    assert!(problem.cost_of(&plan).unwrap().hard > 50);
    let Conflict::Avoidable { placements } = conflict(&problem, &plan, EFFORT).unwrap() else {
        panic!("it was not spoilt before")
    };
    assert_eq!(problem.cost_of(&Plan { placements, ..plan }).unwrap().hard, 0);
}
