//! The search as a whole: first a feasible timetable, then a quick descent that shows where it pays to stay,
//! then a slow one that stays there.
#![expect(clippy::cast_possible_truncation, reason = "costs as floating numbers are far below 2^63")]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::anneal::Annealer;
use super::construct::construct;
use super::cooling::Cooling;
use super::crew::{Crew, Ended, Task};
use super::dice::Dice;
use crate::cost::Cost;
use crate::model::{Fault, Problem};
use crate::plan::Plan;
use crate::state::{Anchor, Kept, State};

/// The most workers.
const MOST_WORKERS: usize = 64;
/// How many epochs the first attempt at a feasible timetable has; each further has twice as many.
const FIRST_ATTEMPT: u64 = 300;
/// What of the time may go into finding a feasible timetable before the rest is looked at all the same.
const UNTIL_FEASIBLE: f64 = 0.5;
/// What of the time that is left then goes into the quick descent.
const QUICK: f64 = 0.1;
/// In how many parts the slow one is planned, each by the time that is left.
const PARTS: usize = 10;
/// How hot it may be where little should change, beside how much worse changes make it.
const GENTLE: f64 = 0.02;
/// What hard breaches count beside the temperature at the start, where some could not be avoided.
const HARD: f64 = 20.0;

/// How a problem is to be solved.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where chance begins. The same seed, workers and effort give the same plan.
    pub seed: u64,
    /// How many timetables are worked on at once, each by a thread: one to sixty-four.
    pub workers: usize,
    /// When to stop.
    pub budget: Budget,
    /// What is good enough to stop before.
    pub enough: Cost,
    /// How often whoever watches is shown the best plan too, where it has become better since. Each time costs
    /// about as much as an epoch.
    pub show: Option<Duration>,
}

impl Default for Options {
    /// One worker for ten seconds, unless nothing is left to be better. No plan is shown before the end.
    fn default() -> Self {
        Self {
            seed: 1,
            workers: 1,
            budget: Budget::Time(Duration::from_secs(10)),
            enough: Cost::default(),
            show: None,
        }
    }
}

/// When to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Budget {
    /// After so long.
    Time(Duration),
    /// After what another run did, which gives the same plan again.
    Effort(Effort),
}

/// What a run did, round by round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// The rounds, in their order.
    pub rounds: Vec<Round>,
}

impl Effort {
    /// How many epochs the first worker did.
    pub fn epochs(&self) -> u64 {
        self.rounds.iter().filter_map(|round| round.done.first()).sum()
    }
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// What it was for.
    pub aim: Aim,
    /// How many epochs it was to have, each of ten thousand changes that are tried.
    pub planned: u64,
    /// How many each worker did.
    pub done: Vec<u64>,
}

/// What a round is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To break no hard rule.
    Feasible,
    /// To see how the cost falls.
    Survey,
    /// To get the cost down.
    Descent,
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The cost of the best plan so far. While a feasible one is looked for, only hard breaches are counted.
    pub cost: Cost,
    /// How many changes were tried.
    pub moves: u64,
    /// How long it has taken.
    pub elapsed: Duration,
    /// What it is about.
    pub aim: Aim,
    /// The best plan so far, where it is shown.
    pub plan: Option<Plan>,
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The best plan.
    pub plan: Plan,
    /// What it costs.
    pub cost: Cost,
    /// What was done, by which the run can be repeated.
    pub effort: Effort,
    /// How many changes were tried.
    pub moves: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it was stopped by whoever watches.
    pub cancelled: bool,
}

/// Looks for the plan that costs least.
///
/// `watch` is told of progress some ten times a second, and may stop the run: what is best by then is the
/// solution.
///
/// # Errors
///
/// When there is no section.
pub fn solve(
    problem: &Problem,
    options: &Options,
    watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Solution, Fault> {
    if problem.sections() == 0 {
        return Err(Fault::Unknown("section"));
    }
    let mut run = Run::new(options, watch, |worker| {
        let mut dice = Dice::new(options.seed, worker, 0);
        let state = construct(problem, &mut dice);
        Annealer::new(state, dice)
    });
    run.work();
    Ok(run.solution(problem))
}

/// Goes on from a timetable without giving up what it has, where every change from the published one costs.
/// `anchor` is told how much worse changes make it in the mean.
pub(crate) fn repair(
    problem: &Problem,
    start: &Kept,
    anchor: impl FnOnce(i64) -> Anchor,
    options: &Options,
    watch: impl FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Solution, Fault> {
    if problem.sections() == 0 {
        return Err(Fault::Unknown("section"));
    }
    let mut probe = Annealer::new(State::restored(problem, start), Dice::new(options.seed, 0, u64::MAX));
    let scale = probe.scale(1);
    let anchor = anchor(scale.ceil() as i64);
    let mut run = Run::new(options, watch, |worker| {
        let mut state = State::restored(problem, start);
        state.anchor(anchor.clone());
        Annealer::new(state, Dice::new(options.seed, worker, 0))
    });
    // A hard rule must be worth more than any change that mends it, and what that changes in turn.
    run.crew.weigh((scale * HARD) as i64 + 4 * anchor.most());
    run.cool(scale);
    Ok(run.solution(problem))
}

impl<W> Run<'_, '_, W> {
    fn solution(self, problem: &Problem) -> Solution {
        let best = self.crew.best();
        Solution {
            plan: Plan::of(problem, best),
            cost: best.cost,
            moves: self.crew.moves(),
            effort: self.effort,
            elapsed: self.begun.elapsed(),
            cancelled: self.cancelled,
        }
    }
}

/// A run that is under way.
struct Run<'p, 'o, W> {
    begun: Instant,
    options: &'o Options,
    crew: Crew<'p>,
    effort: Effort,
    cancelled: bool,
    watch: W,
}

impl<'p, 'o, W: FnMut(&Progress) -> ControlFlow<()>> Run<'p, 'o, W> {
    fn new(options: &'o Options, watch: W, annealer: impl FnMut(u64) -> Annealer<'p>) -> Self {
        let begun = Instant::now();
        let workers = options.workers.clamp(1, MOST_WORKERS) as u64;
        let crew = Crew::new((0..workers).map(annealer).collect(), options, begun);
        Self { begun, options, crew, effort: Effort::default(), cancelled: false, watch }
    }

    /// Goes on from where it is, first to where no hard rule is broken if any is, then to where it costs less,
    /// without ever going far.
    fn cool(&mut self, scale: f64) {
        let cooling = Cooling::even(scale * GENTLE, (scale * GENTLE / 100.0).max(0.12));
        let pace = vec![self.crew.pace(); cooling.steps()];
        for part in [0.5, 1.0] {
            let planned = match self.planned() {
                Some(known) => known,
                None => cooling.affordable(self.left(1.0).mul_f64(part), &pace),
            };
            if self.is_over() || planned == 0 {
                return;
            }
            self.round(Aim::Descent, planned, &cooling);
            self.crew.gather();
        }
    }

    fn work(&mut self) {
        self.become_feasible();
        if self.is_over() {
            return;
        }
        let (scale, pace) = self.crew.scale();
        self.crew.weigh((scale * HARD) as i64 + 1);
        let quick = Cooling::even(scale, (scale / 1000.0).max(0.12));
        let pace = vec![pace; quick.steps()];
        let planned = match self.next_aim() {
            // Another run had time for no more than the end.
            Some(Aim::Descent) => 0,
            _ => self.planned().unwrap_or_else(|| quick.affordable(self.left(1.0).mul_f64(QUICK), &pace)),
        };
        if self.is_over() {
            return;
        }
        if planned == 0 {
            self.freeze();
            return;
        }
        let seen = self.round(Aim::Survey, planned, &quick);
        let mut cooling = seen.seen;
        cooling.learn();
        for number in 0..PARTS {
            if self.is_over() {
                return;
            }
            let (part, of_rest) = cooling.part(number, PARTS, &seen.pace);
            let planned = self
                .planned()
                .unwrap_or_else(|| part.affordable(self.left(1.0).mul_f64(of_rest), &seen.pace));
            self.round(Aim::Descent, planned, &part);
        }
        // It went faster than the quick descent let expect.
        self.crew.gather();
        self.cool(scale);
    }

    /// Does what is better at once, where there is no time for more.
    fn freeze(&mut self) {
        self.crew.gather();
        self.round(Aim::Descent, 1, &Cooling::frozen());
    }

    /// Looks at hard rules only, as long as any is broken.
    fn become_feasible(&mut self) {
        let cooling = Cooling::even(1.0, 0.1);
        let mut attempt = FIRST_ATTEMPT;
        while !self.crew.is_feasible() && !self.is_over() {
            let planned = match self.planned() {
                Some(known) if self.next_aim() == Some(Aim::Feasible) => known,
                Some(_) => return,
                None if self.left(UNTIL_FEASIBLE).is_zero() => return,
                None => attempt,
            };
            self.round(Aim::Feasible, planned, &cooling);
            attempt *= 2;
        }
    }

    /// Does a round, and notes what was done.
    fn round(&mut self, aim: Aim, planned: u64, cooling: &Cooling) -> Ended {
        let share = if aim == Aim::Feasible { UNTIL_FEASIBLE } else { 1.0 };
        let (deadline, most) = match &self.options.budget {
            Budget::Time(_) => (Some(Instant::now() + self.left(share)), Vec::new()),
            Budget::Effort(effort) => (None, effort.rounds[self.effort.rounds.len()].done.clone()),
        };
        let number = self.effort.rounds.len() as u64 + 1;
        let task = Task { aim, number, cooling, epochs: cooling.epochs(planned), deadline, most };
        let ended = self.crew.round(&task, &mut self.watch);
        self.cancelled |= ended.cancelled;
        self.effort.rounds.push(Round { aim, planned, done: ended.done.clone() });
        ended
    }

    fn next_aim(&self) -> Option<Aim> {
        let Budget::Effort(effort) = &self.options.budget else { return None };
        effort.rounds.get(self.effort.rounds.len()).map(|round| round.aim)
    }

    /// How many epochs the next round is to have, where another run said so; none where that had no more.
    fn planned(&self) -> Option<u64> {
        let Budget::Effort(effort) = &self.options.budget else { return None };
        Some(effort.rounds.get(self.effort.rounds.len()).map_or(0, |round| round.planned))
    }

    fn is_over(&self) -> bool {
        let out_of_time = match &self.options.budget {
            Budget::Time(_) => self.left(1.0).is_zero(),
            Budget::Effort(effort) => effort.rounds.len() <= self.effort.rounds.len(),
        };
        self.cancelled || out_of_time || self.crew.best().cost <= self.options.enough
    }

    /// How much time there is until so much of it has gone.
    fn left(&self, part: f64) -> Duration {
        match &self.options.budget {
            Budget::Time(limit) => limit.mul_f64(part).saturating_sub(self.begun.elapsed()),
            Budget::Effort(_) => Duration::ZERO,
        }
    }
}
