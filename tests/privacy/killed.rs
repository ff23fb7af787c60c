//! The program is killed in the moment after a read was answered: whoever is not of the school was written
//! down before it was.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, query_scalar};
use trellis_contracts::profile::ListGoalsRequest;
use trellis_contracts::profile::goal_service_client::GoalServiceClient;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Role, Setup, Shape, Suite, run};

use super::Place;
use super::applications::vendor;

/// Lists the learner's goals, kills the program, and says how many lines of that are in the file.
async fn lines_after(place: &mut Place, caller: &Caller, actor: &str) -> i64 {
    let parent = place.school.learner(place.school.learner);
    let request = ListGoalsRequest { parent, ..ListGoalsRequest::default() };
    GoalServiceClient::new(caller.clone()).list_goals(request).await.expect("goals");
    place.suite.processes().kill(Service::Profile);
    let file = SqliteConnectOptions::new().filename(place.suite.directory().join("profile.db"));
    let mut connection = file.connect().await.expect("the file");
    let sql = "SELECT count(*) FROM accesses WHERE actor = $1 AND method LIKE '%GoalService/ListGoals'";
    query_scalar(sql).bind(actor).fetch_one(&mut connection).await.expect("a count")
}

#[test]
fn a_read_of_a_guardian_or_an_application_is_on_the_trail_before_it_is_answered() {
    run(async {
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::Program, clock: None };
        let mut place = Place::of(Suite::with(setup).await).await;
        let guardian = place.person(place.school.guardian, Role::Guardian);
        let actor = format!("people/{}", place.school.guardian);
        assert_eq!(lines_after(&mut place, &guardian, &actor).await, 1, "the guardian's");

        place.suite.processes().restart(Service::Profile).await;
        let vendor = vendor(&place).await;
        let id = vendor.application.rsplit('/').next().expect("an id");
        let actor = format!("applications/{id}");
        assert_eq!(lines_after(&mut place, &vendor.caller, &actor).await, 1, "the application's");
    });
}
