//! What the metrics say of the events: the values, and that a consumer which can go on no more shows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use sea_orm::{ConnectionTrait, Statement};
use tokio::sync::{Mutex, MutexGuard};
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::internal::{EventServiceApi, StreamEventsRequest, StreamEventsResponse};
use trellis_events::{Apply, Effect, Event, EventFeed, figures};
use trellis_kernel::{Clock as _, Failure, Reason, Result, SystemClock};
use trellis_store::{Options, Retention, Scope, Store, Tx};
use trellis_telemetry::metrics::Format;

use crate::place::{Place, begin, each, follower, open, server, take_effect};
use crate::restoring::put_back;

/// The metrics are the process's: one test at a time tells them.
static ALONE: Mutex<()> = Mutex::const_new(());

pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// Refuses an event for as long as it is told to.
struct Refusing(Arc<AtomicBool>);

#[async_trait]
impl Apply for Refusing {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["note.created"]
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Failure::not_found("trellis.dev/Note", "a note"));
        }
        take_effect(tx, event.position).await
    }
}

fn willing() -> Refusing {
    Refusing(Arc::default())
}

const STORE: &str = r#"store="experience""#;
pub(crate) const CONSUMER: &str = r#"store="profile",consumer="notes",producer="experience""#;

/// The values of the series that have these labels, by name without `trellis_`.
fn values(labels: &str) -> BTreeMap<String, f64> {
    let text = Format::Classic.render();
    let ending = format!("{{{labels}}} ");
    let series = text.lines().filter_map(|line| line.split_once(&ending));
    series
        .map(|(name, value)| (name.trim_start_matches("trellis_").to_owned(), value.parse().unwrap()))
        .collect()
}

/// Has the figures told until they are as they should be, and returns them.
pub(crate) async fn told(
    stores: &[&Store],
    effects: &[&Effect],
    labels: &str,
    as_it_should_be: impl Fn(&BTreeMap<String, f64>) -> bool,
) -> BTreeMap<String, f64> {
    let found = async {
        loop {
            // Who begins to tell asks the databases at once, and seldom after that.
            let stores = stores.iter().copied().cloned().collect();
            let task = figures(stores, effects.iter().copied().cloned().collect(), None).1;
            let seen = async {
                loop {
                    let values = values(labels);
                    if as_it_should_be(&values) {
                        return values;
                    }
                    tokio::task::yield_now().await;
                }
            };
            let told = async {
                tokio::select! {
                    () = task => panic!("it goes on until it is dropped"),
                    values = seen => values,
                }
            };
            if let Ok(values) = tokio::time::timeout(Duration::from_millis(200), told).await {
                return values;
            }
        }
    };
    let found = tokio::time::timeout(Duration::from_secs(30), found).await;
    found.unwrap_or_else(|_| panic!("the figures are not as they should be: {:?}", values(labels)))
}

async fn run(store: &Store, sql: &str) {
    let tx = begin(store).await;
    tx.conn().execute_unprepared(sql).await.unwrap();
    tx.commit(()).await.unwrap();
}

#[test]
fn what_waits_for_its_position_is_counted_and_its_age_told() {
    each(async |place| {
        let _alone = alone().await;
        // A store for whose events nobody gives positions.
        let store = open(&place.options, "outcome", Vec::new()).await;
        let labels = r#"store="outcome""#;
        let insert = "INSERT INTO outbox (uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time) \
                      VALUES ($1, 'grand-bend', 'note.created', 'x', 'x', '[]', $2, 'x', $3)";
        for (number, hours) in [(1_u128, 3), (2, 1)] {
            let time = SystemClock.now() - SignedDuration::from_hours(hours);
            let uid = trellis_kernel::Uuid::from_u128(number);
            let values = [uid.into(), false.into(), time.as_microsecond().into()];
            let tx = begin(&store).await;
            let insert = Statement::from_sql_and_values(tx.conn().get_database_backend(), insert, values);
            tx.conn().execute_raw(insert).await.unwrap();
            tx.commit(()).await.unwrap();
        }
        let waiting = told(&[&store], &[], labels, |told| told.get("outbox_pending") == Some(&2.0)).await;
        assert!((10_800.0..14_400.0).contains(&waiting["outbox_oldest_age_seconds"]), "{waiting:?}");
        assert_eq!((waiting["outbox_head"], waiting["outbox_floor"]), (0.0, 0.0));
        store.relay_once().await.unwrap();
        let given = told(&[&store], &[], labels, |told| told.get("outbox_head") == Some(&2.0)).await;
        assert_eq!((given["outbox_pending"], given["outbox_oldest_age_seconds"]), (0.0, 0.0));
        run(&store, "UPDATE relay SET floor = 1").await;
        told(&[&store], &[], labels, |told| told.get("outbox_floor") == Some(&1.0)).await;
    });
}

#[test]
fn a_consumer_that_is_behind_and_what_it_put_aside_are_counted() {
    each(async |place| {
        let _alone = alone().await;
        let refuses = Arc::new(AtomicBool::new(false));
        let feed = EventFeed::new(vec![place.producer.clone()]);
        let ((_, task), effect) = follower(&place.consumer, server(feed), Refusing(refuses.clone()));
        place.publish("note.created", 3).await;
        place.producer.watch().wait_for(|head| *head == 3).await.unwrap();
        let both = [&place.producer, &place.consumer];
        let before = told(&both, &[&effect], CONSUMER, |told| told.get("consumer_lag") == Some(&3.0)).await;
        assert_eq!((before["consumer_position"], before["dead_letters"]), (0.0, 0.0));
        // Where the producer is elsewhere nobody here knows its head.
        let apart = told(&both[1..], &[&effect], CONSUMER, |told| !told.is_empty()).await;
        assert_eq!(apart.get("consumer_lag"), None);

        let following = tokio::spawn(task);
        place.moved_to(3).await;
        let caught_up = |told: &BTreeMap<String, f64>| {
            told.get("consumer_position") == Some(&3.0) && told["consumer_lag_seconds"] == 0.0
        };
        let after = told(&both, &[&effect], CONSUMER, caught_up).await;
        assert_eq!((after["consumer_lag"], after["consumer_parted"]), (0.0, 0.0));
        refuses.store(true, Ordering::Relaxed);
        place.publish("note.created", 2).await;
        place.moved_to(5).await;
        told(&both, &[&effect], CONSUMER, |told| told.get("dead_letters") == Some(&2.0)).await;
        following.abort();
    });
}

/// A producer that cannot be reached.
struct Away;

#[async_trait]
impl EventServiceApi for Away {
    async fn stream_events(
        &self,
        _call: Call<StreamEventsRequest>,
    ) -> Result<Outbound<StreamEventsResponse>> {
        Err(Failure::unavailable(Reason::PeerUnavailable, "Away.", Duration::from_secs(1)))
    }
}

#[test]
fn while_the_stream_is_down_the_consumer_is_late_and_not_parted() {
    each(async |place| {
        let _alone = alone().await;
        let ((_, task), effect) = follower(&place.consumer, server(Away), willing());
        let following = tokio::spawn(task);
        let is_late = |told: &BTreeMap<String, f64>| told.get("consumer_lag_seconds") > Some(&0.0);
        let late = told(&[&place.consumer], &[&effect], CONSUMER, is_late).await;
        assert_eq!(late.get("consumer_parted"), Some(&0.0));
        following.abort();
    });
}

/// Takes what the producer keeps of its events out of its feed.
async fn trimmed(options: &Options) {
    let nothing = Retention { keep: SignedDuration::ZERO, compact: SignedDuration::ZERO };
    let store = open(&Options { retention: nothing, ..options.clone() }, "experience", Vec::new()).await;
    assert!(store.trim_feed().await.unwrap() > 0);
    store.close().await;
}

#[test]
fn a_consumer_whose_next_events_are_gone_shows_it_and_goes_on_when_told_from_where() {
    each(async |place: Place| {
        let _alone = alone().await;
        let effect = |place: &Place| {
            let feed = EventFeed::new(vec![place.producer.clone()]);
            follower(&place.consumer, server(feed), willing())
        };
        let ((_, task), _) = effect(&place);
        let following = tokio::spawn(task);
        place.publish("note.created", 2).await;
        place.effects(2).await;
        following.abort();
        assert!(following.await.unwrap_err().is_cancelled());
        // It is away for longer than events are kept.
        place.publish("note.created", 3).await;
        place.producer.watch().wait_for(|head| *head == 5).await.unwrap();
        trimmed(&place.options).await;
        place.publish("note.created", 1).await;

        let both = [&place.producer, &place.consumer];
        let ((_, task), stranded) = effect(&place);
        let following = tokio::spawn(task);
        let parted = |told: &BTreeMap<String, f64>| told.get("consumer_parted") == Some(&1.0);
        let stands = told(&both, &[&stranded], CONSUMER, parted).await;
        assert_eq!(stands.get("consumer_position"), Some(&2.0), "it skips nothing by itself");
        assert!(stands["consumer_lag_seconds"] > 0.0);
        let floor = values_of_producer(&place).await;
        following.abort();

        // As docs/operations.md says.
        let on = format!(
            "UPDATE event_checkpoints SET position = {floor}, incarnation = NULL WHERE consumer = 'notes/experience'"
        );
        run(&place.consumer, &on).await;
        let ((_, task), effect) = effect(&place);
        let following = tokio::spawn(task);
        place.moved_to(6).await;
        assert_eq!(place.applied().await, [1, 2, 6]);
        told(&both, &[&effect], CONSUMER, |told| told.get("consumer_parted") == Some(&0.0)).await;
        following.abort();
    });
}

#[test]
fn a_consumer_whose_producer_was_restored_under_it_shows_it_and_goes_on_when_told_from_where() {
    each(async |place: Place| {
        let _alone = alone().await;
        let feed = EventFeed::new(vec![place.producer.clone()]);
        let ((_, task), effect) = follower(&place.consumer, server(feed), willing());
        let following = tokio::spawn(task);
        place.publish("note.created", 3).await;
        place.effects(3).await;
        put_back(&place.producer, 1).await;
        place.publish("note.created", 4).await;
        place.producer.watch().wait_for(|head| *head == 5).await.unwrap();
        let both = [&place.producer, &place.consumer];
        let parted = |told: &BTreeMap<String, f64>| told.get("consumer_parted") == Some(&1.0);
        let stands = told(&both, &[&effect], CONSUMER, parted).await;
        assert_eq!(stands.get("consumer_position"), Some(&3.0), "it skips nothing by itself");
        following.abort();

        // As docs/operations.md says.
        let on = "UPDATE event_checkpoints SET position = 1, incarnation = NULL WHERE consumer = 'notes/experience'";
        run(&place.consumer, on).await;
        let feed = EventFeed::new(vec![place.producer.clone()]);
        let ((_, task), effect) = follower(&place.consumer, server(feed), willing());
        let following = tokio::spawn(task);
        place.moved_to(5).await;
        assert_eq!(place.applied().await, [1, 2, 3, 2, 3, 4, 5]);
        told(&both, &[&effect], CONSUMER, |told| told.get("consumer_parted") == Some(&0.0)).await;
        following.abort();
    });
}

/// After which position the producer keeps its events, as the metrics tell.
async fn values_of_producer(place: &Place) -> f64 {
    told(&[&place.producer], &[], STORE, |told| told.get("outbox_floor") == Some(&5.0)).await["outbox_floor"]
}
