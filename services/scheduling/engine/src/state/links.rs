//! Rules of two.

use super::Spot;
use crate::cost::Delta;
use crate::model::{Kind, Link, Problem};

/// What a rule of two costs when one is here and the other there.
#[inline]
pub(super) fn broken(problem: &Problem, link: Link, one: &Spot, other: &Spot) -> Delta {
    if keeps(problem, link, one, other) { Delta::default() } else { Delta::of(link.weight, 1) }
}

#[inline]
fn keeps(problem: &Problem, link: Link, one: &Spot, other: &Spot) -> bool {
    let (a, b) = if link.after { (other, one) } else { (one, other) };
    link.kind.keeps(&a.pattern, &b.pattern, a.space == b.space, problem.travel(a.space, b.space))
}

/// What it makes of the rules of two that a section goes elsewhere.
///
/// The links of a section are sorted by their kinds, so that each run of one kind can be gone through without
/// asking for each what it is.
#[inline]
pub(super) fn delta(problem: &Problem, spots: &[Spot], section: u32, old: &Spot, new: &Spot) -> Delta {
    let (retimed, moved) = (old.time != new.time, old.space != new.space);
    let mut delta = Delta::default();
    let mut rest = problem.links.row(section);
    while let Some(first) = rest.first() {
        let length = rest.partition_point(|link| link.kind == first.kind);
        let (run, after) = rest.split_at(length);
        rest = after;
        match first.kind {
            Kind::SameAttendees if problem.has_travel() => {
                attendees(problem, spots, run, old, new, &mut delta);
            }
            Kind::SameRoom | Kind::DifferentRoom if !moved => {}
            Kind::SameRoom | Kind::DifferentRoom => each(problem, spots, run, old, new, &mut delta),
            _ if !retimed => {}
            Kind::NotOverlap | Kind::SameAttendees => overlaps(spots, run, old, new, &mut delta),
            _ => each(problem, spots, run, old, new, &mut delta),
        }
    }
    delta
}

fn each(problem: &Problem, spots: &[Spot], run: &[Link], old: &Spot, new: &Spot, delta: &mut Delta) {
    for link in run {
        let other = &spots[link.other as usize];
        let change =
            i32::from(keeps(problem, *link, old, other)) - i32::from(keeps(problem, *link, new, other));
        add(delta, *link, change);
    }
}

fn overlaps(spots: &[Spot], run: &[Link], old: &Spot, new: &Spot, delta: &mut Delta) {
    for link in run {
        let other = &spots[link.other as usize].pattern;
        let change = i32::from(new.pattern.overlaps(other)) - i32::from(old.pattern.overlaps(other));
        add(delta, *link, change);
    }
}

fn attendees(problem: &Problem, spots: &[Spot], run: &[Link], old: &Spot, new: &Spot, delta: &mut Delta) {
    for link in run {
        let other = &spots[link.other as usize];
        let apart = |spot: &Spot| spot.pattern.apart(&other.pattern, problem.travel(spot.space, other.space));
        add(delta, *link, i32::from(apart(old)) - i32::from(apart(new)));
    }
}

#[inline]
fn add(delta: &mut Delta, link: Link, change: i32) {
    match change {
        0 => {}
        1.. => *delta += Delta::of(link.weight, 1),
        _ => *delta -= Delta::of(link.weight, 1),
    }
}
