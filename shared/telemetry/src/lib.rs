//! What the suite tells of itself: logs, traces and metrics.
//!
//! Architecture invariant: the only crate that names `opentelemetry`. Nothing that it tells holds SQL,
//! a resource's name, a request's value or anything else about a person: attributes are methods,
//! codes and reasons.

pub mod calls;
pub mod context;
mod export;
mod logs;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use trellis_kernel::{Failure, Result};

pub use logs::LogFormat;

use crate::export::Traces;

/// What is told, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name under which this process tells of itself: `trellis`, or the one service it runs.
    pub service: String,
    /// Where traces go (OTLP over gRPC), `http://localhost:4317`; none keeps them nowhere.
    pub otlp_endpoint: Option<String>,
    /// How a line of the log is written.
    pub log_format: LogFormat,
    /// How much is logged: a level, or directives as `tracing_subscriber::EnvFilter` reads them.
    pub log_level: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            service: "trellis".to_owned(),
            otlp_endpoint: None,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
        }
    }
}

/// Keeps telemetry going; what is not yet exported is, when it is dropped.
#[must_use = "telemetry ends when this is dropped"]
pub struct Telemetry {
    _traces: Traces,
}

/// Begins to log to standard error, and to trace.
///
/// Once in a process, and before its work begins.
pub fn init(options: &Options) -> Result<Telemetry> {
    let traces = Traces::begin(&options.service, options.otlp_endpoint.as_deref())?;
    tracing_subscriber::registry()
        .with(traces.layer())
        .with(logs::layer(options.log_format, &options.log_level)?)
        .try_init()
        .map_err(Failure::internal)?;
    logs::tell_of_panics();
    Ok(Telemetry { _traces: traces })
}

/// The metrics of this process, in Prometheus' text format.
pub fn metrics() -> String {
    calls::text()
}
