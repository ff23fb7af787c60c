//! Where traces go.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{SpanContext, TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use tokio::runtime::Runtime;
use trellis_kernel::{Failure, Result};

/// How long the end of the process waits for the last spans to leave.
const FLUSH: Duration = Duration::from_secs(5);

static EXPORT: OnceLock<Export> = OnceLock::new();

/// What makes spans, where somebody collects them.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) tracer: SdkTracer,
    /// The share of the traces beginning here that are recorded.
    ratio: f64,
}

/// What makes spans, if spans are made.
pub(crate) fn running() -> Option<&'static Export> {
    EXPORT.get()
}

/// What makes spans, if they are made of this work: of a caller's as the caller decided, of one that
/// begins here by chance.
pub(crate) fn sampled(caller: Option<&SpanContext>, chance: u128) -> Option<&'static Export> {
    let export = running()?;
    let sampled = caller.map_or_else(|| share(chance) < export.ratio, SpanContext::is_sampled);
    sampled.then_some(export)
}

/// A random number as one from 0 up to 1.
fn share(chance: u128) -> f64 {
    let thirty_two = u32::try_from(chance & u128::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(thirty_two) / (f64::from(u32::MAX) + 1.0)
}

/// Sends spans to a collector.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    /// The connection to the collector lives on a runtime of its own: on the suite's, a flush that
    /// waits on its only worker would wait for ever.
    runtime: Option<Runtime>,
}

impl Traces {
    pub(crate) fn begin(service: &str, endpoint: &str, ratio: f64) -> Result<Self> {
        let resource = Resource::builder()
            .with_service_name(service.to_owned())
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let exporter = {
            let _inside = runtime.enter();
            SpanExporter::builder()
                .with_tonic()
                .with_endpoint(endpoint)
                .with_timeout(FLUSH)
                .build()
                .map_err(Failure::internal)?
        };
        // What is asked for is recorded: it was decided before, so that what is not costs nothing.
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::AlwaysOn)
            .with_batch_exporter(exporter)
            .build();
        let export = Export { tracer: provider.tracer("trellis"), ratio };
        EXPORT.set(export).map_err(|_| Failure::internal("traces are already exported from this process"))?;
        Ok(Self { provider, runtime: Some(runtime) })
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last spans may not have been exported");
        }
        if let Some(runtime) = self.runtime.take() {
            // Dropping it would block, which a thread of another runtime may not.
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_all_chances_is_that_share() {
        assert!(share(0) < f64::MIN_POSITIVE);
        assert!(share(u128::MAX) < 1.0);
        assert!((share(u128::from(u32::MAX / 2)) - 0.5).abs() < 0.001);
    }
}
