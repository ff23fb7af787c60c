//! An event that nobody can apply, and a program that is killed while it is tried: it is put aside with what
//! comes after it of the same assessment, everything else takes effect once, and whoever runs the suite settles it.

use std::collections::BTreeSet;
use std::process::Output;
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::process::Command;
use tokio::task::JoinSet;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Role, Setup, Shape, Suite, run};

use super::effects::{assess, criterion, finalize_until_answered, ratings};

/// How many assessments are made final.
const ALL: usize = 60;
/// How many are answered before the program is killed.
const ANSWERED: usize = 15;

#[test]
fn an_event_that_nobody_can_apply_holds_up_its_own_assessment_alone_on_sqlite() {
    run(holds_up_its_own_assessment_alone(Backend::Sqlite));
}

#[test]
fn an_event_that_nobody_can_apply_holds_up_its_own_assessment_alone_on_postgres() {
    run(holds_up_its_own_assessment_alone(Backend::Postgres));
}

async fn holds_up_its_own_assessment_alone(backend: Backend) {
    let mut suite = Suite::with(Setup { backend, shape: Shape::Program, clock: None }).await;
    let school = suite.school().await;
    let criterion = criterion(&suite.operator(&school.district), &school).await;
    let assessments = assess(&suite, &school, &criterion, ALL).await;
    spoil(&suite, &assessments[0].name).await;

    let educator = suite.person(&school.district, school.educator, Role::Educator);
    let (answered, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let mut calls = JoinSet::new();
    for assessment in &assessments {
        calls.spawn(finalize_until_answered(educator.clone(), assessment.clone(), answered.clone()));
    }
    for _ in 0..ANSWERED {
        hear.recv().await.expect("an answer");
    }
    suite.processes().kill(Service::Experience);
    suite.processes().restart(Service::Experience).await;
    calls.join_all().await;

    let learner = suite.person(&school.district, school.learner, Role::Learner);
    let rated = ratings(&learner, &school, ALL - 1).await;
    assert_eq!(rated.len(), ALL - 1, "each of the others is rated once");
    assert!(!rated.contains(&assessments[0].name));

    // What an operator sees and does.
    let letters = loop {
        // The consumer may still be about to put the last one aside.
        let letters = list(&suite, &[]).await;
        if letters.len() >= 2 {
            break letters;
        }
    };
    let states: Vec<&str> = letters.iter().map(|letter| word(letter, "state")).collect();
    assert_eq!(states, ["DEAD_LETTER_STATE_FAILED", "DEAD_LETTER_STATE_WAITING"]);
    for letter in &letters {
        assert_eq!(word(letter, "resource"), assessments[0].name);
        assert_eq!((word(letter, "service"), word(letter, "producer")), ("profile", "experience"));
    }
    let first = word(&letters[0], "name");
    let again = command(&suite, &["replay", first]).await;
    assert_eq!(again.status.code(), Some(1), "it fails again");
    let early = command(&suite, &["replay", word(&letters[1], "name")]).await;
    assert!(String::from_utf8_lossy(&early.stderr).contains("STATE_CONFLICT"), "{early:?}");
    assert!(command(&suite, &["discard", first]).await.status.success());
    let shown = command(&suite, &["show", first]).await;
    assert!(String::from_utf8_lossy(&shown.stdout).contains("discarded"), "{shown:?}");
    assert!(command(&suite, &["replay", word(&letters[1], "name")]).await.status.success());
    assert!(list(&suite, &[]).await.is_empty());
    assert_eq!(list(&suite, &["--settled"]).await.len(), 2);

    let rated = ratings(&learner, &school, ALL).await;
    assert_eq!(rated.len(), ALL);
    let names: BTreeSet<&str> = assessments.iter().map(|assessment| assessment.name.as_str()).collect();
    assert_eq!(rated.iter().map(String::as_str).collect::<BTreeSet<_>>(), names);
}

/// Writes an event of an assessment, whose message says nothing, past the program: as a defect would.
async fn spoil(suite: &Suite, assessment: &str) {
    let columns = "uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time, payload_type, payload";
    let of_it = format!(
        "'grand-bend', 'assessment.finalized', '{assessment}', 'trellis.dev/Assessment', '[]', false, \
         'operator', 1767225600000000, \
         'type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized'"
    );
    if let Some(url) = suite.database_url() {
        let settings = [("search_path", "experience"), ("trellis.district", "*")];
        let options = PgConnectOptions::from_str(url).expect("a URL").options(settings);
        let pool = PgPool::connect_with(options).await.expect("the database");
        let insert = format!("INSERT INTO outbox ({columns}) VALUES (gen_random_uuid(), {of_it}, '\\x')");
        sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&pool).await.expect("the event");
        return;
    }
    let file = suite.directory().join("experience.db");
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(10));
    let pool = SqlitePool::connect_with(options).await.expect("the file");
    let insert = format!(
        "BEGIN IMMEDIATE; UPDATE relay SET head = head + 1; \
         INSERT INTO outbox (position, {columns}) SELECT head, randomblob(16), {of_it}, x'' FROM relay; COMMIT"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&pool).await.expect("the event");
    pool.close().await;
}

/// `trellis events dead-letters …`.
async fn command(suite: &Suite, arguments: &[&str]) -> Output {
    let program = tokio::task::spawn_blocking(trellis_testkit::binary).await.expect("the program");
    let mut command = Command::new(program);
    command.args(["events", "dead-letters"]).args(arguments);
    command.args(["--endpoint", &suite.url(), "--token", suite.operator("grand-bend").token()]);
    command.output().await.expect("the program runs")
}

async fn list(suite: &Suite, more: &[&str]) -> Vec<Value> {
    let arguments = ["list", "--district", "grand-bend", "--output", "json"];
    let output = command(suite, &[&arguments[..], more].concat()).await;
    let page: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no list: {}", String::from_utf8_lossy(&output.stderr)));
    page["deadLetters"].as_array().cloned().unwrap_or_default()
}

fn word<'a>(letter: &'a Value, key: &str) -> &'a str {
    letter[key].as_str().expect("a word")
}
