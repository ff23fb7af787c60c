//! Where traces go.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Runtime;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use trellis_kernel::{Failure, Result};

/// How long the end of the process waits for the last spans to leave.
const FLUSH: Duration = Duration::from_secs(5);

/// The tracer, and what sends its spans.
///
/// Without an endpoint spans are made all the same, since their trace ids are in the log and in the
/// answers; they go nowhere.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    /// The connection to the collector lives on a runtime of its own: on the suite's, a flush that
    /// waits on its only worker would wait for ever.
    runtime: Option<Runtime>,
}

impl Traces {
    pub(crate) fn begin(service: &str, endpoint: Option<&str>) -> Result<Self> {
        let resource = Resource::builder().with_service_name(service.to_owned()).build();
        let provider = SdkTracerProvider::builder().with_resource(resource);
        let Some(endpoint) = endpoint else {
            return Ok(Self { provider: provider.build(), runtime: None });
        };
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
        Ok(Self { provider: provider.with_batch_exporter(exporter).build(), runtime: Some(runtime) })
    }

    /// The layer that makes our spans, and no library's, into spans of the trace.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("trellis"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("trellis")))
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
