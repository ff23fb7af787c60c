//! Following another service's events.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Bytes, StdError};
use tonic::{Status, Streaming};
use trellis_contracts::internal::event_service_client::EventServiceClient;
use trellis_contracts::internal::{StreamEventsRequest, StreamEventsResponse};
use trellis_contracts::status;
use trellis_kernel::{Failure, Kind, Reason, Result, Uuid};
use trellis_store::{Checkpoint, Store, Task};
use trellis_telemetry::spans;

use crate::{Apply, Effect, Event};

/// How long a stream may be silent: its server beats every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// How many events that have come already may take effect in one transaction.
const RUN: usize = 64;
/// How many events without effect are passed over before that is written down.
const PASSED_OVER: i64 = 500;
/// How long to wait before the first and, at most, before any further attempt.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// The task that follows the events of `producer` into `store`, and the effect, for those who look
/// after dead letters. `connect` opens a channel that carries this service's own identity:
/// `move || peer.itself()`.
///
/// It connects again, ever more slowly, for as long as the producer or the database is away. Any
/// number of replicas may run it: an event takes effect in the first transaction that moves the
/// checkpoint over it, and the others find it moved.
pub fn consumer<C, F>(
    store: Store,
    connect: F,
    producer: &'static str,
    apply: Arc<dyn Apply>,
) -> (Task, Effect)
where
    F: Fn() -> C + Send + Sync + 'static,
    C: GrpcService<Body> + Send + 'static,
    C::Error: Into<StdError>,
    C::Future: Send,
    C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let name = format!("{} {} from {producer}", store.service(), apply.name());
    let effect = Effect::new(store, producer, apply);
    let following = effect.clone();
    let task = async move {
        let mut wait = BACKOFF.0;
        loop {
            following.cut();
            let before = following.checkpoint().await.unwrap_or_default();
            let failed = follow(&following, connect()).await.err();
            let after = following.checkpoint().await.unwrap_or_default();
            wait = if after.position > before.position || failed.is_none() {
                BACKOFF.0
            } else {
                (wait * 2).min(BACKOFF.1)
            };
            if let Some(failed) = failed {
                if has_parted(&failed) {
                    following.part();
                }
                following.cut();
                log(&following, &failed, wait);
            }
            tokio::time::sleep(wait).await;
        }
    };
    ((name, Box::pin(task)), effect)
}

/// Follows one stream to its end, from the checkpoint on.
async fn follow<C>(effect: &Effect, channel: C) -> Result<()>
where
    C: GrpcService<Body> + Send,
    C::Error: Into<StdError>,
    C::Future: Send,
    C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let from = effect.checkpoint().await?;
    let request = StreamEventsRequest {
        producer: effect.producer.to_owned(),
        after_position: from.position,
        incarnation: from.incarnation.map(|incarnation| incarnation.to_string()).unwrap_or_default(),
    };
    let mut client = EventServiceClient::new(channel);
    let opened = tokio::time::timeout(SILENCE, client.stream_events(request)).await.map_err(|_| silent())?;
    let stream: Streaming<StreamEventsResponse> =
        opened.map_err(|refused| status::received(&refused))?.into_inner();
    let mut chunks = stream.ready_chunks(RUN);
    let mut place = Place { effect, applied: from, passed: None };
    loop {
        let chunk = tokio::time::timeout(SILENCE, chunks.next()).await.map_err(|_| silent())?;
        let Some(chunk) = chunk else { return Ok(()) };
        if let Some(Ok(heard)) = chunk.first() {
            effect.heard();
            place.learn(&heard.incarnation).await?;
        }
        let span = spans::consume(effect.apply.name(), effect.producer);
        span.current().scope(place.take(chunk)).await?;
    }
}

/// Where a stream stands.
struct Place<'a> {
    effect: &'a Effect,
    applied: Checkpoint,
    /// The last event that was passed over and is not written down.
    passed: Option<Event>,
}

impl Place<'_> {
    /// Writes down of which incarnation the place is, where only the producer could tell.
    async fn learn(&mut self, told: &str) -> Result<()> {
        // An older producer tells of none.
        if self.applied.incarnation.is_some() || told.is_empty() {
            return Ok(());
        }
        let incarnation = Uuid::try_parse(told).map_err(Failure::internal)?;
        self.applied.incarnation = Some(incarnation);
        // Who has applied nothing yet writes it with the first that they apply.
        if self.applied.position == 0 {
            return Ok(());
        }
        self.effect.store.adopt(&self.effect.follower.checkpoint(), incarnation).await
    }

    /// Takes what has come. What came before the stream broke takes effect first.
    async fn take(&mut self, chunk: Vec<Result<StreamEventsResponse, Status>>) -> Result<()> {
        let mut run: Vec<Event> = Vec::new();
        let mut broken = None;
        let mut silent = false;
        for message in chunk {
            let event = match message.map_err(|refused| status::received(&refused)) {
                Ok(message) => message.event.map(Event::received).transpose(),
                Err(failed) => Err(failed),
            };
            match event {
                Ok(Some(event)) if self.has_effect(&event) => {
                    if run.last().is_some_and(|last| !together(last, &event)) {
                        self.apply(&run).await?;
                        run.clear();
                    }
                    run.push(event);
                }
                Ok(Some(event)) => self.passed = Some(event),
                Ok(None) => silent = true,
                Err(failed) => {
                    broken = Some(failed);
                    break;
                }
            }
        }
        self.apply(&run).await?;
        self.pass_over(silent).await?;
        broken.map_or(Ok(()), Err)
    }

    fn has_effect(&self, event: &Event) -> bool {
        self.effect.apply.kinds().contains(&event.kind.as_str())
    }

    async fn apply(&mut self, run: &[Event]) -> Result<()> {
        let Some(last) = run.last() else { return Ok(()) };
        self.effect.take(&mut self.applied, run, last).await
    }

    /// Writes down what was passed over, when it is much or nothing more comes for the moment.
    async fn pass_over(&mut self, silent: bool) -> Result<()> {
        let Some(last) =
            self.passed.take_if(|last| silent || last.position - self.applied.position >= PASSED_OVER)
        else {
            return Ok(());
        };
        self.effect.take(&mut self.applied, &[], &last).await
    }
}

/// Whether two events may take effect in one transaction, which is in one district and by one actor.
fn together(one: &Event, other: &Event) -> bool {
    one.district == other.district && one.actor == other.actor
}

/// Whether what comes next can never come: the producer keeps it no longer, or the consumer's place is
/// none of its own, one of the two databases having been restored without the other.
fn has_parted(failed: &Failure) -> bool {
    matches!(failed.kind(), Kind::OutOfRange | Kind::FailedPrecondition)
}

fn log(effect: &Effect, failed: &Failure, wait: Duration) {
    let (store, consumer) = (effect.store.service(), effect.follower.checkpoint());
    let (reason, cause) = (failed.reason().as_str(), failed.cause());
    if has_parted(failed) {
        tracing::error!(
            store,
            consumer,
            reason,
            "the producer cannot tell the events that come next, and none takes effect here: see docs/operations.md"
        );
        return;
    }
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    tracing::warn!(store, consumer, reason, cause = ?cause, wait_ms, "following events was interrupted; it is tried again");
}

fn silent() -> Failure {
    Failure::unavailable(
        Reason::PeerUnavailable,
        "Another service that this call needs is away; try again.",
        Duration::from_secs(1),
    )
    .because("the stream of events fell silent")
}
