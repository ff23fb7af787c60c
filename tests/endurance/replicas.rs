//! Two processes of each service, on PostgreSQL and NATS, under load: every process is ended in its turn, some are
//! killed, the broker and the database go away. Nothing that was acknowledged is lost, and nothing happens twice.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};
use tonic::Code;
use tonic::transport::Endpoint;
use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::{Assessment, FinalizeAssessmentRequest};
use trellis_contracts::outcome::GetFrameworkRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::profile::ListOrganizationsRequest;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_kernel::{Ids as _, RandomIds};
use trellis_suite::config::Service;
use trellis_testkit::nats::Nats;
use trellis_testkit::postgres::Own;
use trellis_testkit::{Backend, Caller, Extra, Role, School, Setup, Shape, Suite, run};

use super::drain::{RAW_CODES, Raw, list};
use super::load::{DISTRICT, Ledger, PATIENCE, framework};
use crate::faults::effects::{assess, criterion, ratings};

/// How many write at once, how many read, and how many finalize assessments.
const WRITERS: usize = 2;
const READERS: usize = 4;
/// How many assessments are finalized while one thing after another goes wrong.
const ASSESSMENTS: usize = 30;
/// How many calls are answered between one trouble and the next.
const BETWEEN: usize = 60;
/// How many processes are killed.
const KILLED: usize = 4;
/// How often each caller goes round at full size: with a call of each writer and two of each reader, 200 calls/s.
const ROUND: Duration = Duration::from_millis(50);
/// A client's wait before it tries again what it was told to try again.
const BEFORE_RETRY: Duration = Duration::from_millis(200);

/// For how long processes are killed at full size, one every five seconds; tests/README.md says how to ask for it.
fn at_full_size() -> Option<Duration> {
    let seconds = std::env::var("TESTKIT_REPLICAS_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("TESTKIT_REPLICAS_SECONDS is a number of seconds")))
}

/// How fast callers go round: at full size as clients do, else as fast as they are answered.
struct Pace(Option<Interval>);

impl Pace {
    fn new() -> Self {
        Self(at_full_size().map(|_| {
            let mut interval = tokio::time::interval(ROUND);
            interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
            interval
        }))
    }

    async fn next(&mut self) {
        if let Some(interval) = &mut self.0 {
            interval.tick().await;
        }
    }
}

/// What is served, and on what.
struct House {
    suite: Suite,
    school: School,
    educator: Caller,
    /// Where the processes of the outcome service are.
    outcome: Vec<String>,
    nats: Nats,
    cluster: Own,
}

impl House {
    async fn start() -> Self {
        let (nats, cluster) = (Nats::start(), Own::start());
        let url = nats.url();
        let flags = ["--nats-url", &url, "--drain", "5", "--caller-rate", "0"];
        let setup = Setup { backend: Backend::Postgres, shape: Shape::TwoPerService, clock: None };
        let extra = Extra { flags: &flags, ..Extra::default() };
        let mut suite = Suite::started_on(cluster.database(), setup, &extra).await;
        let school = suite.school().await;
        let educator = suite.person(&school.district, school.educator, Role::Educator);
        let outcome = suite.processes().addresses(Service::Outcome);
        Self { suite, school, educator, outcome, nats, cluster }
    }
}

/// Calls of every service that go on while something goes wrong.
struct Load {
    ledger: Ledger,
    /// What clients meet that know one process, and try nothing again.
    raw: Ledger,
    readers: JoinSet<()>,
    writers: JoinSet<Vec<String>>,
    finalizing: JoinSet<()>,
    assessments: Vec<Assessment>,
}

impl Load {
    async fn start(house: &House, read: &str) -> Self {
        let operator = house.suite.operator(DISTRICT);
        let criterion = criterion(&operator, &house.school).await;
        let assessments = assess(&house.suite, &house.school, &criterion, ASSESSMENTS).await;
        let (ledger, raw) = (Ledger::default(), Ledger::default());
        let (mut readers, mut writers) = (JoinSet::new(), JoinSet::new());
        for _ in 0..WRITERS {
            writers.spawn(write(operator.clone(), ledger.clone()));
        }
        for _ in 0..READERS {
            readers.spawn(reads(operator.clone(), read.to_owned(), house.school.parent(), ledger.clone()));
        }
        for address in &house.outcome {
            let channel = Endpoint::from_shared(format!("http://{address}")).expect("a URL").connect_lazy();
            let client = Raw { channel, token: operator.token().to_owned() };
            readers.spawn(reads_raw(client, read.to_owned(), raw.clone()));
        }
        let mut finalizing = JoinSet::new();
        finalizing.spawn(finalize(house.educator.clone(), assessments.clone(), ledger.clone()));
        Self { ledger, raw, readers, writers, finalizing, assessments }
    }

    /// Ends it; what was acknowledged is there, and each assessment was told of once.
    async fn end(mut self, house: &House, rated: &mut BTreeSet<String>) -> Ledger {
        // All of them are to be final, whatever was in their way.
        while let Some(done) = self.finalizing.join_next().await {
            done.expect("no panic");
        }
        self.ledger.stop();
        self.raw.stop();
        self.readers.join_all().await;
        println!("clients that try nothing again: {}", self.raw);
        assert!(self.raw.codes().iter().all(|code| RAW_CODES.contains(code)), "{}", self.raw);
        let written: BTreeSet<String> = self.writers.join_all().await.into_iter().flatten().collect();
        assert!(
            written.is_subset(&list(&house.suite.operator(DISTRICT)).await),
            "an acknowledged write is lost"
        );
        rated.extend(self.assessments.into_iter().map(|assessment| assessment.name));
        let learner = house.suite.person(&house.school.district, house.school.learner, Role::Learner);
        let told = ratings(&learner, &house.school, rated.len()).await;
        assert_eq!(told.len(), rated.len(), "an assessment was told of twice, or not");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), *rated);
        self.ledger
    }
}

async fn write(operator: Caller, ledger: Ledger) -> Vec<String> {
    let mut client = FrameworkServiceClient::new(operator);
    let (mut made, mut pace) = (Vec::new(), Pace::new());
    while ledger.goes_on() {
        pace.next().await;
        let request = framework(&format!("Written under load, {}", made.len()));
        let answer = loop {
            if let Some(answer) = ledger.note(client.create_framework(request.clone()).await) {
                break answer;
            }
            tokio::time::sleep(BEFORE_RETRY).await;
        };
        made.push(answer.into_inner().name);
    }
    made
}

async fn reads(operator: Caller, framework: String, parent: String, ledger: Ledger) {
    let mut frameworks = FrameworkServiceClient::new(operator.clone());
    let mut roster = RosterServiceClient::new(operator);
    let mut pace = Pace::new();
    while ledger.goes_on() {
        pace.next().await;
        let get = GetFrameworkRequest { name: framework.clone() };
        let list = ListOrganizationsRequest { parent: parent.clone(), ..ListOrganizationsRequest::default() };
        let answered = [
            ledger.note(frameworks.get_framework(get).await).is_some(),
            ledger.note(roster.list_organizations(list).await).is_some(),
        ];
        if answered.contains(&false) {
            tokio::time::sleep(BEFORE_RETRY).await;
        }
    }
}

/// Reads by a plain client of one process.
async fn reads_raw(raw: Raw, framework: String, ledger: Ledger) {
    let mut client = FrameworkServiceClient::new(raw.channel.clone());
    let mut pace = Pace::new();
    while ledger.goes_on() {
        pace.next().await;
        let mut get = raw.request(GetFrameworkRequest { name: framework.clone() });
        get.set_timeout(PATIENCE);
        if ledger.note(client.get_framework(get).await).is_none() {
            tokio::time::sleep(BEFORE_RETRY).await;
        }
    }
}

/// Finalizes all of them, each with the same request as often as it takes.
async fn finalize(educator: Caller, assessments: Vec<Assessment>, ledger: Ledger) {
    let mut client = AssessmentServiceClient::new(educator);
    for assessment in assessments {
        let request = FinalizeAssessmentRequest {
            name: assessment.name,
            etag: assessment.etag,
            request_id: RandomIds.next().to_string(),
        };
        while ledger.note(client.finalize_assessment(request.clone()).await).is_none() {
            tokio::time::sleep(BEFORE_RETRY).await;
        }
    }
}

/// Nothing but what says when to try again.
fn may_all_be_tried_again(ledger: &Ledger) {
    assert!(ledger.codes().iter().all(|code| *code == Code::Unavailable), "{ledger}");
    assert!(ledger.without_advice().is_empty(), "{ledger}");
}

#[test]
fn eight_processes_lose_nothing_whatever_goes() {
    run(async {
        let mut house = House::start().await;
        let operator = house.suite.operator(DISTRICT);
        let read = FrameworkServiceClient::new(operator).create_framework(framework("Read")).await;
        let read = read.expect("a framework").into_inner().name;
        let mut rated = BTreeSet::new();

        let load = Load::start(&house, &read).await;
        for number in 0..house.suite.processes().count() {
            load.ledger.answers(BETWEEN).await;
            tokio::task::block_in_place(|| house.suite.processes().stop_one(number));
            house.suite.processes().restart_one(number).await;
        }
        let ledger = load.end(&house, &mut rated).await;
        println!("ended one after the other: {ledger}");
        assert!(ledger.codes().is_empty(), "{ledger}");

        let load = Load::start(&house, &read).await;
        let begun = Instant::now();
        for (round, number) in (0..house.suite.processes().count()).cycle().map(|n| n * 3 % 8).enumerate() {
            let is_over = at_full_size().map_or(round == KILLED, |long| begun.elapsed() >= long);
            if is_over {
                break;
            }
            if at_full_size().is_some() {
                tokio::time::sleep(Duration::from_secs(5)).await;
            } else {
                load.ledger.answers(BETWEEN).await;
            }
            house.suite.processes().kill_one(number);
            house.suite.processes().restart_one(number).await;
        }
        let ledger = load.end(&house, &mut rated).await;
        println!("killed: {ledger}");
        may_all_be_tried_again(&ledger);

        let load = Load::start(&house, &read).await;
        house.nats.kill();
        load.ledger.answers(BETWEEN).await;
        house.nats.restart();
        load.ledger.answers(BETWEEN).await;
        house.cluster.crash();
        house.cluster.recover();
        load.ledger.answers(BETWEEN).await;
        let ledger = load.end(&house, &mut rated).await;
        println!("without a broker, then without a database: {ledger}");
        may_all_be_tried_again(&ledger);
    });
}
