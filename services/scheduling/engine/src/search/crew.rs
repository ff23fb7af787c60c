//! Workers who each have a timetable of their own, and do rounds side by side.
//!
//! Nothing that one does depends on how fast another is: who has enough in the fewest epochs, and is first
//! among those, is what counts.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use super::anneal::Annealer;
use super::cooling::Cooling;
use super::dice::Dice;
use super::solve::{Aim, Options, Progress};
use crate::cost::Cost;
use crate::plan::Plan;
use crate::state::Kept;

/// How often whoever watches is told.
const BEAT: Duration = Duration::from_millis(100);
/// A temperature at which nothing is made worse.
const COLD: f64 = 1e-9;
/// The stream of chance for it, which is no round's.
const SCALE: u64 = u64::MAX;
/// How many epochs show how much worse changes make it.
const SCALED_BY: u32 = 5;

/// Workers side by side.
#[derive(Debug)]
pub(super) struct Crew<'p> {
    workers: Vec<Annealer<'p>>,
    seed: u64,
    enough: Cost,
    show: Option<Duration>,
    begun: Instant,
    /// What hard breaches count where some cannot be avoided.
    hard: i64,
}

/// A round that every worker is to do.
#[derive(Debug)]
pub(super) struct Task<'c> {
    pub(super) aim: Aim,
    pub(super) number: u64,
    pub(super) cooling: &'c Cooling,
    /// How many epochs there are at each step.
    pub(super) epochs: Vec<u64>,
    pub(super) deadline: Option<Instant>,
    /// The most epochs of each worker; without any, all.
    pub(super) most: Vec<u64>,
}

/// How a round ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// How many epochs each worker did.
    pub(super) done: Vec<u64>,
    /// What was seen at each step, by all workers.
    pub(super) seen: Cooling,
    /// How long an epoch took at each step.
    pub(super) pace: Vec<Duration>,
    pub(super) cancelled: bool,
}

/// What workers tell each other in a round.
struct Shared {
    /// The fewest epochs in which one has enough.
    line: AtomicU64,
    stop: AtomicBool,
    moves: AtomicU64,
    /// Whether each is to show its best timetable.
    asked: Vec<AtomicBool>,
}

/// What a worker tells of its best timetable, when it has become better or is asked for.
struct News {
    cost: Cost,
    /// The timetable, if it was asked for.
    kept: Option<Kept>,
}

/// Stops the workers of a round that is left, so that nobody waits for them when whoever watches panics.
struct StopWhenLeft<'s>(&'s AtomicBool);

impl Drop for StopWhenLeft<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a worker did in a round.
struct Done {
    epochs: u64,
    has_enough: bool,
    seen: Cooling,
    pace: Vec<Duration>,
}

impl<'p> Crew<'p> {
    pub(super) const fn new(workers: Vec<Annealer<'p>>, options: &Options, begun: Instant) -> Self {
        let Options { seed, enough, show, .. } = *options;
        Self { workers, seed, enough, show, begun, hard: 1 }
    }

    /// Says what hard breaches count where some cannot be avoided.
    pub(super) const fn weigh(&mut self, hard: i64) {
        self.hard = hard;
    }

    pub(super) fn is_feasible(&self) -> bool {
        self.workers.iter().any(|worker| worker.best.cost.hard == 0)
    }

    /// The best timetable, of equal ones that of the first worker.
    pub(super) fn best(&self) -> &Kept {
        let mut best = &self.workers[0].best;
        for worker in &self.workers[1..] {
            if worker.best.cost < best.cost {
                best = &worker.best;
            }
        }
        best
    }

    pub(super) fn moves(&self) -> u64 {
        self.workers.iter().map(|worker| worker.moves).sum()
    }

    /// By how much changes make it worse where everything goes, and how long an epoch takes there.
    pub(super) fn scale(&mut self) -> (f64, Duration) {
        let begun = Instant::now();
        let worker = &mut self.workers[0];
        // How far its chance went in the last round depends on how fast the others were.
        worker.dice = Dice::new(self.seed, 0, SCALE);
        let scale = worker.scale(SCALED_BY);
        (scale, begun.elapsed() / SCALED_BY)
    }

    /// How long an epoch takes now.
    pub(super) fn pace(&mut self) -> Duration {
        let begun = Instant::now();
        let worker = &mut self.workers[0];
        let kept = worker.best.clone();
        worker.dice = Dice::new(self.seed, 0, SCALE);
        worker.temperature = COLD;
        worker.prepare(false, self.hard);
        worker.epoch(|_| {});
        worker.start_from(&kept);
        begun.elapsed()
    }

    /// Has every worker go on from the best timetable.
    pub(super) fn gather(&mut self) {
        let kept = self.best().clone();
        self.workers.iter_mut().for_each(|worker| worker.start_from(&kept));
    }

    /// Has every worker do a round, while whoever watches is told.
    pub(super) fn round(
        &mut self,
        task: &Task<'_>,
        watch: &mut impl FnMut(&Progress) -> ControlFlow<()>,
    ) -> Ended {
        let shared = Shared {
            line: AtomicU64::new(u64::MAX),
            stop: AtomicBool::new(false),
            moves: AtomicU64::new(self.moves()),
            asked: self.workers.iter().map(|_| AtomicBool::new(false)).collect(),
        };
        let (mut best, begun, problem) = (self.best().cost, self.begun, self.workers[0].problem());
        let (show, mut shown, mut least) = (self.show, None, None);
        let (seed, enough, hard) = (self.seed, self.enough, self.hard);
        let mut cancelled = false;
        let done: Vec<Done> = thread::scope(|scope| {
            let _stops = StopWhenLeft(&shared.stop);
            let (sender, receiver) = mpsc::channel();
            let spawned: Vec<_> = self
                .workers
                .iter_mut()
                .enumerate()
                .map(|(number, worker)| {
                    let (sender, shared) = (sender.clone(), &shared);
                    worker.dice = Dice::new(seed, number as u64, task.number);
                    worker.prepare(task.aim == Aim::Feasible, hard);
                    scope.spawn(move || labour(worker, number, task, enough, shared, &sender))
                })
                .collect();
            drop(sender);
            let (mut told, mut asked) = (Instant::now(), Instant::now());
            loop {
                match receiver.recv_timeout(BEAT) {
                    Ok(News { cost, kept }) => {
                        best = best.min(cost);
                        if let Some(kept) = kept.filter(|kept| least.is_none_or(|least| kept.cost < least)) {
                            least = Some(kept.cost);
                            shown = Some(kept);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if show.is_some_and(|show| asked.elapsed() >= show) {
                    asked = Instant::now();
                    shared.asked.iter().for_each(|asked| asked.store(true, Ordering::Relaxed));
                }
                if told.elapsed() >= BEAT {
                    told = Instant::now();
                    let moves = shared.moves.load(Ordering::Relaxed);
                    let plan = shown.take().map(|kept| Plan::of(problem, &kept));
                    let progress =
                        Progress { cost: best, moves, elapsed: begun.elapsed(), aim: task.aim, plan };
                    if watch(&progress).is_break() {
                        cancelled = true;
                        shared.stop.store(true, Ordering::Relaxed);
                    }
                }
            }
            let ended = |worker: ScopedJoinHandle<'_, Done>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            spawned.into_iter().map(ended).collect()
        });
        self.agree(task.aim, &done);
        ended(task, &done, cancelled)
    }

    /// Where one had enough, all go on from there.
    fn agree(&mut self, aim: Aim, done: &[Done]) {
        let first = done.iter().enumerate().filter(|(_, done)| done.has_enough);
        let first = first.min_by_key(|(number, done)| (done.epochs, *number));
        match first {
            Some((number, _)) => {
                let kept = self.workers[number].best.clone();
                self.workers.iter_mut().for_each(|worker| worker.start_from(&kept));
            }
            None if aim == Aim::Feasible => self.workers.iter_mut().for_each(Annealer::look_again),
            None => {}
        }
    }
}

fn ended(task: &Task<'_>, done: &[Done], cancelled: bool) -> Ended {
    let mut seen = task.cooling.unseen();
    let mut pace = vec![Duration::ZERO; task.epochs.len()];
    let workers = u32::try_from(done.len()).unwrap_or(1).max(1);
    for worker in done {
        seen.add(&worker.seen);
        pace.iter_mut().zip(&worker.pace).for_each(|(sum, pace)| *sum += *pace / workers);
    }
    Ended { done: done.iter().map(|worker| worker.epochs).collect(), seen, pace, cancelled }
}

/// One worker's part of a round.
fn labour(
    worker: &mut Annealer<'_>,
    number: usize,
    task: &Task<'_>,
    enough: Cost,
    shared: &Shared,
    sender: &Sender<News>,
) -> Done {
    let mut done = Done {
        epochs: 0,
        has_enough: false,
        seen: task.cooling.unseen(),
        pace: vec![Duration::ZERO; task.epochs.len()],
    };
    let most = task.most.get(number).copied().unwrap_or(u64::MAX);
    let mut shown = None;
    for (step, epochs) in task.epochs.iter().enumerate().filter(|(_, epochs)| **epochs > 0) {
        worker.temperature = task.cooling.temperature(step);
        worker.allow(task.aim, step, task.epochs.len());
        let begun = Instant::now();
        for epoch in 0..*epochs {
            let late = task.deadline.is_some_and(|deadline| Instant::now() >= deadline);
            let stop = late || shared.stop.load(Ordering::Relaxed) || done.epochs >= most;
            if stop || done.epochs >= shared.line.load(Ordering::Relaxed) {
                return done;
            }
            let (moves, best) = (worker.moves, worker.best.cost);
            // At first the cost is still on its way from what it was before.
            let settled = epoch >= epochs / 2;
            worker.epoch(|cost| {
                if settled {
                    done.seen.note(step, cost);
                }
            });
            done.epochs += 1;
            shared.moves.fetch_add(worker.moves - moves, Ordering::Relaxed);
            let cost = worker.best.cost;
            let is_asked = shown != Some(cost) && shared.asked[number].swap(false, Ordering::Relaxed);
            if is_asked || cost < best {
                shown = if is_asked { Some(cost) } else { shown };
                let kept = is_asked.then(|| worker.best.clone());
                // Nobody listens once a run is over.
                let _ = sender.send(News { cost, kept });
            }
            let feasible = task.aim == Aim::Feasible && worker.best.cost.hard == 0;
            if feasible || (task.aim != Aim::Feasible && worker.best.cost <= enough) {
                done.has_enough = true;
                shared.line.fetch_min(done.epochs, Ordering::Relaxed);
                return done;
            }
        }
        let epochs = u32::try_from(*epochs).unwrap_or(u32::MAX);
        done.pace[step] = begun.elapsed() / epochs;
    }
    done
}
