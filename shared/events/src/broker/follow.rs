//! Following a producer's events by way of the broker.

use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Config, MessagesError};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::stream::Stream;
use futures::StreamExt as _;
use prost::Message as _;
use trellis_contracts::internal;
use trellis_kernel::{Failure, Reason, Result};
use trellis_store::Checkpoint;
use trellis_telemetry::spans;

use super::{Broker, Stamp, away};
use crate::consume::{Place, RUN};
use crate::{Effect, Event};

/// How many events may be on their way to a consumer, or with it and not applied.
const UNACKNOWLEDGED: i64 = 512;
/// After how long without an acknowledgement the broker hands an event over again.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long it is quiet before what was passed over is written down.
const QUIET: Duration = Duration::from_secs(15);
/// How often the broker says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Follows the producer's stream to its end, from the checkpoint on.
pub(crate) async fn follow(effect: &Effect, broker: &Broker) -> Result<()> {
    let from = effect.checkpoint().await?;
    let stream = broker.published(effect.producer).await?;
    let consumer = consumer(effect, &stream, first_after(&stream, from).await?).await?;
    let batch = usize::try_from(UNACKNOWLEDGED).unwrap_or(RUN);
    let messages = consumer.stream().max_messages_per_batch(batch).heartbeat(HEARTBEAT);
    let mut chunks = messages.messages().await.map_err(away)?.ready_chunks(RUN);
    effect.heard();
    let mut place = Place::at(effect, from);
    let mut thread = Thread { seen: from.position, first: true };
    loop {
        let Ok(chunk) = tokio::time::timeout(QUIET, chunks.next()).await else {
            place.pass_over(true).await?;
            continue;
        };
        let Some(chunk) = chunk else { return Ok(()) };
        let span = spans::consume(effect.apply.name(), effect.producer);
        span.current().scope(take(&mut place, &mut thread, chunk)).await?;
    }
}

/// The broker's consumer of this effect. It is made anew each time, at the place that this service's own database
/// tells: what the broker believes to have been applied decides nothing.
async fn consumer(effect: &Effect, stream: &Stream, start_sequence: u64) -> Result<PullConsumer> {
    let name = format!("{}_{}", effect.store.service(), effect.apply.name());
    // There is none at first; what else is wrong is found by making one.
    let _ = stream.delete_consumer(&name).await;
    let config = Config {
        durable_name: Some(name),
        description: Some(format!("The effect of these events on the {} service.", effect.store.service())),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
        ack_policy: AckPolicy::All,
        ack_wait: PATIENCE,
        max_ack_pending: UNACKNOWLEDGED,
        ..Config::default()
    };
    stream.create_consumer(config).await.map_err(away)
}

/// The number of the first message after a place, or that of the next to come.
async fn first_after(stream: &Stream, place: Checkpoint) -> Result<u64> {
    let state = stream.get_info().await.map_err(away)?.state;
    let (mut first, mut end) = (state.first_sequence.max(1), state.last_sequence + 1);
    if state.messages == 0 {
        return Ok(end);
    }
    while first < end {
        let middle = first + (end - first) / 2;
        let message = stream.get_raw_message(middle).await.map_err(away)?;
        let stamp = Stamp::read(&message.headers)?;
        let is_other = place.incarnation.is_some_and(|known| known != stamp.incarnation);
        if is_other || stamp.position > place.position {
            end = middle;
        } else {
            first = middle + 1;
        }
    }
    Ok(first)
}

/// What was seen of the producer's order.
struct Thread {
    /// The last position that was handed on, or that was applied before.
    seen: i64,
    /// Whether nothing has come yet.
    first: bool,
}

/// Takes what has come, and tells the broker.
async fn take(
    place: &mut Place<'_>,
    thread: &mut Thread,
    chunk: Vec<Result<Message, MessagesError>>,
) -> Result<()> {
    let mut events = Vec::with_capacity(chunk.len());
    let mut last = None;
    for message in chunk {
        let message = match message {
            Ok(message) => message,
            Err(failed) => {
                events.push(Err(away(failed)));
                break;
            }
        };
        match thread.next(place, &message).await {
            Ok(event) => events.extend(event.map(|event| Ok(Some(event)))),
            Err(failed) => {
                events.push(Err(failed));
                break;
            }
        }
        last = Some(message);
    }
    place.take(events).await?;
    if let Some(last) = last {
        last.ack().await.map_err(|failed| Failure::internal(failed.to_string()))?;
    }
    Ok(())
}

impl Thread {
    /// The event of a message, if it is the next; none if it was seen before.
    async fn next(&mut self, place: &mut Place<'_>, message: &Message) -> Result<Option<Event>> {
        let headers = message.headers.as_ref().ok_or_else(|| Failure::internal("an event came unstamped"))?;
        let stamp = Stamp::read(headers)?;
        if place.is_of_another(stamp.incarnation) {
            return Err(Failure::precondition(
                Reason::StateConflict,
                "The consumer's place is none of this producer's: one of the two databases was restored.",
            ));
        }
        place.learn(stamp.incarnation).await?;
        if stamp.position <= self.seen {
            return Ok(None);
        }
        // Who has applied nothing yet begins with the oldest that there is.
        if stamp.after > self.seen && self.seen > 0 {
            return Err(if self.first { gone() } else { out_of_order() });
        }
        self.seen = stamp.position;
        self.first = false;
        let event = internal::Event::decode(message.payload.clone()).map_err(Failure::internal)?;
        Event::received(event).map(Some)
    }
}

fn gone() -> Failure {
    Failure::new(
        trellis_kernel::Kind::OutOfRange,
        Reason::ResumeTokenTooOld,
        "The producer no longer keeps the events that come next.",
    )
}

fn out_of_order() -> Failure {
    Failure::aborted(Reason::StateConflict, "The broker handed an event over before those that come first.")
}
