//! Solves: watched, ended, repeated; and how fair what they make is.

use prost_types::Duration;
use tonic::Code;
use trellis_contracts::common::JobState;
use trellis_contracts::scheduling::plan_service_client::PlanServiceClient;
use trellis_contracts::scheduling::{
    CancelSolveRequest, FinishSolveRequest, GetPlanFairnessRequest, GetPlanRequest, GetSolveRequest,
    ListPlansRequest, ListSolvesRequest, Plan, PlanFairness, Solve, SolvePhase, SolvePlanRequest,
    WatchSolveRequest,
};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_testkit::{Caller, on_each_database, refused};

use crate::place::Place;

fn client(place: &Place<'_>) -> PlanServiceClient<Caller> {
    PlanServiceClient::new(place.educator())
}

/// A solve that searches for so many minutes, if nothing ends it.
fn long(place: &Place<'_>, minutes: i64) -> SolvePlanRequest {
    SolvePlanRequest {
        parent: place.timetable.name.clone(),
        seed: 5,
        time_limit: Some(Duration { seconds: 60 * minutes, nanos: 0 }),
        ..SolvePlanRequest::default()
    }
}

/// Two learners who want the same one place, so that no plan is good enough to stop at.
async fn rivals(place: &Place<'_>) {
    let only = place.offering("Bridges", 1, &["monday-1"]).await;
    for learner in [place.school.learner, place.school.classmate] {
        place.submit(learner, &[&only], "").await.expect("a list");
    }
}

async fn begin(place: &Place<'_>, request: SolvePlanRequest) -> Solve {
    client(place).solve_plan(request).await.expect("a solve").into_inner()
}

/// Follows a solve until `wanted` is so.
async fn until(place: &Place<'_>, solve: &Solve, wanted: impl Fn(&Solve) -> bool) -> Solve {
    let watch = WatchSolveRequest { name: solve.name.clone() };
    let mut seen = client(place).watch_solve(watch).await.expect("a stream").into_inner();
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

async fn get(place: &Place<'_>, solve: &Solve) -> Solve {
    let get = GetSolveRequest { name: solve.name.clone() };
    client(place).get_solve(get).await.expect("a solve").into_inner()
}

async fn plan(place: &Place<'_>, solve: &Solve) -> Plan {
    let get = GetPlanRequest { name: solve.plan.clone() };
    client(place).get_plan(get).await.expect("a plan").into_inner()
}

async fn plans(place: &Place<'_>) -> usize {
    let list = ListPlansRequest { parent: place.timetable.name.clone(), ..ListPlansRequest::default() };
    client(place).list_plans(list).await.expect("plans").into_inner().plans.len()
}

on_each_database!(
    async fn a_solve_is_watched_and_finished_with_what_it_has(suite: Suite) {
        let place = Place::of(&suite).await;
        rivals(&place).await;
        let solve = begin(&place, long(&place, 30)).await;
        assert_eq!((solve.state(), solve.phase()), (JobState::Running, SolvePhase::Waiting));
        let seen = until(&place, &solve, |now| now.best.is_some()).await;
        assert_eq!((seen.state(), seen.phase()), (JobState::Running, SolvePhase::Improving));
        let best = seen.best.expect("the best so far");
        // One of two lacks their first choice: 64, and its square.
        assert_eq!((best.placement_count, best.first_choice_count, best.unmet_requirement_count), (1, 1, 0));
        assert_eq!((best.disappointment, best.inequality, best.cost), (64, 4096, 4160));
        assert!(seen.move_count > 0 && seen.moves_per_second > 0.0 && seen.plan.is_empty());
        assert_eq!(plans(&place).await, 0, "a plan before the end");
        let finish = FinishSolveRequest { name: solve.name.clone(), request_id: String::new() };
        client(&place).finish_solve(finish.clone()).await.expect("told");
        let ended = until(&place, &solve, is_over).await;
        assert_eq!((ended.state(), ended.phase()), (JobState::Succeeded, SolvePhase::Ended));
        assert!(ended.end_time.is_some() && !ended.effort.is_empty());
        assert_eq!(get(&place, &solve).await, ended);
        let made = plan(&place, &ended).await;
        assert_eq!((made.solve.as_str(), made.seed, made.cost), (solve.name.as_str(), 5, 4160));
        refused(client(&place).finish_solve(finish).await, Code::FailedPrecondition, "STATE_CONFLICT");
        let cancel = CancelSolveRequest { name: solve.name.clone(), request_id: String::new() };
        refused(client(&place).cancel_solve(cancel).await, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn a_solve_that_is_cancelled_leaves_no_plan(suite: Suite) {
        let place = Place::of(&suite).await;
        rivals(&place).await;
        let solve = begin(&place, long(&place, 30)).await;
        let cancel = CancelSolveRequest { name: solve.name.clone(), request_id: String::new() };
        client(&place).cancel_solve(cancel.clone()).await.expect("told");
        let ended = until(&place, &solve, is_over).await;
        assert_eq!((ended.state(), ended.plan.as_str()), (JobState::Cancelled, ""));
        client(&place).cancel_solve(cancel).await.expect("it is cancelled already");
        assert_eq!(plans(&place).await, 0);
        let finish = FinishSolveRequest { name: solve.name.clone(), request_id: String::new() };
        refused(client(&place).finish_solve(finish).await, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn solves_wait_for_their_turn_and_are_listed_the_newest_first(suite: Suite) {
        let place = Place::of(&suite).await;
        rivals(&place).await;
        let mut begun = Vec::new();
        for _ in 0..3 {
            begun.push(begin(&place, long(&place, 30)).await);
        }
        for solve in &begun[..2] {
            until(&place, solve, |now| now.phase() == SolvePhase::Improving).await;
        }
        assert_eq!(get(&place, &begun[2]).await.phase(), SolvePhase::Waiting);
        let list = |page_token: String| ListSolvesRequest {
            parent: place.timetable.name.clone(),
            page_size: 2,
            page_token,
        };
        let first = client(&place).list_solves(list(String::new())).await.expect("a page").into_inner();
        let second =
            client(&place).list_solves(list(first.next_page_token)).await.expect("a page").into_inner();
        let names: Vec<String> =
            first.solves.into_iter().chain(second.solves).map(|solve| solve.name).collect();
        let newest_first: Vec<String> = begun.iter().rev().map(|solve| solve.name.clone()).collect();
        assert_eq!(names, newest_first);
        for solve in &begun {
            let cancel = CancelSolveRequest { name: solve.name.clone(), request_id: String::new() };
            client(&place).cancel_solve(cancel).await.expect("told");
            until(&place, solve, is_over).await;
        }
    }
);

on_each_database!(
    async fn the_same_effort_makes_the_same_plan(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, classmate) = (place.school.learner, place.school.classmate);
        let mut offerings = Vec::new();
        for (title, block) in [("A", "monday-1"), ("B", "monday-1"), ("C", "monday-2"), ("D", "monday")] {
            offerings.push(place.offering(title, 1, &[block]).await);
        }
        let list: Vec<_> = offerings.iter().collect();
        for who in [learner, classmate, place.school.other_learner] {
            place.submit(who, &list, "").await.expect("a list");
        }
        let by_clock = SolvePlanRequest {
            time_limit: Some(Duration { seconds: 0, nanos: 300_000_000 }),
            ..long(&place, 0)
        };
        let first = until(&place, &begin(&place, by_clock).await, is_over).await;
        let by_effort = SolvePlanRequest { effort: first.effort.clone(), ..long(&place, 30) };
        let second = until(&place, &begin(&place, by_effort).await, is_over).await;
        assert_eq!((second.state(), &second.best), (JobState::Succeeded, &first.best));
        assert_eq!(second.effort, first.effort);
        for who in [learner, classmate, place.school.other_learner] {
            let given = async |solve: &Solve| {
                let placements = place.placements(&solve.plan, who).await;
                placements.into_iter().map(|placement| placement.offering).collect::<Vec<_>>()
            };
            assert_eq!(given(&first).await, given(&second).await);
        }
    }
);

on_each_database!(
    async fn a_solve_ends_when_nothing_can_be_better(suite: Suite) {
        let place = Place::of(&suite).await;
        // Nobody asks for anything.
        let nothing = until(&place, &begin(&place, long(&place, 30)).await, is_over).await;
        assert_eq!(plan(&place, &nothing).await.request_count, 0);
        // Both can have what they could have alone.
        let a = place.offering("A", 2, &["monday-1"]).await;
        let b = place.offering("B", 2, &["monday"]).await;
        place.submit(place.school.learner, &[&a, &b], "").await.expect("a list");
        place.submit(place.school.classmate, &[&b, &a], "").await.expect("a list");
        let all = until(&place, &begin(&place, long(&place, 30)).await, is_over).await;
        let made = plan(&place, &all).await;
        assert_eq!((made.placement_count, made.first_choice_count, made.cost), (2, 2, 0));
        // Something else is enough.
        rivals(&place).await;
        let enough = SolvePlanRequest { enough_cost: 10_000, ..long(&place, 30) };
        let ended = until(&place, &begin(&place, enough).await, is_over).await;
        assert!(ended.best.expect("a plan").cost <= 10_000);
    }
);

on_each_database!(
    async fn what_cannot_be_solved_is_refused(suite: Suite) {
        let place = Place::of(&suite).await;
        let mut staff = client(&place);
        let limit = |seconds, nanos| SolvePlanRequest {
            time_limit: Some(Duration { seconds, nanos }),
            ..long(&place, 1)
        };
        for request in [limit(0, 99_000_000), limit(3601, 0), limit(-1, 0)] {
            refused(staff.solve_plan(request).await, Code::InvalidArgument, "FIELD_VIOLATION");
        }
        let effort = SolvePlanRequest { effort: "f1.2".to_owned(), ..long(&place, 1) };
        refused(staff.solve_plan(effort).await, Code::InvalidArgument, "FIELD_VIOLATION");
        let missing = format!("{}/timetables/{}", place.school.parent(), RandomIds.next());
        let elsewhere = SolvePlanRequest { parent: missing.clone(), ..long(&place, 1) };
        refused(staff.solve_plan(elsewhere).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let get = GetSolveRequest { name: format!("{missing}/solves/{}", RandomIds.next()) };
        refused(staff.get_solve(get.clone()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let watch = WatchSolveRequest { name: get.name };
        refused(staff.watch_solve(watch).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        // Learners neither make plans nor watch.
        let mut learner = PlanServiceClient::new(place.learner());
        refused(learner.solve_plan(long(&place, 1)).await, Code::PermissionDenied, "SCOPE_MISSING");
        let get = GetSolveRequest { name: begin(&place, long(&place, 1)).await.name };
        refused(learner.get_solve(get).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn the_same_request_begins_one_solve(suite: Suite) {
        let place = Place::of(&suite).await;
        let request = SolvePlanRequest { request_id: RandomIds.next().to_string(), ..long(&place, 30) };
        let (one, other) = (begin(&place, request.clone()).await, begin(&place, request.clone()).await);
        assert_eq!(one.name, other.name);
        let reused = SolvePlanRequest { seed: 6, ..request };
        refused(client(&place).solve_plan(reused).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
    }
);

on_each_database!(
    async fn a_plan_is_compared_with_taking_turns(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, classmate) = (place.school.learner, place.school.classmate);
        let one = place.offering("A", 1, &["monday-1"]).await;
        let other = place.offering("B", 1, &["monday-2"]).await;
        // Whoever comes first would take both, though the second choice is the first of the other.
        place.submit(learner, &[&one, &other], "").await.expect("a list");
        place.submit(classmate, &[&other], "").await.expect("a list");
        let made = place.plan(3).await;
        let ask = GetPlanFairnessRequest { plan: made.name.clone() };
        let told: PlanFairness =
            client(&place).get_plan_fairness(ask.clone()).await.expect("figures").into_inner();
        let (plan, first_come) = (told.plan.expect("figures"), told.first_come.expect("figures"));
        assert_eq!((plan.learner_count, plan.first_choice_count, plan.top_three_count), (2, 2, 2));
        assert_eq!((first_come.first_choice_count, first_come.mean_satisfaction), (1, 500));
        // The one has 64 of 96 points, the other all of theirs.
        assert_eq!((plan.mean_satisfaction, told.disappointment, told.inequality), (833, 32, 32 * 32));
        assert_eq!(plan.least_satisfaction, None, "of two learners, it would tell of one");
        let mut learner = PlanServiceClient::new(place.learner());
        refused(learner.get_plan_fairness(ask).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn fairness_is_told_by_grade_and_not_of_a_few(suite: Suite) {
        let place = Place::of(&suite).await;
        let all = place.offering("Bridges", 60, &["monday-1"]).await;
        let few = place.offering("Choir", 6, &["monday-2"]).await;
        let grades = place.school.join(&suite, [("09", 12), ("10", 15), ("11", 3)]).await;
        for (learners, wish) in grades.into_iter().zip([&all, &few, &all]) {
            for learner in learners {
                place.submit(learner, &[wish], "").await.expect("a list");
            }
        }
        let made = place.plan(3).await;
        let mut client = PlanServiceClient::new(place.administrator());
        let told = client.get_plan_fairness(GetPlanFairnessRequest { plan: made.name }).await;
        let told = told.expect("figures").into_inner().by_grade;
        let grades: Vec<&[String]> = told.iter().map(|group| group.grades.as_slice()).collect();
        assert_eq!(grades, [["09"], ["10"], ["11"]]);
        assert_eq!(
            (told[0].figures, told[2].figures),
            (None, None),
            "three, and those they would be told by"
        );
        let figures = told[1].figures.expect("fifteen are told of");
        assert_eq!((figures.learner_count, figures.first_choice_count, figures.mean_regret), (15, 6, 600));
        assert_eq!((figures.first_come_mean_regret, figures.random_order_mean_regret), (600, 600));
    }
);
