//! The log.

use std::fmt as text;
use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::Arc;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
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

/// The most that is logged of libraries, whatever is asked for: they tell what is in headers and
/// statements. A module stands before the library that it is of.
const QUIET: [(&str, LevelFilter); 10] = [
    ("async_nats", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("tonic", LevelFilter::WARN),
    ("tower", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("opentelemetry", LevelFilter::WARN),
    ("sqlx::query", LevelFilter::OFF),
    ("sqlx", LevelFilter::WARN),
];

/// How much is logged: a level (error, warn, info, debug, trace, off), or levels by module
/// (`info,trellis_store=debug`).
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter {
    asked: String,
    targets: Targets,
}

impl FromStr for LogFilter {
    type Err = Failure;

    fn from_str(asked: &str) -> Result<Self> {
        let refused = || {
            Failure::invalid(
                Reason::FieldViolation,
                "What should be logged is a level (error, warn, info, debug, trace, off), or levels by \
                 module such as info,trellis_store=debug.",
            )
            .with("option", "log")
        };
        // A word alone would otherwise be taken for a module, and nothing for the level of errors.
        let level = |part: &str| part.rsplit('=').next().unwrap_or_default().trim().to_owned();
        if asked.split(',').map(level).any(|level| level.is_empty() || level.parse::<LevelFilter>().is_err())
        {
            return Err(refused());
        }
        let targets: Targets = asked.parse().map_err(|_| refused())?;
        Ok(Self { asked: asked.to_owned(), targets: quietened(&targets) })
    }
}

impl text::Display for LogFilter {
    fn fmt(&self, f: &mut text::Formatter<'_>) -> text::Result {
        f.write_str(&self.asked)
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        let targets = Targets::new().with_default(LevelFilter::INFO);
        Self { asked: "info".to_owned(), targets: quietened(&targets) }
    }
}

/// What was asked for, with no more of a quiet library, or of a module of one, than it may say.
fn quietened(asked: &Targets) -> Targets {
    let most = |target: &str| {
        let mut of = QUIET.iter().filter(|(quiet, _)| target.starts_with(quiet));
        of.next().map_or(LevelFilter::TRACE, |(_, most)| *most)
    };
    let libraries = QUIET.iter().map(|(quiet, most)| (*quiet, level_of(asked, quiet).min(*most)));
    Targets::new()
        .with_default(asked.default_level().unwrap_or(LevelFilter::OFF))
        .with_targets(libraries)
        .with_targets(asked.iter().map(|(target, level)| (target, level.min(most(target)))))
}

fn level_of(targets: &Targets, target: &str) -> LevelFilter {
    let levels = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];
    let most = levels.into_iter().find(|level| targets.would_enable(target, level));
    most.map_or(LevelFilter::OFF, LevelFilter::from_level)
}

/// How much is logged; it can be changed while the program runs.
#[derive(Clone)]
pub struct LogLevel {
    handle: Arc<Handle<Targets, Registry>>,
}

impl LogLevel {
    /// What is logged now, the libraries that are always quiet among it.
    pub fn get(&self) -> String {
        self.handle.with_current(ToString::to_string).unwrap_or_default()
    }

    /// Logs by this from now on.
    pub fn set(&self, filter: &LogFilter) -> Result<()> {
        self.handle.reload(filter.targets.clone()).map_err(Failure::internal)?;
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
    filter: &LogFilter,
) -> (Box<dyn Layer<Registry> + Send + Sync>, LogLevel) {
    let (filter, handle) = reload::Layer::new(filter.targets.clone());
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
    (lines.with_filter(filter).boxed(), LogLevel { handle: Arc::new(handle) })
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

    fn filter(asked: &str) -> LogFilter {
        asked.parse().expect("a filter")
    }

    fn logs(asked: &str, target: &str, level: Level) -> bool {
        filter(asked).targets.would_enable(target, &level)
    }

    #[test]
    fn sql_is_never_logged_whatever_the_level() {
        for asked in ["trace", "info,sqlx::query=trace", "sqlx=debug", "sqlx::query::deep=trace"] {
            assert!(!logs(asked, "sqlx::query", Level::ERROR), "{asked}");
            assert!(!logs(asked, "sqlx::query::deep", Level::ERROR), "{asked}");
        }
    }

    #[test]
    fn no_module_of_a_quiet_library_says_more_than_the_library_may() {
        for asked in ["trace", "h2=trace", "info,h2::codec=trace", "off,h2::codec=debug,h2=info"] {
            assert!(!logs(asked, "h2::codec", Level::INFO), "{asked}");
            assert!(logs(asked, "h2::codec", Level::WARN), "{asked}");
        }
        assert!(logs("info,trellis_store=debug", "trellis_store::relay", Level::DEBUG));
        assert!(!logs("info,trellis_store=debug", "trellis_rpc", Level::DEBUG));
    }

    #[test]
    fn a_quiet_library_can_be_silenced() {
        for asked in ["off", "error", "info,h2=off"] {
            assert!(!logs(asked, "h2::codec", Level::WARN), "{asked}");
        }
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for wrong in ["", "inof", "trellis=nonsense", "info,", "info,debgu", "trellis_store"] {
            assert!(wrong.parse::<LogFilter>().is_err(), "{wrong}");
        }
    }
}
