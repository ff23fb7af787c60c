//! Ways to change a timetable a little.

use super::dice::Dice;
use crate::cost::Delta;
use crate::model::NONE;
use crate::state::{Change, Occupancy, Place, State, Ties};

/// Changes that were made in a trial, and how to undo them.
#[derive(Debug, Default)]
pub(super) struct Trial {
    undo: Vec<(Change, Delta)>,
    pub(super) delta: Delta,
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

/// A section elsewhere: at another time, in another space, or both.
pub(super) fn anywhere(state: &State<'_>, section: u32, dice: &mut Dice) -> Option<Change> {
    let problem = state.problem;
    let mut to = state.place(section);
    let times = problem.sections.times.width(section);
    let spaces = problem.sections.spaces.width(section);
    let led = problem.sections.facilitators.width(section);
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

/// What is in a space at a pattern.
enum Occupant {
    Nobody,
    One(u32),
    /// Several, or one that is there at another pattern too.
    Others,
}

fn occupant(state: &State<'_>, space: u32, pattern: u32) -> Occupant {
    match &state.occupancy {
        Occupancy::Blocks(blocks) => match blocks.count(space, pattern) {
            0 => Occupant::Nobody,
            _ => blocks.only(space, pattern).map_or(Occupant::Others, Occupant::One),
        },
        Occupancy::Lists(lists) => {
            let pattern = &state.problem.patterns[pattern as usize];
            let Some(here) = lists.spaces.get(space as usize) else { return Occupant::Nobody };
            let mut here = here.iter().copied().filter(|other| state.spot(*other).pattern.overlaps(pattern));
            match (here.next(), here.next()) {
                (None, _) => Occupant::Nobody,
                (Some(one), None) => Occupant::One(one),
                _ => Occupant::Others,
            }
        }
    }
}

/// The change that another section makes when it takes the time and the space of a section, where it can.
pub(super) fn partner(state: &State<'_>, change: Change) -> Result<Option<Change>, Hopeless> {
    let problem = state.problem;
    let spot = problem.spot(change.section, change.to);
    let other = match occupant(state, spot.space, spot.time) {
        Occupant::One(other) if other != change.section => other,
        Occupant::Others => return Err(Hopeless),
        _ => return Ok(None),
    };
    let old = state.spot(change.section);
    let time = problem.time_choice(other, old.time).ok_or(Hopeless)?;
    let space = problem.space_choice(other, old.space).unwrap_or(state.place(other).space);
    let to = Place { time, space, ..state.place(other) };
    problem.is_open(&problem.spot(other, to)).then_some(Some(Change { section: other, to })).ok_or(Hopeless)
}

/// A way that leads nowhere.
#[derive(Debug)]
pub(super) struct Hopeless;

/// What it costs that two exchange their places, where that can be told without making it: they have nothing
/// to do with each other, and no learner has a seat.
pub(super) fn exchange(state: &State<'_>, one: Change, other: Change) -> Option<Delta> {
    let Occupancy::Blocks(blocks) = &state.occupancy else { return None };
    let problem = state.problem;
    let (a, b) = (state.spot(one.section), state.spot(other.section));
    let (to, back) = (problem.spot(one.section, one.to), problem.spot(other.section, other.to));
    let exact = to.space == b.space && back.space == a.space && to.led == NONE && back.led == NONE;
    if !exact
        || to.time == back.time
        || problem.related.has(one.section, other.section)
        || problem.requests() > 0
    {
        return None;
    }
    let clashes = |section, time: u32| i64::from(blocks.clashes(problem, section, time));
    let hard = clashes(one.section, to.time) - clashes(one.section, a.time)
        + clashes(other.section, back.time)
        - clashes(other.section, b.time);
    let mut delta = Delta { hard, soft: 0 };
    delta += state.rest_delta(one);
    delta += state.rest_delta(other);
    Some(delta)
}

/// With how many sections two would collide when they exchange their times.
pub(super) fn clashes_of_swap(state: &State<'_>, one: Change, other: Change) -> u32 {
    let Occupancy::Blocks(blocks) = &state.occupancy else { return 0 };
    let problem = state.problem;
    let (to, back) = (problem.spot(one.section, one.to).time, problem.spot(other.section, other.to).time);
    if to == back {
        return 0;
    }
    let excluded = u32::from(problem.excluded.has(one.section, other.section));
    blocks.clashes(problem, one.section, to) + blocks.clashes(problem, other.section, back) - 2 * excluded
}

impl Trial {
    /// Makes changes as parts of the trial.
    pub(super) fn make_all(&mut self, state: &mut State<'_>, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.make(state, change);
        }
    }
}

/// How many sections may have to make way for one, one after the other.
const DRIVEN: u32 = 5;
/// How many spaces are looked at for each, and how many times.
const LOOKED_AT: usize = 10;

/// Puts a section somewhere, and whatever it then breaks a hard rule with where that breaks least, and so on.
pub(super) fn eject(state: &mut State<'_>, trial: &mut Trial, change: Change, dice: &mut Dice) {
    trial.make(state, change);
    let mut moved = change.section;
    for _ in 0..DRIVEN {
        if trial.delta.hard <= 0 {
            return;
        }
        let other = in_conflict(state, moved, dice).map(|other| (other, moved));
        let other =
            other.or_else(|| in_conflict(state, change.section, dice).map(|other| (other, change.section)));
        let Some((other, against)) = other.filter(|(other, _)| *other != change.section) else { return };
        let Some(way) = way_out(state, other, against, dice) else { return };
        trial.make(state, way);
        moved = other;
    }
}

/// Where a section goes that is in conflict with another: of some places where it no longer is, that which
/// costs least. Some are at its own time in other spaces, some at other times.
fn way_out(state: &State<'_>, section: u32, against: u32, dice: &mut Dice) -> Option<Change> {
    let problem = state.problem;
    let (times, spaces) = (problem.sections.times.width(section), problem.sections.spaces.width(section));
    let own = state.place(section);
    let mut ways = Ways { state, ties: state.ties(section, against), section, best: None };
    let first = dice.below(spaces);
    let elsewhere = (0..spaces).map(|step| Place { space: (first + step) % spaces, ..own });
    elsewhere.filter(|to| ways.look(*to)).take(LOOKED_AT).for_each(drop);
    let first = dice.below(times);
    let elsewhen = (0..times).map(|step| {
        let mut to = Place { time: (first + step) % times, ..own };
        // Its own space may be taken at another time.
        if spaces > 1 && dice.happens(300) {
            to.space = dice.below(spaces);
        }
        to
    });
    elsewhen.filter(|to| ways.look(*to)).take(LOOKED_AT).for_each(drop);
    ways.best.map(|(_, change)| change)
}

/// Ways for a section out of a conflict, of which the best is kept.
struct Ways<'s, 'p> {
    state: &'s State<'p>,
    /// What keeps it from being where the other is.
    ties: Ties,
    section: u32,
    best: Option<(Delta, Change)>,
}

impl Ways<'_, '_> {
    /// Looks at a place. Whether the section can be there.
    fn look(&mut self, to: Place) -> bool {
        let (state, section) = (self.state, self.section);
        let spot = state.problem.spot(section, to);
        if to == state.place(section)
            || !state.problem.is_open(&spot)
            || !self.ties.allow(state.problem, &spot)
        {
            return false;
        }
        let change = Change { section, to };
        let mut delta = state.hard_delta(change);
        if self.best.is_none_or(|(known, _)| delta.hard <= known.hard) {
            delta += state.rest_delta(change);
            if self.best.is_none_or(|(known, _)| (delta.hard, delta.soft) < (known.hard, known.soft)) {
                self.best = Some((delta, change));
            }
        }
        true
    }
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
