//! How fast events get their positions, and how fast another service applies them: from a backlog that is
//! there when the program starts, as after an outage.

use std::fmt::Write as _;
use std::str::FromStr as _;
use std::time::{Duration, Instant};

use prost::Message as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use trellis_contracts::experience::{AssessmentFinalized, FinalRating};
use trellis_kernel::{Clock as _, SystemClock, Uuid};
use trellis_testkit::Backend;

use crate::calls::new_id;
use crate::house::{self, DISTRICT, House};
use crate::meter::{Pace, count};
use crate::process::Process;

/// How many events without an effect wait for a position.
const PLAIN: usize = 20_000;

/// The database of one service, past the program.
enum Rows {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Rows {
    async fn of(house: &House, service: &str) -> Self {
        if let Some(url) = &house.url {
            // As the house's own work does, past the districts.
            let settings = [("search_path", service), ("trellis.district", "*")];
            let options = PgConnectOptions::from_str(url).expect("a URL").options(settings);
            let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await;
            return Self::Postgres(pool.expect("the database"));
        }
        let file = house.directory.path().join(format!("{service}.db"));
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(5));
        Self::Sqlite(SqlitePool::connect_with(options).await.expect("the file"))
    }

    async fn run(&self, sql: String) {
        let sql = sqlx::AssertSqlSafe(sql);
        match self {
            Self::Sqlite(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
        }
        .expect("the rows");
    }

    async fn number(&self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
        }
        .expect("a number")
    }

    fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        match self {
            Self::Sqlite(_) => format!("X'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'"),
        }
    }

    /// Adds events as a service of the suite would have told them.
    async fn tell(&self, events: Vec<(&str, Option<AssessmentFinalized>)>) {
        let mut head = self.number("SELECT head FROM relay").await;
        let now = SystemClock.now().as_microsecond();
        for chunk in events.chunks(500) {
            let mut sql = "INSERT INTO outbox (position, uid, district, kind, resource, resource_type, \
                           subjects, deleted, actor, event_time, payload_type, payload) VALUES "
                .to_owned();
            for (at, (kind, message)) in chunk.iter().enumerate() {
                head += 1;
                let position = match self {
                    Self::Sqlite(_) => head.to_string(),
                    Self::Postgres(_) => "NULL".to_owned(),
                };
                let payload = message.as_ref().map_or_else(
                    || "NULL, NULL".to_owned(),
                    |message| format!("'{TYPE}', {}", self.bytes(&message.encode_to_vec())),
                );
                let comma = if at == 0 { "" } else { ", " };
                let uid = self.id(new_id());
                let _ = write!(
                    sql,
                    "{comma}({position}, {uid}, '{DISTRICT}', '{kind}', 'districts/{DISTRICT}/things/{at}', \
                     'trellis.dev/Thing', '[]', false, 'bench', {now}, {payload})"
                );
            }
            self.run(sql).await;
        }
        if matches!(self, Self::Sqlite(_)) {
            self.run(format!("UPDATE relay SET head = {head}")).await;
        }
    }
}

const TYPE: &str = "type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized";

/// Lets a backlog be worked off.
pub(crate) async fn run(pace: Pace) {
    println!("\nEvents: a backlog worked off after a start");
    let effects = if pace.rounds == 1 { 1000 } else { 4000 };
    for backend in [Backend::Sqlite, Backend::Postgres] {
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
        let process = house.serve();
        if backend == Backend::Postgres {
            let waiting = "SELECT COUNT(*) FROM outbox WHERE position IS NULL";
            let (rate, _) = worked_off(&process, &outcome, waiting).await;
            println!("  {backend:?}: the relay gives {rate:.0} positions/s");
        }
        let behind = Behind { profile: &profile, head: i64::from(effects) };
        let (rate, cpu) = behind.worked_off(&process).await;
        println!("  {backend:?}: profile applies {rate:.0} assessments/s, {cpu:.0} µs of the processor each");
    }
}

/// The consumer's way to the head.
struct Behind<'a> {
    profile: &'a Rows,
    head: i64,
}

impl Behind<'_> {
    async fn left(&self) -> i64 {
        self.head - self.profile.number("SELECT COALESCE(MAX(position), 0) FROM event_checkpoints").await
    }

    async fn worked_off(&self, process: &Process) -> (f64, f64) {
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
fn assessed() -> AssessmentFinalized {
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
