//! What leaves the process, as a collector meets it.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName};
use trellis_telemetry::calls::{Call, Method};
use trellis_telemetry::metrics::Format;
use trellis_telemetry::{Options, spans};

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

/// A caller's trace, sampled or not.
fn from(flags: &str) -> HeaderMap {
    let parent = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
    HeaderMap::from_iter([(HeaderName::from_static("traceparent"), parent.parse().expect("a header"))])
}

fn method(name: &'static str) -> &'static Method {
    Box::leak(Box::new(Method::served(name)))
}

/// One test, since a process exports once.
#[test]
fn what_is_sampled_reaches_the_collector_from_a_runtime_with_one_worker_and_nothing_else_does() {
    let (address, exports) = collector();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async move {
        tokio::spawn(async move {
            let options = Options {
                otlp_endpoint: Some(format!("http://{address}")),
                trace_sample_ratio: 0.0,
                log: "off".parse().expect("a level"),
                ..Options::default()
            };
            let telemetry = trellis_telemetry::init(&options).expect("telemetry");
            let mut sampled = Call::serve(method("trellis.test.Calls/Sampled"), &from("01"));
            sampled
                .current()
                .scope(async { drop(spans::database("sqlite", "profile", "read-within")) })
                .await;
            sampled.answered(13);
            sampled.refused(|| Some("SOME_REASON"));
            drop(sampled);
            let unsampled = Call::serve(method("trellis.test.Calls/Unsampled"), &from("00"));
            unsampled
                .current()
                .scope(async { drop(spans::database("sqlite", "profile", "read-apart")) })
                .await;
            drop(unsampled);
            // It begins here, and the ratio is none.
            drop(Call::serve(method("trellis.test.Calls/OfOurOwn"), &HeaderMap::new()));
            tracing::info_span!("a-library's").in_scope(|| ());
            // Waits for the export on the only worker.
            drop(telemetry);
        })
        .await
        .expect("no panic");
    });
    let export = exports.recv_timeout(Duration::from_secs(10)).expect("an export");
    let text = String::from_utf8_lossy(&export);
    for there in [
        "trellis.test.Calls/Sampled",
        "rpc.system.name",
        "rpc.response.status_code",
        "INTERNAL",
        "error.type",
        "trellis.reason",
        "SOME_REASON",
        "db.system.name",
        "read-within",
        "service.version",
    ] {
        assert!(text.contains(there), "{there}: {text}");
    }
    for absent in ["Unsampled", "read-apart", "OfOurOwn", "a-library's"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    // Both are parts of the caller's trace, and so found by it.
    let trace = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
    assert_eq!(export.windows(trace.len()).filter(|window| *window == trace).count(), 2);

    // The duration that was counted shows the trace in which it is found; the others show none.
    let metrics = Format::OpenMetrics.render();
    let of = |method: &str| {
        let line =
            metrics.lines().find(|line| line.contains(method) && line.contains("_bucket{le=\"0.005\""));
        line.unwrap_or_else(|| panic!("{method}: {metrics}")).to_owned()
    };
    let sampled = of("Calls/Sampled");
    assert!(sampled.contains("# {trace_id=\"0af7651916cd43dd8448eb211c80319c\"}"), "{sampled}");
    assert!(!of("Calls/Unsampled").contains('#') && !of("Calls/OfOurOwn").contains('#'));
}
