//! A collector of traces, as far as a test needs one: it keeps what is exported to it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;

/// Keeps what is exported to it.
pub(crate) struct Collector {
    /// Where it is.
    pub(crate) url: String,
    exports: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let exports = Arc::new(Mutex::new(Vec::new()));
        let kept = exports.clone();
        let collect = move |request: Request| {
            let kept = kept.clone();
            async move {
                assert_eq!(
                    request.uri().path(),
                    "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                );
                let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(body);
                [("content-type", "application/grpc"), ("grpc-status", "0")]
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            axum::serve(listener, Router::new().fallback(collect)).await.expect("it serves");
        });
        Self { url, exports }
    }

    /// All that has been exported by now; its texts stand in it as they are.
    pub(crate) fn exported(&self) -> Vec<u8> {
        self.exports().concat()
    }

    /// The same, export by export: each is of one process.
    pub(crate) fn exports(&self) -> Vec<Bytes> {
        self.exports.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
