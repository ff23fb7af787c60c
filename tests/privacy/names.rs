//! Names that are put together so that the one that is decided on is not the one that is read.

use tonic::Code;
use trellis_contracts::METHODS;
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    Assessment, CreateAssessmentRequest, CreateReflectionRequest, Criterion, Reflection,
};
use trellis_contracts::outcome::change_service_client::ChangeServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::{BatchGetOutcomesRequest, ListChangesRequest};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{
    CreateEntryRequest, DeleteEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest,
    ListOrganizationsRequest,
};
use trellis_testkit::{Role, on_each_database, reason, refused, run};

use super::{Place, words};
use crate::policy::ask::call;
use crate::policy::scene::Scene;

/// The guard finds the learner whom a name passes through. Who puts themself at the end of another's
/// resource must not become the one it is decided on, in any method.
#[test]
fn nobody_reaches_a_resource_by_adding_their_own_name_to_it() {
    run(async {
        let scene = Scene::set().await;
        let classmate = scene.school().classmate;
        for method in METHODS.iter().copied().filter(|method| !method.resource.is_empty()) {
            for collection in ["learners", "people"] {
                if method.name == "QueryAccess" && collection == "learners" {
                    // A learner below the district is another parent that it takes, and here one's own.
                    continue;
                }
                let request = scene.request_by_way_of(method, collection, classmate);
                let answer = call(scene.caller("classmate"), method, &request).await;
                let Err(status) = answer else { panic!("{} answers by way of {collection}", method.path) };
                assert!(
                    matches!(status.code(), Code::PermissionDenied | Code::InvalidArgument),
                    "{}: {status:?}",
                    method.path
                );
            }
        }
    });
}

on_each_database!(
    async fn what_is_said_of_one_learner_rests_on_nothing_of_another(suite: Suite) {
        let place = Place::of(suite).await;
        let theirs = place.evidence(place.school.classmate, "Theirs").await;
        let reflection =
            Reflection { evidence: theirs.name.clone(), text: "Mine?".to_owned(), ..Reflection::default() };
        let request = CreateReflectionRequest {
            parent: place.school.learner(place.school.learner),
            reflection: Some(reflection),
            ..CreateReflectionRequest::default()
        };
        let answer = ReflectionServiceClient::new(place.learner()).create_reflection(request.clone()).await;
        let theirs_said = refused(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        let mut nobodys = request;
        if let Some(reflection) = &mut nobodys.reflection {
            reflection.evidence =
                format!("{}/evidence/01900000-0000-7000-8000-00000000ffff", place.school.parent());
        }
        let answer = ReflectionServiceClient::new(place.learner()).create_reflection(nobodys).await;
        let nobodys_said = refused(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        assert_eq!(alike(&theirs_said), alike(&nobodys_said), "nothing tells whether it exists");

        let aim = place.aim().await;
        let criterion = Criterion { outcome: aim.0, progression: aim.1, level: 1, ..Criterion::default() };
        let assessment = Assessment {
            learner: place.school.learner(place.school.learner),
            evidence: vec![theirs.name],
            criteria: vec![criterion],
            ..Assessment::default()
        };
        let request = CreateAssessmentRequest {
            parent: place.school.parent(),
            assessment: Some(assessment),
            ..CreateAssessmentRequest::default()
        };
        for caller in [place.learner(), place.educator()] {
            let answer = AssessmentServiceClient::new(caller).create_assessment(request.clone()).await;
            refused(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        }
    }
);

on_each_database!(
    async fn an_entry_is_found_under_its_own_learner_alone(suite: Suite) {
        let place = Place::of(suite).await;
        let entry = Entry {
            facet: EntryFacet::Identity.into(),
            text: words("Only for me"),
            audience: EntryAudience::OnlyMe.into(),
            ..Entry::default()
        };
        let request = CreateEntryRequest {
            parent: place.school.learner(place.school.learner),
            entry: Some(entry),
            ..CreateEntryRequest::default()
        };
        let entry = LearnerServiceClient::new(place.learner()).create_entry(request).await;
        let uid = entry.expect("an entry").into_inner().uid;
        let under = |learner, id: &str| format!("{}/entries/{id}", place.school.learner(learner));
        let mut classmate = LearnerServiceClient::new(place.classmate());
        let mut educator = LearnerServiceClient::new(place.educator());
        let missing = "01900000-0000-7000-8000-00000000ffff";
        for (own, hidden) in [
            (&mut classmate, under(place.school.classmate, &uid)),
            (&mut educator, under(place.school.learner, &uid)),
        ] {
            let none = hidden.replace(&uid, missing);
            let answer = own.get_entry(GetEntryRequest { name: hidden.clone() }).await;
            let there = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
            let answer = own.get_entry(GetEntryRequest { name: none.clone() }).await;
            let not_there = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
            let said = |status: &tonic::Status| format!("{status:?}").replace(&uid, missing);
            assert_eq!(
                bytes(&there, &uid),
                bytes(&not_there, missing),
                "{} {}",
                said(&there),
                said(&not_there)
            );
            let delete = |name| DeleteEntryRequest { name, ..DeleteEntryRequest::default() };
            let there = own.delete_entry(delete(hidden)).await.expect_err("hidden");
            let not_there = own.delete_entry(delete(none)).await.expect_err("missing");
            assert_eq!(bytes(&there, &uid), bytes(&not_there, missing));
        }
    }
);

on_each_database!(
    async fn one_district_s_tokens_and_names_open_nothing_in_another(suite: Suite) {
        let here = Place::of(suite).await;
        let there = trellis_testkit::School::import(&here.suite, "elsewhere").await;
        let operator = here.suite.operator("grand-bend");
        let stranger = here.suite.operator("elsewhere");

        let mut roster = RosterServiceClient::new(operator.clone());
        let list = |parent: String, page_token: String| ListOrganizationsRequest {
            parent,
            page_size: 1,
            page_token,
            ..ListOrganizationsRequest::default()
        };
        let first = roster.list_organizations(list(here.school.parent(), String::new())).await;
        let token = first.expect("a page").into_inner().next_page_token;
        assert!(!token.is_empty());
        let mut elsewhere = RosterServiceClient::new(stranger.clone());
        let answer = elsewhere.list_organizations(list(there.parent(), token)).await;
        refused(answer, Code::InvalidArgument, "INVALID_PAGE_TOKEN");

        let changes = |parent: String, resume_token: String| ListChangesRequest {
            parent,
            resume_token,
            ..ListChangesRequest::default()
        };
        let mut feed = ChangeServiceClient::new(operator);
        let token = feed.list_changes(changes(here.school.parent(), String::new())).await;
        let token = token.expect("changes").into_inner().resume_token;
        let mut elsewhere = ChangeServiceClient::new(stranger.clone());
        let answer = elsewhere.list_changes(changes(there.parent(), token)).await;
        refused(answer, Code::InvalidArgument, "INVALID_RESUME_TOKEN");

        // By way of the commons, which all may read, and by way of one's own district.
        let aim = here.aim().await;
        for parent in ["districts/commons".to_owned(), there.parent()] {
            let request = BatchGetOutcomesRequest { parent, names: vec![aim.0.clone()] };
            let answer = OutcomeServiceClient::new(stranger.clone()).batch_get_outcomes(request).await;
            let status = answer.expect_err("another district's");
            assert_eq!(reason(&status).as_deref(), Some("RESOURCE_NOT_FOUND"), "{status:?}");
        }

        // The same person's id in the token of another district.
        let other = here.suite.person("elsewhere", here.school.learner, Role::Learner);
        let request = GetEntryRequest {
            name: format!(
                "{}/entries/01900000-0000-7000-8000-00000000ffff",
                here.school.learner(here.school.learner)
            ),
        };
        refused(
            LearnerServiceClient::new(other).get_entry(request).await,
            Code::PermissionDenied,
            "ACCESS_DENIED",
        );
    }
);

/// All that a client reads of a refusal.
fn alike(status: &tonic::Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}

/// The same, with the id that was asked for taken out.
fn bytes(status: &tonic::Status, id: &str) -> (Code, String, String) {
    let details = String::from_utf8_lossy(status.details()).replace(id, "");
    (status.code(), status.message().to_owned(), details)
}
