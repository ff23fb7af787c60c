//! A district with one resource of each kind that is about the learner, and everyone who might ask for it.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use trellis_contracts::common::{DataClass, LocalizedText};
use trellis_contracts::experience::{
    Assessment, CreateAssessmentRequest, CreateEvidenceRequest, CreateProposalRequest, Criterion, Evidence,
    Proposal, SubmitEvidenceRequest, assessment_service_client::AssessmentServiceClient,
    evidence_service_client::EvidenceServiceClient, proposal_service_client::ProposalServiceClient,
};
use trellis_contracts::guard::Method;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, CreateOutcomeRequest, CreateProgressionRequest, Framework, FrameworkKind,
    Outcome, OutcomeKind, Progression, ProgressionLevel, PublishFrameworkRequest,
    framework_service_client::FrameworkServiceClient, outcome_service_client::OutcomeServiceClient,
    progression_service_client::ProgressionServiceClient,
};
use trellis_contracts::profile::{
    Agreement, AgreementBasis, Application, CreateAgreementRequest, CreateApplicationRequest,
    ListEnrollmentsRequest, application_service_client::ApplicationServiceClient,
    roster_service_client::RosterServiceClient,
};
use trellis_contracts::{DESCRIPTOR_POOL, values};
use trellis_kernel::{Name, Party, Scopes, Uuid};
use trellis_testkit::{Backend, Caller, School, Suite};

/// The resources that do not say in their names whom they are about.
const ABOUT_A_LEARNER: [&str; 5] = ["Evidence", "Feedback", "Assessment", "Proposal", "Enrollment"];

/// The key of the assessment that the teacher made; the other is the learner's own.
const THE_TEACHER_S: &str = "assessments by the teacher";

/// The district and its people.
pub(crate) struct Scene {
    suite: Suite,
    school: School,
    application: Uuid,
    other_application: Uuid,
    /// An existing resource of each kind of `ABOUT_A_LEARNER`, by the last collection of its name.
    ids: BTreeMap<&'static str, Uuid>,
}

impl Scene {
    /// Sets it, by real calls.
    pub(crate) async fn set() -> Self {
        let suite = Suite::start(Backend::Sqlite).await;
        let school = suite.school().await;
        let (record, directory) = (DataClass::EducationRecord, DataClass::Directory);
        let application = application(&suite, &school, &school.school, &[record, directory]).await;
        let other_application = application_elsewhere(&suite, &school, directory).await;
        let mut scene = Self { suite, school, application, other_application, ids: BTreeMap::new() };
        scene.fill().await;
        scene
    }

    async fn fill(&mut self) {
        let learner = self.caller("self");
        let (parent, name) = (self.school.parent(), self.school.learner(self.school.learner));
        let proposal = Proposal {
            learner: name.clone(),
            title: "A pollinator garden".to_owned(),
            why: "The school yard is bare".to_owned(),
            ..Proposal::default()
        };
        let request =
            CreateProposalRequest { parent: parent.clone(), proposal: Some(proposal), ..Default::default() };
        let proposal = ProposalServiceClient::new(learner.clone()).create_proposal(request).await;
        self.keep("proposals", &proposal.expect("a proposal").into_inner().name);

        let evidence = Evidence {
            learner: name.clone(),
            title: "What I counted".to_owned(),
            text: "Twelve bees".to_owned(),
            ..Evidence::default()
        };
        let request =
            CreateEvidenceRequest { parent: parent.clone(), evidence: Some(evidence), ..Default::default() };
        let mut client = EvidenceServiceClient::new(learner.clone());
        let evidence = client.create_evidence(request).await.expect("evidence").into_inner();
        let request =
            SubmitEvidenceRequest { name: evidence.name.clone(), etag: evidence.etag, ..Default::default() };
        client.submit_evidence(request).await.expect("handed in");
        let evidence = evidence.name;
        self.keep("evidence", &evidence);

        let criterion = self.criterion().await;
        let assessment = Assessment {
            learner: name,
            evidence: vec![evidence],
            criteria: vec![criterion],
            ..Assessment::default()
        };
        let request = CreateAssessmentRequest {
            parent: parent.clone(),
            assessment: Some(assessment),
            ..Default::default()
        };
        let assessment = AssessmentServiceClient::new(learner).create_assessment(request.clone()).await;
        self.keep("assessments", &assessment.expect("an assessment").into_inner().name);
        let assessment =
            AssessmentServiceClient::new(self.caller("teacher")).create_assessment(request).await;
        self.keep(THE_TEACHER_S, &assessment.expect("the teacher's assessment").into_inner().name);

        let request = ListEnrollmentsRequest { parent, page_size: 1000, ..Default::default() };
        let listed = RosterServiceClient::new(self.caller("administrator")).list_enrollments(request).await;
        let person = self.school.person(self.school.learner);
        let enrollments = listed.expect("enrolments").into_inner().enrollments;
        let own = enrollments.into_iter().find(|enrollment| enrollment.person == person);
        self.keep("enrollments", &own.expect("the learner is enrolled").name);
    }

    fn keep(&mut self, collection: &'static str, name: &str) {
        self.ids.insert(
            collection,
            Name::parse(name).ok().and_then(|name| name.id()).expect("a resource's name"),
        );
    }

    /// A level on the progression of a published outcome.
    async fn criterion(&self) -> Criterion {
        let (author, parent) = (self.caller("teacher"), self.school.parent());
        let mut frameworks = FrameworkServiceClient::new(author.clone());
        let framework = Framework {
            kind: FrameworkKind::PortraitOfAGraduate.into(),
            title: text("Portrait of a graduate"),
            language: "en".to_owned(),
            ..Framework::default()
        };
        let request = CreateFrameworkRequest { parent, framework: Some(framework), ..Default::default() };
        let framework = frameworks.create_framework(request).await.expect("a framework").into_inner();
        let outcome = Outcome {
            kind: OutcomeKind::Skill.into(),
            statement: text("Observes with care"),
            ..Outcome::default()
        };
        let request = CreateOutcomeRequest {
            parent: framework.name.clone(),
            outcome: Some(outcome),
            ..Default::default()
        };
        let outcome = OutcomeServiceClient::new(author.clone()).create_outcome(request).await;
        let outcome = outcome.expect("an outcome").into_inner();
        let level = |title: &str, description: &str| ProgressionLevel {
            title: text(title),
            description: text(description),
            ..ProgressionLevel::default()
        };
        let progression = Progression {
            outcomes: vec![outcome.name.clone()],
            levels: vec![level("Beginning", "I can look"), level("Growing", "I can look again")],
            ..Progression::default()
        };
        let request = CreateProgressionRequest {
            parent: framework.name.clone(),
            progression: Some(progression),
            ..Default::default()
        };
        let progression = ProgressionServiceClient::new(author).create_progression(request).await;
        let progression = progression.expect("a progression").into_inner();
        let request = trellis_contracts::outcome::GetFrameworkRequest { name: framework.name };
        let framework = frameworks.get_framework(request).await.expect("the framework").into_inner();
        let request =
            PublishFrameworkRequest { name: framework.name, etag: framework.etag, ..Default::default() };
        frameworks.publish_framework(request).await.expect("published");
        Criterion { outcome: outcome.name, progression: progression.name, level: 1, ..Criterion::default() }
    }

    /// One of those who might ask, with every scope but `scopeless`, who has none.
    pub(crate) fn caller(&self, who: &str) -> Caller {
        let everything = Scopes::parse("*");
        let person = |id: Uuid| self.suite.caller(&self.school.district, &Party::Person(id), &everything);
        let application =
            |id: Uuid| self.suite.caller(&self.school.district, &Party::Application(id), &everything);
        match who {
            "nobody" => self.suite.nobody(),
            "stranger" => {
                self.suite.caller("elsewhere", &Party::Person(self.school.administrator), &everything)
            }
            "scopeless" => self.suite.caller(
                &self.school.district,
                &Party::Person(self.school.educator),
                &Scopes::default(),
            ),
            "self" => person(self.school.learner),
            "classmate" => person(self.school.classmate),
            "guardian" => person(self.school.guardian),
            "teacher" => person(self.school.educator),
            "other_educator" => person(self.school.other_educator),
            "administrator" => person(self.school.administrator),
            "operator" => self.suite.caller(&self.school.district, &Party::Operator, &everything),
            "application" => application(self.application),
            "other_application" => application(self.other_application),
            _ => panic!("nobody is called {who}"),
        }
    }

    /// A message for the method that names the learner's resource and states nothing else, so that a caller who is
    /// admitted changes nothing.
    pub(crate) fn request(&self, method: &Method) -> DynamicMessage {
        let input = input(method);
        let mut message = DynamicMessage::new(input.clone());
        for field in ["parent", "name"] {
            if let Some(field) = input.get_field_by_name(field) {
                message.set_field(&field, Value::String(self.school.parent()));
            }
        }
        // A watch that begins with the rows answers at once.
        if let Some(field) = input.get_field_by_name("snapshot") {
            message.set_field(&field, Value::Bool(true));
        }
        if !method.resource.is_empty() {
            let name = self.name(method);
            let path: Vec<&str> = method.resource.split('.').collect();
            set(&mut message, &path, name);
        }
        message
    }

    /// The same message, but the resource's name goes on to somebody else: `…/evidence/E/learners/L`.
    pub(crate) fn request_by_way_of(&self, method: &Method, collection: &str, who: Uuid) -> DynamicMessage {
        let mut message = self.request(method);
        let path: Vec<&str> = method.resource.split('.').collect();
        set(&mut message, &path, format!("{}/{collection}/{who}", self.name(method)));
        message
    }

    /// The school.
    pub(crate) const fn school(&self) -> &School {
        &self.school
    }

    /// The name of the resource that the method is decided on.
    fn name(&self, method: &Method) -> String {
        let mut name = self.school.parent();
        for collection in pattern(method) {
            let id = match collection.as_str() {
                "learners" | "people" => self.school.learner,
                // Only who made an assessment makes it final, and a self-assessment never becomes so.
                "assessments" if method.name == "FinalizeAssessment" => self.ids[THE_TEACHER_S],
                other => self
                    .ids
                    .get(other)
                    .copied()
                    .unwrap_or(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_ffff)),
            };
            name = format!("{name}/{collection}/{id}");
        }
        name
    }
}

fn text(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

async fn application(suite: &Suite, school: &School, organization: &str, classes: &[DataClass]) -> Uuid {
    let mut client = ApplicationServiceClient::new(suite.operator(&school.district));
    let application = Application {
        display_name: "Garden log".to_owned(),
        vendor: "A vendor".to_owned(),
        ..Application::default()
    };
    let request = CreateApplicationRequest {
        parent: school.parent(),
        application: Some(application),
        ..Default::default()
    };
    let application = client.create_application(request).await.expect("an application").into_inner();
    let expire_time = suite.now() + jiff::SignedDuration::from_hours(24);
    let agreement = Agreement {
        application: application.name.clone(),
        basis: AgreementBasis::SchoolOfficial.into(),
        data_classes: classes.iter().map(|class| i32::from(*class)).collect(),
        organizations: vec![organization.to_owned()],
        purpose: "To keep a log of a garden".to_owned(),
        expire_time: Some(values::timestamp(expire_time)),
        ..Agreement::default()
    };
    let request =
        CreateAgreementRequest { parent: school.parent(), agreement: Some(agreement), ..Default::default() };
    client.create_agreement(request).await.expect("an agreement");
    Name::parse(&application.name).ok().and_then(|name| name.id()).expect("an application's name")
}

async fn application_elsewhere(suite: &Suite, school: &School, class: DataClass) -> Uuid {
    application(suite, school, &school.other_school, &[class]).await
}

fn input(method: &Method) -> MessageDescriptor {
    let service = DESCRIPTOR_POOL.get_service_by_name(method.service).expect("a service");
    service.methods().find(|found| found.name() == method.name).expect("a method").input()
}

/// The field that a method's option names.
fn resource_field(method: &Method) -> FieldDescriptor {
    let mut message = input(method);
    let mut parts = method.resource.split('.').peekable();
    loop {
        let field = message.get_field_by_name(parts.next().expect("a path")).expect("a field");
        if parts.peek().is_none() {
            return field;
        }
        let Kind::Message(inner) = field.kind() else { panic!("{} is no message", field.full_name()) };
        message = inner;
    }
}

/// The type of the resource that a method is decided on, and whether the field names its parent.
fn resource_type(method: &Method) -> Option<(String, bool)> {
    let field = resource_field(method);
    let stated = |extension: &str, options: &DynamicMessage, key: &str| {
        let extension = DESCRIPTOR_POOL.get_extension_by_name(extension).expect("google.api");
        let value = options.get_extension(&extension).into_owned();
        let text = value.as_message()?.get_field_by_name(key)?.as_str()?.to_owned();
        (!text.is_empty()).then_some(text)
    };
    let reference = "google.api.resource_reference";
    stated(reference, &field.options(), "child_type")
        .map(|kind| (kind, true))
        .or_else(|| stated(reference, &field.options(), "type").map(|kind| (kind, false)))
        .or_else(|| {
            stated("google.api.resource", &field.parent_message().options(), "type").map(|kind| (kind, false))
        })
        .filter(|(kind, _)| kind != "*" && kind != "trellis.dev/District")
}

/// The collections on the way to the resource that a method is decided on, below the district.
fn pattern(method: &Method) -> Vec<String> {
    let Some((kind, parent)) = resource_type(method) else { return Vec::new() };
    if kind == "trellis.dev/Learner" {
        return vec!["learners".to_owned()];
    }
    let extension = DESCRIPTOR_POOL.get_extension_by_name("google.api.resource").expect("google.api");
    let pattern = DESCRIPTOR_POOL.all_messages().find_map(|message| {
        let options = message.options();
        let resource = options.get_extension(&extension).into_owned();
        let resource = resource.as_message()?;
        let of_kind = resource.get_field_by_name("type")?.as_str() == Some(kind.as_str());
        let patterns = resource.get_field_by_name("pattern")?;
        let first = patterns.as_list()?.first()?.as_str()?.to_owned();
        of_kind.then_some(first)
    });
    let pattern = pattern.unwrap_or_else(|| panic!("no resource is of the type {kind}"));
    let mut collections: Vec<String> = pattern.split('/').step_by(2).skip(1).map(str::to_owned).collect();
    if parent {
        collections.pop();
    }
    collections
}

/// Whether a method is decided on a learner: by the name of its resource, or by what its service knows of it.
pub(crate) fn is_about_a_learner(method: &Method) -> bool {
    if method.resource.is_empty() {
        return false;
    }
    let collections = pattern(method);
    let named = collections.iter().any(|collection| ["learners", "people"].contains(&collection.as_str()));
    let kind = resource_type(method).map(|(kind, _)| kind.trim_start_matches("trellis.dev/").to_owned());
    named || (!collections.is_empty() && kind.is_some_and(|kind| ABOUT_A_LEARNER.contains(&kind.as_str())))
}

fn set(message: &mut DynamicMessage, path: &[&str], name: String) {
    use prost_reflect::ReflectMessage as _;
    let field = message.descriptor().get_field_by_name(path[0]).expect("a field");
    if let [_, rest @ ..] = path
        && !rest.is_empty()
    {
        if let Some(inner) = message.get_field_mut(&field).as_message_mut() {
            set(inner, rest, name);
        }
        return;
    }
    let value = Value::String(name);
    message.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
}
