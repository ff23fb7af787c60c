use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::mpsc;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::internal::{EventServiceApi, StreamEventsRequest, StreamEventsResponse};
use trellis_events::{Apply, Event, EventFeed};
use trellis_kernel::{Failure, Result};
use trellis_store::Tx;

use crate::place::{Place, Plain, begin, each, follow, server, take_effect, tell};

const KINDS: &[&str] = &["note.created"];

fn positions(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

#[test]
fn events_take_effect_in_order_those_there_and_those_to_come() {
    each(async |place| {
        place.publish("note.created", 20).await;
        let following = place.follow(Plain);
        place.effects(20).await;
        place.publish("note.created", 20).await;
        place.effects(40).await;
        assert_eq!(place.applied().await, positions(40));
        following.abort();
    });
}

/// Stops for ever in the middle of the transaction, once at each of some positions.
#[derive(Clone)]
struct Stopping {
    at: Arc<Mutex<BTreeSet<i64>>>,
    stopped: mpsc::UnboundedSender<i64>,
}

#[async_trait]
impl Apply for Stopping {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        take_effect(tx, event.position).await?;
        if self.at.lock().unwrap().remove(&event.position) {
            self.stopped.send(event.position).unwrap();
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[test]
fn a_consumer_that_is_killed_in_the_middle_applies_each_event_once() {
    each(async |place| {
        place.publish("note.created", 12).await;
        let (stopped, mut stops) = mpsc::unbounded_channel();
        let apply = Stopping { at: Arc::new(Mutex::new([1, 2, 7, 12].into())), stopped };
        for expected in [1, 2, 7, 12] {
            let following = place.follow(apply.clone());
            assert_eq!(stops.recv().await, Some(expected));
            following.abort();
            assert!(following.await.unwrap_err().is_cancelled());
        }
        let following = place.follow(apply);
        place.effects(12).await;
        assert_eq!(place.applied().await, positions(12));
        following.abort();
    });
}

#[test]
fn replicas_that_consume_at_once_apply_each_event_once() {
    each(async |place: Place| {
        let replica = place.replica().await;
        let feed = EventFeed::new(vec![place.producer.clone()]);
        let others = [follow(&replica, server(feed.clone()), Plain), follow(&replica, server(feed), Plain)];
        let following = place.follow(Plain);
        place.publish("note.created", 60).await;
        place.effects(60).await;
        assert_eq!(place.applied().await, positions(60));
        following.abort();
        for other in others {
            other.abort();
        }
    });
}

/// A producer that is away at first, and then cuts every stream after three events.
struct Cutting {
    feed: EventFeed,
    calls: AtomicUsize,
}

#[async_trait]
impl EventServiceApi for Cutting {
    async fn stream_events(&self, call: Call<StreamEventsRequest>) -> Result<Outbound<StreamEventsResponse>> {
        let lost = || Failure::internal("cut by the test");
        if self.calls.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(lost());
        }
        let whole = self.feed.stream_events(call).await?;
        let end = futures::stream::iter([Err(lost())]);
        Ok(Box::pin(whole.take(3).chain(end)))
    }
}

#[test]
fn a_stream_that_breaks_is_taken_up_where_it_broke() {
    each(async |place| {
        place.publish("note.created", 11).await;
        let cutting =
            Cutting { feed: EventFeed::new(vec![place.producer.clone()]), calls: AtomicUsize::new(0) };
        let following = follow(&place.consumer, server(cutting), Plain);
        place.effects(11).await;
        assert_eq!(place.applied().await, positions(11));
        following.abort();
    });
}

/// Fails twice at the third event, after its effect was written, and panics once at the fifth.
struct Stumbling(AtomicUsize);

#[async_trait]
impl Apply for Stumbling {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kinds(&self) -> &'static [&'static str] {
        KINDS
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        take_effect(tx, event.position).await?;
        let tries = || self.0.fetch_add(1, Ordering::Relaxed);
        match event.position {
            3 if tries() < 2 => Err(Failure::internal("failed by the test")),
            5 => {
                assert!(tries() > 3, "panicked by the test");
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn an_effect_that_fails_or_panics_is_undone_and_tried_again_before_the_next() {
    each(async |place| {
        place.publish("note.created", 6).await;
        let following = place.follow(Stumbling(AtomicUsize::new(0)));
        place.effects(6).await;
        assert_eq!(place.applied().await, positions(6));
        following.abort();
    });
}

#[test]
fn events_of_other_kinds_are_passed_over_and_the_checkpoint_with_them() {
    each(async |place| {
        let mut tx = begin(&place.producer).await;
        for _ in 0..600 {
            tell(&mut tx, "note.coloured");
        }
        tx.commit(()).await.unwrap();
        place.publish("note.created", 1).await;
        let following = place.follow(Plain);
        place.effects(1).await;
        assert_eq!(place.applied().await, [601]);
        assert_eq!(place.consumer.checkpoint("notes/experience").await.unwrap().position, 601);
        following.abort();
    });
}

#[test]
fn at_a_heartbeat_the_checkpoint_moves_over_what_was_passed() {
    each(async |place| {
        place.publish("note.coloured", 3).await;
        let beating = EventFeed::new(vec![place.producer.clone()]).beating(Duration::from_millis(20));
        let following = follow(&place.consumer, server(beating), Plain);
        place.moved_to(3).await;
        assert_eq!(place.applied().await, Vec::<i64>::new());
        following.abort();
    });
}
