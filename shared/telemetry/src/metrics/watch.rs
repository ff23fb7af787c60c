//! Figures that are only known when somebody asks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

type Watch = dyn Fn(&mut Figures) + Send + Sync;

static WATCHES: Mutex<Vec<Weak<Watch>>> = Mutex::new(Vec::new());

/// Asks for figures at every scrape, until what is returned is dropped.
///
/// `tell` must be quick and wait for nothing. It must not own what keeps the [`Watching`], which would
/// then never be dropped: let it own the pool, not the store.
///
/// ```
/// use trellis_telemetry::metrics;
///
/// let watching = metrics::watch(|figures| {
///     figures.gauge("trellis_lamps_lit", "Lamps that are lit", [("room", "hall")], 2.0);
/// });
/// assert!(metrics::Format::Classic.render().contains(r#"trellis_lamps_lit{room="hall"} 2"#));
/// # drop(watching);
/// ```
pub fn watch(tell: impl Fn(&mut Figures) + Send + Sync + 'static) -> Watching {
    let watch: Arc<Watch> = Arc::new(tell);
    let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
    watches.retain(|watch| watch.strong_count() > 0);
    watches.push(Arc::downgrade(&watch));
    Watching(watch)
}

/// Figures are asked for as long as this is kept.
#[must_use = "figures are asked for as long as this is kept"]
pub struct Watching(
    #[expect(dead_code, reason = "it is kept alive, and asked by those who hold it weakly")] Arc<Watch>,
);

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching")
    }
}

/// What is told at a scrape. Where two tell the same series (two suites in one process), it is the sum.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<&'static str, Figure>);

#[derive(Debug)]
struct Figure {
    help: &'static str,
    counts: bool,
    series: BTreeMap<Vec<(&'static str, &'static str)>, f64>,
}

impl Figures {
    /// Tells what goes up and down.
    pub fn gauge<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: [(&'static str, &'static str); N],
        value: f64,
    ) {
        self.tell(name, help, false, labels.to_vec(), value);
    }

    /// Tells what only grows. Its name ends in `_total`.
    pub fn counter<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: [(&'static str, &'static str); N],
        value: f64,
    ) {
        debug_assert!(name.ends_with("_total"), "the name of a counter ends in _total: {name}");
        self.tell(name.trim_end_matches("_total"), help, true, labels.to_vec(), value);
    }

    fn tell(
        &mut self,
        name: &'static str,
        help: &'static str,
        counts: bool,
        labels: Vec<(&'static str, &'static str)>,
        value: f64,
    ) {
        let figure = self.0.entry(name).or_insert_with(|| Figure { help, counts, series: BTreeMap::new() });
        *figure.series.entry(labels).or_default() += value;
    }
}

/// What everyone who is asked tells now.
///
/// Asked without a lock: what is asked may begin or end a watch, and make a metric.
pub(super) fn ask() -> Figures {
    let watches: Vec<Arc<Watch>> =
        WATCHES.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect();
    let mut figures = Figures::default();
    crate::process::tell(&mut figures);
    for watch in watches {
        watch(&mut figures);
    }
    figures
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, figure) in &self.0 {
            let kind = if figure.counts { MetricType::Counter } else { MetricType::Gauge };
            // The registry ends the helps of its own metrics with a full stop.
            let help = format!("{}.", figure.help);
            let mut metric = encoder.encode_descriptor(name, &help, None, kind)?;
            for (labels, value) in &figure.series {
                let labels = labels.as_slice();
                let series = metric.encode_family(&labels)?;
                if figure.counts {
                    ConstCounter::new(*value).encode(series)?;
                } else {
                    ConstGauge::new(*value).encode(series)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    fn lit() -> Option<String> {
        let text = Format::Classic.render();
        text.lines().find(|line| line.starts_with("trellis_test_lit{")).map(str::to_owned)
    }

    #[test]
    fn figures_are_asked_for_until_nobody_keeps_them_and_the_same_series_is_a_sum() {
        let watch = || {
            watch(|figures| {
                figures.gauge("trellis_test_lit", "Lit", [("room", "hall")], 2.0);
                figures.counter("trellis_test_lit_ever_total", "Lit ever", [], 3.0);
            })
        };
        let (one, other) = (watch(), watch());
        assert_eq!(lit().as_deref(), Some(r#"trellis_test_lit{room="hall"} 4.0"#));
        assert!(Format::Classic.render().contains("# TYPE trellis_test_lit_ever_total counter\n"));
        assert!(Format::Classic.render().contains("trellis_test_lit_ever_total{} 6.0\n"));
        drop(one);
        assert_eq!(lit().as_deref(), Some(r#"trellis_test_lit{room="hall"} 2.0"#));
        drop(other);
        assert_eq!(lit(), None);
    }
}
