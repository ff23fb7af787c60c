//! The log.

use std::fmt as text;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{Directive, EnvFilter};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload::{self, Handle};
use tracing_subscriber::{Layer, Registry, fmt};
use trellis_kernel::{Failure, Reason, Result};

use crate::context;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for a collector.
    Json,
}

/// Libraries that say more than is wanted at the level of our own code; the last one logs SQL.
const QUIET: [&str; 8] = [
    "h2=warn",
    "hyper=warn",
    "hyper_util=warn",
    "tonic=warn",
    "tower=warn",
    "rustls=warn",
    "opentelemetry=warn",
    "sqlx::query=off",
];

/// How much is logged; it can be changed while the program runs.
#[derive(Clone)]
pub struct LogLevel {
    handle: Arc<Handle<EnvFilter, Registry>>,
}

impl LogLevel {
    /// What is logged now, the libraries that are always quiet among it.
    pub fn get(&self) -> String {
        self.handle.with_current(ToString::to_string).unwrap_or_default()
    }

    /// Logs by this level or these directives from now on; what is neither is refused.
    pub fn set(&self, level: &str) -> Result<()> {
        self.handle.reload(filter(level)?).map_err(Failure::internal)?;
        tracing::info!("the level of the log was changed");
        Ok(())
    }
}

impl text::Debug for LogLevel {
    fn fmt(&self, f: &mut text::Formatter<'_>) -> text::Result {
        f.debug_tuple("LogLevel").field(&self.get()).finish()
    }
}

/// The layer that writes to standard error, and what changes its level.
pub(crate) fn layer(
    format: LogFormat,
    level: &str,
) -> Result<(Box<dyn Layer<Registry> + Send + Sync>, LogLevel)> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.event_format(Lines(format::format().with_ansi(colours))).boxed()
        }
        LogFormat::Json => {
            let objects =
                format::format().json().flatten_event(true).with_current_span(false).with_span_list(false);
            lines.json().event_format(Objects(objects)).boxed()
        }
    };
    Ok((lines.with_filter(filter).boxed(), LogLevel { handle: Arc::new(handle) }))
}

/// Lines for people, with the work that they belong to at their end.
struct Lines(format::Format);

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> text::Result {
        let Some(work) = context::current() else { return self.0.format_event(cx, writer, event) };
        let mut line = String::new();
        self.0.format_event(cx, Writer::new(&mut line), event)?;
        writeln!(writer, "{} trace_id={} work={}", line.trim_end(), work.trace_id(), work.name)
    }
}

/// JSON objects, with the work that they belong to among their fields.
struct Objects(format::Format<format::Json>);

impl<S, N> FormatEvent<S, N> for Objects
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        cx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> text::Result {
        let Some(work) = context::current() else { return self.0.format_event(cx, writer, event) };
        let mut line = String::new();
        self.0.format_event(cx, Writer::new(&mut line), event)?;
        let open = line.trim_end().trim_end_matches('}');
        // Neither holds anything that JSON would have to escape: digits, and a name of the contract.
        writeln!(writer, r#"{open},"trace_id":"{}","work":"{}"}}"#, work.trace_id(), work.name)
    }
}

/// Reads what should be logged; what is not wanted at any level is added.
pub(crate) fn filter(level: &str) -> Result<EnvFilter> {
    let filter = EnvFilter::builder().parse(level).map_err(|_| {
        Failure::invalid(
            Reason::FieldViolation,
            "What should be logged is a level (error, warn, info, debug, trace, off), or levels by module \
             such as info,trellis_store=debug.",
        )
        .with("option", "log")
    })?;
    QUIET.iter().try_fold(filter, |filter, directive| {
        let directive: Directive = directive.parse().map_err(|error| Failure::internal(Box::new(error)))?;
        Ok(filter.add_directive(directive))
    })
}

/// Logs where a panic happened; not its message, which can hold a value that is somebody's.
pub(crate) fn tell_of_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        tracing::error!(at, thread, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_never_logged_whatever_the_level() {
        for level in ["trace", "info,sqlx::query=trace", "sqlx=debug"] {
            let filter = filter(level).expect("a level");
            assert!(filter.to_string().contains("sqlx::query=off"), "{filter}");
        }
    }

    #[test]
    fn what_is_no_level_is_refused() {
        assert!(filter("trellis=nonsense").is_err());
    }
}
