//! Plans: given, explained, published.

use tonic::Code;
use trellis_contracts::scheduling::plan_service_client::PlanServiceClient;
use trellis_contracts::scheduling::{
    ExplainPlacementsRequest, GetPlanRequest, ListPlacementsRequest, ListPlansRequest,
    ListUnmetRequirementsRequest, Placement, PlacementExplanation, PlacementHolders, PlacementVerdict, Plan,
    PlanState, PublishPlanRequest, RequestKind,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, on_each_database, refused};

use crate::place::Place;

async fn explained(
    place: &Place<'_>,
    caller: Caller,
    plan: &str,
    learner: Uuid,
) -> Vec<PlacementExplanation> {
    let ask = ExplainPlacementsRequest { plan: plan.to_owned(), learner: place.school.learner(learner) };
    let answer = PlanServiceClient::new(caller).explain_placements(ask).await;
    answer.expect("explanations").into_inner().explanations
}

async fn plans(place: &Place<'_>, caller: Caller) -> Vec<Plan> {
    let list = ListPlansRequest { parent: place.timetable.name.clone(), ..ListPlansRequest::default() };
    PlanServiceClient::new(caller).list_plans(list).await.expect("plans").into_inner().plans
}

on_each_database!(
    async fn places_are_given_within_capacity_without_clash_and_explained(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, classmate) = (place.school.learner, place.school.classmate);
        let first = place.offering("Bridges", 1, &["monday-1"]).await;
        let whole = place.offering("Journalism", 5, &["monday"]).await;
        let second = place.offering("Choir", 5, &["monday-2"]).await;
        place.require(classmate, &first).await;
        place.submit(learner, &[&first, &second, &whole], "").await.expect("a list");
        place.submit(classmate, &[&whole], "").await.expect("a list");
        let plan = place.plan(7).await;
        assert_eq!((plan.state(), plan.revision), (PlanState::Draft, 0));
        assert_eq!((plan.learner_count, plan.request_count, plan.placement_count), (2, 5, 2));
        assert_eq!((plan.first_choice_count, plan.unmet_requirement_count), (0, 0));
        let educator = || place.educator();
        let given = place.placements(&plan.name, learner).await;
        assert_eq!(given.len(), 1);
        assert_eq!((given[0].offering.as_str(), given[0].rank), (second.name.as_str(), 2));
        let told = explained(&place, educator(), &plan.name, learner).await;
        let codes: Vec<_> = told.iter().map(|e| (e.rank, e.verdict(), &e.clashes_with[..])).collect();
        assert_eq!(
            codes,
            [
                (1, PlacementVerdict::Full, &[][..]),
                (2, PlacementVerdict::Placed, &[]),
                (3, PlacementVerdict::Clash, std::slice::from_ref(&second.name)),
            ]
        );
        let required = PlacementHolders { required_count: 1, ..PlacementHolders::default() };
        assert_eq!(told.iter().map(|e| e.holders).collect::<Vec<_>>(), [Some(required), None, None]);
        assert!(told[2].text.contains("Journalism") && told[2].text.contains("Choir"), "{}", told[2].text);
        let told = explained(&place, educator(), &plan.name, classmate).await;
        let codes: Vec<_> = told.iter().map(|e| (e.kind(), e.verdict())).collect();
        let (required, ranked) = (RequestKind::Required, RequestKind::Ranked);
        assert_eq!(codes, [(required, PlacementVerdict::Placed), (ranked, PlacementVerdict::Clash)]);
        // The same seed and the same requests give the same places.
        let again = place.plan(7).await;
        let offerings = |given: &[Placement]| given.iter().map(|p| p.offering.clone()).collect::<Vec<_>>();
        let same = place.placements(&again.name, learner).await;
        assert_eq!(offerings(&same), offerings(&given));
    }
);

on_each_database!(
    async fn a_draft_is_the_schools_own_until_it_is_published(suite: Suite) {
        let place = Place::of(&suite).await;
        let learner = place.school.learner;
        let a = place.offering("A", 1, &["monday-1"]).await;
        place.submit(learner, &[&a], "").await.expect("a list");
        let draft = place.plan(1).await;
        assert_eq!(plans(&place, place.educator()).await, std::slice::from_ref(&draft));
        assert!(plans(&place, place.learner()).await.is_empty());
        let get = GetPlanRequest { name: draft.name.clone() };
        let mut client = PlanServiceClient::new(place.learner());
        refused(client.get_plan(get.clone()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let list = ListPlacementsRequest {
            parent: draft.name.clone(),
            learner: place.school.learner(learner),
            ..ListPlacementsRequest::default()
        };
        refused(client.list_placements(list).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        // Publishing takes the etag, and the one as it is now.
        let publish = |etag: &str| PublishPlanRequest {
            name: draft.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        let mut staff = PlanServiceClient::new(place.administrator());
        refused(staff.publish_plan(publish("")).await, Code::InvalidArgument, "ETAG_REQUIRED");
        refused(staff.publish_plan(publish("W/9")).await, Code::Aborted, "ETAG_MISMATCH");
        let published = staff.publish_plan(publish(&draft.etag)).await.expect("published").into_inner();
        assert_eq!((published.state(), published.revision), (PlanState::Published, 1));
        assert_eq!(client.get_plan(get).await.expect("a plan").into_inner(), published);
        assert_eq!(place.placements_for(place.learner(), &draft.name, learner).await.len(), 1);
        let pinned = format!("{}@1", draft.name);
        assert_eq!(place.placements_for(place.learner(), &pinned, learner).await.len(), 1);
        let ahead = GetPlanRequest { name: format!("{}@2", draft.name) };
        refused(client.get_plan(ahead).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        refused(
            staff.publish_plan(publish(&published.etag)).await,
            Code::FailedPrecondition,
            "STATE_CONFLICT",
        );
        // Others' places stay theirs.
        let mut list =
            ListPlacementsRequest { parent: draft.name.clone(), ..ListPlacementsRequest::default() };
        list.learner = place.school.learner(place.school.classmate);
        refused(client.list_placements(list).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn one_plan_is_published_at_a_time(suite: Suite) {
        let place = Place::of(&suite).await;
        let (one, other) = (place.plan(1).await, place.plan(2).await);
        let (a, b) = tokio::join!(place.publish(&one), place.publish(&other));
        let states = |plans: &[Plan]| {
            let mut states: Vec<PlanState> = plans.iter().map(Plan::state).collect();
            states.sort_unstable();
            states
        };
        let all = plans(&place, place.administrator()).await;
        let published = all.iter().filter(|plan| plan.state() == PlanState::Published).count();
        assert_eq!(published, 1, "{all:?}");
        // Who lost the race, if it was one, may try again.
        for (plan, answer) in [(&one, a), (&other, b)] {
            if let Err(status) = answer {
                assert_eq!(status.code(), Code::Aborted);
                place.publish(plan).await.expect("published now");
            }
        }
        let all = plans(&place, place.learner()).await;
        assert_eq!(states(&all), [PlanState::Published, PlanState::Replaced]);
        // The one that was replaced comes back as its second revision.
        let replaced = all.iter().find(|plan| plan.state() == PlanState::Replaced).expect("one");
        let back = place.publish(replaced).await.expect("published again").into_inner();
        assert_eq!((back.state(), back.revision), (PlanState::Published, 2));
        assert_eq!(
            states(&plans(&place, place.learner()).await),
            [PlanState::Published, PlanState::Replaced]
        );
    }
);

on_each_database!(
    async fn a_requirement_that_cannot_be_met_is_told_to_those_who_may_see_the_learner(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, other) = (place.school.learner, place.school.other_learner);
        let first = place.offering("Bridges", 9, &["monday-1"]).await;
        let whole = place.offering("Journalism", 9, &["monday"]).await;
        for who in [learner, other] {
            place.require(who, &first).await;
            place.require(who, &whole).await;
        }
        let plan = place.plan(3).await;
        assert_eq!((plan.placement_count, plan.unmet_requirement_count), (2, 2));
        let unmet = async |caller: Caller| {
            let list = ListUnmetRequirementsRequest {
                parent: plan.name.clone(),
                ..ListUnmetRequirementsRequest::default()
            };
            let answer = PlanServiceClient::new(caller).list_unmet_requirements(list).await;
            let unmet = answer.expect("unmet").into_inner().unmet_requirements;
            let mut learners: Vec<String> = unmet.iter().map(|unmet| unmet.learner.clone()).collect();
            assert!(unmet.iter().all(|unmet| unmet.verdict() == PlacementVerdict::Clash));
            learners.sort_unstable();
            learners
        };
        let name = |id: Uuid| place.school.learner(id);
        let mut both = [name(learner), name(other)];
        both.sort_unstable();
        assert_eq!(unmet(place.administrator()).await, both);
        assert_eq!(unmet(place.educator()).await, [name(learner)]);
        let other_educator = place.person(place.school.other_educator, Role::Educator);
        assert_eq!(unmet(other_educator).await, [name(other)]);
    }
);
