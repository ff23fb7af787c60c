//! What every call is counted by: rate, errors and duration, per method.

use std::sync::LazyLock;
use std::time::Instant;

use prometheus::{HistogramOpts, HistogramVec, IntGaugeVec, Opts, Registry, TextEncoder};

/// Upper bounds in seconds: those of OpenTelemetry's semantic conventions.
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

struct Metrics {
    registry: Registry,
    duration: HistogramVec,
    active: IntGaugeVec,
}

impl Metrics {
    fn new() -> Self {
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "rpc_server_call_duration_seconds",
                "How long calls took, by service, method and gRPC status code.",
            )
            .buckets(BUCKETS.to_vec()),
            &["rpc_service", "rpc_method", "rpc_grpc_status_code"],
        )
        .expect("the name and the labels are well formed");
        let active = IntGaugeVec::new(
            Opts::new("rpc_server_active_calls", "Calls that are being served, streams among them."),
            &["rpc_service", "rpc_method"],
        )
        .expect("the name and the labels are well formed");
        let registry = Registry::new();
        for collector in
            [Box::new(duration.clone()) as Box<dyn prometheus::core::Collector>, Box::new(active.clone())]
        {
            registry.register(collector).expect("each metric is registered once");
        }
        Self { registry, duration, active }
    }
}

/// A call that is being served; counted when it ends, also when nobody waits for its end.
#[derive(Debug)]
pub struct ActiveCall {
    service: &'static str,
    method: &'static str,
    begun: Instant,
    code: i32,
}

/// What gRPC calls a call whose caller went away.
const CANCELLED: i32 = 1;

impl ActiveCall {
    /// Begins to serve a call. Service and method are the contract's, never a client's text, so that
    /// there are only as many series as methods.
    pub fn begin(service: &'static str, method: &'static str) -> Self {
        METRICS.active.with_label_values(&[service, method]).inc();
        Self { service, method, begun: Instant::now(), code: CANCELLED }
    }

    /// The code it is answered with.
    pub fn answered(&mut self, code: i32) {
        self.code = code;
    }
}

impl Drop for ActiveCall {
    fn drop(&mut self) {
        METRICS.active.with_label_values(&[self.service, self.method]).dec();
        let code = self.code.to_string();
        METRICS
            .duration
            .with_label_values(&[self.service, self.method, code.as_str()])
            .observe(self.begun.elapsed().as_secs_f64());
    }
}

pub(crate) fn text() -> String {
    TextEncoder::new().encode_to_string(&METRICS.registry.gather()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_the_code_it_was_answered_with() {
        let mut call = ActiveCall::begin("trellis.test.Calls", "Answered");
        assert!(text().contains(
            r#"rpc_server_active_calls{rpc_method="Answered",rpc_service="trellis.test.Calls"} 1"#
        ));
        call.answered(5);
        drop(call);
        assert!(text().contains(
            r#"rpc_server_call_duration_seconds_count{rpc_grpc_status_code="5",rpc_method="Answered",rpc_service="trellis.test.Calls"} 1"#
        ));
        assert!(text().contains(
            r#"rpc_server_active_calls{rpc_method="Answered",rpc_service="trellis.test.Calls"} 0"#
        ));
    }

    #[test]
    fn a_call_whose_caller_went_away_is_counted_as_cancelled() {
        drop(ActiveCall::begin("trellis.test.Calls", "Abandoned"));
        assert!(text().contains(
            r#"rpc_server_call_duration_seconds_count{rpc_grpc_status_code="1",rpc_method="Abandoned",rpc_service="trellis.test.Calls"} 1"#
        ));
    }
}
