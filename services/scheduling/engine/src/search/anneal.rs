//! Simulated annealing over one timetable.
#![expect(clippy::cast_precision_loss, reason = "differences of cost are far below 2^52")]

use super::chain::Chains;
use super::dice::Dice;
use super::moves::{self, Trial};
use super::solve::Aim;
use super::tickets;
use crate::cost::Delta;
use crate::model::{Problem, Weight};
use crate::state::{Change, Kept, State, Ticket};

/// How many changes are tried in an epoch.
const EPOCH: u64 = 10_000;
/// After how many changes the cost is looked at.
const LOOK: u64 = 200;
/// Of how many ways to change something, at most, none has to be possible.
const FUTILE: u64 = 4;
/// How many hard breaches there may be at first, where patterns overlap.
const DEFECTS: i64 = 2;
/// Until what part of the steps, in hundredths, there may be any.
const LOOSE: usize = 75;
/// By what part of them they must be mended.
const MENDED: usize = 90;
/// From which of a thousand on what is in conflict is looked for, while there are more breaches than may be.
const HUNT: u32 = 700;
/// The most hard breaches that are looked for rather than come upon.
const FEW: i64 = 30;
/// How many sections are looked at to find one that is in conflict.
const SOUGHT: u32 = 10;
/// A temperature at which everything goes.
const MOLTEN: f64 = 1e12;

/// How often each way to change a timetable is tried, of a thousand.
#[derive(Clone, Copy, Debug)]
struct Mix {
    /// To give a request another ticket, rather than a section another place.
    seats: u32,
    /// Of the others: to swap two sections,
    swap: u32,
    /// to change a chain of them,
    chain: u32,
    /// or to drive away what is in the way.
    eject: u32,
}

impl Mix {
    fn of(problem: &Problem) -> Self {
        let seats = match problem.requests() {
            0 => 0,
            _ if problem.is_placed() => 1000,
            _ => 300,
        };
        if problem.in_blocks {
            Self { seats, swap: 300, chain: 400, eject: 0 }
        } else {
            Self { seats, swap: 300, chain: 0, eject: 20 }
        }
    }
}

/// What hard breaches and everything else count.
#[derive(Clone, Copy, Debug)]
struct Weights {
    hard: i64,
    soft: i64,
    /// Whether nothing goes that breaks a hard rule.
    strict: bool,
}

/// Of a thousand changes of seats, how many only take one away, while any hard rule is broken: nothing else mends a
/// section that has more than it takes where nobody can go elsewhere.
const UNSEAT: u32 = 50;

/// One worker's timetable, and how it goes about it.
#[derive(Debug)]
pub(super) struct Annealer<'p> {
    state: State<'p>,
    trial: Trial,
    chains: Chains,
    pub(super) dice: Dice,
    pub(super) temperature: f64,
    weights: Weights,
    /// How many hard breaches there may be.
    allowed: i64,
    mix: Mix,
    pub(super) best: Kept,
    pub(super) moves: u64,
    /// By how much changes made it worse, together, and how many there were.
    worse: (i64, u64),
}

impl<'p> Annealer<'p> {
    pub(super) fn new(state: State<'p>, dice: Dice) -> Self {
        let best = state.keep();
        let mix = Mix::of(state.problem);
        Self {
            state,
            trial: Trial::default(),
            chains: Chains::default(),
            dice,
            temperature: MOLTEN,
            weights: Weights { hard: 1, soft: 1, strict: true },
            allowed: 0,
            mix,
            best,
            moves: 0,
            worse: (0, 0),
        }
    }

    /// What is timetabled.
    pub(super) const fn problem(&self) -> &'p Problem {
        self.state.problem
    }

    /// Looks at hard rules only, or at everything; hard breaches then count so much, or must not be made where
    /// there are none.
    pub(super) fn prepare(&mut self, only_hard: bool, hard: i64) {
        if only_hard {
            self.state.blind();
            self.weights = Weights { hard: 1, soft: 0, strict: false };
        } else {
            self.weights = Weights { hard, soft: 1, strict: self.state.cost.hard == 0 };
        }
    }

    /// Says at which of so many steps of a round it is, by which goes how many hard breaches there may be.
    ///
    /// Where patterns overlap, what is feasible is in parts between which no feasible way leads; a breach or two
    /// let a timetable get from one to another. They are mended while it is still warm enough, and where that
    /// does not come about, the best feasible timetable is taken up again.
    pub(super) fn allow(&mut self, aim: Aim, step: usize, steps: usize) {
        let loose = aim == Aim::Descent && !self.state.problem.in_blocks && step * 100 < steps * LOOSE;
        self.allowed = if loose { DEFECTS } else { 0 };
        let late = aim == Aim::Descent && step * 100 >= steps * MENDED;
        if late && self.weights.strict && self.state.cost.hard > 0 && self.best.cost.hard == 0 {
            self.state = self.state.returned(&self.best);
        }
    }

    /// Goes on from a timetable.
    pub(super) fn start_from(&mut self, kept: &Kept) {
        self.state = self.state.returned(kept);
        self.best = self.state.keep();
    }

    /// Looks at everything again, where only hard rules were looked at.
    pub(super) fn look_again(&mut self) {
        self.state = self.state.recounted();
        self.best = self.state.keep();
    }

    /// By how much changes make it worse, in the mean, where everything goes that breaks no hard rule.
    pub(super) fn scale(&mut self, epochs: u32) -> f64 {
        self.prepare(false, 1);
        self.temperature = MOLTEN;
        self.worse = (0, 0);
        let best = self.best.clone();
        for _ in 0..epochs {
            self.epoch(|_| {});
        }
        self.best = best;
        let (sum, count) = self.worse;
        (sum as f64 / count.max(1) as f64).max(1.0)
    }

    /// Tries ten thousand changes, and tells of the cost now and then.
    pub(super) fn epoch(&mut self, mut note: impl FnMut(i64)) {
        for _ in 0..EPOCH / LOOK {
            let until = self.moves + LOOK;
            let mut tries = 0;
            while self.moves < until && tries < LOOK * FUTILE {
                tries += 1;
                if self.dice.happens(self.mix.seats) {
                    self.reseat();
                } else {
                    self.replace();
                }
            }
            note(self.state.cost.soft);
        }
        if self.state.cost.cost() < self.best.cost {
            self.best = self.state.keep();
        }
    }

    /// Whether a change breaks more hard rules than are allowed, where so many were broken before.
    fn forbids(&self, before: i64, delta: Delta) -> bool {
        self.weights.strict && delta.hard > 0 && before + delta.hard > self.allowed
    }

    /// Whether a change goes that has not been made.
    fn accepts(&mut self, delta: Delta) -> bool {
        self.accepts_after(self.state.cost.hard, delta)
    }

    /// Whether a change goes, where so many hard rules were broken before.
    fn accepts_after(&mut self, before: i64, delta: Delta) -> bool {
        if self.forbids(before, delta) {
            return false;
        }
        let hard = if self.weights.strict && before <= self.allowed { 0 } else { self.weights.hard };
        let worse = delta.hard * hard + delta.soft * self.weights.soft;
        if worse <= 0 {
            return true;
        }
        self.worse.0 += worse;
        self.worse.1 += 1;
        worse as f64 <= self.dice.threshold(self.temperature)
    }

    /// Puts a section elsewhere, perhaps with others.
    fn replace(&mut self) {
        let section = self.dice.below(self.state.problem.all_sections().end);
        let roll = self.dice.below(1000);
        if roll < self.mix.chain {
            self.chain(section);
            return;
        }
        let hard = self.state.cost.hard;
        let hunts = roll >= HUNT && hard > self.allowed && hard <= FEW && self.weights.soft > 0;
        let section = if hunts { self.hunted(section) } else { section };
        let Some(change) = moves::anywhere(&self.state, section, &mut self.dice) else { return };
        self.moves += 1;
        if roll < self.mix.chain + self.mix.swap {
            match moves::partner(&self.state, change) {
                Ok(None) => self.put(change, false),
                Ok(Some(other)) => self.swap(change, other),
                Err(_) => {}
            }
        } else {
            self.put(change, hunts || roll >= 1000 - self.mix.eject);
        }
    }

    /// Puts a section elsewhere, where it may drive away what is in the way.
    fn put(&mut self, change: Change, drives: bool) {
        let mut delta = self.state.hard_delta(change);
        if !drives && self.forbids(self.state.cost.hard, delta) {
            return;
        }
        delta += self.state.rest_delta(change);
        if drives && delta.hard > 0 {
            moves::eject(&mut self.state, &mut self.trial, change, &mut self.dice);
            self.settle();
        } else if self.accepts(delta) {
            self.state.apply(change, delta);
        }
    }

    /// Exchanges the places of two sections.
    fn swap(&mut self, change: Change, other: Change) {
        let clashes = || moves::clashes_of_swap(&self.state, change, other) > 0;
        if self.weights.strict && self.allowed == 0 && clashes() {
            return;
        }
        let Some(delta) = moves::exchange(&self.state, change, other) else {
            self.trial.make_all(&mut self.state, [change, other]);
            self.settle();
            return;
        };
        if self.accepts(delta) {
            let mut second = delta;
            second -= self.state.make(change);
            self.state.apply(other, second);
        }
    }

    /// A section that is in conflict, if one is found.
    fn hunted(&mut self, section: u32) -> u32 {
        for _ in 0..SOUGHT {
            let other = self.dice.below(self.state.problem.all_sections().end);
            if moves::in_conflict(&self.state, other, &mut self.dice).is_some() {
                return other;
            }
        }
        section
    }

    fn chain(&mut self, section: u32) {
        let times = self.state.problem.sections.times.width(section);
        let time = self.dice.below(times);
        self.moves += 1;
        if self.chains.find(&self.state, section, time).is_none() {
            return;
        }
        if let [change] = self.chains.changes[..] {
            let delta = self.state.delta(change);
            if self.accepts(delta) {
                self.state.apply(change, delta);
            }
            return;
        }
        self.trial.make_all(&mut self.state, self.chains.changes.iter().copied());
        self.settle();
    }

    /// Keeps a trial or undoes it.
    fn settle(&mut self) {
        let before = self.state.cost.hard - self.trial.delta.hard;
        if self.accepts_after(before, self.trial.delta) {
            self.trial.keep();
        } else {
            self.trial.undo(&mut self.state);
        }
    }

    /// Gives a request another ticket, or exchanges two.
    fn reseat(&mut self) {
        let problem = self.state.problem;
        let request = self.dice.below(problem.all_requests().end);
        let old = *self.state.seats.ticket(request);
        if self.state.cost.hard > 0 && !old.sections().is_empty() && self.dice.happens(UNSEAT) {
            self.moves += 1;
            let delta = self.state.seat_delta(request, &Ticket::NOTHING);
            if self.accepts(delta) {
                self.state.seat(request, &Ticket::NOTHING, delta);
            }
            return;
        }
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
        if self.forbids(self.state.cost.hard, delta) {
            self.bump(request, &ticket);
        } else if self.accepts(delta) {
            self.state.seat(request, &ticket, delta);
        }
    }

    /// Gives a request a ticket that others are in the way of, and those something else or nothing: what its
    /// learner has at the time, and of each full section one of those who sit there.
    fn bump(&mut self, request: u32, ticket: &Ticket) {
        let problem = self.state.problem;
        let asker = problem.asker[request as usize];
        let mut bumped: Vec<u32> = Vec::new();
        if problem.clash == Weight::Hard {
            let own = problem.requests_of(asker).filter(|other| *other != request);
            bumped.extend(own.filter(|other| self.state.collides(ticket, self.state.seats.ticket(*other))));
        }
        for section in ticket.sections() {
            let members = self.state.seats.members(*section);
            let is_full = members.len() >= problem.sections.capacity[*section as usize] as usize;
            // What another request of the same learner may have changes with what this one gets.
            let makes_room = |other: &u32| *other == request || bumped.contains(other);
            if is_full && !members.is_empty() && !members.iter().any(makes_room) {
                let other = self.dice.one_of(members);
                if problem.asker[other as usize] == asker {
                    return;
                }
                bumped.push(other);
            }
        }
        if !bumped.is_empty() {
            self.seat_all((request, ticket), &bumped);
        }
    }

    /// Gives a request a ticket and those who are in its way others that are not, if that goes.
    fn seat_all(&mut self, (request, ticket): (u32, &Ticket), bumped: &[u32]) {
        let problem = self.state.problem;
        let before = self.state.cost.hard;
        let mut delta = Delta::default();
        let mut undo: Vec<(u32, Ticket)> = Vec::with_capacity(bumped.len() + 1);
        // The request does not have its ticket yet, so that its learner's others could still take the same.
        let is_same = |other: u32, any: &Ticket| {
            problem.asker[other as usize] == problem.asker[request as usize]
                && problem.offering(other, any.option) == problem.offering(request, ticket.option)
        };
        for other in bumped {
            let instead = if self.dice.happens(500) {
                let any = tickets::any(&self.state, *other, &mut self.dice);
                let goes = |any: &Ticket| !any.sections().iter().any(|section| ticket.has(*section));
                any.filter(|any| goes(any) && !is_same(*other, any))
            } else {
                None
            };
            delta += self.reseated(*other, &instead.unwrap_or(Ticket::NOTHING), &mut undo);
        }
        delta += self.reseated(request, ticket, &mut undo);
        if !self.accepts_after(before, delta) {
            for (request, old) in undo.into_iter().rev() {
                let back = self.state.seat_delta(request, &old);
                self.state.seat(request, &old, back);
            }
        }
    }

    /// Gives a request another ticket, and notes the one that it had.
    fn reseated(&mut self, request: u32, ticket: &Ticket, undo: &mut Vec<(u32, Ticket)>) -> Delta {
        undo.push((request, *self.state.seats.ticket(request)));
        let delta = self.state.seat_delta(request, ticket);
        self.state.seat(request, ticket, delta);
        delta
    }

    /// Gives two requests other tickets, if that goes.
    fn seat_both(&mut self, one: (u32, &Ticket), other: (u32, &Ticket)) {
        let old = *self.state.seats.ticket(one.0);
        let first = self.state.seat_delta(one.0, one.1);
        self.state.seat(one.0, one.1, first);
        let second = self.state.seat_delta(other.0, other.1);
        let mut delta = first;
        delta += second;
        if self.accepts_after(self.state.cost.hard - first.hard, delta) {
            self.state.seat(other.0, other.1, second);
        } else {
            self.state.seat(one.0, &old, -first);
        }
    }

    /// Exchanges the tickets of two requests for the same offering.
    fn exchange(&mut self, request: u32, wanted: &Ticket) {
        let problem = self.state.problem;
        let old = *self.state.seats.ticket(request);
        let Some(section) = wanted.sections().iter().copied().find(|section| !old.has(*section)) else {
            return;
        };
        let members = self.state.seats.members(section);
        if members.is_empty() {
            return;
        }
        let other = self.dice.one_of(members);
        let theirs = *self.state.seats.ticket(other);
        let (mine, offering) =
            (problem.offering(request, old.option), problem.offering(other, theirs.option));
        if mine != offering || problem.asker[other as usize] == problem.asker[request as usize] {
            return;
        }
        let get = Ticket { option: old.option, ..theirs };
        let give = Ticket { option: theirs.option, ..old };
        if problem.ties_learners() {
            self.seat_both((request, &get), (other, &give));
            return;
        }
        let mut delta = self.state.exchange_delta(request, &get);
        delta += self.state.exchange_delta(other, &give);
        if self.accepts(delta) {
            let first = self.state.seat_delta(request, &get);
            self.state.seat(request, &get, first);
            let second = self.state.seat_delta(other, &give);
            self.state.seat(other, &give, second);
        }
    }
}
