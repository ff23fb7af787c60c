//! Simulated annealing over one timetable.

use super::dice::Dice;
use super::moves::{self, Trial};
use super::tickets;
use crate::cost::{Cost, Delta};
use crate::state::{Occupancy, Place, State, Ticket};

/// How often each way to change a timetable is tried, of a thousand.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub seats: u32,
    pub swap: u32,
    pub chain: u32,
    pub eject: u32,
}

/// A timetable that was kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) cost: Cost,
    pub(crate) places: Vec<Place>,
    pub(crate) tickets: Vec<Ticket>,
}

/// One worker's timetable, and how it goes about it.
#[derive(Debug)]
pub(super) struct Annealer<'p> {
    pub(super) state: State<'p>,
    trial: Trial,
    pub(super) dice: Dice,
    pub(super) temperature: f64,
    pub(super) hard_weight: i64,
    pub(super) mix: Mix,
    pub(super) best: Kept,
    pub(super) moves: u64,
    pub(super) accepted: u64,
}

impl<'p> Annealer<'p> {
    pub(super) fn new(state: State<'p>, dice: Dice, mix: Mix) -> Self {
        let best = kept(&state);
        Self {
            state,
            trial: Trial::default(),
            dice,
            temperature: 1.0,
            hard_weight: 100,
            mix,
            best,
            moves: 0,
            accepted: 0,
        }
    }

    /// Tries so many changes.
    pub(super) fn epoch(&mut self, moves: u32) {
        let until = self.moves + u64::from(moves);
        let mut tries = 0;
        while self.moves < until && tries < moves * 4 {
            tries += 1;
            let roll = self.dice.below(1000);
            if roll < self.mix.seats {
                self.reseat();
            } else {
                self.replace();
            }
        }
        if self.state.cost.cost() < self.best.cost {
            self.best = kept(&self.state);
        }
    }

    /// Goes back to the best timetable that was kept.
    pub(super) fn back_to_best(&mut self) {
        let best = self.best.clone();
        self.take(&best);
    }

    /// Takes a timetable over.
    pub(super) fn take(&mut self, kept: &Kept) {
        self.state = restored(self.state.problem, kept);
    }

    #[inline]
    fn accepts(&mut self, delta: Delta) -> bool {
        let worse = delta.weighed(self.hard_weight);
        worse <= 0 || (worse as f64) <= self.dice.threshold(self.temperature)
    }

    /// Puts a section elsewhere, perhaps with others.
    fn replace(&mut self) {
        let section = self.dice.below(self.state.problem.sections() as u32);
        let roll = self.dice.below(1000);
        let blocks = matches!(self.state.occupancy, Occupancy::Blocks(_));
        if blocks && roll < self.mix.chain {
            let times = self.state.problem.sections.times.row(section).len() as u32;
            let time = self.dice.below(times);
            self.moves += 1;
            let made = moves::chain(&mut self.state, &mut self.trial, section, time);
            self.settle(made);
            return;
        }
        let Some(change) = moves::anywhere(&self.state, section, &mut self.dice) else { return };
        self.moves += 1;
        if roll < self.mix.chain + self.mix.swap {
            let made = moves::swap(&mut self.state, &mut self.trial, change);
            self.settle(made);
            return;
        }
        let mut delta = self.state.hard_delta(change);
        if roll < self.mix.chain + self.mix.swap + self.mix.eject && delta.hard > 0 {
            let made = moves::eject(&mut self.state, &mut self.trial, change, &mut self.dice);
            self.settle(made);
            return;
        }
        if delta.hard * self.hard_weight > 1_000_000 {
            return;
        }
        delta += self.state.rest_delta(change);
        if self.accepts(delta) {
            self.accepted += 1;
            self.state.apply(change, delta);
        }
    }

    /// Keeps a trial or undoes it.
    fn settle(&mut self, made: bool) {
        if made && self.accepts(self.trial.delta) {
            self.accepted += 1;
            self.trial.keep();
        } else {
            self.trial.undo(&mut self.state);
        }
    }

    /// Gives a request another ticket, or exchanges two.
    fn reseat(&mut self) {
        let problem = self.state.problem;
        let request = self.dice.below(problem.requests() as u32);
        let old = *self.state.seats.ticket(request);
        let near = !old.sections().is_empty() && self.dice.happens(900);
        let ticket = if near {
            tickets::near(&self.state, request, &mut self.dice)
        } else {
            tickets::any(&self.state, request, &mut self.dice)
        };
        let Some(ticket) = ticket.filter(|ticket| *ticket != old) else { return };
        self.moves += 1;
        if near && self.dice.happens(500) {
            self.exchange(request, &ticket);
            return;
        }
        let delta = self.state.seat_delta(request, &ticket);
        if self.accepts(delta) {
            self.accepted += 1;
            self.state.seat(request, &ticket, delta);
        }
    }

    /// Exchanges the tickets of two requests for the same offering.
    fn exchange(&mut self, request: u32, wanted: &Ticket) {
        let old = *self.state.seats.ticket(request);
        let Some(section) = wanted.sections().iter().copied().find(|section| !old.has(*section)) else { return };
        let members = self.state.seats.members(section);
        if members.is_empty() {
            return;
        }
        let other = self.dice.one_of(members);
        let problem = self.state.problem;
        if problem.asker[other as usize] == problem.asker[request as usize] {
            return;
        }
        let theirs = *self.state.seats.ticket(other);
        let offering = |request: u32, option: u32| problem.options(request)[option as usize].0;
        let place = |request: u32, wanted| {
            problem.options(request).iter().position(|(id, _)| *id == wanted).map(|place| place as u32)
        };
        let (mine, option) = (offering(request, old.option), offering(other, theirs.option));
        if mine != option {
            return;
        }
        let (Some(to_mine), Some(to_theirs)) = (place(request, option), place(other, mine)) else { return };
        let (get, give) = (Ticket { option: to_mine, ..theirs }, Ticket { option: to_theirs, ..old });
        let mut delta = self.state.exchange_delta(request, &get);
        delta += self.state.exchange_delta(other, &give);
        if self.accepts(delta) {
            self.accepted += 1;
            let first = self.state.seat_delta(request, &get);
            self.state.seat(request, &get, first);
            let second = self.state.seat_delta(other, &give);
            self.state.seat(other, &give, second);
        }
    }
}

/// The timetable as it is.
pub(crate) fn kept(state: &State<'_>) -> Kept {
    let problem = state.problem;
    Kept {
        cost: state.cost.cost(),
        places: (0..problem.sections() as u32).map(|section| state.place(section)).collect(),
        tickets: (0..problem.requests() as u32).map(|request| *state.seats.ticket(request)).collect(),
    }
}

/// A timetable that was kept, counted anew.
pub(crate) fn restored<'p>(problem: &'p crate::Problem, kept: &Kept) -> State<'p> {
    let mut state = State::new(problem, kept.places.clone());
    for (request, ticket) in (0_u32..).zip(&kept.tickets) {
        if *ticket != Ticket::NOTHING {
            let delta = state.seat_delta(request, ticket);
            state.seat(request, ticket, delta);
        }
    }
    state
}
