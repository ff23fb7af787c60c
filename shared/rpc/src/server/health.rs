//! Whether the server can be used: gRPC health, `/livez` and `/readyz` say the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use trellis_store::Store;

/// Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is known of how the server does.
#[derive(Clone)]
pub(super) struct Health {
    reporter: HealthReporter,
    stores: Arc<[Store]>,
    /// False once work in the background has ended by a defect.
    alive: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
}

impl Health {
    pub(super) fn new(stores: Vec<Store>, alive: Arc<AtomicBool>) -> Self {
        Self { reporter: HealthReporter::new(), stores: stores.into(), alive, ending: Arc::default() }
    }

    /// Says of each service that it is served.
    pub(super) async fn serving(&self, services: &[String]) {
        for service in services {
            self.reporter.set_service_status(service, ServingStatus::Serving).await;
        }
    }

    /// Says that nothing will be served much longer.
    pub(super) async fn end(&self, services: &[String]) {
        self.ending.store(true, Ordering::Relaxed);
        for service in services.iter().map(String::as_str).chain([""]) {
            self.reporter.set_service_status(service, ServingStatus::NotServing).await;
        }
    }

    /// `grpc.health.v1.Health`.
    pub(super) fn grpc(&self) -> Routes {
        Routes::new(HealthServer::new(HealthService::from_health_reporter(self.reporter.clone())))
    }

    /// `/livez`: start another if this fails. `/readyz`: send calls elsewhere while this fails.
    /// `/metrics`: for Prometheus.
    pub(super) fn http(&self) -> Router {
        let (live, ready) = (self.clone(), self.clone());
        Router::new()
            .route("/livez", get(async move || answer(live.alive.load(Ordering::Relaxed))))
            .route("/readyz", get(async move || answer(ready.is_ready().await)))
            .route("/metrics", get(async || ([(CONTENT_TYPE, METRICS_TYPE)], trellis_telemetry::metrics())))
    }

    async fn is_ready(&self) -> bool {
        if self.ending.load(Ordering::Relaxed) {
            return false;
        }
        for store in self.stores.iter() {
            if store.ready().await.is_err() {
                return false;
            }
        }
        true
    }
}

fn answer(well: bool) -> impl IntoResponse {
    if well { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ok\n") }
}
