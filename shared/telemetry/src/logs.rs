//! The log.

use std::panic::PanicHookInfo;

use tracing::Subscriber;
use tracing_subscriber::filter::{Directive, EnvFilter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, fmt};
use trellis_kernel::{Failure, Result};

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

/// The layer that writes to standard error.
pub(crate) fn layer<S>(format: LogFormat, level: &str) -> Result<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    Ok(lines.with_filter(filter(level)?).boxed())
}

fn filter(level: &str) -> Result<EnvFilter> {
    let filter = EnvFilter::builder()
        .parse(level)
        .map_err(|error| Failure::internal(error).with("option", "log_level"))?;
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
