//! Calls that go on while something is taken from under the program.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;
use trellis_contracts::common::LocalizedText;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::{CreateFrameworkRequest, Framework, FrameworkKind, ListFrameworksRequest};
use trellis_kernel::{Ids as _, RandomIds};
use trellis_testkit::{Caller, Suite, reason};

use super::{BEFORE_RETRY, PATIENCE};

/// The district that all of it is in.
pub(super) const DISTRICT: &str = "grand-bend";
/// How many write at once, and how many read.
const WRITERS: usize = 8;
const READERS: usize = 4;
/// A client's own deadline: nothing that the database does may let a call wait for it.
const DEADLINE: Duration = Duration::from_secs(45);

/// Clients that write and read without a pause.
pub(super) struct Load {
    ended: Arc<AtomicBool>,
    told: Arc<Told>,
    writers: JoinSet<Vec<String>>,
    readers: JoinSet<()>,
}

/// What the clients were told.
#[derive(Default)]
struct Told {
    written: AtomicUsize,
    read: AtomicUsize,
    refusals: Mutex<Vec<Refusal>>,
}

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Refusal {
    /// Whether it would have changed something.
    pub(super) write: bool,
    /// The reason, or the code where there is none.
    pub(super) reason: String,
    /// Whether it said when to try again.
    pub(super) retry: bool,
}

impl Refusal {
    fn of(write: bool, status: &Status) -> Self {
        let reason = reason(status).unwrap_or_else(|| format!("{:?} {}", status.code(), status.message()));
        let coded = match reason.as_str() {
            "STORE_UNAVAILABLE" | "STORE_FULL" | "STORE_READ_ONLY" => Code::Unavailable,
            _ => status.code(),
        };
        assert_eq!(status.code(), coded, "{status:?}");
        Self { write, reason, retry: status.get_details_retry_info().is_some() }
    }
}

impl Load {
    pub(super) fn start(suite: &Suite) -> Self {
        let (ended, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Told::default()));
        let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
        for _ in 0..WRITERS {
            writers.spawn(write(suite.operator(DISTRICT), ended.clone(), told.clone()));
        }
        for _ in 0..READERS {
            readers.spawn(read(suite.operator(DISTRICT), ended.clone(), told.clone()));
        }
        Self { ended, told, writers, readers }
    }

    /// Waits until so many more writes were acknowledged, and as many reads answered.
    pub(super) async fn more(&self, count: usize) {
        let (written, read) = self.counts();
        until("more calls are answered", || {
            let now = self.counts();
            now.0 >= written + count && now.1 >= read + count
        })
        .await;
    }

    /// Waits until so many more reads were answered.
    pub(super) async fn more_reads(&self, count: usize) {
        let (_, read) = self.counts();
        until("more reads are answered", || self.counts().1 >= read + count).await;
    }

    /// Waits until as many writes as there are writers were refused for this reason.
    pub(super) async fn writes_refused(&self, reason: &str) {
        self.refused(true, reason, WRITERS).await;
    }

    /// Waits until as many reads as there are readers were refused for this reason.
    pub(super) async fn reads_refused(&self, reason: &str) {
        self.refused(false, reason, READERS).await;
    }

    async fn refused(&self, write: bool, reason: &str, count: usize) {
        let matching = || {
            let refusals = self.told.refusals.lock().expect("no test panicked");
            refusals.iter().filter(|refusal| refusal.write == write && refusal.reason == reason).count()
        };
        let give_up = Instant::now() + PATIENCE;
        while matching() < count {
            assert!(Instant::now() < give_up, "{reason} never came: {:?}", self.refusals());
            sleep(BEFORE_RETRY).await;
        }
    }

    /// Every kind of refusal there was.
    pub(super) fn refusals(&self) -> BTreeSet<Refusal> {
        self.told.refusals.lock().expect("no test panicked").iter().cloned().collect()
    }

    fn counts(&self) -> (usize, usize) {
        (self.told.written.load(Ordering::SeqCst), self.told.read.load(Ordering::SeqCst))
    }

    /// Ends the calls, and returns the names that were acknowledged.
    pub(super) async fn end(self) -> BTreeSet<String> {
        self.ended.store(true, Ordering::SeqCst);
        self.readers.join_all().await;
        self.writers.join_all().await.into_iter().flatten().collect()
    }
}

/// Waits until something holds, and fails when that takes unreasonably long.
pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "{what}: not within {PATIENCE:?}");
        sleep(BEFORE_RETRY).await;
    }
}

/// A new framework.
pub(super) fn framework(title: &str, request_id: String) -> CreateFrameworkRequest {
    CreateFrameworkRequest {
        parent: format!("districts/{DISTRICT}"),
        framework: Some(Framework {
            kind: FrameworkKind::Competencies.into(),
            title: vec![LocalizedText { language: "en".to_owned(), text: title.to_owned() }],
            language: "en".to_owned(),
            ..Framework::default()
        }),
        request_id,
    }
}

async fn write(operator: Caller, ended: Arc<AtomicBool>, told: Arc<Told>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        let message = framework("Written under load", RandomIds.next().to_string());
        let give_up = Instant::now() + PATIENCE * 2;
        loop {
            let mut request = Request::new(message.clone());
            request.set_timeout(DEADLINE);
            match FrameworkServiceClient::new(operator.clone()).create_framework(request).await {
                Ok(framework) => {
                    acknowledged.push(framework.into_inner().name);
                    told.written.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                Err(status) => {
                    told.refusals.lock().expect("no test panicked").push(Refusal::of(true, &status));
                    assert!(Instant::now() < give_up, "{status:?}");
                    sleep(BEFORE_RETRY).await;
                }
            }
        }
    }
    acknowledged
}

async fn read(operator: Caller, ended: Arc<AtomicBool>, told: Arc<Told>) {
    while !ended.load(Ordering::SeqCst) {
        match page(&operator, String::new()).await {
            Ok(_) => {
                told.read.fetch_add(1, Ordering::SeqCst);
            }
            Err(status) => {
                told.refusals.lock().expect("no test panicked").push(Refusal::of(false, &status));
                sleep(BEFORE_RETRY).await;
            }
        }
    }
}

async fn page(operator: &Caller, page_token: String) -> Result<(Vec<Framework>, String), Status> {
    let mut request = Request::new(ListFrameworksRequest {
        parent: format!("districts/{DISTRICT}"),
        page_size: 50,
        page_token,
        ..ListFrameworksRequest::default()
    });
    request.set_timeout(DEADLINE);
    let page = FrameworkServiceClient::new(operator.clone()).list_frameworks(request).await?.into_inner();
    Ok((page.frameworks, page.next_page_token))
}

/// The names of all frameworks that are kept; none may come twice.
pub(super) async fn kept(operator: &Caller) -> BTreeSet<String> {
    let (mut names, mut token) = (BTreeSet::new(), String::new());
    loop {
        let (frameworks, next) = page(operator, token).await.expect("a page");
        for framework in frameworks {
            assert!(names.insert(framework.name), "no page repeats another");
        }
        token = next;
        if token.is_empty() {
            return names;
        }
    }
}

/// What the suite says of its own readiness: 200 or 503; none when it cannot be reached.
pub(super) async fn ready(suite: &Suite) -> Option<u16> {
    let mut socket = TcpStream::connect(suite.address()).await.ok()?;
    let request = b"GET /readyz HTTP/1.1\r\nhost: trellis\r\nconnection: close\r\n\r\n";
    socket.write_all(request).await.ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Waits until the suite says so of its readiness.
pub(super) async fn until_ready(suite: &Suite, wanted: u16) {
    let give_up = Instant::now() + PATIENCE;
    while ready(suite).await != Some(wanted) {
        assert!(Instant::now() < give_up, "/readyz never became {wanted}");
        sleep(BEFORE_RETRY).await;
    }
}

/// Waits until gRPC health says of the whole suite and of a service whether it serves.
pub(super) async fn until_healthy(suite: &Suite, wanted: ServingStatus) {
    let channel = Channel::from_shared(suite.url()).expect("a URL").connect_lazy();
    let mut client = HealthClient::new(channel);
    for service in ["", "trellis.outcome.v1.FrameworkService"] {
        let service = service.to_owned();
        let states = client.watch(HealthCheckRequest { service }).await.expect("a watch");
        let mut states = states.into_inner();
        let told = timeout(PATIENCE, async {
            while states.message().await.expect("a state").expect("it goes on").status() != wanted {}
        });
        assert!(told.await.is_ok(), "health never became {wanted:?}");
    }
}
