//! The change feed: each caller is told what they could get, and no more.

use std::collections::BTreeSet;

use tonic::Code;
use trellis_contracts::common::ChangeKind;
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::change_service_client::ChangeServiceClient;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::experience_change::Body;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    Assessment, CreateAssessmentRequest, CreateReflectionRequest, Criterion, ExperienceChange, Feedback,
    FinalizeAssessmentRequest, GiveFeedbackRequest, ListChangesRequest, Reflection, WatchChangesRequest,
};
use trellis_kernel::Party;

use crate::evidence::submitted;
use crate::experiences::opened;
use crate::house::{
    CLASSMATE, Caller, EDUCATOR, GUARDIAN, HOME, House, LEARNER, OTHER_EDUCATOR, OTHER_LEARNER, PRINCIPAL,
    each, id, name, outcome, progression, refused,
};

/// One of everything: a design, an experience, evidence with feedback and a reflection, and an open
/// assessment, which is returned.
async fn one_of_each(house: &House) -> Assessment {
    opened(house).await;
    let evidence = submitted(house, &[]).await;
    let feedback = GiveFeedbackRequest {
        parent: evidence.name.clone(),
        feedback: Some(Feedback { text: "Where?".to_owned(), ..Feedback::default() }),
        request_id: String::new(),
    };
    EvidenceServiceClient::new(house.person(EDUCATOR)).give_feedback(feedback).await.expect("given");
    let reflection = CreateReflectionRequest {
        parent: name("learners", LEARNER),
        reflection: Some(Reflection {
            evidence: evidence.name.clone(),
            text: "Next time above the farm.".to_owned(),
            ..Reflection::default()
        }),
        request_id: String::new(),
    };
    ReflectionServiceClient::new(house.person(LEARNER)).create_reflection(reflection).await.expect("written");
    let assessment = Assessment {
        learner: name("learners", LEARNER),
        evidence: vec![evidence.name],
        criteria: vec![Criterion {
            outcome: outcome(0),
            progression: progression(),
            level: 2,
            ..Criterion::default()
        }],
        ..Assessment::default()
    };
    let request = CreateAssessmentRequest {
        parent: HOME.to_owned(),
        assessment: Some(assessment),
        request_id: String::new(),
    };
    let mut educator = AssessmentServiceClient::new(house.person(EDUCATOR));
    educator.create_assessment(request).await.expect("made").into_inner()
}

fn listing(resume_token: &str) -> ListChangesRequest {
    ListChangesRequest { parent: HOME.to_owned(), resume_token: resume_token.to_owned(), page_size: 0 }
}

/// The types that a caller is told of, and where to go on.
async fn told(caller: Caller, resume_token: &str) -> (BTreeSet<String>, String) {
    let mut client = ChangeServiceClient::new(caller);
    let listed = client.list_changes(listing(resume_token)).await.expect("a list").into_inner();
    assert!(listed.changes.iter().all(|change| change.body.is_some()));
    let types = listed.changes.into_iter().map(|change| change.resource_type.replace("trellis.dev/", ""));
    (types.collect(), listed.resume_token)
}

fn set(types: &[&str]) -> BTreeSet<String> {
    types.iter().map(|resource_type| (*resource_type).to_owned()).collect()
}

#[test]
fn each_is_told_what_they_could_get() {
    each(async |house| {
        let open = one_of_each(&house).await;
        house.told().await;
        let all = ["Assessment", "Design", "Evidence", "Experience", "Feedback", "Reflection"];
        let about_nobody = ["Design", "Experience"];
        let (types, _) = told(house.person(LEARNER), "").await;
        assert_eq!(types, set(&all));
        assert_eq!(told(house.person(EDUCATOR), "").await.0, set(&all));
        let school = ["Assessment", "Design", "Evidence", "Experience", "Feedback"];
        assert_eq!(told(house.person(PRINCIPAL), "").await.0, set(&school));
        let guardian = ["Design", "Evidence", "Experience", "Feedback", "Reflection"];
        let (types, guardians_place) = told(house.person(GUARDIAN), "").await;
        assert_eq!(types, set(&guardian));
        let (types, vendors_place) = told(house.application(), "").await;
        assert_eq!(types, set(&["Design", "Evidence", "Experience", "Feedback"]));
        for stranger in [CLASSMATE, OTHER_LEARNER, OTHER_EDUCATOR] {
            assert_eq!(told(house.person(stranger), "").await.0, set(&about_nobody), "{stranger}");
        }
        let designs = "experience.changes experience.designs.read";
        let narrow = house.caller(&Party::Person(id(LEARNER)), designs, "grand-bend");
        assert_eq!(told(narrow, "").await.0, set(&["Design"]), "only what the token's scopes read");

        let finalize = FinalizeAssessmentRequest {
            name: open.name.clone(),
            etag: open.etag.clone(),
            request_id: String::new(),
        };
        let mut educator = AssessmentServiceClient::new(house.person(EDUCATOR));
        educator.finalize_assessment(finalize).await.expect("final");
        house.told().await;
        assert_eq!(told(house.person(GUARDIAN), &guardians_place).await.0, set(&["Assessment"]));
        assert_eq!(told(house.application(), &vendors_place).await.0, set(&["Assessment"]));
    });
}

#[test]
fn a_watch_begins_with_the_rows_and_goes_on_with_what_happens() {
    each(async |house| {
        one_of_each(&house).await;
        house.told().await;
        let mut client = ChangeServiceClient::new(house.person(LEARNER));
        let request =
            WatchChangesRequest { parent: HOME.to_owned(), snapshot: true, resume_token: String::new() };
        let mut stream = client.watch_changes(request).await.expect("a stream").into_inner();
        let mut rows = Vec::new();
        loop {
            let change: ExperienceChange = stream.message().await.expect("no failure").expect("no end");
            if change.kind() == ChangeKind::Checkpoint {
                assert!(!change.resume_token.is_empty());
                break;
            }
            rows.push(change.resource_type);
        }
        let expected = ["Design", "Experience", "Evidence", "Feedback", "Reflection", "Assessment"];
        assert_eq!(rows, expected.map(|resource_type| format!("trellis.dev/{resource_type}")));
        let more = submitted(&house, &[]).await;
        house.told().await;
        let change = stream.message().await.expect("no failure").expect("no end");
        assert_eq!((change.kind(), &change.resource), (ChangeKind::Upserted, &more.name));
        let Some(Body::Evidence(evidence)) = change.body else { panic!("the evidence itself") };
        assert_eq!(evidence.name, more.name);
    });
}

#[test]
fn a_token_of_another_feed_or_a_changed_one_is_refused() {
    each(async |house| {
        let mut client = ChangeServiceClient::new(house.person(LEARNER));
        let answer = client.list_changes(listing("AAAA")).await;
        refused(answer, Code::InvalidArgument, "INVALID_RESUME_TOKEN");
        let mut stranger =
            ChangeServiceClient::new(house.caller(&Party::Person(id(LEARNER)), "experience.*", "elsewhere"));
        refused(stranger.list_changes(listing("")).await, Code::PermissionDenied, "ACCESS_DENIED");
        let mut mute =
            ChangeServiceClient::new(house.caller(&Party::Person(id(LEARNER)), "outcome.read", "grand-bend"));
        refused(mute.list_changes(listing("")).await, Code::PermissionDenied, "SCOPE_MISSING");
    });
}
