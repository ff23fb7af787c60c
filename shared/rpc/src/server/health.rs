//! Whether the server can be used: gRPC health, `/livez` and `/readyz` say the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use futures::future::join_all;
use tokio::time::timeout;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use trellis_store::Store;
use trellis_telemetry::metrics::Format;

/// How long a store may take to say that it is there: less than what asks usually waits.
const STORE: Duration = Duration::from_secs(2);

/// The largest message to health or reflection: each asks for a name, and anybody may ask.
pub(super) const MAX_QUESTION: usize = 4 * 1024;

/// How often the gRPC service is told what `/readyz` would say.
const LOOK: Duration = Duration::from_secs(2);

/// What is known of how the server does.
#[derive(Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    stores: Arc<[Store]>,
    ended: Ended,
    ending: Arc<AtomicBool>,
    /// Held while states are told, so that the end is the last that is said.
    telling: Arc<tokio::sync::Mutex<()>>,
}

/// The work in the background that has ended by a defect, by name.
#[derive(Clone, Default)]
pub(super) struct Ended(Arc<Mutex<Vec<String>>>);

impl Ended {
    /// Notes that it has.
    pub(super) fn note(&self, task: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(task.to_owned());
    }

    fn told(&self) -> Vec<String> {
        let ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ended.iter().map(|task| format!("task {task}: ended")).collect()
    }
}

impl Health {
    pub(super) fn new(stores: Vec<Store>, ended: Ended) -> Self {
        Self {
            reporter: HealthReporter::new(),
            stores: stores.into(),
            ended,
            ending: Arc::default(),
            telling: Arc::default(),
        }
    }

    /// Says of each service that it is served.
    pub(super) async fn serving(&self, services: &[String]) {
        self.tell(services, ServingStatus::Serving).await;
    }

    /// Says of the services, again and again, whether they can be used.
    pub(super) async fn follow(&self, services: &[String]) {
        let mut told = true;
        loop {
            tokio::time::sleep(LOOK).await;
            let ready = self.missing().await.is_empty();
            let _last = self.telling.lock().await;
            if ready == told || self.ending.load(Ordering::Relaxed) {
                continue;
            }
            told = ready;
            self.tell(services, if ready { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
        }
    }

    /// Says that nothing will be served much longer.
    pub(super) async fn end(&self, services: &[String]) {
        let _last = self.telling.lock().await;
        self.ending.store(true, Ordering::Relaxed);
        self.tell(services, ServingStatus::NotServing).await;
    }

    async fn tell(&self, services: &[String], status: ServingStatus) {
        for service in services.iter().map(String::as_str).chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// `grpc.health.v1.Health`.
    pub(super) fn grpc(&self) -> Routes {
        let service = HealthService::from_health_reporter(self.reporter.clone());
        Routes::new(HealthServer::new(service).max_decoding_message_size(MAX_QUESTION))
    }

    /// `/livez`: start another if this fails. `/readyz`: send calls elsewhere while this fails. Both say
    /// which part it is for.
    pub(super) fn http(&self) -> Router {
        let (live, ready) = (self.clone(), self.clone());
        Router::new()
            .route("/livez", get(async move || answer(&live.ended.told())))
            .route("/readyz", get(async move || answer(&ready.missing().await)))
    }

    /// What keeps it from serving.
    async fn missing(&self) -> Vec<String> {
        if self.ending.load(Ordering::Relaxed) {
            return vec!["server: ending".to_owned()];
        }
        let asked = self.stores.iter().map(async |store| match timeout(STORE, store.ready()).await {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(format!("store {}: {}", store.service(), failure.reason().as_str())),
            Err(_elapsed) => Some(format!("store {}: no answer", store.service())),
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

/// `/metrics`: for Prometheus.
pub(super) fn metrics() -> Router {
    let told = async |headers: HeaderMap| {
        let format = Format::accepted(headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()));
        ([(CONTENT_TYPE, format.media_type())], format.render())
    };
    Router::new().route("/metrics", get(told))
}

/// A line for each part that fails; names of parts and reasons alone.
fn answer(failing: &[String]) -> (StatusCode, String) {
    if failing.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ok\n{}\n", failing.join("\n")))
}
