//! Many calls at once for a while, and what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::process::{Database, Process};

/// A kind of call: makes one call, as the caller of a number.
pub(crate) type Call = Arc<dyn Fn(usize) -> BoxFuture<'static, Result<(), Status>> + Send + Sync>;

/// How long and how often things are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How many callers wait for their answers at once; enough to keep two cores busy.
    pub(crate) callers: usize,
    /// How long they call before anything is counted: connections, caches and statements are made then.
    pub(crate) warm_up: Duration,
    /// How long they are counted.
    pub(crate) counted: Duration,
    /// How often everything is measured, in alternation.
    pub(crate) rounds: usize,
}

impl Pace {
    /// That of a whole run, or with `QUICK=1` that of one that only shows whether something is far off.
    pub(crate) fn chosen() -> Self {
        let quick = std::env::var("QUICK").is_ok_and(|set| set == "1");
        let (counted, rounds) = if quick { (600, 1) } else { (1500, 3) };
        Self {
            callers: 16,
            warm_up: Duration::from_millis(if quick { 300 } else { 400 }),
            counted: Duration::from_millis(counted),
            rounds,
        }
    }
}

/// What is measured: calls of a kind to a server.
pub(crate) struct Subject<'a> {
    /// What it is called in the table.
    pub(crate) name: String,
    /// The server.
    pub(crate) process: &'a Process,
    /// Its database, if that is a process too.
    pub(crate) database: Option<Database>,
    /// The call.
    pub(crate) call: Call,
}

/// What came of the calls of one kind in one round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Round {
    /// How many were answered well.
    pub(crate) calls: usize,
    /// How many were refused, by code.
    pub(crate) refused: BTreeMap<i32, usize>,
    /// How long the round was.
    pub(crate) wall: Duration,
    /// What the server's threads used of the processors meanwhile.
    pub(crate) cpu: Duration,
    /// What the database's processes used.
    pub(crate) database: Duration,
    /// How long each call took.
    pub(crate) took: Vec<Duration>,
}

/// What came of the calls of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// What was measured.
    pub(crate) name: String,
    /// Each time.
    pub(crate) rounds: Vec<Round>,
    took: Vec<Duration>,
}

impl Measured {
    fn of(name: String, rounds: Vec<Round>) -> Self {
        let mut took: Vec<Duration> = rounds.iter().flat_map(|round| round.took.iter().copied()).collect();
        took.sort_unstable();
        assert!(!took.is_empty(), "{name}: no call was answered: {:?}", rounds[0].refused);
        let refused: usize = rounds.iter().flat_map(|round| round.refused.values()).sum();
        assert!(refused * 1000 <= took.len(), "{name}: calls were refused: {:?}", rounds[0].refused);
        Self { name, rounds, took }
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        let wall: f64 = self.rounds.iter().map(|round| round.wall.as_secs_f64()).sum();
        count(self.took.len()) / wall
    }

    /// Processor time of the server for one call, in microseconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.per_call(|round| round.cpu)
    }

    /// Processor time of the database for one call, in microseconds.
    pub(crate) fn database(&self) -> f64 {
        self.per_call(|round| round.database)
    }

    fn per_call(&self, of: impl Fn(&Round) -> Duration) -> f64 {
        let spent: f64 = self.rounds.iter().map(|round| of(round).as_secs_f64()).sum();
        spent * 1e6 / count(self.took.len())
    }

    /// How far the rounds are apart in processor time, as a part of their mean.
    pub(crate) fn spread(&self) -> f64 {
        let each = self.rounds.iter().map(|round| round.cpu.as_secs_f64() * 1e6 / count(round.calls.max(1)));
        let (low, high) = each.fold((f64::MAX, 0.0_f64), |(low, high), cpu| (low.min(cpu), high.max(cpu)));
        (high - low) / self.cpu()
    }

    /// The time within which so many of a thousand calls were answered, in milliseconds.
    pub(crate) fn within(&self, of_thousand: usize) -> f64 {
        self.took[(self.took.len() - 1) * of_thousand / 1000].as_secs_f64() * 1000.0
    }
}

/// A number of things, for arithmetic.
pub(crate) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("fewer than four milliards"))
}

/// Measures all in alternation, so that what else the machine does falls upon each of them.
pub(crate) async fn measure(pace: Pace, subjects: Vec<Subject<'_>>) -> Vec<Measured> {
    let mut rounds: Vec<Vec<Round>> = subjects.iter().map(|_| Vec::new()).collect();
    for _ in 0..pace.rounds {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            rounds.push(round(pace, subject.process, subject.database, &subject.call).await);
        }
    }
    subjects.into_iter().zip(rounds).map(|(subject, rounds)| Measured::of(subject.name, rounds)).collect()
}

/// Calls from many callers at once.
pub(crate) async fn round(pace: Pace, process: &Process, database: Option<Database>, call: &Call) -> Round {
    let begin = Instant::now() + pace.warm_up;
    let end = begin + pace.counted;
    let mut callers = JoinSet::new();
    for number in 0..pace.callers {
        let call = call.clone();
        callers.spawn(async move {
            let (mut took, mut refused) = (Vec::new(), BTreeMap::<i32, usize>::new());
            loop {
                let start = Instant::now();
                if start >= end {
                    return (took, refused);
                }
                let done = call(number).await;
                if start < begin || Instant::now() > end {
                    continue;
                }
                match done {
                    Ok(()) => took.push(start.elapsed()),
                    Err(status) => *refused.entry(Code::into(status.code())).or_default() += 1,
                }
            }
        });
    }
    let spent = || (process.cpu(), database.map_or(Duration::ZERO, Database::cpu));
    tokio::time::sleep_until(begin.into()).await;
    let before = spent();
    tokio::time::sleep_until(end.into()).await;
    let after = spent();
    let mut round = Round {
        wall: pace.counted,
        cpu: after.0.saturating_sub(before.0),
        database: after.1.saturating_sub(before.1),
        ..Round::default()
    };
    for (took, refused) in callers.join_all().await {
        round.took.extend(took);
        for (code, times) in refused {
            *round.refused.entry(code).or_default() += times;
        }
    }
    round.calls = round.took.len();
    round
}
