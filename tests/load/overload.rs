//! Twice as many calls as the program can answer: what it does with them, and what a quiet district gets.
//!
//! The program has one processor to itself and the client another. Calls are sent when they are due, whether
//! or not those before them were answered, as many clients would; each is timed from when it was due.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::Code;
use trellis_testkit::{Backend, Role};

use crate::house::{self, DISTRICT, House, learner_name};
use crate::meter::{Call, Pace, count, round};
use crate::process::Process;
use crate::report::Targets;

/// A district that calls now and then.
const QUIET: &str = "quiet";
/// How often, per second.
const QUIET_RATE: f64 = 20.0;

/// What came of calls that were sent when due.
#[derive(Default)]
struct Sent {
    answered: Vec<Duration>,
    /// How many of them within the time of sending.
    in_time: usize,
    refused: BTreeMap<i32, usize>,
}

impl Sent {
    fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.answered.sort_unstable();
        self.in_time += other.in_time;
        for (code, times) in other.refused {
            *self.refused.entry(code).or_default() += times;
        }
    }

    fn all(&self) -> usize {
        self.answered.len() + self.refused.values().sum::<usize>()
    }

    fn within(&self, of_thousand: usize) -> f64 {
        let last = self.answered.len().saturating_sub(1);
        self.answered.get(last * of_thousand / 1000).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    }

    fn print(&self, name: &str, took: Duration) {
        let refused = self.refused.iter().map(|(code, times)| format!("{:?} {times}", Code::from(*code)));
        println!(
            "  {name:<24} {:>8.0} sent/s {:>8.0} answered/s  p50 {:>6.1} ms  p99 {:>6.1} ms  {}",
            count(self.all()) / took.as_secs_f64(),
            count(self.in_time) / took.as_secs_f64(),
            self.within(500),
            self.within(990),
            refused.collect::<Vec<_>>().join(", "),
        );
    }
}

/// Measures the capacity, then doubles the load.
pub(crate) async fn run(pace: Pace, targets: &mut Targets) {
    println!("\nOverload: SQLite, one processor for the program");
    let house = House::new(&house::program(), Backend::Sqlite);
    // What starts on one processor works with one.
    keep_to(std::process::id(), "0");
    let process = house.serve();
    keep_to(std::process::id(), "1");
    let filled = house.fill(&process, DISTRICT).await;
    let quiet = house.fill(&process, QUIET).await;
    let learner = |district: &str| house.person(&process, district, "learner", Role::Learner);
    // Lists, so that to answer costs more than to ask: the client must not be what is too slow.
    let lists = || learner(DISTRICT).entries(learner_name(DISTRICT, "learner"));
    let classmate = house.person(&process, DISTRICT, "classmate", Role::Learner);
    let writes = classmate.write_entry(learner_name(DISTRICT, "classmate"));
    let guardian = house.person(&process, DISTRICT, "guardian", Role::Guardian);
    let reads = guardian.entry(filled.entry);
    let mixed = vec![lists(), reads, lists(), writes, lists()];
    let quiet = learner(QUIET).entry(quiet.entry);
    flood("a learner's 20 entries listed", pace, &process, (&lists(), &quiet), targets).await;
    flood("lists, guardians' reads, writes", pace, &process, (&in_turn(mixed), &quiet), targets).await;
    keep_to(std::process::id(), "0-1");
}

/// Calls of several kinds, one after the other.
fn in_turn(kinds: Vec<Call>) -> Call {
    let turn = AtomicUsize::new(0);
    Arc::new(move |caller| kinds[turn.fetch_add(1, Ordering::Relaxed) % kinds.len()](caller))
}

/// Twice the capacity of one kind of calls, beside a quiet district.
///
/// A machine that does other work is faster now and slower then, so this is done several times, each beside
/// the capacity of just before and just after it.
async fn flood(
    what: &str,
    pace: Pace,
    process: &Process,
    (loud, quiet): (&Call, &Call),
    targets: &mut Targets,
) {
    println!("  {what}");
    let many = Pace { callers: 64, ..pace };
    let (time, before) = (pace.counted * 2, process.resident());
    let alone = send(quiet, QUIET_RATE, time).await;
    let (mut flooded, mut beside, mut times) = (Sent::default(), Sent::default(), Vec::new());
    let mut capacity = Capacity::measure(many, process, loud).await;
    for _ in 0..pace.rounds * 2 {
        let worked = process.cpu();
        let (flood, quiet) =
            tokio::join!(send(loud, 2.0 * capacity.calls, time), send(quiet, QUIET_RATE, time));
        let worked = process.cpu().saturating_sub(worked).as_secs_f64();
        let after = Capacity::measure(many, process, loud).await;
        times.push(Time::of(&flood, time, worked, capacity.and(after)));
        flooded.add(flood);
        beside.add(quiet);
        capacity = after;
    }
    let took = time * u32::try_from(times.len()).unwrap_or(u32::MAX);
    let middle = |of: &dyn Fn(&Time) -> f64| median(times.iter().map(of).collect());
    let goodput = middle(&|time| time.goodput);
    println!(
        "  capacity: {:.0} calls/s from {} callers, {:.0} µs of the processor each",
        middle(&|time| time.capacity.calls),
        many.callers,
        middle(&|time| time.capacity.each) * 1e6
    );
    alone.print("quiet district alone", time);
    flooded.print("twice the capacity", took);
    let parts: Vec<String> = times.iter().map(|time| format!("{:.2}", time.goodput)).collect();
    println!("  answered, of the capacity beside it: {goodput:.2}, of {}", parts.join(" "));
    println!(
        "  processor: {:.0}% of the time; where an answer costs what it did before, a refusal costs {:.0} µs",
        middle(&|time| time.busy) * 100.0,
        middle(&|time| time.refusal) * 1e6
    );
    beside.print("quiet district beside it", took);
    let most = process.peak();
    println!("  memory: {before} before, at most {most}");
    let named = |figure: &str| format!("overload by {what}: {figure}");
    targets.at_least(&named("answered/s of the capacity"), 0.9, goodput, "×");
    targets.at_most(&named("p99 of the calls let in"), 1000.0, flooded.within(990), " ms");
    targets.at_most(&named("memory"), 256.0, most.0, " MB");
    let part = count(beside.answered.len()) / count(beside.all().max(1));
    targets.at_least(&named("calls of a quiet district answered"), 0.99, part, "");
    targets.at_most(&named("p99 of the quiet district"), 250.0, beside.within(990), " ms");
}

/// What the program can do.
#[derive(Clone, Copy)]
struct Capacity {
    /// Calls a second.
    calls: f64,
    /// The processor time of one, in seconds.
    each: f64,
}

impl Capacity {
    async fn measure(pace: Pace, process: &Process, call: &Call) -> Self {
        let most = round(pace, process, None, call).await;
        let calls = count(most.calls);
        Self { calls: calls / most.wall.as_secs_f64(), each: most.cpu.as_secs_f64() / calls }
    }

    /// The mean of both.
    fn and(self, other: Self) -> Self {
        Self { calls: f64::midpoint(self.calls, other.calls), each: f64::midpoint(self.each, other.each) }
    }
}

/// One time of twice the capacity.
struct Time {
    capacity: Capacity,
    /// What was answered of the capacity.
    goodput: f64,
    /// The share of the time that the processor worked.
    busy: f64,
    /// What a refusal cost, in seconds, where an answer cost what it does without.
    refusal: f64,
}

impl Time {
    fn of(flood: &Sent, time: Duration, worked: f64, capacity: Capacity) -> Self {
        let refused = count(flood.all() - flood.answered.len()).max(1.0);
        Self {
            goodput: count(flood.in_time) / time.as_secs_f64() / capacity.calls,
            busy: worked / time.as_secs_f64(),
            refusal: (worked - capacity.each * count(flood.answered.len())) / refused,
            capacity,
        }
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

/// Sends calls at a rate, for a time; waits for all answers.
async fn send(call: &Call, rate: f64, time: Duration) -> Sent {
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    let mut sent = Sent::default();
    let mut number = 0_u32;
    while begun.elapsed() < time {
        let due = begun + Duration::from_secs_f64(f64::from(number) / rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
            continue;
        }
        let (call, caller) = (call.clone(), usize::try_from(number).unwrap_or_default());
        calls.spawn(async move { (call(caller).await, due.elapsed()) });
        number += 1;
        while let Some(done) = calls.try_join_next() {
            note(&mut sent, done.expect("a call"));
        }
    }
    sent.in_time = sent.answered.len();
    while let Some(done) = calls.join_next().await {
        note(&mut sent, done.expect("a call"));
    }
    sent.answered.sort_unstable();
    sent
}

fn note(sent: &mut Sent, (done, took): (Result<(), tonic::Status>, Duration)) {
    match done {
        Ok(()) => sent.answered.push(took),
        Err(status) => *sent.refused.entry(status.code().into()).or_default() += 1,
    }
}

/// Lets all threads of a process run on these processors only.
fn keep_to(id: u32, processors: &str) {
    let done = Command::new("taskset").args(["-a", "-c", "-p", processors, &id.to_string()]).output();
    assert!(
        done.is_ok_and(|done| done.status.success()),
        "taskset (util-linux) is needed, and two processors"
    );
}
