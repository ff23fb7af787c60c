//! Figures of this process, for Prometheus: counters, gauges and histograms by labels.
//!
//! A metric is made once, in a `static`, and a series of it once, where the part of the program is
//! made that counts in it; counting then costs an atomic addition:
//!
//! ```
//! use std::sync::LazyLock;
//! use trellis_telemetry::metrics::{self, Counter, Counters};
//!
//! static SHED: LazyLock<Counters<1>> = LazyLock::new(|| {
//!     metrics::counters("trellis_calls_shed_total", "Calls that were not let in, by why", ["reason"])
//! });
//!
//! struct Door { overloaded: Counter }
//!
//! let door = Door { overloaded: SHED.with(["overloaded"]) };
//! door.overloaded.add(1);
//! ```
//!
//! What is only known when somebody asks (how many connections a pool holds) is told by
//! [`watch`].
//!
//! Labels are words of the program (`&'static str`): no value of a request, no name and no district can
//! become one, and there are only as many series as the program has words.
//!
//! Names follow OpenTelemetry's semantic conventions where those have one, with dots as underscores;
//! the rest begin with `trellis_`. The unit ends the name, `_total` ends a counter's. Every metric
//! stands in `docs/metrics.md`, which a test compares with what a suite exports: so a series is made
//! when its part is made, not when it is first counted in.

mod cache;
mod text;
mod watch;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabel as _, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::{counter, exemplar, gauge};
use prometheus_client::registry::{Metric, Registry};

pub use cache::CacheFigures;
pub use text::Format;
pub use watch::{Figures, Watching, watch};

/// Upper bounds in seconds: those of OpenTelemetry's semantic conventions for calls.
const CALLS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The same below them, for what happens inside a call.
const STEPS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register(name: &'static str, help: &'static str, metric: impl Metric) {
    // The format adds a counter's ending and the help's full stop by itself.
    registry().register(name.trim_end_matches("_total"), help, metric);
}

/// The labels of a series.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Labels<const N: usize> {
    names: [&'static str; N],
    values: [&'static str; N],
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        self.names.into_iter().zip(self.values).try_for_each(|label| label.encode(encoder.encode_label()))
    }
}

/// Makes a counter: it only grows. Its name ends in `_total`.
///
/// # Panics
///
/// When the name does not end so.
pub fn counters<const N: usize>(
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
) -> Counters<N> {
    assert!(name.ends_with("_total"), "the name of a counter ends in _total: {name}");
    let family = Family::default();
    register(name, help, family.clone());
    Counters { labels, family }
}

/// A counter by labels.
#[derive(Debug)]
pub struct Counters<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, counter::Counter>,
}

impl<const N: usize> Counters<N> {
    /// The series with these values of its labels; zero from now on.
    pub fn with(&self, values: [&'static str; N]) -> Counter {
        Counter(self.family.get_or_create_owned(&Labels { names: self.labels, values }))
    }
}

/// A series that only grows.
#[derive(Clone, Debug)]
pub struct Counter(counter::Counter);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.inc_by(count);
    }
}

/// Makes a gauge: it goes up and down.
pub fn gauges<const N: usize>(
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
) -> Gauges<N> {
    let family = Family::default();
    register(name, help, family.clone());
    Gauges { labels, family }
}

/// A gauge by labels.
#[derive(Debug)]
pub struct Gauges<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, gauge::Gauge>,
}

impl<const N: usize> Gauges<N> {
    /// The series with these values of its labels; zero from now on.
    pub fn with(&self, values: [&'static str; N]) -> Gauge {
        Gauge(self.family.get_or_create_owned(&Labels { names: self.labels, values }))
    }
}

/// A series that goes up and down.
#[derive(Clone, Debug)]
pub struct Gauge(gauge::Gauge);

impl Gauge {
    /// Says what it is now.
    pub fn set(&self, value: i64) {
        self.0.set(value);
    }

    pub(crate) fn up(&self) {
        self.0.inc();
    }

    pub(crate) fn down(&self) {
        self.0.dec();
    }

    /// One more, until what is returned is dropped.
    pub fn hold(&self) -> Held {
        self.0.inc();
        Held(self.0.clone())
    }
}

/// One more in a [`Gauge`], for as long as this is kept.
#[derive(Debug)]
#[must_use = "it counts for as long as it is kept"]
pub struct Held(gauge::Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// How long the things take that a histogram counts.
#[derive(Clone, Copy, Debug)]
pub enum Scale {
    /// Calls: 5 ms to 10 s.
    Calls,
    /// Steps inside a call, such as a statement or a wait: 0.1 ms to 30 s.
    Steps,
}

impl MetricConstructor<Timings> for Scale {
    fn new_metric(&self) -> Timings {
        let bounds = match self {
            Self::Calls => CALLS,
            Self::Steps => STEPS,
        };
        Timings::new(bounds.into_iter())
    }
}

/// Makes a histogram of durations. Its name ends in `_seconds`.
///
/// # Panics
///
/// When the name does not end so.
pub fn histograms<const N: usize>(
    name: &'static str,
    help: &'static str,
    labels: [&'static str; N],
    scale: Scale,
) -> Histograms<N> {
    assert!(name.ends_with("_seconds"), "the name of a histogram of durations ends in _seconds: {name}");
    let family = Family::new_with_constructor(scale);
    register(name, help, family.clone());
    Histograms { labels, family }
}

/// Durations, and of some of them the trace that one can look at.
type Timings = exemplar::HistogramWithExemplars<[(&'static str, String); 1]>;

/// A histogram of durations by labels.
#[derive(Debug)]
pub struct Histograms<const N: usize> {
    labels: [&'static str; N],
    family: Family<Labels<N>, Timings, Scale>,
}

impl<const N: usize> Histograms<N> {
    /// The series with these values of its labels; empty from now on.
    pub fn with(&self, values: [&'static str; N]) -> Histogram {
        Histogram(self.family.get_or_create_owned(&Labels { names: self.labels, values }))
    }
}

/// A series of durations.
#[derive(Clone, Debug)]
pub struct Histogram(Timings);

impl Histogram {
    /// Adds one.
    pub fn observe(&self, took: Duration) {
        self.0.observe(took.as_secs_f64(), None, None);
    }

    /// Adds one, and the trace in which it is found (an exemplar).
    #[expect(
        clippy::disallowed_methods,
        reason = "the time of an exemplar is the machine's, as its scraper's is"
    )]
    pub(crate) fn observe_traced(&self, took: Duration, trace_id: String) {
        let now = std::time::SystemTime::now();
        self.0.observe(took.as_secs_f64(), Some([("trace_id", trace_id)]), Some(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_there_before_it_is_first_counted_in() {
        let counters = counters("trellis_test_counted_total", "Counted", ["kind"]);
        let counter = counters.with(["first"]);
        assert!(Format::Classic.render().contains("trellis_test_counted_total{kind=\"first\"} 0\n"));
        counter.add(2);
        counters.with(["first"]).add(1);
        assert!(Format::Classic.render().contains("trellis_test_counted_total{kind=\"first\"} 3\n"));
    }

    #[test]
    fn what_is_held_counts_until_it_is_dropped() {
        let gauge = gauges("trellis_test_held", "Held", []).with([]);
        let held = gauge.hold();
        assert!(Format::Classic.render().contains("trellis_test_held{} 1\n"));
        drop(held);
        assert!(Format::Classic.render().contains("trellis_test_held{} 0\n"));
    }

    #[test]
    fn a_duration_is_found_by_its_trace_only_in_the_format_that_knows_exemplars() {
        let histogram = histograms("trellis_test_seconds", "Took", [], Scale::Steps).with([]);
        histogram.observe(Duration::from_mins(1));
        histogram.observe_traced(Duration::from_millis(2), "abc".to_owned());
        let open = Format::OpenMetrics.render();
        assert!(
            open.contains(r#"trellis_test_seconds_bucket{le="0.0025"} 1 # {trace_id="abc"} 0.002 "#),
            "{open}"
        );
        assert!(open.ends_with("# EOF\n"));
        let classic = Format::Classic.render();
        assert!(classic.contains("trellis_test_seconds_bucket{le=\"0.0025\"} 1\n"), "{classic}");
        assert!(classic.contains("trellis_test_seconds_count{} 2\n"), "{classic}");
    }
}
