//! One of two processes ends in order, under load.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet, block_in_place};
use tonic::transport::{Channel, Endpoint as Address};
use tonic::{Code, Request, Streaming};
use trellis_contracts::outcome::change_service_client::ChangeServiceClient;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{
    GetFrameworkRequest, ListFrameworksRequest, OutcomeChange, WatchChangesRequest,
};
use trellis_rpc::{Remote, Resolve};
use trellis_suite::client::Endpoint;
use trellis_suite::config::Service;
use trellis_testkit::{Backend, Caller, Suite, run};

use super::load::{DISTRICT, Ledger, framework, soon};

/// What the program is given to finish the calls it has; and what its end may take beyond that.
pub(super) const DRAIN: Duration = Duration::from_secs(5);
pub(super) const BEYOND: Duration = Duration::from_secs(2);

/// How many call at once, as readers and as writers.
const CALLERS: usize = 6;

/// The addresses of both processes, as a headless Service tells them.
struct Both([SocketAddr; 2]);

#[async_trait]
impl Resolve for Both {
    async fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(self.0.to_vec())
    }
}

#[test]
fn our_client_sees_no_error_when_a_process_ends_under_load() {
    run(async {
        let log = tempfile::tempfile().expect("a file");
        let flags = ["--drain", "5", "--caller-rate", "0"];
        let mut suite = Suite::program(Backend::Postgres, &flags, &log).await;
        let going: SocketAddr = suite.address().parse().expect("an address");
        let staying = suite.processes().another().await.parse().expect("an address");
        let resolver = Arc::new(Both([going, staying]));
        let endpoint = Endpoint::reached(Remote { resolver, ..Remote::at("http://suite:50051") });
        let ours = endpoint.expect("a URL").with(suite.operator(DISTRICT).token());
        let made = FrameworkServiceClient::new(ours.clone()).create_framework(framework("Read")).await;
        let name = made.expect("a framework").into_inner().name;

        // Whoever holds up an end: one that says nothing, one that does not read, and those who wait.
        let _silent = TcpStream::connect(going).await.expect("a connection");
        let raw = Raw { channel: connect(going, u16::MAX).await, token: ours.token().to_owned() };
        let slow = Raw { channel: connect(going, 1024).await, ..raw.clone() };
        let _unread = slow.watch().await;
        let ended = soon(raw.watches(4)).await;
        let told = Told::default();
        let watching = tokio::spawn(watch(ours.clone(), told.clone()));

        let (by_us, by_raw) = (Ledger::default(), Ledger::default());
        let mut writers = JoinSet::new();
        let mut readers = JoinSet::new();
        for number in 0..CALLERS {
            writers.spawn(write(ours.clone(), number, by_us.clone()));
            readers.spawn(read(ours.clone(), name.clone(), by_us.clone()));
            readers.spawn(raw.clone().read(name.clone(), by_raw.clone()));
        }
        by_us.answers(100).await;
        by_raw.answers(50).await;

        let begun = Instant::now();
        block_in_place(|| suite.processes().stop(Service::Outcome));
        let took = begun.elapsed();
        by_raw.stop();
        by_us.answers(100).await;
        by_us.stop();
        let written: BTreeSet<String> = writers.join_all().await.into_iter().flatten().collect();
        readers.join_all().await;

        println!("a client of ours: {by_us}\na raw client: {by_raw}\nended after {took:?}");
        assert!(by_us.codes().is_empty(), "{by_us}");
        assert!(by_raw.codes().iter().all(|code| RAW_CODES.contains(code)), "{by_raw}");
        assert!(took < DRAIN + BEYOND, "{took:?}");
        for ended in ended {
            assert_eq!(soon(ended).await.expect("no panic"), Code::Unavailable, "come again, to another");
        }
        assert!(written.is_subset(&list(&ours).await), "what was acknowledged is there");
        told.all(&written).await;
        watching.abort();
    });
}

async fn write(ours: Caller, number: usize, ledger: Ledger) -> Vec<String> {
    let mut client = FrameworkServiceClient::new(ours);
    let mut made = Vec::new();
    while ledger.goes_on() {
        let request = framework(&format!("{number}, {}", made.len()));
        made.extend(ledger.note(client.create_framework(request).await).map(|made| made.into_inner().name));
    }
    made
}

async fn read(ours: Caller, name: String, ledger: Ledger) {
    let mut client = FrameworkServiceClient::new(ours);
    while ledger.goes_on() {
        ledger.note(client.get_framework(GetFrameworkRequest { name: name.clone() }).await);
    }
}

pub(super) async fn list(ours: &Caller) -> BTreeSet<String> {
    let mut client = FrameworkServiceClient::new(ours.clone());
    let (mut found, mut page_token) = (BTreeSet::new(), String::new());
    loop {
        let request = ListFrameworksRequest {
            parent: format!("districts/{DISTRICT}"),
            page_size: 1000,
            page_token,
            ..ListFrameworksRequest::default()
        };
        let page = client.list_frameworks(request).await.expect("a page").into_inner();
        found.extend(page.frameworks.into_iter().map(|framework| framework.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

/// What a reader of the changes was told of.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<BTreeSet<String>>>);

impl Told {
    /// Waits until it was told of all of these.
    async fn all(&self, these: &BTreeSet<String>) {
        soon(async {
            while !these.is_subset(&self.0.lock().expect("no panic")) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Follows the changes, and goes on from where it was whenever that ends.
async fn watch(ours: Caller, told: Told) {
    let mut client = ChangeServiceClient::new(ours);
    let mut request =
        WatchChangesRequest { parent: format!("districts/{DISTRICT}"), ..WatchChangesRequest::default() };
    loop {
        let mut changes = client.watch_changes(request.clone()).await.expect("a stream").into_inner();
        loop {
            match changes.message().await {
                Ok(Some(change)) => {
                    request.resume_token = change.resume_token;
                    told.0.lock().expect("no panic").insert(change.resource);
                }
                Ok(None) => panic!("a stream of changes does not end by itself"),
                Err(status) => {
                    assert_eq!(status.code(), Code::Unavailable, "{status}");
                    break;
                }
            }
        }
    }
}

/// What tonic's own client says when a connection ends under a call.
pub(super) const RAW_CODES: [Code; 4] = [Code::Cancelled, Code::Internal, Code::Unavailable, Code::Unknown];

/// A client made by hand, of one connection to one process.
#[derive(Clone)]
pub(super) struct Raw {
    pub(super) channel: Channel,
    pub(super) token: String,
}

impl Raw {
    pub(super) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        let token = format!("Bearer {}", self.token).parse().expect("a header");
        request.metadata_mut().insert("authorization", token);
        request
    }

    async fn read(self, name: String, ledger: Ledger) {
        let mut client = FrameworkServiceClient::new(self.channel.clone());
        while ledger.goes_on() {
            ledger.note(client.get_framework(self.request(GetFrameworkRequest { name: name.clone() })).await);
        }
    }

    /// Opens a stream of changes, and reads none.
    async fn watch(&self) -> Streaming<OutcomeChange> {
        let parent = format!("districts/{DISTRICT}");
        let request = self.request(WatchChangesRequest { parent, ..WatchChangesRequest::default() });
        let opened = ChangeServiceClient::new(self.channel.clone()).watch_changes(request).await;
        opened.expect("a stream").into_inner()
    }

    /// Opens as many streams of changes, each of which is read until it ends; answers with what.
    async fn watches(&self, number: usize) -> Vec<JoinHandle<Code>> {
        let mut watches = Vec::new();
        for _ in 0..number {
            let mut changes = self.watch().await;
            watches.push(tokio::spawn(async move {
                loop {
                    match changes.message().await {
                        Ok(Some(_)) => {}
                        Ok(None) => return Code::Ok,
                        Err(status) => return status.code(),
                    }
                }
            }));
        }
        watches
    }
}

pub(super) async fn connect(address: SocketAddr, window: u16) -> Channel {
    let address = Address::from_shared(format!("http://{address}")).expect("a URL");
    address.initial_stream_window_size(u32::from(window)).connect().await.expect("a connection")
}
