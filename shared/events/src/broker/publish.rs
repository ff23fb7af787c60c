//! Copying a store's events to the broker.

use std::convert::Infallible;
use std::time::Duration;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use futures::FutureExt as _;
use prost::Message as _;
use trellis_kernel::{Failure, Reason, Result};
use trellis_store::feed::{Extent, FeedRow, Place};
use trellis_store::{Store, Task};

use super::{AFTER, Broker, INCARNATION, POSITION, Stamp, away, subject};
use crate::Event;
use crate::figures::PUBLISHED;

/// How many events are on their way at once.
const BATCH: u64 = 200;
/// How long to wait before the first and, at most, before any further attempt.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often it is looked whether the stream still ends where it should, when nothing happens.
const LOOK: Duration = Duration::from_secs(30);

impl Broker {
    /// The task that copies the events of `store` to the broker, in their order. Of any number of processes one
    /// at a time does it; were there two for a moment, the broker refuses the one that does not know the end.
    pub fn publisher(&self, store: Store) -> Task {
        let broker = self.clone();
        let name = format!("{} events to the broker", store.service());
        let work = async move {
            let lease = store.lease("publish");
            let told = PUBLISHED.with([store.service()]);
            lease.hold(|| keep_publishing(broker.clone(), store.clone()).boxed(), || told.set(0)).await;
        };
        (name, Box::pin(work))
    }
}

async fn keep_publishing(broker: Broker, store: Store) -> Infallible {
    let mut wait = BACKOFF.0;
    loop {
        let mut published = false;
        let Err(failed) = publish(&broker, &store, &mut published).await;
        wait = if published { BACKOFF.0 } else { (wait * 2).min(BACKOFF.1) };
        let (store, reason) = (store.service(), failed.reason().as_str());
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(store, reason, cause = ?failed.cause(), wait_ms, "events could not be given to the broker and wait");
        tokio::time::sleep(wait).await;
    }
}

/// Where the copy ends.
struct End {
    /// The last number that the broker gave to a message of the stream.
    sequence: u64,
    place: Place,
}

/// Publishes what the broker does not have, and then what comes, until something fails.
async fn publish(broker: &Broker, store: &Store, published: &mut bool) -> Result<Infallible> {
    let mut head = store.watch();
    let stream = broker.stream(store.service()).await?;
    loop {
        let mut end = end(&stream, store).await?;
        let told = PUBLISHED.with([store.service()]);
        told.set(end.place.position);
        // Looked at anew now and then: somebody may have taken the stream away, or another have published.
        let look = tokio::time::Instant::now() + LOOK;
        while tokio::time::Instant::now() < look {
            head.mark_unchanged();
            let rows = store.events(end.place, BATCH).await?;
            if rows.is_empty() {
                // Either it has moved, or it is time to look.
                let _ = tokio::time::timeout_at(look, head.changed()).await;
                continue;
            }
            send(broker, store.service(), &mut end, rows).await?;
            told.set(end.place.position);
            *published = true;
        }
    }
}

/// Finds where the copy ends. One of another incarnation is thrown away: its positions mean other events.
async fn end(stream: &Stream, store: &Store) -> Result<End> {
    let state = stream.get_info().await.map_err(away)?.state;
    let last = if state.messages == 0 {
        None
    } else {
        let last = stream.get_raw_message(state.last_sequence).await.map_err(away)?;
        Some(Stamp::read(&last.headers)?)
    };
    // Asked for after the copy: what another has published by then is in the feed.
    let Extent { incarnation, floor, head } = store.extent().await?;
    let beginning = Place { incarnation, position: floor };
    let Some(last) = last else { return Ok(End { sequence: state.last_sequence, place: beginning }) };
    if last.incarnation != incarnation || last.position > head {
        tracing::warn!(
            store = store.service(),
            "the broker's copy of the events is of before a restore and is made anew"
        );
        stream.purge().await.map_err(away)?;
        let state = stream.get_info().await.map_err(away)?.state;
        return Ok(End { sequence: state.last_sequence, place: beginning });
    }
    // What is below the floor is gone; who follows finds the gap.
    let position = last.position.max(floor);
    Ok(End { sequence: state.last_sequence, place: Place { incarnation, position } })
}

/// Publishes some events, each only where it comes right after the one before it.
async fn send(broker: &Broker, producer: &str, end: &mut End, rows: Vec<FeedRow>) -> Result<()> {
    let mut acknowledged = Vec::with_capacity(rows.len());
    for row in rows {
        let Place { incarnation, position: after } = end.place;
        let (position, uid) = (row.position, row.uid);
        let subject = format!("{}.{}", subject(producer), row.kind);
        let message = PublishMessage::build()
            .payload(Event::sent(row).encode_to_vec().into())
            .message_id(format!("{incarnation}/{uid}"))
            .expected_last_sequence(end.sequence)
            .header(INCARNATION, incarnation.to_string())
            .header(POSITION, position.to_string())
            .header(AFTER, after.to_string());
        acknowledged.push(broker.context.send_publish(subject, message).await.map_err(away)?);
        end.sequence += 1;
        end.place.position = position;
    }
    for acknowledged in acknowledged {
        let acknowledged = acknowledged.await.map_err(away)?;
        if acknowledged.duplicate {
            return Err(Failure::aborted(
                Reason::StateConflict,
                "The broker has this event already: another process published it.",
            ));
        }
    }
    Ok(())
}
