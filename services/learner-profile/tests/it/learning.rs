//! What learners' tests need beside a school: words, an outcome to aim at, and assessed work.

use std::time::Duration;

use tonic::Streaming;
use trellis_contracts::common::{ChangeKind, DataClass, LocalizedText};
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::{
    Assessment, CreateAssessmentRequest, CreateEvidenceRequest, Criterion, Evidence,
    FinalizeAssessmentRequest, SubmitEvidenceRequest,
};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, CreateOutcomeRequest, CreateProgressionRequest, Framework, FrameworkKind,
    Outcome, OutcomeKind, Progression, ProgressionLevel, PublishFrameworkRequest,
};
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{
    Agreement, AgreementBasis, Application, CreateAgreementRequest, CreateApplicationRequest, Level,
    ListChangesRequest, ProfileChange, WatchChangesRequest,
};
use trellis_contracts::values;
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, Suite};

/// Words in English.
pub(crate) fn words(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

/// Something to learn, published.
pub(crate) struct Aim {
    /// The outcome, not pinned.
    pub outcome: String,
    /// A progression of four levels for it, not pinned.
    pub progression: String,
}

/// Publishes a framework with one outcome and its progression.
pub(crate) async fn aim(suite: &Suite, school: &School) -> Aim {
    let operator = suite.operator(&school.district);
    let framework = Framework {
        kind: FrameworkKind::PortraitOfAGraduate.into(),
        title: words("Portrait"),
        language: "en".to_owned(),
        ..Framework::default()
    };
    let request = CreateFrameworkRequest {
        parent: format!("districts/{}", school.district),
        framework: Some(framework),
        ..CreateFrameworkRequest::default()
    };
    let mut frameworks = FrameworkServiceClient::new(operator.clone());
    let framework = frameworks.create_framework(request).await.unwrap().into_inner();
    let outcome = Outcome {
        kind: OutcomeKind::Skill.into(),
        statement: words("Makes an argument from evidence"),
        ..Outcome::default()
    };
    let request = CreateOutcomeRequest {
        parent: framework.name.clone(),
        outcome: Some(outcome),
        ..CreateOutcomeRequest::default()
    };
    let outcome =
        OutcomeServiceClient::new(operator.clone()).create_outcome(request).await.unwrap().into_inner();
    let level = |number: i32| ProgressionLevel {
        title: words(&format!("Level {number}")),
        description: words(&format!("I can do it {number} times")),
        ..ProgressionLevel::default()
    };
    let progression = Progression {
        outcomes: vec![outcome.name.clone()],
        levels: (1..=4).map(level).collect(),
        ..Progression::default()
    };
    let request = CreateProgressionRequest {
        parent: framework.name.clone(),
        progression: Some(progression),
        ..CreateProgressionRequest::default()
    };
    let progression =
        ProgressionServiceClient::new(operator).create_progression(request).await.unwrap().into_inner();
    let read = trellis_contracts::outcome::GetFrameworkRequest { name: framework.name.clone() };
    let etag = frameworks.get_framework(read).await.unwrap().into_inner().etag;
    let publish =
        PublishFrameworkRequest { name: framework.name, etag, ..PublishFrameworkRequest::default() };
    frameworks.publish_framework(publish).await.unwrap();
    Aim { outcome: outcome.name, progression: progression.name }
}

/// Hands in evidence as the learner, assesses it as their educator, and makes that final.
pub(crate) async fn assess(
    suite: &Suite,
    school: &School,
    aim: &Aim,
    level: i32,
    supersedes: &str,
) -> Assessment {
    let (district, parent) = (school.district.as_str(), format!("districts/{}", school.district));
    let learner = school.learner(school.learner);
    let mut evidence = EvidenceServiceClient::new(suite.person(district, school.learner, Role::Learner));
    let draft = Evidence {
        learner: learner.clone(),
        title: "An essay".to_owned(),
        text: "Because".to_owned(),
        outcomes: vec![aim.outcome.clone()],
        ..Evidence::default()
    };
    let request = CreateEvidenceRequest {
        parent: parent.clone(),
        evidence: Some(draft),
        ..CreateEvidenceRequest::default()
    };
    let draft = evidence.create_evidence(request).await.unwrap().into_inner();
    let submit =
        SubmitEvidenceRequest { name: draft.name, etag: draft.etag, ..SubmitEvidenceRequest::default() };
    let submitted = evidence.submit_evidence(submit).await.unwrap().into_inner();
    let mut assessments =
        AssessmentServiceClient::new(suite.person(district, school.educator, Role::Educator));
    let criterion = Criterion {
        outcome: aim.outcome.clone(),
        progression: aim.progression.clone(),
        level,
        ..Criterion::default()
    };
    let assessment = Assessment {
        learner,
        evidence: vec![submitted.name],
        criteria: vec![criterion],
        supersedes: supersedes.to_owned(),
        ..Assessment::default()
    };
    let request = CreateAssessmentRequest {
        parent,
        assessment: Some(assessment),
        ..CreateAssessmentRequest::default()
    };
    let open = assessments.create_assessment(request).await.unwrap().into_inner();
    let finalize = FinalizeAssessmentRequest {
        name: open.name,
        etag: open.etag,
        ..FinalizeAssessmentRequest::default()
    };
    assessments.finalize_assessment(finalize).await.unwrap().into_inner()
}

/// An application whose agreement covers these classes of data in the learner's school.
pub(crate) async fn application(suite: &Suite, school: &School, classes: &[DataClass]) -> Caller {
    let parent = format!("districts/{}", school.district);
    let mut applications = ApplicationServiceClient::new(suite.operator(&school.district));
    let application = Application {
        display_name: "Reader".to_owned(),
        vendor: "A vendor".to_owned(),
        ..Application::default()
    };
    let request = CreateApplicationRequest {
        parent: parent.clone(),
        application: Some(application),
        ..CreateApplicationRequest::default()
    };
    let application = applications.create_application(request).await.unwrap().into_inner();
    let end = suite.now() + jiff::SignedDuration::from_hours(24);
    let agreement = Agreement {
        application: application.name,
        basis: AgreementBasis::SchoolOfficial.into(),
        data_classes: classes.iter().map(|class| i32::from(*class)).collect(),
        organizations: vec![school.school.clone()],
        purpose: "Shows learners what they said".to_owned(),
        expire_time: Some(values::timestamp(end)),
        ..Agreement::default()
    };
    let request =
        CreateAgreementRequest { parent, agreement: Some(agreement), ..CreateAgreementRequest::default() };
    applications.create_agreement(request).await.unwrap();
    suite.application(&school.district, Uuid::try_parse(&application.uid).unwrap())
}

/// The present place in the feed.
pub(crate) async fn place(caller: &Caller, school: &School) -> String {
    let mut client = ChangeServiceClient::new(caller.clone());
    let mut resume_token = String::new();
    loop {
        let request = ListChangesRequest {
            parent: format!("districts/{}", school.district),
            resume_token,
            page_size: 1000,
        };
        let answer = client.list_changes(request).await.unwrap().into_inner();
        if !answer.more {
            return answer.resume_token;
        }
        resume_token = answer.resume_token;
    }
}

/// Waits until the caller is told of a change that is looked for, after a place in the feed; without
/// one, among what there is and what comes.
pub(crate) async fn told<T>(
    caller: &Caller,
    school: &School,
    after: &str,
    mut wanted: impl FnMut(&ProfileChange) -> Option<T>,
) -> T {
    let request = WatchChangesRequest {
        parent: format!("districts/{}", school.district),
        snapshot: after.is_empty(),
        resume_token: after.to_owned(),
    };
    let mut stream: Streaming<ProfileChange> =
        ChangeServiceClient::new(caller.clone()).watch_changes(request).await.unwrap().into_inner();
    let found = async {
        loop {
            let change = stream.message().await.unwrap().expect("the stream stays open");
            if let Some(found) = wanted(&change) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), found).await.expect("the change is told")
}

/// Waits for a level of this value.
pub(crate) async fn level(caller: &Caller, school: &School, value: f64) -> Level {
    told(caller, school, "", |change| match &change.body {
        Some(Body::Level(level)) if (level.value - value).abs() < 1e-9 => Some(level.clone()),
        _ => None,
    })
    .await
}

/// Everything that the caller is told of these resources, in order.
pub(crate) async fn changes(
    caller: &Caller,
    school: &School,
    resource_type: &str,
) -> Vec<(ChangeKind, String)> {
    let mut client = ChangeServiceClient::new(caller.clone());
    let mut found = Vec::new();
    let mut resume_token = String::new();
    loop {
        let request = ListChangesRequest {
            parent: format!("districts/{}", school.district),
            resume_token,
            page_size: 1000,
        };
        let answer = client.list_changes(request).await.unwrap().into_inner();
        let of_type = answer.changes.iter().filter(|change| change.resource_type == resource_type);
        found.extend(of_type.map(|change| (change.kind(), change.resource.clone())));
        if !answer.more {
            return found;
        }
        resume_token = answer.resume_token;
    }
}
