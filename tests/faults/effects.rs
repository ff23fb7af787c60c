//! What one service tells takes effect in the other once, however often either is killed on the way.

use std::collections::BTreeSet;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use trellis_contracts::common::LocalizedText;
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::{
    Assessment, AssessmentState, CreateAssessmentRequest, CreateEvidenceRequest, Criterion, Evidence,
    FinalizeAssessmentRequest, SubmitEvidenceRequest,
};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, CreateOutcomeRequest, CreateProgressionRequest, Framework, FrameworkKind,
    GetFrameworkRequest, Outcome, OutcomeKind, Progression, ProgressionLevel, PublishFrameworkRequest,
};
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{ListRatingsRequest, WatchChangesRequest};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Role, School, Setup, Shape, Suite, run};

use super::{ANSWERED_BEFORE, BEFORE_RETRY, CALLS, PATIENCE, may_be_tried_again};

#[test]
fn every_assessment_is_rated_once_on_sqlite() {
    run(every_assessment_is_rated_once(Backend::Sqlite));
}

#[test]
fn every_assessment_is_rated_once_on_postgres() {
    run(every_assessment_is_rated_once(Backend::Postgres));
}

async fn every_assessment_is_rated_once(backend: Backend) {
    let mut suite = Suite::with(Setup { backend, shape: Shape::Program, clock: None }).await;
    let school = suite.school().await;
    let criterion = criterion(&suite.operator(&school.district), &school).await;
    let assessments = assess(&suite, &school, &criterion, CALLS).await;
    let educator = suite.person(&school.district, school.educator, Role::Educator);
    let (answered, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let mut calls = JoinSet::new();
    for assessment in &assessments {
        calls.spawn(finalize_until_answered(educator.clone(), assessment.clone(), answered.clone()));
    }
    for _ in 0..ANSWERED_BEFORE {
        hear.recv().await.expect("an answer");
    }
    suite.processes().kill(Service::Experience);
    suite.processes().restart(Service::Experience).await;
    calls.join_all().await;

    let learner = suite.person(&school.district, school.learner, Role::Learner);
    let rated = ratings(&learner, &school, CALLS).await;
    assert_eq!(rated.len(), CALLS, "each assessment is rated once");
    let names: BTreeSet<&str> = assessments.iter().map(|assessment| assessment.name.as_str()).collect();
    assert_eq!(rated.iter().map(String::as_str).collect::<BTreeSet<_>>(), names);
}

/// Finalises an assessment, with the same request as often as it takes.
pub(super) async fn finalize_until_answered(
    educator: Caller,
    assessment: Assessment,
    answered: tokio::sync::mpsc::UnboundedSender<()>,
) {
    let request = FinalizeAssessmentRequest {
        name: assessment.name,
        etag: assessment.etag,
        request_id: RandomIds.next().to_string(),
    };
    let give_up = Instant::now() + PATIENCE;
    loop {
        match AssessmentServiceClient::new(educator.clone()).finalize_assessment(request.clone()).await {
            Ok(assessment) => {
                assert_eq!(assessment.into_inner().state(), AssessmentState::Final);
                // The test stops listening once it has killed the program.
                let _ = answered.send(());
                return;
            }
            Err(status) => {
                assert!(may_be_tried_again(&status) && Instant::now() < give_up, "{status:?}");
                sleep(BEFORE_RETRY).await;
            }
        }
    }
}

/// The assessments that gave the learner's ratings, once the change feed has told of so many.
pub(crate) async fn ratings(learner: &Caller, school: &School, expected: usize) -> Vec<String> {
    let request = WatchChangesRequest { parent: school.parent(), ..WatchChangesRequest::default() };
    let mut changes = ChangeServiceClient::new(learner.clone()).watch_changes(request).await;
    let changes = changes.as_mut().expect("the change feed").get_mut();
    let mut told = BTreeSet::new();
    let telling = async {
        while told.len() < expected {
            let change = changes.message().await.expect("the feed goes on").expect("a change");
            if let Some(Body::Rating(rating)) = change.body {
                told.insert(rating.name);
            }
        }
    };
    timeout(PATIENCE, telling).await.expect("every rating is told");
    let request = ListRatingsRequest {
        parent: school.learner(school.learner),
        page_size: 1000,
        ..ListRatingsRequest::default()
    };
    let page = GrowthServiceClient::new(learner.clone()).list_ratings(request).await;
    page.expect("the ratings").into_inner().ratings.into_iter().map(|rating| rating.assessment).collect()
}

fn english(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

/// A published outcome with a progression of two levels.
pub(crate) async fn criterion(operator: &Caller, school: &School) -> Criterion {
    let mut frameworks = FrameworkServiceClient::new(operator.clone());
    let framework = Framework {
        kind: FrameworkKind::Competencies.into(),
        title: english("Reasoning"),
        language: "en".to_owned(),
        ..Framework::default()
    };
    let request = CreateFrameworkRequest {
        parent: school.parent(),
        framework: Some(framework),
        ..CreateFrameworkRequest::default()
    };
    let framework = frameworks.create_framework(request).await.expect("a framework").into_inner();
    let outcome = Outcome {
        kind: OutcomeKind::Skill.into(),
        statement: english("Reasons from data"),
        language: "en".to_owned(),
        ..Outcome::default()
    };
    let request = CreateOutcomeRequest {
        parent: framework.name.clone(),
        outcome: Some(outcome),
        ..CreateOutcomeRequest::default()
    };
    let mut outcomes = OutcomeServiceClient::new(operator.clone());
    let outcome = outcomes.create_outcome(request).await.expect("an outcome").into_inner();
    let level = |words: &str| ProgressionLevel {
        title: english(words),
        description: english(words),
        ..ProgressionLevel::default()
    };
    let progression = Progression {
        title: english("Reasoning"),
        outcomes: vec![outcome.name.clone()],
        levels: vec![level("I can begin."), level("I can do it.")],
        ..Progression::default()
    };
    let request = CreateProgressionRequest {
        parent: framework.name.clone(),
        progression: Some(progression),
        ..CreateProgressionRequest::default()
    };
    let mut progressions = ProgressionServiceClient::new(operator.clone());
    let progression = progressions.create_progression(request).await.expect("a progression").into_inner();
    let draft = frameworks.get_framework(GetFrameworkRequest { name: framework.name }).await;
    let draft = draft.expect("the framework").into_inner();
    let request =
        PublishFrameworkRequest { name: draft.name, etag: draft.etag, ..PublishFrameworkRequest::default() };
    frameworks.publish_framework(request).await.expect("published");
    Criterion { outcome: outcome.name, progression: progression.name, level: 2, ..Criterion::default() }
}

/// So many assessments of one piece of evidence.
pub(crate) async fn assess(
    suite: &Suite,
    school: &School,
    criterion: &Criterion,
    count: usize,
) -> Vec<Assessment> {
    let learner = school.learner(school.learner);
    let mut evidence =
        EvidenceServiceClient::new(suite.person(&school.district, school.learner, Role::Learner));
    let piece = Evidence {
        learner: learner.clone(),
        title: "A chart".to_owned(),
        text: "Twelve bars".to_owned(),
        ..Evidence::default()
    };
    let request = CreateEvidenceRequest {
        parent: school.parent(),
        evidence: Some(piece),
        ..CreateEvidenceRequest::default()
    };
    let piece = evidence.create_evidence(request).await.expect("evidence").into_inner();
    let request =
        SubmitEvidenceRequest { name: piece.name, etag: piece.etag, ..SubmitEvidenceRequest::default() };
    let piece = evidence.submit_evidence(request).await.expect("handed in").into_inner();
    let educator = suite.person(&school.district, school.educator, Role::Educator);
    let mut client = AssessmentServiceClient::new(educator);
    let mut assessments = Vec::with_capacity(count);
    for _ in 0..count {
        let assessment = Assessment {
            learner: learner.clone(),
            evidence: vec![piece.name.clone()],
            criteria: vec![criterion.clone()],
            ..Assessment::default()
        };
        let request = CreateAssessmentRequest {
            parent: school.parent(),
            assessment: Some(assessment),
            ..CreateAssessmentRequest::default()
        };
        assessments.push(client.create_assessment(request).await.expect("an assessment").into_inner());
    }
    assessments
}
