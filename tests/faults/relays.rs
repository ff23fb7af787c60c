//! Two processes serve one database, and one of them gives the events their positions. It is killed: the other
//! takes over, and nothing is lost or told twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::change_service_client::ChangeServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, Framework, FrameworkKind, ListChangesRequest, WatchChangesRequest,
};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Setup, Shape, Suite, free_port, run};

use super::{BEFORE_RETRY, PATIENCE, may_be_tried_again};

const DISTRICT: &str = "grand-bend";
/// How many frameworks are written in each round.
const ROUND: usize = 80;
/// How many are answered before one process is killed.
const ANSWERED: usize = 20;

/// A second process on the same database.
struct Replica {
    port: u16,
    child: Option<Child>,
}

impl Replica {
    async fn start(&mut self, suite: &Suite) {
        let program = tokio::task::spawn_blocking(trellis_testkit::binary).await.expect("the program");
        let mut command = Command::new(program);
        command.args(["serve", "--dev", "--log", "error", "--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--data-dir").arg(suite.directory());
        command.args(["--database-url", suite.database_url().expect("PostgreSQL")]);
        self.child =
            Some(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("a second process"));
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killing the program");
            child.wait().expect("the program's end");
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn whichever_process_gives_positions_may_be_killed() {
    run(async {
        let mut suite =
            Suite::with(Setup { backend: Backend::Postgres, shape: Shape::Program, clock: None }).await;
        let mut replica = Replica { port: free_port(), child: None };
        replica.start(&suite).await;
        let first = suite.operator(DISTRICT);
        let url = format!("http://127.0.0.1:{}", replica.port);
        let second = Endpoint::at(&url).expect("a good address").with(first.token());
        let callers = [first.clone(), second.clone()];

        // Under load the lease stays where it is: one of the two rounds kills its holder.
        let mut made = write_round(&callers, 0, || suite.processes().kill(Service::Outcome)).await;
        suite.processes().restart(Service::Outcome).await;
        made.extend(write_round(&callers, ROUND, || replica.kill()).await);

        assert_eq!(made.len(), 2 * ROUND);
        let names: BTreeSet<String> = made.into_values().collect();
        assert_eq!(names.len(), 2 * ROUND, "a request that is repeated elsewhere makes no second one");
        let told = told(&first, names.len()).await;
        assert_eq!(told.len(), names.len(), "each is told once");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), names);
    });
}

/// Writes a round of frameworks by way of both processes, and has one killed in the middle.
async fn write_round(callers: &[Caller; 2], from: usize, kill: impl FnOnce()) -> BTreeMap<usize, String> {
    let (answered, mut hear) = tokio::sync::mpsc::unbounded_channel();
    let mut writes = JoinSet::new();
    for number in from..from + ROUND {
        let answered = answered.clone();
        let callers = callers.clone();
        writes.spawn(async move {
            let name = write_until_answered(&callers, number).await;
            // The test stops listening once it has killed one.
            let _ = answered.send(());
            (number, name)
        });
    }
    for _ in 0..ANSWERED {
        hear.recv().await.expect("an answer");
    }
    kill();
    writes.join_all().await.into_iter().collect()
}

/// Writes one framework, by the one process or the other, with the same request as often as it takes.
async fn write_until_answered(callers: &[Caller; 2], number: usize) -> String {
    let request = CreateFrameworkRequest {
        parent: format!("districts/{DISTRICT}"),
        framework: Some(Framework {
            kind: FrameworkKind::Competencies.into(),
            title: vec![LocalizedText { language: "en".to_owned(), text: format!("Framework {number}") }],
            language: "en".to_owned(),
            ..Framework::default()
        }),
        request_id: RandomIds.next().to_string(),
    };
    let give_up = Instant::now() + PATIENCE;
    for caller in callers.iter().cycle().skip(number % 2) {
        match FrameworkServiceClient::new(caller.clone()).create_framework(request.clone()).await {
            Ok(framework) => return framework.into_inner().name,
            Err(status) => {
                assert!(may_be_tried_again(&status) && Instant::now() < give_up, "{status:?}");
                sleep(BEFORE_RETRY).await;
            }
        }
    }
    unreachable!("the callers come round for ever")
}

/// The frameworks that the change feed tells of, one for each time, once it has told of so many.
async fn told(caller: &Caller, expected: usize) -> Vec<String> {
    let parent = format!("districts/{DISTRICT}");
    let mut client = ChangeServiceClient::new(caller.clone());
    let request = WatchChangesRequest { parent: parent.clone(), ..WatchChangesRequest::default() };
    let mut changes = client.watch_changes(request).await.expect("the change feed").into_inner();
    let mut seen = BTreeSet::new();
    let telling = async {
        while seen.len() < expected {
            seen.insert(changes.message().await.expect("the feed goes on").expect("a change").resource);
        }
    };
    timeout(PATIENCE, telling).await.expect("every framework is told");
    let (mut told, mut resume_token) = (Vec::new(), String::new());
    loop {
        let request = ListChangesRequest { parent: parent.clone(), resume_token, page_size: 64 };
        let page = client.list_changes(request).await.expect("a page").into_inner();
        told.extend(page.changes.into_iter().map(|change| change.resource));
        if !page.more {
            return told;
        }
        resume_token = page.resume_token;
    }
}
