//! Goals: whose they are, who decides, and who stands behind them.

use tonic::Code;
use trellis_contracts::profile::goal_service_client::GoalServiceClient;
use trellis_contracts::profile::{
    ActivateGoalRequest, CreateGoalRequest, EndorseGoalRequest, GetGoalRequest, Goal, GoalMilestone,
    GoalStatus, ListGoalsRequest, Voice,
};
use trellis_testkit::{Caller, Role, School, Suite, on_each_database, refused, violations};

use crate::learning::{Aim, aim, words};

struct People {
    learner: Caller,
    guardian: Caller,
    educator: Caller,
}

impl People {
    fn of(suite: &Suite, school: &School) -> Self {
        Self {
            learner: suite.person(&school.district, school.learner, Role::Learner),
            guardian: suite.person(&school.district, school.guardian, Role::Guardian),
            educator: suite.person(&school.district, school.educator, Role::Educator),
        }
    }
}

fn client(caller: &Caller) -> GoalServiceClient<Caller> {
    GoalServiceClient::new(caller.clone())
}

fn request(school: &School, aim: &Aim) -> CreateGoalRequest {
    let step = GoalMilestone { title: words("Reads three articles"), target_date: "2027-03-01".to_owned() };
    let goal = Goal {
        outcome: aim.outcome.clone(),
        why: words("I want to be heard at the council"),
        milestones: vec![step, GoalMilestone { title: words("Speaks"), ..GoalMilestone::default() }],
        target_date: "2027-06-11".to_owned(),
        ..Goal::default()
    };
    CreateGoalRequest {
        parent: school.learner(school.learner),
        goal: Some(goal),
        ..CreateGoalRequest::default()
    }
}

async fn propose(caller: &Caller, school: &School, aim: &Aim) -> Goal {
    client(caller).create_goal(request(school, aim)).await.unwrap().into_inner()
}

fn activate(goal: &Goal) -> ActivateGoalRequest {
    ActivateGoalRequest { name: goal.name.clone(), ..ActivateGoalRequest::default() }
}

fn endorse(goal: &Goal, text: &str) -> EndorseGoalRequest {
    EndorseGoalRequest { name: goal.name.clone(), words: words(text), ..EndorseGoalRequest::default() }
}

on_each_database!(
    async fn a_goal_is_active_when_its_learner_says_so(suite: Suite) {
        let school = suite.school().await;
        let aim = aim(&suite, &school).await;
        let people = People::of(&suite, &school);
        for (proposer, id, voice) in [
            (&people.learner, school.learner, Voice::Learner),
            (&people.guardian, school.guardian, Voice::Family),
            (&people.educator, school.educator, Voice::Educator),
        ] {
            let goal = propose(proposer, &school, &aim).await;
            let sent = request(&school, &aim).goal.unwrap();
            assert_eq!(
                (&goal.outcome, &goal.why, &goal.milestones),
                (&sent.outcome, &sent.why, &sent.milestones)
            );
            assert_eq!(goal.target_date, sent.target_date);
            assert_eq!((goal.status(), goal.decided_by.as_str()), (GoalStatus::Proposed, ""));
            assert_eq!((goal.proposed_by.clone(), goal.proposer_voice()), (school.person(id), voice));
            for adult in [&people.guardian, &people.educator] {
                let answer = client(adult).activate_goal(activate(&goal)).await;
                refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
            }
            let stale = ActivateGoalRequest { etag: "W/7".to_owned(), ..activate(&goal) };
            refused(client(&people.learner).activate_goal(stale).await, Code::Aborted, "ETAG_MISMATCH");

            let current = ActivateGoalRequest { etag: goal.etag.clone(), ..activate(&goal) };
            let active = client(&people.learner).activate_goal(current).await.unwrap().into_inner();
            assert_eq!(
                (active.status(), active.decided_by.clone()),
                (GoalStatus::Active, school.person(school.learner))
            );
            assert!(active.decide_time.is_some());
            let again = client(&people.learner).activate_goal(activate(&goal)).await;
            refused(again, Code::FailedPrecondition, "STATE_CONFLICT");
            let read = client(&people.educator).get_goal(GetGoalRequest { name: goal.name }).await;
            assert_eq!(read.unwrap().into_inner(), active);
        }
    }
);

on_each_database!(
    async fn adults_stand_behind_a_goal_once_each(suite: Suite) {
        let school = suite.school().await;
        let aim = aim(&suite, &school).await;
        let people = People::of(&suite, &school);
        let goal = propose(&people.learner, &school, &aim).await;

        client(&people.educator).endorse_goal(endorse(&goal, "You argue well")).await.unwrap();
        let endorsed = client(&people.guardian)
            .endorse_goal(endorse(&goal, "We come along"))
            .await
            .unwrap()
            .into_inner();
        let said: Vec<_> = endorsed
            .endorsements
            .iter()
            .map(|one| (one.person.clone(), one.voice(), one.words.clone()))
            .collect();
        assert_eq!(
            said,
            [
                (school.person(school.educator), Voice::Educator, words("You argue well")),
                (school.person(school.guardian), Voice::Family, words("We come along")),
            ]
        );
        assert_eq!(endorsed.status(), GoalStatus::Proposed, "an endorsement decides nothing");
        let twice = client(&people.educator).endorse_goal(endorse(&goal, "Again")).await;
        refused(twice, Code::AlreadyExists, "RESOURCE_EXISTS");
        let request_id = "01900000-0000-4000-8000-000000000002".to_owned();
        let other = propose(&people.learner, &school, &aim).await;
        for _ in 0..2 {
            let retried = EndorseGoalRequest { request_id: request_id.clone(), ..endorse(&other, "Yes") };
            let answer = client(&people.educator).endorse_goal(retried).await.unwrap().into_inner();
            assert_eq!(answer.endorsements.len(), 1);
        }
        for stranger in [
            people.learner.clone(),
            suite.person(&school.district, school.classmate, Role::Learner),
            suite.person(&school.district, school.other_educator, Role::Educator),
            suite.person(&school.district, school.other_guardian, Role::Guardian),
        ] {
            let answer = client(&stranger).endorse_goal(endorse(&goal, "Me too")).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
    }
);

on_each_database!(
    async fn a_goal_aims_at_an_outcome_that_exists(suite: Suite) {
        let school = suite.school().await;
        let aim = aim(&suite, &school).await;
        let people = People::of(&suite, &school);
        let with = |outcome: String| {
            let mut request = request(&school, &aim);
            request.goal.as_mut().unwrap().outcome = outcome;
            request
        };
        let (start, id) = aim.outcome.rsplit_once('/').unwrap();
        let unknown = [
            format!("{start}/01900000-0000-7000-8000-0000000000ff"),
            format!("districts/elsewhere/frameworks/{id}/outcomes/{id}"),
        ];
        for outcome in unknown {
            let answer = client(&people.learner).create_goal(with(outcome)).await;
            let status = refused(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
            assert_eq!(violations(&status)[0].0, "goal.outcome");
        }
        let pinned = with(aim.outcome.replacen("/outcomes/", "@1/outcomes/", 1));
        let status = refused(
            client(&people.learner).create_goal(pinned).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
        assert_eq!(violations(&status)[0].0, "goal.outcome");
        let mut no_day = request(&school, &aim);
        "2027-02-30".clone_into(&mut no_day.goal.as_mut().unwrap().milestones[0].target_date);
        let status = refused(
            client(&people.learner).create_goal(no_day).await,
            Code::InvalidArgument,
            "FIELD_VIOLATION",
        );
        assert_eq!(violations(&status)[0].0, "goal.milestones[0].target_date");
        let list = ListGoalsRequest { parent: school.learner(school.learner), ..ListGoalsRequest::default() };
        assert_eq!(client(&people.learner).list_goals(list).await.unwrap().into_inner().goals, []);
    }
);

on_each_database!(
    async fn goals_are_listed_in_pages_to_those_around_the_learner(suite: Suite) {
        let school = suite.school().await;
        let aim = aim(&suite, &school).await;
        let people = People::of(&suite, &school);
        let mut proposed = Vec::new();
        for _ in 0..5 {
            proposed.push(propose(&people.learner, &school, &aim).await);
        }
        let first = ListGoalsRequest {
            parent: school.learner(school.learner),
            page_size: 2,
            ..ListGoalsRequest::default()
        };
        let administrator = suite.person(&school.district, school.administrator, Role::Administrator);
        for caller in [&people.learner, &people.guardian, &people.educator, &administrator] {
            let mut page = first.clone();
            let mut found = Vec::new();
            loop {
                let answer = client(caller).list_goals(page.clone()).await.unwrap().into_inner();
                assert!(answer.goals.len() <= 2);
                found.extend(answer.goals);
                if answer.next_page_token.is_empty() {
                    break;
                }
                page.page_token = answer.next_page_token;
            }
            assert_eq!(found, proposed);
        }
        let stranger = suite.person(&school.district, school.other_educator, Role::Educator);
        refused(client(&stranger).list_goals(first).await, Code::PermissionDenied, "ACCESS_DENIED");
        // A goal is found under its own learner only.
        let (_, id) = proposed[0].name.rsplit_once('/').unwrap();
        let name = format!("{}/goals/{id}", school.learner(school.classmate));
        let answer = client(&people.educator).get_goal(GetGoalRequest { name }).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);
