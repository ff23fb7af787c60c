//! What an attacker would try, over the wire: names of others, tokens that are forged, words that break
//! the store, and marks of a person where no person may be.

mod applications;
mod broken;
mod characters;
mod issuers;
mod killed;
mod logs;
mod marker;
mod names;
mod processes;
mod replays;
mod stopped;
mod streams;
mod tokens;
mod trail;

use trellis_contracts::common::LocalizedText;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::{CreateEvidenceRequest, Evidence, SubmitEvidenceRequest};
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, CreateOutcomeRequest, CreateProgressionRequest, Framework, FrameworkKind,
    GetFrameworkRequest, Outcome, OutcomeKind, Progression, ProgressionLevel, PublishFrameworkRequest,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, Suite};

/// A small district, and everyone in it.
struct Place {
    suite: Suite,
    school: School,
}

impl Place {
    async fn of(suite: Suite) -> Self {
        let school = suite.school().await;
        Self { suite, school }
    }

    fn person(&self, id: Uuid, role: Role) -> Caller {
        self.suite.person(&self.school.district, id, role)
    }

    fn learner(&self) -> Caller {
        self.person(self.school.learner, Role::Learner)
    }

    fn classmate(&self) -> Caller {
        self.person(self.school.classmate, Role::Learner)
    }

    fn educator(&self) -> Caller {
        self.person(self.school.educator, Role::Educator)
    }

    /// A published outcome and its progression, by name.
    async fn aim(&self) -> (String, String) {
        let (author, parent) = (self.educator(), self.school.parent());
        let mut frameworks = FrameworkServiceClient::new(author.clone());
        let framework = Framework {
            kind: FrameworkKind::PortraitOfAGraduate.into(),
            title: words("Portrait"),
            language: "en".to_owned(),
            ..Framework::default()
        };
        let request = CreateFrameworkRequest {
            parent,
            framework: Some(framework),
            ..CreateFrameworkRequest::default()
        };
        let framework = frameworks.create_framework(request).await.expect("a framework").into_inner().name;
        let outcome =
            Outcome { kind: OutcomeKind::Skill.into(), statement: words("Observes"), ..Outcome::default() };
        let request = CreateOutcomeRequest {
            parent: framework.clone(),
            outcome: Some(outcome),
            ..CreateOutcomeRequest::default()
        };
        let outcome = OutcomeServiceClient::new(author.clone()).create_outcome(request).await;
        let outcome = outcome.expect("an outcome").into_inner().name;
        let level = |text: &str| ProgressionLevel {
            title: words(text),
            description: words(text),
            ..ProgressionLevel::default()
        };
        let progression = Progression {
            outcomes: vec![outcome.clone()],
            levels: vec![level("I look"), level("I look again")],
            ..Progression::default()
        };
        let request = CreateProgressionRequest {
            parent: framework.clone(),
            progression: Some(progression),
            ..CreateProgressionRequest::default()
        };
        let progression = ProgressionServiceClient::new(author).create_progression(request).await;
        let progression = progression.expect("a progression").into_inner().name;
        let draft = frameworks.get_framework(GetFrameworkRequest { name: framework.clone() }).await;
        let etag = draft.expect("the draft").into_inner().etag;
        let request = PublishFrameworkRequest { name: framework, etag, ..PublishFrameworkRequest::default() };
        frameworks.publish_framework(request).await.expect("published");
        (outcome, progression)
    }

    /// Evidence of a learner's, handed in.
    async fn evidence(&self, of: Uuid, title: &str) -> Evidence {
        let mut client = EvidenceServiceClient::new(self.person(of, Role::Learner));
        let draft = Evidence {
            learner: self.school.learner(of),
            title: title.to_owned(),
            text: "Twelve bees".to_owned(),
            ..Evidence::default()
        };
        let request = CreateEvidenceRequest {
            parent: self.school.parent(),
            evidence: Some(draft),
            ..CreateEvidenceRequest::default()
        };
        let draft = client.create_evidence(request).await.expect("evidence").into_inner();
        let request =
            SubmitEvidenceRequest { name: draft.name, etag: draft.etag, ..SubmitEvidenceRequest::default() };
        client.submit_evidence(request).await.expect("handed in").into_inner()
    }
}

/// Words in English.
fn words(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}
