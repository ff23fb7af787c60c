//! Assessments: made, answered, made final, corrected.

use prost::Message as _;
use tonic::Code;
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::{
    Assessment, AssessmentFinalized, AssessmentState, CreateAssessmentRequest, Criterion, FinalRating,
    FinalizeAssessmentRequest, GetAssessmentRequest, ListAssessmentsRequest, RespondToAssessmentRequest,
    Voice,
};

use crate::evidence::submitted;
use crate::house::{
    CLASSMATE, COLLEAGUE, Caller, EDUCATOR, GUARDIAN, HOME, House, LEARNER, OTHER_EDUCATOR, PRINCIPAL, each,
    id, name, outcome, pinned, progression, refused, refused_field,
};

fn criterion(outcome: &str, progression: &str, level: i32) -> Criterion {
    Criterion {
        outcome: outcome.to_owned(),
        progression: progression.to_owned(),
        level,
        comment: "The samples bear it out.".to_owned(),
        ..Criterion::default()
    }
}

fn creating(assessment: Assessment) -> CreateAssessmentRequest {
    CreateAssessmentRequest {
        parent: HOME.to_owned(),
        assessment: Some(assessment),
        request_id: String::new(),
    }
}

/// What is said of the learner's evidence.
fn of(evidence: &str) -> Assessment {
    Assessment {
        learner: name("learners", LEARNER),
        evidence: vec![evidence.to_owned()],
        criteria: vec![criterion(&outcome(0), &progression(), 3)],
        ..Assessment::default()
    }
}

fn client(house: &House, number: u128) -> AssessmentServiceClient<Caller> {
    AssessmentServiceClient::new(house.person(number))
}

async fn made(house: &House, assessor: u128, assessment: Assessment) -> Assessment {
    client(house, assessor).create_assessment(creating(assessment)).await.expect("made").into_inner()
}

fn finalizing(assessment: &Assessment) -> FinalizeAssessmentRequest {
    FinalizeAssessmentRequest {
        name: assessment.name.clone(),
        etag: assessment.etag.clone(),
        request_id: String::new(),
    }
}

fn responding(assessment: &Assessment, response: &str) -> RespondToAssessmentRequest {
    RespondToAssessmentRequest {
        name: assessment.name.clone(),
        response: response.to_owned(),
        ..RespondToAssessmentRequest::default()
    }
}

async fn finalized(house: &House, assessment: Assessment) -> Assessment {
    let open = made(house, EDUCATOR, assessment).await;
    client(house, EDUCATOR).finalize_assessment(finalizing(&open)).await.expect("final").into_inner()
}

/// The payload of the last event of this kind.
async fn payload(house: &House, kind: &str) -> AssessmentFinalized {
    let told = house.told().await;
    let last = told.iter().rev().find(|row| row.kind == kind).expect("such an event");
    let payload = last.payload.as_ref().expect("a payload");
    assert_eq!(payload.type_url, "type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized");
    AssessmentFinalized::decode(payload.value.as_slice()).expect("the message")
}

#[test]
fn an_assessment_is_pinned_answered_and_made_final_and_tells_its_ratings() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await;
        // What a client claims of voice, assessor and state is not heard.
        let claimed = Assessment {
            voice: Voice::Self_.into(),
            assessor: name("people", GUARDIAN),
            state: AssessmentState::Final.into(),
            ..of(&evidence.name)
        };
        let open = made(&house, EDUCATOR, claimed).await;
        assert_eq!((open.voice(), open.state()), (Voice::Educator, AssessmentState::Open));
        assert_eq!(open.assessor, name("people", EDUCATOR));
        let kept = &open.criteria[0];
        assert_eq!(kept.outcome, pinned(&outcome(0), 2));
        assert_eq!(kept.progression, pinned(&progression(), 2));
        assert_eq!((kept.level, kept.level_count), (3, 4));

        let mut educator = client(&house, EDUCATOR);
        let answered = client(&house, LEARNER).respond_to_assessment(responding(&open, "I agree.")).await;
        let answered = answered.expect("answered").into_inner();
        assert_eq!(answered.response, "I agree.");
        // The assessor has not read the answer yet.
        refused(educator.finalize_assessment(finalizing(&open)).await, Code::Aborted, "ETAG_MISMATCH");
        let final_one =
            educator.finalize_assessment(finalizing(&answered)).await.expect("final").into_inner();
        assert_eq!(final_one.state(), AssessmentState::Final);
        assert_eq!((&final_one.criteria, &final_one.response), (&open.criteria, &answered.response));

        let told = payload(&house, "assessment.finalized").await;
        let expected = AssessmentFinalized {
            assessment: open.name.clone(),
            learner: name("learners", LEARNER),
            supersedes: String::new(),
            assess_time: open.create_time,
            ratings: vec![FinalRating {
                outcome: pinned(&outcome(0), 2),
                progression: pinned(&progression(), 2),
                level: 3,
                level_count: 4,
            }],
        };
        assert_eq!(told, expected);

        let answer = educator.finalize_assessment(finalizing(&final_one)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let answer = client(&house, LEARNER).respond_to_assessment(responding(&open, "No!")).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let events = house.told().await;
        assert_eq!(events.iter().filter(|row| row.kind == "assessment.finalized").count(), 1);
        assert!(
            events.iter().all(|row| !row.kind.starts_with("assessment") || row.subjects == [id(LEARNER)])
        );
    });
}

#[test]
fn a_retried_finalisation_tells_its_ratings_once() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await;
        let open = made(&house, EDUCATOR, of(&evidence.name)).await;
        let request = FinalizeAssessmentRequest { request_id: id(88).to_string(), ..finalizing(&open) };
        let mut educator = client(&house, EDUCATOR);
        let first = educator.finalize_assessment(request.clone()).await.expect("final").into_inner();
        let again = educator.finalize_assessment(request).await.expect("the same").into_inner();
        assert_eq!(first, again);
        let events = house.told().await;
        assert_eq!(events.iter().filter(|row| row.kind == "assessment.finalized").count(), 1);
    });
}

#[test]
fn a_self_assessment_stands_beside() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await;
        let own = made(&house, LEARNER, of(&evidence.name)).await;
        assert_eq!((own.voice(), own.state()), (Voice::Self_, AssessmentState::Standing));
        let answer = client(&house, LEARNER).finalize_assessment(finalizing(&own)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let answer = client(&house, EDUCATOR).finalize_assessment(finalizing(&own)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let answer = client(&house, LEARNER).respond_to_assessment(responding(&own, "Hm.")).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let get = GetAssessmentRequest { name: own.name.clone() };
        client(&house, GUARDIAN).get_assessment(get).await.expect("a guardian reads it");
    });
}

#[test]
fn who_teaches_the_learner_assesses_and_only_the_assessor_makes_it_final() {
    each(async |house| {
        let evidence = submitted(&house, &[CLASSMATE]).await;
        for other in [CLASSMATE, OTHER_EDUCATOR, GUARDIAN, PRINCIPAL] {
            let answer = client(&house, other).create_assessment(creating(of(&evidence.name))).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let open = made(&house, EDUCATOR, of(&evidence.name)).await;
        for other in [COLLEAGUE, OTHER_EDUCATOR, PRINCIPAL, LEARNER] {
            let answer = client(&house, other).finalize_assessment(finalizing(&open)).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let without = FinalizeAssessmentRequest { etag: String::new(), ..finalizing(&open) };
        let answer = client(&house, EDUCATOR).finalize_assessment(without).await;
        refused_field(answer, Code::InvalidArgument, "ETAG_REQUIRED", "etag");
    });
}

#[test]
fn before_it_is_final_the_learner_and_the_school_see_it_and_guardians_and_applications_do_not() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await;
        let open = made(&house, EDUCATOR, of(&evidence.name)).await;
        let get = || GetAssessmentRequest { name: open.name.clone() };
        let list = || ListAssessmentsRequest {
            parent: HOME.to_owned(),
            learner: name("learners", LEARNER),
            ..ListAssessmentsRequest::default()
        };
        for reader in [LEARNER, EDUCATOR, COLLEAGUE, PRINCIPAL] {
            client(&house, reader).get_assessment(get()).await.expect("read");
            let listed = client(&house, reader).list_assessments(list()).await.expect("a list").into_inner();
            assert_eq!(listed.assessments.len(), 1);
        }
        let application = AssessmentServiceClient::new(house.application());
        for mut later in [client(&house, GUARDIAN), application] {
            refused(later.get_assessment(get()).await, Code::PermissionDenied, "ACCESS_DENIED");
            let listed = later.list_assessments(list()).await.expect("a list").into_inner();
            assert_eq!(listed.assessments, []);
        }
        client(&house, EDUCATOR).finalize_assessment(finalizing(&open)).await.expect("final");
        let application = AssessmentServiceClient::new(house.application());
        for mut now in [client(&house, GUARDIAN), application] {
            now.get_assessment(get()).await.expect("read");
            let listed = now.list_assessments(list()).await.expect("a list").into_inner();
            assert_eq!(listed.assessments.len(), 1);
        }
        for stranger in [CLASSMATE, OTHER_EDUCATOR] {
            let answer = client(&house, stranger).list_assessments(list()).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
    });
}

#[test]
fn what_is_judged_must_exist() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await.name;
        let sound = of(&evidence);
        let judging = |criterion: Criterion| Assessment { criteria: vec![criterion], ..sound.clone() };
        let elsewhere = format!("{}/progressions/{}", name("frameworks", 0xee), id(1));
        let missing = "REFERENCE_NOT_FOUND";
        for (assessment, code, reason, field) in [
            (
                Assessment { evidence: vec![evidence.clone(), name("evidence", 0xee)], ..sound.clone() },
                Code::FailedPrecondition,
                missing,
                "assessment.evidence[1]",
            ),
            (
                judging(criterion(&pinned(&outcome(0), 9), &progression(), 1)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].outcome",
            ),
            (
                judging(criterion(&outcome(2), &progression(), 1)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].outcome",
            ),
            (
                judging(criterion(&outcome(0), &elsewhere, 1)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].progression",
            ),
            (
                judging(criterion(&outcome(0), &pinned(&progression(), 1), 1)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].progression",
            ),
            (
                judging(criterion(&outcome(1), &progression(), 1)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].progression",
            ),
            (
                judging(criterion(&outcome(0), &progression(), 5)),
                Code::FailedPrecondition,
                missing,
                "assessment.criteria[0].level",
            ),
            (
                judging(criterion(&outcome(0), &progression(), 0)),
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "assessment.criteria[0].level",
            ),
            (
                Assessment {
                    criteria: vec![
                        criterion(&outcome(0), &progression(), 1),
                        criterion(&pinned(&outcome(0), 2), &progression(), 2),
                    ],
                    ..sound.clone()
                },
                Code::InvalidArgument,
                "FIELD_VIOLATION",
                "assessment.criteria[1].outcome",
            ),
            (
                Assessment { supersedes: name("assessments", 0xee), ..sound.clone() },
                Code::FailedPrecondition,
                missing,
                "assessment.supersedes",
            ),
        ] {
            let answer = client(&house, EDUCATOR).create_assessment(creating(assessment)).await;
            refused_field(answer, code, reason, field);
        }
        let own = Assessment { supersedes: name("assessments", 0xee), ..sound };
        let answer = client(&house, LEARNER).create_assessment(creating(own)).await;
        refused_field(answer, Code::InvalidArgument, "FIELD_VIOLATION", "assessment.supersedes");
    });
}

#[test]
fn work_of_others_or_not_handed_in_is_not_judged() {
    each(async |house| {
        let mut theirs = trellis_contracts::experience::evidence_service_client::EvidenceServiceClient::new(
            house.person(CLASSMATE),
        );
        let draft = trellis_contracts::experience::CreateEvidenceRequest {
            parent: HOME.to_owned(),
            evidence: Some(trellis_contracts::experience::Evidence {
                learner: name("learners", CLASSMATE),
                title: "Mine".to_owned(),
                text: "Alone.".to_owned(),
                ..Default::default()
            }),
            request_id: String::new(),
        };
        let draft = theirs.create_evidence(draft).await.expect("a draft").into_inner();
        let classmates = Assessment { learner: name("learners", CLASSMATE), ..of(&draft.name) };
        let answer = client(&house, EDUCATOR).create_assessment(creating(classmates.clone())).await;
        refused_field(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND", "assessment.evidence[0]");
        let submit = trellis_contracts::experience::SubmitEvidenceRequest {
            name: draft.name.clone(),
            etag: draft.etag.clone(),
            request_id: String::new(),
        };
        theirs.submit_evidence(submit).await.expect("handed in");
        made(&house, EDUCATOR, classmates).await;
        let answer = client(&house, EDUCATOR).create_assessment(creating(of(&draft.name))).await;
        refused_field(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND", "assessment.evidence[0]");
    });
}

#[test]
fn a_correction_takes_the_place_of_what_it_corrects_once_it_is_final() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await.name;
        let first = finalized(&house, of(&evidence)).await;
        let correction = Assessment {
            criteria: vec![criterion(&outcome(0), &progression(), 4)],
            supersedes: first.name.clone(),
            ..of(&evidence)
        };
        let rival = made(&house, COLLEAGUE, correction.clone()).await;
        let open = made(&house, EDUCATOR, correction.clone()).await;
        let get = |name: &str| GetAssessmentRequest { name: name.to_owned() };
        let mut educator = client(&house, EDUCATOR);
        let before = educator.get_assessment(get(&first.name)).await.expect("read").into_inner();
        assert_eq!(before, first, "an open correction changes nothing yet");

        educator.finalize_assessment(finalizing(&open)).await.expect("final");
        assert_eq!(payload(&house, "assessment.finalized").await.supersedes, first.name);
        let after = educator.get_assessment(get(&first.name)).await.expect("read").into_inner();
        assert_eq!((after.state(), &after.superseded_by), (AssessmentState::Superseded, &open.name));
        assert_eq!(after.criteria, first.criteria);

        let answer = client(&house, COLLEAGUE).finalize_assessment(finalizing(&rival)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let unchanged = educator.get_assessment(get(&rival.name)).await.expect("read").into_inner();
        assert_eq!(unchanged.state(), AssessmentState::Open, "nothing of the refused change is kept");
        let answer = educator.create_assessment(creating(correction)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    });
}

#[test]
fn of_many_that_finalise_at_once_one_does() {
    each(async |house| {
        let evidence = submitted(&house, &[]).await.name;
        let open = made(&house, EDUCATOR, of(&evidence)).await;
        let calls = (0..8).map(|_| {
            let mut educator = client(&house, EDUCATOR);
            let request = finalizing(&open);
            async move { educator.finalize_assessment(request).await }
        });
        let answers = futures::future::join_all(calls).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for refusal in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(refusal.code(), Code::Aborted | Code::FailedPrecondition), "{refusal:?}");
        }
        let events = house.told().await;
        assert_eq!(events.iter().filter(|row| row.kind == "assessment.finalized").count(), 1);
    });
}
