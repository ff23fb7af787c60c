//! A process that is told to end says so before it refuses anybody.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, block_in_place};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use trellis_contracts::outcome::GetFrameworkRequest;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Suite, run};

use super::drain::{BEYOND, DRAIN, Raw, connect};
use super::load::{DISTRICT, framework, soon};

/// For how long it goes on after it said that it ends.
const LAME_DUCK: Duration = Duration::from_secs(2);

/// What clients saw, in the order in which they did.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    NotServing,
    Answer,
    Refusal(Code),
}

type Log = Arc<Mutex<Vec<Seen>>>;

fn saw(log: &Log, seen: Seen) {
    log.lock().expect("no panic").push(seen);
}

#[test]
fn it_says_that_it_ends_before_anybody_is_refused() {
    run(async {
        let file = tempfile::tempfile().expect("a file");
        let flags = ["--lame-duck", "2", "--drain", "5", "--caller-rate", "0"];
        let mut suite = Suite::program(Backend::Sqlite, &flags, &file).await;
        let address: SocketAddr = suite.address().parse().expect("an address");
        let operator = suite.operator(DISTRICT);
        let made = FrameworkServiceClient::new(operator.clone()).create_framework(framework("Read")).await;
        let name = made.expect("a framework").into_inner().name;
        let raw = Raw { channel: connect(address, u16::MAX).await, token: operator.token().to_owned() };

        let log = Log::default();
        let mut watch = HealthClient::new(connect(address, u16::MAX).await);
        let watch = watch.watch(HealthCheckRequest::default()).await.expect("a watch");
        let mut watch = watch.into_inner();
        let next = soon(watch.message()).await.expect("a status");
        assert_eq!(next.map(|next| next.status()), Some(ServingStatus::Serving));
        let (heard, hear) = tokio::sync::oneshot::channel();
        let noting = log.clone();
        let health = tokio::spawn(async move {
            let next: Option<HealthCheckResponse> = watch.message().await.expect("a status");
            assert_eq!(next.map(|next| next.status()), Some(ServingStatus::NotServing));
            saw(&noting, Seen::NotServing);
            heard.send(()).expect("the test waits");
        });
        // One on the connection that it has, and one that comes anew each time, as from a balancer that
        // has not noticed.
        let mut readers = JoinSet::new();
        readers.spawn(read(raw.clone(), name.clone(), log.clone()));
        readers.spawn(read_anew(address, raw, name, log.clone()));

        let ending = tokio::spawn(async move {
            let begun = Instant::now();
            block_in_place(|| suite.processes().stop(Service::Outcome));
            begun.elapsed()
        });
        soon(hear).await.expect("it says that it ends");
        let took = soon(ending).await.expect("no panic");
        soon(readers.join_all()).await;
        health.await.expect("no panic");

        let log = log.lock().expect("no panic").clone();
        let place = |wanted: &dyn Fn(&Seen) -> bool| log.iter().position(wanted);
        let told = place(&|seen| *seen == Seen::NotServing).expect("it said so");
        let refused = place(&|seen| matches!(seen, Seen::Refusal(_))).expect("all are refused in the end");
        assert!(told < refused, "{:?} came first", log[refused]);
        assert!(log[told..refused].contains(&Seen::Answer), "it goes on for a while after it said so");
        assert!(took >= LAME_DUCK, "{took:?}");
        assert!(took < LAME_DUCK + DRAIN + BEYOND, "{took:?}");
    });
}

/// Reads on one connection until it is refused.
async fn read(raw: Raw, name: String, log: Log) {
    while answered(&raw, &name, &log).await {}
}

/// Reads on a new connection each time until it is refused, or there is nothing to connect to.
async fn read_anew(address: SocketAddr, raw: Raw, name: String, log: Log) {
    loop {
        let url = format!("http://{address}");
        let address = tonic::transport::Endpoint::from_shared(url).expect("a URL");
        let Ok(channel) = address.connect().await else {
            saw(&log, Seen::Refusal(Code::Unavailable));
            return;
        };
        if !answered(&Raw { channel, ..raw.clone() }, &name, &log).await {
            return;
        }
    }
}

async fn answered(raw: &Raw, name: &str, log: &Log) -> bool {
    let request = raw.request(GetFrameworkRequest { name: name.to_owned() });
    let met = FrameworkServiceClient::new(raw.channel.clone()).get_framework(request).await;
    let seen = met.map_or_else(|refused| Seen::Refusal(refused.code()), |_| Seen::Answer);
    let answered = seen == Seen::Answer;
    saw(log, seen);
    answered
}
