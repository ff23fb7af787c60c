//! What was acknowledged is there, once, and is told once.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use trellis_contracts::common::{ChangeKind, LocalizedText};
use trellis_contracts::outcome::change_service_client::ChangeServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, Framework, FrameworkKind, ListChangesRequest, ListFrameworksRequest,
};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, run};

use super::{ANSWERED_BEFORE, BEFORE_RETRY, CALLS, PATIENCE, may_be_tried_again};

const DISTRICT: &str = "grand-bend";
#[test]
fn killed_during_two_hundred_writes_on_sqlite() {
    run(killed_during_two_hundred_writes(Backend::Sqlite));
}

#[test]
fn killed_during_two_hundred_writes_on_postgres() {
    run(killed_during_two_hundred_writes(Backend::Postgres));
}

async fn killed_during_two_hundred_writes(backend: Backend) {
    let mut suite = Suite::with(Setup { backend, shape: Shape::Program, clock: None }).await;
    let operator = suite.operator(DISTRICT);
    let (answered, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let mut writes = JoinSet::new();
    for number in 0..CALLS {
        writes.spawn(write_until_answered(operator.clone(), number, answered.clone()));
    }
    let mut before = Vec::new();
    for _ in 0..ANSWERED_BEFORE {
        before.push(hear.recv().await.expect("an answer"));
    }
    suite.processes().kill(Service::Outcome);
    while let Ok(name) = hear.try_recv() {
        before.push(name);
    }
    assert!(before.len() < CALLS, "everything was answered before the kill, which so proved nothing");
    suite.processes().restart(Service::Outcome).await;
    let made: BTreeMap<usize, String> = writes.join_all().await.into_iter().collect();

    // A retried request makes no second one, and nothing that was acknowledged is lost.
    let names: BTreeSet<&String> = made.values().collect();
    assert_eq!(names.len(), CALLS);
    let kept = list(&operator).await;
    assert_eq!(kept.len(), CALLS);
    for name in before.iter().chain(made.values()) {
        assert!(kept.contains_key(name), "{name} was acknowledged");
    }
    let titles: BTreeSet<&String> = kept.values().collect();
    assert_eq!(titles.len(), CALLS, "each title once");

    // Each is told once, whether it was relayed before the kill or after.
    let told = told(&operator, CALLS).await;
    assert_eq!(told.len(), CALLS, "each creation is told once");
    assert_eq!(told.iter().collect::<BTreeSet<_>>(), kept.keys().collect::<BTreeSet<_>>());
}

/// Writes one framework, with the same request as often as it takes.
async fn write_until_answered(
    operator: Caller,
    number: usize,
    answered: tokio::sync::mpsc::UnboundedSender<String>,
) -> (usize, String) {
    let text = format!("Framework {number}");
    let request = CreateFrameworkRequest {
        parent: format!("districts/{DISTRICT}"),
        framework: Some(Framework {
            kind: FrameworkKind::Competencies.into(),
            title: vec![LocalizedText { language: "en".to_owned(), text }],
            language: "en".to_owned(),
            ..Framework::default()
        }),
        request_id: RandomIds.next().to_string(),
    };
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = FrameworkServiceClient::new(operator.clone()).create_framework(request.clone()).await;
        match answer {
            Ok(framework) => {
                let name = framework.into_inner().name;
                // The test stops listening once it has killed the program.
                let _ = answered.send(name.clone());
                return (number, name);
            }
            Err(status) => {
                assert!(may_be_tried_again(&status) && Instant::now() < give_up, "{status:?}");
                sleep(BEFORE_RETRY).await;
            }
        }
    }
}

/// The frameworks of the district, by name, with their titles.
async fn list(operator: &Caller) -> BTreeMap<String, String> {
    let mut client = FrameworkServiceClient::new(operator.clone());
    let (mut found, mut page_token) = (BTreeMap::new(), String::new());
    loop {
        let request = ListFrameworksRequest {
            parent: format!("districts/{DISTRICT}"),
            page_size: 70,
            page_token,
            ..ListFrameworksRequest::default()
        };
        let page = client.list_frameworks(request).await.expect("a page").into_inner();
        for framework in page.frameworks {
            let title = framework.title.into_iter().next().expect("a title").text;
            assert!(found.insert(framework.name, title).is_none(), "no page repeats another");
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

/// What the change feed tells, until it has told `expected` and then has no more.
async fn told(operator: &Caller, expected: usize) -> Vec<String> {
    let mut client = ChangeServiceClient::new(operator.clone());
    let (mut told, mut resume_token) = (Vec::new(), String::new());
    let give_up = Instant::now() + PATIENCE;
    loop {
        let parent = format!("districts/{DISTRICT}");
        let request = ListChangesRequest { parent, resume_token, page_size: 64 };
        let page = client.list_changes(request).await.expect("a page").into_inner();
        let upserts = page.changes.into_iter().filter(|change| change.kind() == ChangeKind::Upserted);
        told.extend(upserts.map(|change| change.resource));
        resume_token = page.resume_token;
        if !page.more && (told.len() >= expected || Instant::now() > give_up) {
            return told;
        }
    }
}
