//! Ways to change a timetable a little.

use super::dice::Dice;
use crate::cost::Delta;
use crate::model::{NONE, Problem};
use crate::state::{Change, Occupancy, Place, State};

/// Changes that were made in a trial, and how to undo them.
#[derive(Debug, Default)]
pub(super) struct Trial {
    undo: Vec<(Change, Delta)>,
    pub(super) delta: Delta,
    chain: Vec<u32>,
    touched: Vec<u32>,
}

impl Trial {
    /// Makes a change as a part of the trial.
    fn make(&mut self, state: &mut State<'_>, change: Change) {
        let back = Change { section: change.section, to: state.place(change.section) };
        let delta = state.make(change);
        self.delta += delta;
        self.undo.push((back, delta));
    }

    /// Keeps what was made.
    pub(super) fn keep(&mut self) {
        self.undo.clear();
        self.delta = Delta::default();
    }

    /// Undoes what was made.
    pub(super) fn undo(&mut self, state: &mut State<'_>) {
        while let Some((back, delta)) = self.undo.pop() {
            state.apply(back, -delta);
        }
        self.delta = Delta::default();
    }
}

impl Problem {
    /// The choice of a section that is this pattern.
    pub(super) fn time_choice(&self, section: u32, pattern: u32) -> Option<u32> {
        let row = self.sections.times.row(section);
        row.binary_search_by_key(&pattern, |choice| choice.id).ok().map(|place| place as u32)
    }

    /// The choice of a section that is this space.
    pub(super) fn space_choice(&self, section: u32, space: u32) -> Option<u32> {
        let row = self.sections.spaces.row(section);
        row.binary_search_by_key(&space, |choice| choice.id).ok().map(|place| place as u32)
    }
}

/// A section elsewhere: at another time, in another space, or both.
pub(super) fn anywhere(state: &State<'_>, section: u32, dice: &mut Dice) -> Option<Change> {
    let problem = state.problem;
    let mut to = state.place(section);
    let times = problem.sections.times.row(section).len() as u32;
    let spaces = problem.sections.spaces.row(section).len() as u32;
    let led = problem.sections.facilitators.row(section).len() as u32;
    let retime = times > 1 && (spaces < 2 || dice.happens(650));
    if retime {
        to.time = dice.below(times);
    }
    if spaces > 1 && (!retime || dice.happens(400)) {
        to.space = dice.below(spaces);
    }
    if led > 1 && dice.happens(300) {
        to.led = dice.below(led);
    }
    if to == state.place(section) {
        return None;
    }
    problem.is_open(&problem.spot(section, to)).then_some(Change { section, to })
}

/// The section that is in a space at a pattern, if there is one.
fn occupant(state: &State<'_>, space: u32, pattern: u32) -> Option<u32> {
    match &state.occupancy {
        Occupancy::Blocks(blocks) => {
            if blocks.is_free(space, pattern) {
                return None;
            }
            blocks.at(pattern).iter().copied().find(|other| state.spot(*other).space == space)
        }
        Occupancy::Lists(lists) => {
            let pattern = &state.problem.patterns[pattern as usize];
            let here = lists.spaces.get(space as usize)?;
            here.iter().copied().find(|other| state.spot(*other).pattern.overlaps(pattern))
        }
    }
}

/// Puts a section somewhere, and what is in that space at that time where the section was.
pub(super) fn swap(state: &mut State<'_>, trial: &mut Trial, change: Change) -> bool {
    let problem = state.problem;
    let spot = problem.spot(change.section, change.to);
    let Some(other) = occupant(state, spot.space, spot.time).filter(|other| *other != change.section) else {
        trial.make(state, change);
        return true;
    };
    let old = *state.spot(change.section);
    let Some(time) = problem.time_choice(other, old.time) else { return false };
    let space = problem.space_choice(other, old.space).unwrap_or(state.place(other).space);
    let to = Place { time, space, ..state.place(other) };
    if !problem.is_open(&problem.spot(other, to)) {
        return false;
    }
    trial.make(state, change);
    trial.make(state, Change { section: other, to });
    true
}

/// Moves a section to another pattern, with all that would collide with it the other way and so on, and finds
/// them spaces there.
pub(super) fn chain(state: &mut State<'_>, trial: &mut Trial, section: u32, time: u32) -> bool {
    let problem = state.problem;
    let here = state.spot(section).time;
    let there = problem.sections.times.row(section)[time as usize].id;
    if here == there || !collect(state, &mut trial.chain, section, (here, there)) {
        return false;
    }
    let chain = std::mem::take(&mut trial.chain);
    for member in &chain {
        let to = if state.spot(*member).time == here { there } else { here };
        let Some(time) = problem.time_choice(*member, to) else {
            trial.chain = chain;
            return false;
        };
        trial.make(state, Change { section: *member, to: Place { time, ..state.place(*member) } });
    }
    let whole = chain.iter().all(|member| house(state, trial, *member));
    trial.chain = chain;
    whole
}

/// The sections that go along when one changes between two patterns. None where there are too many.
fn collect(state: &State<'_>, chain: &mut Vec<u32>, section: u32, (here, there): (u32, u32)) -> bool {
    let Occupancy::Blocks(blocks) = &state.occupancy else { return false };
    chain.clear();
    chain.push(section);
    let mut next = 0;
    while let Some(member) = chain.get(next).copied() {
        next += 1;
        let to = if state.spot(member).time == here { there } else { here };
        if blocks.clashes(member, to) == 0 {
            continue;
        }
        for other in state.problem.exclusive.row(member) {
            if state.spot(*other).time == to && !chain.contains(other) {
                if chain.len() > 24 {
                    return false;
                }
                chain.push(*other);
            }
        }
    }
    true
}

/// Finds a section a space of its own at its time, where others may have to change theirs.
fn house(state: &mut State<'_>, trial: &mut Trial, section: u32) -> bool {
    let spot = *state.spot(section);
    if spot.space == NONE {
        return true;
    }
    if is_alone(state, section) && state.problem.is_open(&spot) {
        return true;
    }
    trial.touched.clear();
    settle(state, trial, section, 3)
}

/// Whether nothing else is in the space of a section at its time.
fn is_alone(state: &State<'_>, section: u32) -> bool {
    let spot = state.spot(section);
    let Occupancy::Blocks(blocks) = &state.occupancy else { return true };
    blocks.at(spot.time).iter().filter(|other| state.spot(**other).space == spot.space).count() == 1
}

/// Gives a section a free space, or that of another which finds one in turn.
fn settle(state: &mut State<'_>, trial: &mut Trial, section: u32, depth: u32) -> bool {
    let problem = state.problem;
    let time = state.spot(section).time;
    let row = problem.sections.spaces.row(section);
    let mut free: Option<(u32, u32)> = None;
    for (choice, space) in (0_u32..).zip(row) {
        let Occupancy::Blocks(blocks) = &state.occupancy else { return false };
        if blocks.is_free(space.id, time)
            && !problem.spaces.is_closed(space.id, time)
            && free.is_none_or(|(_, penalty)| space.penalty < penalty)
        {
            free = Some((choice, space.penalty));
        }
    }
    if let Some((choice, _)) = free {
        trial.make(state, Change { section, to: Place { space: choice, ..state.place(section) } });
        return true;
    }
    if depth == 0 {
        return false;
    }
    trial.touched.push(section);
    for (choice, space) in (0_u32..).zip(row) {
        if problem.spaces.is_closed(space.id, time) {
            continue;
        }
        let Some(other) = occupant_besides(state, space.id, time, section) else { continue };
        if trial.touched.contains(&other) {
            continue;
        }
        trial.touched.push(other);
        let mark = trial.undo.len();
        if settle(state, trial, other, depth - 1) {
            trial.make(state, Change { section, to: Place { space: choice, ..state.place(section) } });
            return true;
        }
        debug_assert_eq!(mark, trial.undo.len(), "what failed has changed nothing");
    }
    false
}

fn occupant_besides(state: &State<'_>, space: u32, time: u32, besides: u32) -> Option<u32> {
    let Occupancy::Blocks(blocks) = &state.occupancy else { return None };
    let mut here = blocks.at(time).iter().copied();
    here.find(|other| *other != besides && state.spot(*other).space == space)
}

/// Puts a section somewhere, and whatever it then breaks a hard rule with where that breaks least.
pub(super) fn eject(state: &mut State<'_>, trial: &mut Trial, change: Change, dice: &mut Dice) -> bool {
    trial.make(state, change);
    for _ in 0..4 {
        if trial.delta.hard <= 0 {
            return true;
        }
        let Some(other) = in_conflict(state, change.section, dice) else { return true };
        let mut best: Option<(Delta, Change)> = None;
        for _ in 0..12 {
            let Some(way) = anywhere(state, other, dice) else { continue };
            let delta = state.delta(way);
            if best.is_none_or(|(known, _)| (delta.hard, delta.soft) < (known.hard, known.soft)) {
                best = Some((delta, way));
            }
        }
        match best {
            Some((delta, way)) if delta.hard < 0 => trial.make(state, way),
            _ => return true,
        }
    }
    true
}

/// Any section with which one is in conflict.
pub(super) fn in_conflict(state: &State<'_>, section: u32, dice: &mut Dice) -> Option<u32> {
    let problem = state.problem;
    let spot = state.spot(section);
    let mut found = None;
    let mut seen = 0;
    let mut offer = |other: u32, dice: &mut Dice| {
        seen += 1;
        if dice.below(seen) == 0 {
            found = Some(other);
        }
    };
    for other in problem.exclusive.row(section) {
        if state.spot(*other).pattern.overlaps(&spot.pattern) {
            offer(*other, dice);
        }
    }
    for link in problem.links.row(section) {
        if state.breaks(section, link) {
            offer(link.other, dice);
        }
    }
    if let Occupancy::Lists(lists) = &state.occupancy {
        for (places, place) in [(&lists.spaces, spot.space), (&lists.led, spot.led)] {
            for other in places.get(place as usize).into_iter().flatten() {
                if *other != section && state.spot(*other).pattern.overlaps(&spot.pattern) {
                    offer(*other, dice);
                }
            }
        }
    }
    found
}
