//! How fast events get their positions, and how fast another service applies them: from a backlog that is
//! there when the program starts, as after an outage.

use std::time::{Duration, Instant};

use trellis_contracts::experience::{AssessmentFinalized, FinalRating};
use trellis_testkit::Backend;
use trellis_testkit::nats::Nats;

use crate::calls::new_id;
use crate::house::{self, DISTRICT, House};
use crate::meter::{Pace, count};
use crate::process::Process;
use crate::rows::Rows;

/// How many events without an effect wait for a position.
const PLAIN: usize = 20_000;

/// Lets a backlog be worked off.
pub(crate) async fn run(pace: Pace) {
    println!("\nEvents: a backlog worked off after a start");
    let effects = if pace.rounds == 1 { 1000 } else { 4000 };
    let nats = Nats::start();
    let url = nats.url();
    let by_nats = ["--nats-url", url.as_str()];
    for (backend, flags, way) in [
        (Backend::Sqlite, &[][..], ""),
        (Backend::Postgres, &[][..], ""),
        (Backend::Postgres, &by_nats[..], " by NATS"),
    ] {
        let house = House::new(&house::program(), backend);
        // Once, so that there are tables.
        house.serve().end();
        let (outcome, experience, profile) = (
            Rows::of(&house, "outcome").await,
            Rows::of(&house, "experience").await,
            Rows::of(&house, "profile").await,
        );
        experience.tell((0..effects).map(|_| ("assessment.finalized", Some(assessed()))).collect()).await;
        if backend == Backend::Postgres {
            outcome.tell(vec![("thing.changed", None); PLAIN]).await;
        }
        let process = house.serve_with(flags);
        if backend == Backend::Postgres {
            let waiting = "SELECT COUNT(*) FROM outbox WHERE position IS NULL";
            let (rate, _) = worked_off(&process, &outcome, waiting).await;
            println!("  {backend:?}{way}: the relay gives {rate:.0} positions/s");
        }
        let behind = Behind { profile: &profile, head: i64::from(effects) };
        let (rate, cpu) = behind.worked_off(&process).await;
        println!(
            "  {backend:?}{way}: profile applies {rate:.0} assessments/s, {cpu:.0} µs of the processor each"
        );
    }
}

/// The consumer's way to the head.
pub(crate) struct Behind<'a> {
    pub(crate) profile: &'a Rows,
    pub(crate) head: i64,
}

impl Behind<'_> {
    async fn left(&self) -> i64 {
        self.head - self.profile.number("SELECT COALESCE(MAX(position), 0) FROM event_checkpoints").await
    }

    pub(crate) async fn worked_off(&self, process: &Process) -> (f64, f64) {
        let mut first = None;
        loop {
            let left = self.left().await;
            if left < self.head && first.is_none() {
                first = Some((Instant::now(), left, process.cpu()));
            }
            if let (0, Some((begun, from, spent))) = (left, first) {
                return done(from, begun, process.cpu().saturating_sub(spent));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits until nothing is left of what a query counts; how many a second that was, and what each cost.
async fn worked_off(process: &Process, rows: &Rows, waiting: &'static str) -> (f64, f64) {
    let begun = Instant::now();
    let (from, spent) = (rows.number(waiting).await, process.cpu());
    while rows.number(waiting).await > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    done(from, begun, process.cpu().saturating_sub(spent))
}

fn done(events: i64, begun: Instant, spent: Duration) -> (f64, f64) {
    let events = count(usize::try_from(events).expect("a number"));
    (events / begun.elapsed().as_secs_f64(), spent.as_secs_f64() * 1e6 / events.max(1.0))
}

/// The first assessment of a learner.
pub(crate) fn assessed() -> AssessmentFinalized {
    let framework = format!("districts/{DISTRICT}/frameworks/{}@1", new_id());
    AssessmentFinalized {
        assessment: format!("districts/{DISTRICT}/assessments/{}", new_id()),
        learner: format!("districts/{DISTRICT}/learners/{}", new_id()),
        supersedes: String::new(),
        assess_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ratings: vec![FinalRating {
            outcome: format!("{framework}/outcomes/{}", new_id()),
            progression: format!("{framework}/progressions/{}", new_id()),
            level: 2,
            level_count: 4,
        }],
    }
}
