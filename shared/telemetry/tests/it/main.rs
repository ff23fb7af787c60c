//! What leaves the process, as a collector meets it.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use trellis_telemetry::Options;

/// A collector on a thread of its own, and the bodies of the exports that reach it.
fn collector() -> (SocketAddr, Receiver<Bytes>) {
    let (exports, received) = channel();
    let (told, address) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let collect = move |request: Request| {
                let exports = exports.clone();
                async move {
                    assert_eq!(
                        request.uri().path(),
                        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
                    );
                    let body = to_bytes(request.into_body(), usize::MAX).await.expect("a body");
                    exports.send(body).expect("the test is waiting");
                    [("content-type", "application/grpc"), ("grpc-status", "0")]
                }
            };
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            told.send(listener.local_addr().expect("an address")).expect("the test is waiting");
            axum::serve(listener, Router::new().fallback(collect)).await.expect("it serves");
        });
    });
    (address.recv().expect("an address"), received)
}

#[test]
fn our_spans_reach_the_collector_from_a_runtime_with_one_worker() {
    let (address, exports) = collector();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async move {
        tokio::spawn(async move {
            let options = Options {
                otlp_endpoint: Some(format!("http://{address}")),
                log_level: "off".to_owned(),
                ..Options::default()
            };
            let telemetry = trellis_telemetry::init(&options).expect("telemetry");
            tracing::info_span!(target: "trellis_test", "our-span").in_scope(|| {
                tracing::info_span!(target: "h2::proto", "their-span").in_scope(|| ());
            });
            // Waits for the export on the only worker.
            drop(telemetry);
        })
        .await
        .expect("no panic");
    });
    let export = exports.recv_timeout(Duration::from_secs(10)).expect("an export");
    let text = String::from_utf8_lossy(&export);
    assert!(text.contains("our-span") && text.contains("trellis"), "{text}");
    assert!(!text.contains("their-span"), "{text}");
}
