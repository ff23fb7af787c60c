//! A first timetable: sections of least choice first, each where it costs least, then learners.

use super::dice::Dice;
use super::tickets;
use crate::model::Problem;
use crate::state::{Change, Place, State, Ticket};

/// A first timetable. It may be infeasible.
pub(crate) fn construct<'p>(problem: &'p Problem, dice: &mut Dice) -> State<'p> {
    let sections = problem.all_sections();
    let places = sections.clone().map(|section| any_place(problem, section, dice)).collect();
    let mut state = State::new(problem, places);
    let mut order: Vec<u32> = sections.collect();
    dice.shuffle(&mut order);
    let freedom = |section: &u32| {
        problem.sections.times.row(*section).len() * problem.sections.spaces.row(*section).len()
    };
    order.sort_by_key(freedom);
    for section in order {
        improve(&mut state, section, dice);
    }
    let mut requests: Vec<u32> = problem.all_requests().collect();
    dice.shuffle(&mut requests);
    for request in requests {
        let mut best = (crate::cost::Delta::default(), Ticket::NOTHING);
        for _ in 0..8 {
            let Some(ticket) = tickets::any(&state, request, dice) else { continue };
            let delta = state.seat_delta(request, &ticket);
            if (delta.hard, delta.soft) < (best.0.hard, best.0.soft) {
                best = (delta, ticket);
            }
        }
        if best.1 != Ticket::NOTHING {
            state.seat(request, &best.1, best.0);
        }
    }
    state
}

/// A place where nothing is closed, if there is any.
pub(crate) fn any_place(problem: &Problem, section: u32, dice: &mut Dice) -> Place {
    let rows = [
        problem.sections.times.width(section),
        problem.sections.spaces.width(section),
        problem.sections.facilitators.width(section),
    ];
    let first = rows.map(|row| dice.below(row));
    for time in 0..rows[0] {
        for space in 0..rows[1] {
            for led in 0..rows[2] {
                let place = Place {
                    time: (first[0] + time) % rows[0],
                    space: (first[1] + space) % rows[1],
                    led: (first[2] + led) % rows[2],
                };
                if problem.is_open(&problem.spot(section, place)) {
                    return place;
                }
            }
        }
    }
    Place::default()
}

/// Puts a section where it costs least, of some places.
fn improve(state: &mut State<'_>, section: u32, dice: &mut Dice) {
    let mut best = None;
    for _ in 0..60 {
        let to = any_place(state.problem, section, dice);
        let change = Change { section, to };
        let delta = state.delta(change);
        let key = (delta.hard, delta.soft);
        if best.is_none_or(|(known, _, _)| key < known) {
            best = Some((key, change, delta));
        }
    }
    if let Some((key, change, delta)) = best
        && key < (0, 0)
    {
        state.apply(change, delta);
    }
}
