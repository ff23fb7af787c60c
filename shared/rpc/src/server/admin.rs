//! What those who operate the suite ask of a process, on an address of its own.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tower_http::timeout::TimeoutLayer;
use trellis_telemetry::log_level;

use super::health::{Health, metrics};

/// The most that an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// `/livez`, `/readyz`, `/metrics`, and `/log-level` to read (GET) and, from this machine, to set (PUT).
fn router(health: &Health) -> Router {
    health
        .http()
        .merge(metrics())
        .route("/log-level", get(level).put(set_level))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, ANSWER))
}

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, health: Health) {
    let service = router(&health).into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(%error, "the admin address is not served any more");
    }
}

async fn level() -> (StatusCode, String) {
    match log_level() {
        Some(level) => (StatusCode::OK, format!("{}\n", level.get())),
        None => (StatusCode::NOT_FOUND, "The log of this process is not ours.\n".to_owned()),
    }
}

/// A filter that says too much fills disks, so only those who are on the machine (or in the pod) set one.
async fn set_level(ConnectInfo(from): ConnectInfo<SocketAddr>, wanted: String) -> (StatusCode, String) {
    if !from.ip().to_canonical().is_loopback() {
        let words = "The level of the log is set from the machine itself: 127.0.0.1, or inside the pod.\n";
        return (StatusCode::FORBIDDEN, words.to_owned());
    }
    let Some(level) = log_level() else { return self::level().await };
    match wanted.trim().parse().and_then(|filter| level.set(&filter)) {
        Ok(()) => self::level().await,
        Err(failure) => (StatusCode::BAD_REQUEST, format!("{}\n", failure.message())),
    }
}
