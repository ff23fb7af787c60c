//! How far the relay and the consumers of this process are, for its metrics.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use trellis_store::{Lag, Store, Task};
use trellis_telemetry::metrics::{self, Figures, Gauges};

use crate::{Broker, Effect};

/// How often the databases are asked.
const INTERVAL: Duration = Duration::from_secs(5);

/// How far this process has copied the events of a store to the broker.
pub(crate) static PUBLISHED: LazyLock<Gauges<1>> = LazyLock::new(|| {
    let help = "Position of the last event that the broker has by this process; 0 where another gives it events, or there is none";
    metrics::gauges("trellis_broker_position", help, ["store"])
});

/// The task that keeps the figures of these stores and effects up to date.
///
/// Every process that serves a service tells the same of its database. How far a consumer is behind
/// is counted in events where its producer is served by this process too; elsewhere it is the
/// producer's `trellis_outbox_head` less `trellis_consumer_position`.
pub fn figures(stores: Vec<Store>, effects: Vec<Effect>, broker: Option<Broker>) -> Task {
    let known: Arc<Mutex<Vec<Of>>> = Arc::default();
    let mut told: Vec<Of> =
        stores.iter().map(|store| Of::Store(store.service(), Outbox::default())).collect();
    told.extend(effects.iter().map(|effect| Of::Effect(effect.labels(), Follows::default())));
    put(&known, told);
    for store in &stores {
        PUBLISHED.with([store.service()]).set(0);
    }
    let ours = known.clone();
    let watching = metrics::watch(move |figures| {
        figures.gauge(
            "trellis_broker_connected",
            "Whether the broker of events is connected; 0 where there is none",
            [],
            if broker.as_ref().is_some_and(Broker::is_connected) { 1.0 } else { 0.0 },
        );
        for of in ours.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            of.tell(figures);
        }
    });
    let work = async move {
        let _watching = watching;
        loop {
            put(&known, look(&stores, &effects).await);
            tokio::time::sleep(INTERVAL).await;
        }
    };
    ("figures of events".to_owned(), Box::pin(work))
}

/// What is told of.
enum Of {
    Store(&'static str, Outbox),
    Effect(Labels, Follows),
}

type Labels = [(&'static str, &'static str); 3];

#[derive(Default)]
struct Outbox {
    pending: f64,
    oldest: f64,
    head: f64,
    floor: f64,
}

#[derive(Default)]
struct Follows {
    position: f64,
    /// In events, where the producer is here.
    lag: Option<f64>,
    seconds: f64,
    parted: f64,
    dead_letters: f64,
}

/// Asks the databases; one that is away tells nothing.
async fn look(stores: &[Store], effects: &[Effect]) -> Vec<Of> {
    let mut lags: Vec<(&'static str, Lag)> = Vec::with_capacity(stores.len());
    let mut told = Vec::new();
    for store in stores {
        let Ok(lag) = store.lag().await else { continue };
        let now = store.clock().now();
        let oldest = lag.oldest_pending.map_or(0.0, |then| now.duration_since(then).as_secs_f64().max(0.0));
        let outbox =
            Outbox { pending: float(lag.pending), oldest, head: float(lag.head), floor: float(lag.floor) };
        told.push(Of::Store(store.service(), outbox));
        lags.push((store.service(), lag));
    }
    let of = |service: &str| lags.iter().find(|(name, _)| *name == service).map(|(_, lag)| lag);
    for effect in effects {
        let Some(own) = of(effect.store.service()) else { continue };
        let checkpoint = effect.follower.checkpoint();
        let follower = own.followers.iter().find(|follower| follower.checkpoint == checkpoint);
        let position = follower.map_or(0, |follower| follower.position);
        let follows = Follows {
            position: float(position),
            lag: of(effect.producer).map(|producer| float((producer.head - position).max(0))),
            seconds: effect.behind().as_secs_f64(),
            parted: f64::from(u8::from(effect.has_parted())),
            dead_letters: float(follower.map_or(0, |follower| follower.open_letters)),
        };
        told.push(Of::Effect(effect.labels(), follows));
    }
    told
}

impl Of {
    fn tell(&self, figures: &mut Figures) {
        match self {
            Self::Store(store, outbox) => {
                let labels = [("store", *store)];
                let mut tell = |name, help, value| figures.gauge(name, help, labels, value);
                tell(
                    "trellis_outbox_pending",
                    "Events that have committed and have no position yet",
                    outbox.pending,
                );
                tell(
                    "trellis_outbox_oldest_age_seconds",
                    "Age of the oldest of them; 0 without one",
                    outbox.oldest,
                );
                tell("trellis_outbox_head", "Position of the last event", outbox.head);
                tell(
                    "trellis_outbox_floor",
                    "Position of the last event that is no longer kept",
                    outbox.floor,
                );
            }
            Self::Effect(labels, follows) => {
                let mut tell = |name, help, value| figures.gauge(name, help, *labels, value);
                tell(
                    "trellis_consumer_position",
                    "Position of the last event that a consumer has applied",
                    follows.position,
                );
                tell(
                    "trellis_consumer_lag_seconds",
                    "Age of the oldest event that has come and is not applied, or how long the stream is down",
                    follows.seconds,
                );
                tell(
                    "trellis_consumer_parted",
                    "Whether a consumer stands still because its producer cannot tell what comes next",
                    follows.parted,
                );
                tell(
                    "trellis_dead_letters",
                    "Dead letters that are neither replayed nor discarded",
                    follows.dead_letters,
                );
                if let Some(lag) = follows.lag {
                    tell(
                        "trellis_consumer_lag",
                        "Events that a consumer has not applied, of a producer in the same process",
                        lag,
                    );
                }
            }
        }
    }
}

impl Effect {
    fn labels(&self) -> Labels {
        [("store", self.store.service()), ("consumer", self.apply.name()), ("producer", self.producer)]
    }
}

fn put(known: &Mutex<Vec<Of>>, told: Vec<Of>) {
    *known.lock().unwrap_or_else(PoisonError::into_inner) = told;
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a float; positions stay below 2^53")]
fn float(number: i64) -> f64 {
    number as f64
}
