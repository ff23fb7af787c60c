//! The program is told to end while it is read from: whatever it has answered is on the trail, that of staff
//! too, which is written down together.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, query_scalar};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trellis_contracts::profile::ListGoalsRequest;
use trellis_contracts::profile::goal_service_client::GoalServiceClient;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Setup, Shape, Suite, run};

use super::Place;

/// Who reads at once.
const READERS: usize = 8;
/// How often they have, when the program is told to end.
const READ: usize = 200;

/// How many lines of lists of goals are in the database.
async fn lines(suite: &Suite) -> i64 {
    let sql = "SELECT count(*) FROM accesses WHERE method LIKE '%GoalService/ListGoals'";
    if let Some(url) = suite.database_url() {
        let settings = [("search_path", "profile"), ("trellis.district", "*")];
        let options = PgConnectOptions::from_str(url).expect("a URL").options(settings);
        let mut connection = options.connect().await.expect("the database");
        return query_scalar(sql).fetch_one(&mut connection).await.expect("a count");
    }
    let file = SqliteConnectOptions::new().filename(suite.directory().join("profile.db"));
    let mut connection = file.connect().await.expect("the file");
    query_scalar(sql).fetch_one(&mut connection).await.expect("a count")
}

fn ends(backend: Backend) {
    run(async {
        let setup = Setup { backend, shape: Shape::Program, clock: None };
        let mut place = Place::of(Suite::with(setup).await).await;
        let (educator, parent) = (place.educator(), place.school.learner(place.school.learner));
        let (answered, mut hear) = mpsc::unbounded_channel();
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let mut client = GoalServiceClient::new(educator.clone());
            let request = ListGoalsRequest { parent: parent.clone(), ..ListGoalsRequest::default() };
            let answered = answered.clone();
            readers.spawn(async move {
                let mut count = 0_i64;
                while client.list_goals(request.clone()).await.is_ok() {
                    count += 1;
                    answered.send(()).expect("the test goes on");
                }
                count
            });
        }
        for _ in 0..READ {
            hear.recv().await.expect("an answer");
        }
        let place = tokio::task::spawn_blocking(move || {
            place.suite.processes().stop(Service::Profile);
            place
        });
        let place = place.await.expect("it ends in order");
        let read: i64 = readers.join_all().await.into_iter().sum();
        let lines = lines(&place.suite).await;
        assert!(lines >= read, "{read} reads were answered, and {lines} are on the trail");
    });
}

#[test]
fn what_staff_read_until_the_end_is_on_the_trail_on_sqlite() {
    ends(Backend::Sqlite);
}

#[test]
fn what_staff_read_until_the_end_is_on_the_trail_on_postgres() {
    ends(Backend::Postgres);
}
