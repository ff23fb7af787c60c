//! Evidence, feedback and reflections.

use tonic::Code;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    Artifact, CreateEvidenceRequest, CreateReflectionRequest, Evidence, EvidenceState, Feedback,
    GetEvidenceRequest, GetReflectionRequest, GiveFeedbackRequest, ListEvidenceRequest, ListFeedbackRequest,
    ListReflectionsRequest, Reflection, SubmitEvidenceRequest, Voice,
};

use crate::experiences::opened;
use crate::house::{
    CLASSMATE, EDUCATOR, GUARDIAN, HOME, House, LEARNER, OTHER_EDUCATOR, OTHER_LEARNER, PRINCIPAL, each,
    name, outcome, refused, refused_field,
};

fn samples() -> Evidence {
    Evidence {
        learner: name("learners", LEARNER),
        outcomes: vec![outcome(0)],
        title: "Water samples".to_owned(),
        text: "Nitrate was high below the farm.".to_owned(),
        artifacts: vec![Artifact { title: "Table".to_owned(), uri: "https://example.org/table".to_owned() }],
        ..Evidence::default()
    }
}

fn creating(evidence: Evidence) -> CreateEvidenceRequest {
    CreateEvidenceRequest { parent: HOME.to_owned(), evidence: Some(evidence), request_id: String::new() }
}

fn submitting(evidence: &Evidence) -> SubmitEvidenceRequest {
    SubmitEvidenceRequest {
        name: evidence.name.clone(),
        etag: evidence.etag.clone(),
        request_id: String::new(),
    }
}

/// Evidence of the learner and these others, a draft.
async fn draft(house: &House, others: &[u128]) -> Evidence {
    let contributors = others.iter().map(|other| name("learners", *other)).collect();
    let mut client = EvidenceServiceClient::new(house.person(LEARNER));
    let created = client.create_evidence(creating(Evidence { contributors, ..samples() })).await;
    created.expect("created").into_inner()
}

/// The same, handed in.
pub(crate) async fn submitted(house: &House, others: &[u128]) -> Evidence {
    let draft = draft(house, others).await;
    let mut client = EvidenceServiceClient::new(house.person(LEARNER));
    client.submit_evidence(submitting(&draft)).await.expect("handed in").into_inner()
}

fn feedback(evidence: &Evidence, text: &str) -> GiveFeedbackRequest {
    GiveFeedbackRequest {
        parent: evidence.name.clone(),
        feedback: Some(Feedback { text: text.to_owned(), ..Feedback::default() }),
        request_id: String::new(),
    }
}

async fn titles_of(house: &House, reader: u128, learner: u128) -> usize {
    let request = ListEvidenceRequest {
        parent: HOME.to_owned(),
        learner: name("learners", learner),
        ..ListEvidenceRequest::default()
    };
    let mut client = EvidenceServiceClient::new(house.person(reader));
    client.list_evidence(request).await.expect("a list").into_inner().evidence.len()
}

#[test]
fn evidence_is_read_as_it_was_written() {
    each(async |house| {
        let experience = opened(&house).await.name;
        let mut client = EvidenceServiceClient::new(house.person(LEARNER));
        let written = Evidence { experience, ..samples() };
        let created = client.create_evidence(creating(written.clone())).await.expect("created").into_inner();
        let expected = Evidence {
            name: created.name.clone(),
            uid: created.uid.clone(),
            contributors: vec![name("learners", LEARNER)],
            state: EvidenceState::Draft.into(),
            create_time: created.create_time,
            update_time: created.update_time,
            etag: "W/1".to_owned(),
            ..written
        };
        assert_eq!(created, expected);
        let read = client.get_evidence(GetEvidenceRequest { name: created.name.clone() }).await;
        assert_eq!(read.expect("read").into_inner(), created);
    });
}

#[test]
fn a_draft_is_there_for_its_contributors_alone() {
    each(async |house| {
        let draft = draft(&house, &[CLASSMATE]).await;
        let get = || GetEvidenceRequest { name: draft.name.clone() };
        for contributor in [LEARNER, CLASSMATE] {
            let mut client = EvidenceServiceClient::new(house.person(contributor));
            client.get_evidence(get()).await.expect("their own");
            assert_eq!(titles_of(&house, contributor, contributor).await, 1);
        }
        for other in [EDUCATOR, GUARDIAN, PRINCIPAL] {
            let mut client = EvidenceServiceClient::new(house.person(other));
            refused(client.get_evidence(get()).await, Code::PermissionDenied, "ACCESS_DENIED");
            assert_eq!(titles_of(&house, other, LEARNER).await, 0);
        }
        let mut educator = EvidenceServiceClient::new(house.person(EDUCATOR));
        let answer = educator.give_feedback(feedback(&draft, "Early.")).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");

        let mut classmate = EvidenceServiceClient::new(house.person(CLASSMATE));
        let handed_in =
            classmate.submit_evidence(submitting(&draft)).await.expect("one for all").into_inner();
        assert_eq!(handed_in.state(), EvidenceState::Submitted);
        assert!(handed_in.submit_time.is_some());
        for reader in [EDUCATOR, GUARDIAN, PRINCIPAL] {
            let mut client = EvidenceServiceClient::new(house.person(reader));
            assert_eq!(client.get_evidence(get()).await.expect("read").into_inner(), handed_in);
        }
    });
}

#[test]
fn an_application_reads_a_team_only_when_it_may_read_each_of_them() {
    each(async |house| {
        let within = submitted(&house, &[CLASSMATE]).await;
        let across = submitted(&house, &[OTHER_LEARNER]).await;
        let get = |evidence: &Evidence| GetEvidenceRequest { name: evidence.name.clone() };
        let mut application = EvidenceServiceClient::new(house.application());
        application.get_evidence(get(&within)).await.expect("covered");
        let answer = application.get_evidence(get(&across)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let mut teacher = EvidenceServiceClient::new(house.person(OTHER_EDUCATOR));
        teacher.get_evidence(get(&across)).await.expect("teaches one of them");
        let answer = teacher.get_evidence(get(&within)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let unknown = GetEvidenceRequest { name: name("evidence", 0xee) };
        refused(teacher.get_evidence(unknown).await, Code::PermissionDenied, "ACCESS_DENIED");
        assert_eq!(titles_of(&house, OTHER_EDUCATOR, OTHER_LEARNER).await, 1);
    });
}

#[test]
fn a_list_that_an_application_reads_leaves_out_what_it_may_not_get() {
    each(async |house| {
        let within = submitted(&house, &[CLASSMATE]).await;
        submitted(&house, &[OTHER_LEARNER]).await;
        let request = ListEvidenceRequest {
            parent: HOME.to_owned(),
            learner: name("learners", LEARNER),
            ..ListEvidenceRequest::default()
        };
        let mut application = EvidenceServiceClient::new(house.application());
        let listed = application.list_evidence(request).await.expect("a list").into_inner().evidence;
        assert_eq!(listed.into_iter().map(|evidence| evidence.name).collect::<Vec<_>>(), [within.name]);
    });
}

#[test]
fn what_is_wrong_is_named() {
    each(async |house| {
        let mut client = EvidenceServiceClient::new(house.person(LEARNER));
        let link = |uri: &str| vec![Artifact { title: "Table".to_owned(), uri: uri.to_owned() }];
        for (evidence, code, reason, field) in [
            (
                Evidence { artifacts: link("http://example.org/table"), ..samples() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "evidence.artifacts[0].uri",
            ),
            (
                Evidence { contributors: vec![name("learners", 0xee)], ..samples() },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "evidence.contributors[0]",
            ),
            (
                Evidence { experience: name("experiences", 0xee), ..samples() },
                Code::FailedPrecondition,
                "REFERENCE_NOT_FOUND",
                "evidence.experience",
            ),
            (
                Evidence { title: " ".to_owned(), ..samples() },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "evidence.title",
            ),
        ] {
            refused_field(client.create_evidence(creating(evidence)).await, code, reason, field);
        }
        let others = Evidence { learner: name("learners", CLASSMATE), ..samples() };
        refused(client.create_evidence(creating(others)).await, Code::PermissionDenied, "ACCESS_DENIED");

        let empty = Evidence { text: String::new(), artifacts: Vec::new(), ..samples() };
        let empty = client.create_evidence(creating(empty)).await.expect("a draft").into_inner();
        let answer = client.submit_evidence(submitting(&empty)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let stale = SubmitEvidenceRequest { etag: "W/7".to_owned(), ..submitting(&empty) };
        refused(client.submit_evidence(stale).await, Code::Aborted, "ETAG_MISMATCH");
    });
}

#[test]
fn feedback_speaks_in_the_voice_of_who_gives_it() {
    each(async |house| {
        let evidence = submitted(&house, &[CLASSMATE]).await;
        for (author, voice) in [(EDUCATOR, Voice::Educator), (GUARDIAN, Voice::Guardian)] {
            let mut client = EvidenceServiceClient::new(house.person(author));
            // A voice that the client claims is not heard.
            let mut request = feedback(&evidence, "Where did you sample?");
            request.feedback.as_mut().expect("set").voice = Voice::Self_.into();
            let given = client.give_feedback(request).await.expect("given").into_inner();
            assert_eq!((given.voice(), given.author), (voice, name("people", author)));
        }
        for other in [LEARNER, PRINCIPAL, OTHER_EDUCATOR] {
            let mut client = EvidenceServiceClient::new(house.person(other));
            let answer = client.give_feedback(feedback(&evidence, "Fine.")).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let list = ListFeedbackRequest { parent: evidence.name.clone(), ..ListFeedbackRequest::default() };
        let mut classmate = EvidenceServiceClient::new(house.person(CLASSMATE));
        let listed = classmate.list_feedback(list).await.expect("a list").into_inner().feedback;
        let authors: Vec<String> = listed.into_iter().map(|feedback| feedback.author).collect();
        assert_eq!(authors, [name("people", EDUCATOR), name("people", GUARDIAN)]);
    });
}

#[test]
fn a_reflection_is_the_learners_own() {
    each(async |house| {
        let evidence = draft(&house, &[]).await;
        let reflecting = |learner: u128, on: &str| CreateReflectionRequest {
            parent: name("learners", learner),
            reflection: Some(Reflection {
                evidence: on.to_owned(),
                text: "I should have sampled above the farm too.".to_owned(),
                ..Reflection::default()
            }),
            request_id: String::new(),
        };
        let mut learner = ReflectionServiceClient::new(house.person(LEARNER));
        let written = learner.create_reflection(reflecting(LEARNER, &evidence.name)).await;
        let written = written.expect("written").into_inner();
        let mut educator = ReflectionServiceClient::new(house.person(EDUCATOR));
        let answer = educator.create_reflection(reflecting(LEARNER, &evidence.name)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let mut classmate = ReflectionServiceClient::new(house.person(CLASSMATE));
        let answer = classmate.create_reflection(reflecting(CLASSMATE, &evidence.name)).await;
        refused_field(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND", "reflection.evidence");

        let get = |name: &str| GetReflectionRequest { name: name.to_owned() };
        for reader in [LEARNER, EDUCATOR, GUARDIAN] {
            let mut client = ReflectionServiceClient::new(house.person(reader));
            assert_eq!(client.get_reflection(get(&written.name)).await.expect("read").into_inner(), written);
        }
        for other in [CLASSMATE, PRINCIPAL, OTHER_EDUCATOR] {
            let mut client = ReflectionServiceClient::new(house.person(other));
            let answer = client.get_reflection(get(&written.name)).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        // The id of one learner's reflection under another learner's name opens nothing.
        let borrowed = written.name.replace(&name("learners", LEARNER), &name("learners", CLASSMATE));
        refused(classmate.get_reflection(get(&borrowed)).await, Code::NotFound, "RESOURCE_NOT_FOUND");

        let list = |evidence: &str| ListReflectionsRequest {
            parent: name("learners", LEARNER),
            evidence: evidence.to_owned(),
            ..ListReflectionsRequest::default()
        };
        let listed = learner.list_reflections(list(&evidence.name)).await.expect("a list").into_inner();
        assert_eq!(listed.reflections, vec![written.clone()]);
        let none =
            learner.list_reflections(list(&name("evidence", 0xee))).await.expect("a list").into_inner();
        assert_eq!(none.reflections, []);
    });
}
