//! Solves and the processes that they run in.

use prost_types::Duration;
use trellis_contracts::common::JobState;
use trellis_contracts::scheduling::plan_service_client::PlanServiceClient;
use trellis_contracts::scheduling::{
    CancelSolveRequest, FinishSolveRequest, GetSolveRequest, ListPlansRequest, Solve, SolvePlanRequest,
    WatchSolveRequest,
};
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, run};

use crate::place::Place;

/// A timetable in which no plan is good enough to stop at, and who may have plans made of it.
async fn contested(suite: &Suite) -> (String, Caller) {
    let place = Place::of(suite).await;
    let only = place.offering("Bridges", 1, &["monday-1"]).await;
    for learner in [place.school.learner, place.school.classmate] {
        place.submit(learner, &[&only], "").await.expect("a list");
    }
    (place.timetable.name.clone(), place.educator())
}

async fn begin(caller: &Caller, timetable: &str) -> Solve {
    let request = SolvePlanRequest {
        parent: timetable.to_owned(),
        time_limit: Some(Duration { seconds: 1800, nanos: 0 }),
        ..SolvePlanRequest::default()
    };
    let begun = PlanServiceClient::new(caller.clone()).solve_plan(request).await;
    begun.expect("a solve").into_inner()
}

/// Follows a solve until `wanted` is so.
async fn until(caller: &Caller, solve: &Solve, wanted: impl Fn(&Solve) -> bool) -> Solve {
    let mut client = PlanServiceClient::new(caller.clone());
    let watch = WatchSolveRequest { name: solve.name.clone() };
    let mut seen = client.watch_solve(watch).await.expect("a stream").into_inner();
    while let Some(now) = seen.message().await.expect("a message") {
        let now = now.solve.expect("a solve");
        if wanted(&now) {
            return now;
        }
    }
    panic!("the solve ended before");
}

fn is_over(solve: &Solve) -> bool {
    solve.state() != JobState::Running
}

async fn plans(caller: &Caller, timetable: &str) -> usize {
    let list = ListPlansRequest { parent: timetable.to_owned(), ..ListPlansRequest::default() };
    let listed = PlanServiceClient::new(caller.clone()).list_plans(list).await;
    listed.expect("plans").into_inner().plans.len()
}

#[test]
fn a_solve_whose_server_is_killed_has_failed_and_another_may_begin() {
    run(async {
        let setup = Setup { backend: Backend::Sqlite, shape: Shape::Program, clock: None };
        let mut suite = Suite::with(setup).await;
        let (timetable, educator) = contested(&suite).await;
        let solve = begin(&educator, &timetable).await;
        until(&educator, &solve, |now| now.best.is_some()).await;
        suite.processes().kill(Service::Scheduling);
        suite.processes().restart(Service::Scheduling).await;
        let get = GetSolveRequest { name: solve.name.clone() };
        let killed = PlanServiceClient::new(educator.clone()).get_solve(get).await;
        let killed = killed.expect("it is known").into_inner();
        assert_eq!((killed.state(), killed.plan.as_str()), (JobState::Failed, ""));
        assert_eq!(killed.reason, "SHUTTING_DOWN");
        assert!(killed.end_time.is_some());
        assert_eq!(plans(&educator, &timetable).await, 0);

        let again = begin(&educator, &timetable).await;
        until(&educator, &again, |now| now.best.is_some()).await;
        let finish = FinishSolveRequest { name: again.name.clone(), request_id: String::new() };
        PlanServiceClient::new(educator.clone()).finish_solve(finish).await.expect("told");
        assert_eq!(until(&educator, &again, is_over).await.state(), JobState::Succeeded);
        assert_eq!(plans(&educator, &timetable).await, 1);
    });
}

#[test]
fn a_solve_is_watched_and_ended_by_another_process() {
    run(async {
        let setup = Setup { backend: Backend::Postgres, shape: Shape::Program, clock: None };
        let mut suite = Suite::with(setup).await;
        let (timetable, one) = contested(&suite).await;
        let address = suite.processes().another().await;
        let other = Endpoint::at(&format!("http://{address}")).expect("a good address").with(one.token());
        let (kept, gone) = (begin(&one, &timetable).await, begin(&one, &timetable).await);
        // It is told of how far it has come as often as it says that it lives.
        until(&other, &kept, |now| now.best.is_some()).await;
        let finish = FinishSolveRequest { name: kept.name.clone(), request_id: String::new() };
        PlanServiceClient::new(other.clone()).finish_solve(finish).await.expect("told");
        let cancel = CancelSolveRequest { name: gone.name.clone(), request_id: String::new() };
        PlanServiceClient::new(other.clone()).cancel_solve(cancel).await.expect("told");
        assert_eq!(until(&other, &kept, is_over).await.state(), JobState::Succeeded);
        assert_eq!(until(&other, &gone, is_over).await.state(), JobState::Cancelled);
        assert_eq!(plans(&other, &timetable).await, 1);
    });
}
