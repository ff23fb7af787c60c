//! Two processes on one database: what one publishes, the other no longer remembers otherwise.

use std::time::Duration;

use tokio::time::Instant;
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::association_service_client::AssociationServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::{
    Association, AssociationNode, AssociationType, CreateAssociationRequest, CreateFrameworkRequest,
    CreateOutcomeRequest, Framework, FrameworkKind, GetFrameworkRequest, GetOutcomeRequest, Outcome,
    OutcomeKind, PublishFrameworkRequest, SearchOutcomesRequest,
};
use trellis_suite::client::Endpoint;
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, run};

const DISTRICT: &str = "districts/grand-bend";
/// How long a client goes on asking.
const PATIENCE: Duration = Duration::from_mins(1);

fn english(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

/// A published framework with one outcome: their names.
async fn published(caller: &Caller, statement: &str) -> (String, String) {
    let framework = CreateFrameworkRequest {
        parent: DISTRICT.to_owned(),
        framework: Some(Framework {
            kind: FrameworkKind::Competencies.into(),
            title: english("Competencies"),
            language: "en".to_owned(),
            ..Framework::default()
        }),
        ..CreateFrameworkRequest::default()
    };
    let mut frameworks = FrameworkServiceClient::new(caller.clone());
    let framework = frameworks.create_framework(framework).await.expect("a framework").into_inner().name;
    let outcome = CreateOutcomeRequest {
        parent: framework.clone(),
        outcome: Some(Outcome {
            kind: OutcomeKind::Skill.into(),
            statement: english(statement),
            ..Outcome::default()
        }),
        ..CreateOutcomeRequest::default()
    };
    let mut outcomes = OutcomeServiceClient::new(caller.clone());
    let outcome = outcomes.create_outcome(outcome).await.expect("an outcome").into_inner().name;
    publish(caller, &framework).await;
    (framework, outcome)
}

async fn publish(caller: &Caller, framework: &str) {
    let mut frameworks = FrameworkServiceClient::new(caller.clone());
    let read = GetFrameworkRequest { name: framework.to_owned() };
    let etag = frameworks.get_framework(read).await.expect("a framework").into_inner().etag;
    let request =
        PublishFrameworkRequest { name: framework.to_owned(), etag, ..PublishFrameworkRequest::default() };
    frameworks.publish_framework(request).await.expect("published");
}

async fn superseded_by(caller: &Caller, name: &str) -> Vec<String> {
    let request = GetOutcomeRequest { name: name.to_owned() };
    let read = OutcomeServiceClient::new(caller.clone()).get_outcome(request).await;
    read.expect("an outcome").into_inner().superseded_by
}

async fn found(caller: &Caller, query: &str) -> usize {
    let request = SearchOutcomesRequest {
        parent: DISTRICT.to_owned(),
        query: query.to_owned(),
        ..SearchOutcomesRequest::default()
    };
    let answer = OutcomeServiceClient::new(caller.clone()).search_outcomes(request).await;
    answer.expect("matches").into_inner().matches.len()
}

/// Asks until the answer is as wanted.
pub(crate) async fn until<T: PartialEq + std::fmt::Debug>(wanted: T, ask: impl AsyncFn() -> T) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = ask().await;
        if answer == wanted {
            return;
        }
        assert!(Instant::now() < give_up, "{answer:?} stays, where {wanted:?} is true");
    }
}

#[test]
fn what_one_process_publishes_the_other_tells() {
    run(async {
        let setup = Setup { backend: Backend::Postgres, shape: Shape::Program, clock: None };
        let mut suite = Suite::with(setup).await;
        let address = suite.processes().another().await;
        let one = suite.operator("grand-bend");
        let other = Endpoint::at(&format!("http://{address}")).expect("a good address").with(one.token());
        let (old, replaced) = published(&one, "Reckons with fractions").await;
        let (_, replacing) = published(&one, "Reckons with decimals").await;
        let pinned = replaced.replacen("/outcomes/", "@1/outcomes/", 1);
        // Both remember from now on.
        for caller in [&one, &other] {
            until(2, async || found(caller, "reckons").await).await;
            assert_eq!(superseded_by(caller, &pinned).await, Vec::<String>::new());
            assert_eq!(superseded_by(caller, &pinned).await, Vec::<String>::new());
        }

        let node =
            |name: &str| Some(AssociationNode { resource: name.to_owned(), ..AssociationNode::default() });
        let joined = CreateAssociationRequest {
            parent: old.clone(),
            association: Some(Association {
                r#type: AssociationType::ReplacedBy.into(),
                origin: node(&replaced),
                destination: node(&replacing),
                ..Association::default()
            }),
            ..CreateAssociationRequest::default()
        };
        AssociationServiceClient::new(one.clone()).create_association(joined).await.expect("joined");
        publish(&one, &old).await;
        assert_eq!(superseded_by(&one, &pinned).await, [replacing.as_str()], "at once where it is published");
        until(vec![replacing.clone()], async || superseded_by(&other, &pinned).await).await;

        published(&other, "Reckons with money").await;
        for caller in [&one, &other] {
            until(3, async || found(caller, "reckons").await).await;
        }
    });
}
