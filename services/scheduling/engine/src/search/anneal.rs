//! Simulated annealing over one timetable.
#![expect(clippy::cast_precision_loss, reason = "differences of cost are far below 2^52")]

mod reseat;

use super::chain::Chains;
use super::dice::Dice;
use super::moves::{self, Trial};
use super::solve::Aim;
use super::teams::Teams;
use crate::cost::Delta;
use crate::model::Problem;
use crate::state::{Change, Kept, State};

/// How many changes are tried in an epoch.
const EPOCH: u64 = 10_000;
/// After how many changes the cost is looked at.
const LOOK: u64 = 200;
/// Of how many ways to change something, at most, none has to be possible.
const FUTILE: u64 = 4;
/// How many hard breaches there may be at first, where patterns overlap.
const DEFECTS: i64 = 2;
/// Until what part of the steps, in hundredths, there may be any.
const LOOSE: usize = 45;
/// By what part of them they must be mended.
const MENDED: usize = 90;
/// From which of a thousand on what is in conflict is looked for, while there are more breaches than may be.
const HUNT: u32 = 900;
/// The most hard breaches that are looked for rather than come upon, and kept track of one by one.
const FEW: i64 = 30;
/// After how many changes all sections may be looked at again for those that are in conflict.
const SOUGHT: u64 = 1000;
/// By what the temperature is multiplied for seats, where sections move too.
///
/// What a time is worth to learners shows only where each has the best seat at these times. Seats must have
/// settled before times do, whose changes cost more.
const SEATED: f64 = 0.15;
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
    /// By what the temperature is multiplied for seats.
    seated: f64,
}

impl Mix {
    fn of(problem: &Problem) -> Self {
        let (seats, seated) = match problem.requests() {
            0 => (0, 1.0),
            _ if problem.is_placed() => (1000, 1.0),
            _ => (300, SEATED),
        };
        if problem.in_blocks {
            Self { seats, swap: 300, chain: 400, eject: 0, seated }
        } else {
            Self { seats, swap: 300, chain: 0, eject: 20, seated }
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

/// One worker's timetable, and how it goes about it.
#[derive(Debug)]
pub(super) struct Annealer<'p> {
    state: State<'p>,
    trial: Trial,
    chains: Chains,
    teams: Teams,
    pub(super) dice: Dice,
    pub(super) temperature: f64,
    weights: Weights,
    /// How many hard breaches there may be.
    allowed: i64,
    mix: Mix,
    /// Sections that were in conflict when they were looked for.
    suspects: Vec<u32>,
    /// When they were looked for, in changes tried.
    suspected: u64,
    pub(super) best: Kept,
    pub(super) moves: u64,
    /// By how much changes made it worse, together, and how many there were.
    worse: (i64, u64),
}

impl<'p> Annealer<'p> {
    pub(super) fn new(state: State<'p>, dice: Dice) -> Self {
        let best = state.keep();
        let mix = Mix::of(state.problem);
        let teams = Teams::new(state.problem);
        Self {
            state,
            trial: Trial::default(),
            chains: Chains::default(),
            teams,
            dice,
            temperature: MOLTEN,
            weights: Weights { hard: 1, soft: 1, strict: true },
            allowed: 0,
            mix,
            suspects: Vec::new(),
            suspected: 0,
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
            self.weights = Weights { hard, soft: 1, strict: self.best.cost.hard == 0 };
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
                    let temperature = self.temperature;
                    self.temperature *= self.mix.seated;
                    self.reseat();
                    self.temperature = temperature;
                } else {
                    self.replace();
                }
            }
            note(self.state.cost.soft);
            // What is nearly feasible is rare and soon left again while it is hot.
            let hard = self.state.cost.hard;
            if hard <= FEW && hard.unsigned_abs() < self.best.cost.hard {
                self.best = self.state.keep();
            }
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
        let section = if hunts { self.hunted().unwrap_or(section) } else { section };
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
        if self.teams.parts(&self.state, change) {
            self.bring(&[change]);
            return;
        }
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
        if self.teams.parts(&self.state, change) || self.teams.parts(&self.state, other) {
            self.bring(&[change, other]);
            return;
        }
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

    /// Puts sections elsewhere, with all that they are held together with.
    fn bring(&mut self, changes: &[Change]) {
        if self.teams.bring(&mut self.state, &mut self.trial, changes, &mut self.dice) {
            self.settle();
        } else {
            self.trial.undo(&mut self.state);
        }
    }

    /// Any section that is in conflict, if one is.
    fn hunted(&mut self) -> Option<u32> {
        if self.suspects.is_empty() && self.moves >= self.suspected + SOUGHT {
            self.suspected = self.moves;
            let (state, dice) = (&self.state, &mut self.dice);
            let clashes = |section: &u32| moves::in_conflict(state, *section, dice).is_some();
            self.suspects.extend(state.problem.all_sections().filter(clashes));
        }
        while !self.suspects.is_empty() {
            let place = self.dice.place(self.suspects.len());
            let section = self.suspects[place];
            if moves::in_conflict(&self.state, section, &mut self.dice).is_some() {
                return Some(section);
            }
            self.suspects.swap_remove(place);
        }
        None
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
}
