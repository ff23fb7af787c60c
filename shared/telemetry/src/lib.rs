//! What the suite tells of itself: logs, traces and metrics.
//!
//! Architecture invariant: the only crate that names `opentelemetry` and `prometheus_client`. Nothing
//! that it tells holds SQL, a resource's name, a request's value or anything else about a person:
//! labels and attributes are words of the program, methods, codes and reasons.

pub mod calls;
pub mod context;
mod export;
mod logs;
pub mod metrics;
mod process;
pub mod spans;

use std::sync::OnceLock;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use trellis_kernel::{Failure, Result};

pub use logs::{LogFilter, LogFormat, LogLevel};

use crate::export::Traces;

/// What is told, and where to.
#[derive(Clone, Debug)]
pub struct Options {
    /// The name under which this process tells of itself: `trellis`, or the one service it runs.
    pub service: String,
    /// Where traces go (OTLP over gRPC), `http://localhost:4317`. Without it no spans are made; calls
    /// carry trace ids all the same, and log lines name them.
    pub otlp_endpoint: Option<String>,
    /// The share of the traces beginning here of which spans are made, from 0 to 1. A trace that a caller
    /// began is recorded if the caller records it.
    pub trace_sample_ratio: f64,
    /// How a line of the log is written.
    pub log_format: LogFormat,
    /// How much is logged.
    pub log: LogFilter,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            service: "trellis".to_owned(),
            otlp_endpoint: None,
            trace_sample_ratio: 1.0,
            log_format: LogFormat::Text,
            log: LogFilter::default(),
        }
    }
}

static LOG_LEVEL: OnceLock<LogLevel> = OnceLock::new();

/// What changes how much this process logs; none where [`init`] has not begun its log.
pub fn log_level() -> Option<&'static LogLevel> {
    LOG_LEVEL.get()
}

/// Keeps telemetry going; what is not yet exported is, when it is dropped.
#[must_use = "telemetry ends when this is dropped"]
pub struct Telemetry {
    _traces: Option<Traces>,
}

/// Begins to log to standard error, and to trace.
///
/// Once in a process, and before its work begins.
pub fn init(options: &Options) -> Result<Telemetry> {
    let endpoint = options.otlp_endpoint.as_deref();
    let traces = endpoint
        .map(|endpoint| Traces::begin(&options.service, endpoint, options.trace_sample_ratio))
        .transpose()?;
    let (lines, level) = logs::layer(options.log_format, &options.log);
    tracing_subscriber::registry().with(lines).try_init().map_err(Failure::internal)?;
    LOG_LEVEL.get_or_init(|| level);
    logs::tell_of_panics();
    Ok(Telemetry { _traces: traces })
}
