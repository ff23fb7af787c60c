//! What a pool is told by: its figures, and the spans of what runs on it.

use std::sync::LazyLock;
use std::time::Instant;

use sea_orm::sqlx::Error;
use trellis_telemetry::metrics::{
    self, Counter, Counters, Gauge, Gauges, Histogram, Histograms, Scale, Watching,
};
use trellis_telemetry::spans::{self, Part};

const NAMESPACE: &str = "db_namespace";
const POOL: &str = "db_client_connection_pool_name";

static WAITS: LazyLock<Histograms<2>> = LazyLock::new(|| {
    let help = "How long statements and transactions waited for a connection, by store and pool";
    metrics::histograms("db_client_connection_wait_time_seconds", help, [NAMESPACE, POOL], Scale::Steps)
});

static WAITING: LazyLock<Gauges<2>> = LazyLock::new(|| {
    let help = "Statements and transactions that wait for a connection, by store and pool";
    metrics::gauges("db_client_connection_pending_requests", help, [NAMESPACE, POOL])
});

static TIMEOUTS: LazyLock<Counters<2>> = LazyLock::new(|| {
    let help = "Statements and transactions that got no connection in time, by store and pool";
    metrics::counters("db_client_connection_timeouts_total", help, [NAMESPACE, POOL])
});

/// Which pool of which store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    /// `postgresql` or `sqlite`.
    pub(super) system: &'static str,
    /// The service whose store it is.
    pub(super) service: &'static str,
    /// `reader`, `writer` or `replica`.
    pub(super) pool: &'static str,
}

/// How many connections there are.
pub(super) struct Counted {
    pub(super) idle: usize,
    pub(super) used: usize,
    pub(super) most: usize,
}

/// A pool's figures. They are told for as long as this is kept.
#[derive(Debug)]
pub(super) struct Figures {
    name: Name,
    wait: Histogram,
    waiting: Gauge,
    timeouts: Counter,
    _watching: Watching,
}

impl Figures {
    /// `count` is asked at every scrape; it must not own what keeps these figures.
    pub(super) fn new(name: Name, count: impl Fn() -> Option<Counted> + Send + Sync + 'static) -> Self {
        let labels = [name.service, name.pool];
        let watching = metrics::watch(move |figures| {
            let Some(counted) = count() else { return };
            let [service, pool] = labels;
            for (state, connections) in [("idle", counted.idle), ("used", counted.used)] {
                figures.gauge(
                    "db_client_connection_count",
                    "Connections that are open, by store, pool and whether they are used",
                    [(NAMESPACE, service), (POOL, pool), ("db_client_connection_state", state)],
                    float(connections),
                );
            }
            let help = "The most connections that may be open, by store and pool";
            let labels = [(NAMESPACE, service), (POOL, pool)];
            figures.gauge("db_client_connection_max", help, labels, float(counted.most));
        });
        Self {
            name,
            wait: WAITS.with(labels),
            waiting: WAITING.with(labels),
            timeouts: TIMEOUTS.with(labels),
            _watching: watching,
        }
    }

    /// Waits for a connection.
    pub(super) async fn wait<T>(
        &self,
        connection: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (waiting, since) = (self.waiting.hold(), Instant::now());
        let got = connection.await;
        drop(waiting);
        self.wait.observe(since.elapsed());
        if matches!(got, Err(Error::PoolTimedOut)) {
            self.timeouts.add(1);
        }
        got
    }

    /// The span of what runs on a connection: `read` or `write`, never the statement.
    pub(super) fn part(&self, operation: &'static str) -> Part {
        spans::database(self.name.system, self.name.service, operation)
    }
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
