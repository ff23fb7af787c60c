//! What the tests of the outcome service share.

use std::collections::HashMap;
use std::path::Path;

use tonic::{Response, Status};
use tonic_types::StatusExt as _;
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::adoption_service_client::AdoptionServiceClient;
use trellis_contracts::outcome::association_service_client::AssociationServiceClient;
use trellis_contracts::outcome::authoring_service_client::AuthoringServiceClient;
use trellis_contracts::outcome::change_service_client::ChangeServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::proficiency_scale_service_client::ProficiencyScaleServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::rubric_service_client::RubricServiceClient;
use trellis_contracts::outcome::{
    Association, AssociationNode, AssociationType, CreateAssociationRequest, CreateFrameworkRequest,
    CreateOutcomeRequest, Framework, FrameworkKind, FrameworkTransfer, FrameworkTransferChange,
    FrameworkTransferFormat, FrameworkTransferIssue, GetFrameworkRequest, GetFrameworkTransferRequest,
    ImportFrameworkRequest, ListFrameworkTransferChangesRequest, ListFrameworkTransferIssuesRequest, Outcome,
    OutcomeKind, PublishFrameworkRequest, WatchFrameworkTransferResponse,
};
use trellis_testkit::{Caller, Suite};

pub(crate) const DISTRICT: &str = "districts/grand-bend";

/// A client of every service.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) frameworks: FrameworkServiceClient<Caller>,
    pub(crate) outcomes: OutcomeServiceClient<Caller>,
    pub(crate) associations: AssociationServiceClient<Caller>,
    pub(crate) progressions: ProgressionServiceClient<Caller>,
    pub(crate) scales: ProficiencyScaleServiceClient<Caller>,
    pub(crate) adoptions: AdoptionServiceClient<Caller>,
    pub(crate) rubrics: RubricServiceClient<Caller>,
    pub(crate) transfers: FrameworkTransferServiceClient<Caller>,
    pub(crate) authoring: AuthoringServiceClient<Caller>,
    pub(crate) changes: ChangeServiceClient<Caller>,
}

impl Clients {
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            frameworks: FrameworkServiceClient::new(caller.clone()),
            outcomes: OutcomeServiceClient::new(caller.clone()),
            associations: AssociationServiceClient::new(caller.clone()),
            progressions: ProgressionServiceClient::new(caller.clone()),
            scales: ProficiencyScaleServiceClient::new(caller.clone()),
            adoptions: AdoptionServiceClient::new(caller.clone()),
            rubrics: RubricServiceClient::new(caller.clone()),
            transfers: FrameworkTransferServiceClient::new(caller.clone()),
            authoring: AuthoringServiceClient::new(caller.clone()),
            changes: ChangeServiceClient::new(caller.clone()),
        }
    }

    /// The district's own IT.
    pub(crate) fn operator(suite: &Suite) -> Self {
        Self::of(&suite.operator("grand-bend"))
    }

    /// A portrait of a graduate in draft.
    pub(crate) async fn portrait(&mut self) -> Framework {
        self.portrait_in(DISTRICT).await
    }

    /// A portrait of a graduate in draft, in a district.
    pub(crate) async fn portrait_in(&mut self, district: &str) -> Framework {
        let framework = Framework {
            kind: FrameworkKind::PortraitOfAGraduate.into(),
            title: english("Portrait of a graduate"),
            ..Framework::default()
        };
        let request = CreateFrameworkRequest {
            parent: district.to_owned(),
            framework: Some(framework),
            request_id: String::new(),
        };
        self.frameworks.create_framework(request).await.expect("a framework is created").into_inner()
    }

    /// An outcome in a draft, below another or (empty) at the top.
    pub(crate) async fn outcome(&mut self, framework: &str, statement: &str, below: &str) -> Outcome {
        let outcome = Outcome {
            kind: OutcomeKind::Skill.into(),
            statement: english(statement),
            parent_outcome: below.to_owned(),
            ..Outcome::default()
        };
        let request = CreateOutcomeRequest {
            parent: framework.to_owned(),
            outcome: Some(outcome),
            request_id: String::new(),
        };
        self.outcomes.create_outcome(request).await.expect("an outcome is created").into_inner()
    }

    /// An association between two outcomes, by a framework; its name.
    pub(crate) async fn associate(
        &mut self,
        draft: &str,
        kind: AssociationType,
        from: &str,
        to: &str,
    ) -> String {
        let held = |resource: &str| {
            Some(AssociationNode { resource: resource.to_owned(), ..AssociationNode::default() })
        };
        let association = Association {
            r#type: kind.into(),
            origin: held(from),
            destination: held(to),
            ..Association::default()
        };
        let request = CreateAssociationRequest {
            parent: draft.to_owned(),
            association: Some(association),
            request_id: String::new(),
        };
        let made = self.associations.create_association(request).await;
        made.expect("an association is made").into_inner().name
    }

    pub(crate) async fn framework(&mut self, name: &str) -> Framework {
        let request = GetFrameworkRequest { name: name.to_owned() };
        self.frameworks.get_framework(request).await.expect("the framework is there").into_inner()
    }

    /// Publishes a draft as it is now.
    pub(crate) async fn publish(&mut self, name: &str) -> Framework {
        let etag = self.framework(name).await.etag;
        let request =
            PublishFrameworkRequest { name: name.to_owned(), etag, ..PublishFrameworkRequest::default() };
        self.frameworks.publish_framework(request).await.expect("the draft is published").into_inner()
    }

    /// Imports a document in chunks of the given size.
    pub(crate) async fn import(
        &mut self,
        first: ImportFrameworkRequest,
        document: Vec<u8>,
    ) -> Result<Response<FrameworkTransfer>, Status> {
        let chunks: Vec<ImportFrameworkRequest> = document
            .chunks(100_000)
            .map(|chunk| ImportFrameworkRequest {
                chunk: chunk.to_vec().into(),
                ..ImportFrameworkRequest::default()
            })
            .collect();
        let stream = tokio_stream::iter(std::iter::once(first).chain(chunks));
        self.transfers.import_framework(stream).await
    }

    /// Imports a document that can be taken.
    pub(crate) async fn imported(&mut self, document: Vec<u8>) -> FrameworkTransfer {
        self.import(beginning(), document).await.expect("the document is taken").into_inner()
    }

    /// An import, as it is kept.
    pub(crate) async fn transfer(&mut self, name: &str) -> FrameworkTransfer {
        let get = GetFrameworkTransferRequest { name: name.to_owned() };
        self.transfers.get_framework_transfer(get).await.expect("an import").into_inner()
    }

    /// Every issue of an import.
    pub(crate) async fn issues(&mut self, transfer: &str) -> Vec<FrameworkTransferIssue> {
        let (mut issues, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListFrameworkTransferIssuesRequest {
                parent: transfer.to_owned(),
                page_size: 100,
                page_token,
            };
            let page =
                self.transfers.list_framework_transfer_issues(request).await.expect("issues").into_inner();
            issues.extend(page.issues);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return issues;
            }
        }
    }
}

impl Clients {
    /// What an import changed, of one kind or (0) all.
    pub(crate) async fn differences(&mut self, transfer: &str, action: i32) -> Vec<FrameworkTransferChange> {
        let (mut changes, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListFrameworkTransferChangesRequest {
                parent: transfer.to_owned(),
                page_size: 10,
                page_token,
                action,
            };
            let page = self.transfers.list_framework_transfer_changes(request).await;
            let page = page.expect("changes").into_inner();
            changes.extend(page.changes);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return changes;
            }
        }
    }
}

/// The first message of an import.
pub(crate) fn beginning() -> ImportFrameworkRequest {
    ImportFrameworkRequest {
        parent: DISTRICT.to_owned(),
        format: FrameworkTransferFormat::CaseJson.into(),
        ..ImportFrameworkRequest::default()
    }
}

pub(crate) fn english(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

pub(crate) fn fixture(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/case").join(file);
    std::fs::read(path).expect("the fixture is there")
}

/// What a refusal says for programs.
pub(crate) fn metadata(status: &Status) -> HashMap<String, String> {
    status.get_details_error_info().map(|info| info.metadata).unwrap_or_default()
}

/// A schema of CASE 1.1, formats and all.
pub(crate) fn schema(name: &str) -> jsonschema::Validator {
    let file = format!("tests/fixtures/schemas/case/case_v1p1_{name}-jsonschema1.json");
    let schema =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("the schema is there");
    let schema = serde_json::from_slice(&schema).expect("JSON");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// The transfer in a message of those who watch one.
pub(crate) fn shown(message: Result<WatchFrameworkTransferResponse, tonic::Status>) -> FrameworkTransfer {
    message.expect("a message").framework_transfer.expect("a transfer")
}
