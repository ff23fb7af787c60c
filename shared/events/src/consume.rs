//! Following another service's events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use tonic::Streaming;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Bytes, StdError};
use trellis_contracts::internal::event_service_client::EventServiceClient;
use trellis_contracts::internal::{StreamEventsRequest, StreamEventsResponse};
use trellis_contracts::status;
use trellis_kernel::{Failure, Kind, Reason, Result, Uuid};
use trellis_store::{Checkpoint, Store, Task};
use trellis_telemetry::spans;

use crate::{Apply, Broker, Effect, Event, broker};

/// How long a stream may be silent: its server beats every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// How many events that have come already may take effect in one transaction.
pub(crate) const RUN: usize = 64;
/// How many events without effect are passed over before that is written down.
const PASSED_OVER: i64 = 500;
/// How long to wait before the first and, at most, before any further attempt.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// The task that follows the events of `producer` into `store`, and the effect, for those who look
/// after dead letters. They come by way of the `broker`, where there is one; else `connect` opens a channel to the
/// producer that carries this service's own identity: `move || peer.itself()`.
///
/// It connects again, ever more slowly, for as long as the producer or the database is away. Any
/// number of replicas may run it: one at a time follows, by a lease, and an event takes effect in the first
/// transaction that moves the checkpoint over it.
pub fn consumer<C, F>(
    store: Store,
    broker: Option<Broker>,
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
        let lease = following.store.lease(format!("follow {}", following.follower.checkpoint()));
        let (waiting, connect) = (following.clone(), Arc::new(connect));
        let work = || keep_following(following.clone(), broker.clone(), connect.clone()).boxed();
        // Another process follows, and tells how far it is behind.
        lease.hold(work, || waiting.heard()).await;
    };
    ((name, Box::pin(task)), effect)
}

/// Follows, again and again.
async fn keep_following<C, F>(effect: Effect, broker: Option<Broker>, connect: Arc<F>) -> Infallible
where
    F: Fn() -> C + Send + Sync + 'static,
    C: GrpcService<Body> + Send + 'static,
    C::Error: Into<StdError>,
    C::Future: Send,
    C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let mut wait = BACKOFF.0;
    loop {
        effect.cut();
        let before = effect.checkpoint().await.unwrap_or_default();
        let failed = match &broker {
            Some(broker) => broker::follow(&effect, broker).await,
            None => follow(&effect, connect()).await,
        }
        .err();
        let after = effect.checkpoint().await.unwrap_or_default();
        wait = if after.position > before.position || failed.is_none() {
            BACKOFF.0
        } else {
            (wait * 2).min(BACKOFF.1)
        };
        if let Some(failed) = failed {
            if has_parted(&failed) {
                effect.part();
            }
            effect.cut();
            log(&effect, &failed, wait);
        }
        tokio::time::sleep(wait).await;
    }
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
    let mut place = Place::at(effect, from);
    loop {
        let chunk = tokio::time::timeout(SILENCE, chunks.next()).await.map_err(|_| silent())?;
        let Some(chunk) = chunk else { return Ok(()) };
        if let Some(Ok(heard)) = chunk.first() {
            effect.heard();
            // An older producer tells of none.
            if !heard.incarnation.is_empty() {
                place.learn(Uuid::try_parse(&heard.incarnation).map_err(Failure::internal)?).await?;
            }
        }
        let events = chunk.into_iter().map(|message| match message {
            Ok(message) => message.event.map(Event::received).transpose(),
            Err(refused) => Err(status::received(&refused)),
        });
        let span = spans::consume(effect.apply.name(), effect.producer);
        span.current().scope(place.take(events.collect())).await?;
    }
}

/// Where a stream stands.
pub(crate) struct Place<'a> {
    effect: &'a Effect,
    applied: Checkpoint,
    /// The last event that was passed over and is not written down.
    passed: Option<Event>,
}

impl<'a> Place<'a> {
    pub(crate) const fn at(effect: &'a Effect, applied: Checkpoint) -> Self {
        Self { effect, applied, passed: None }
    }

    /// Whether it is known to be of another incarnation.
    pub(crate) fn is_of_another(&self, incarnation: Uuid) -> bool {
        self.applied.incarnation.is_some_and(|known| known != incarnation)
    }

    /// Writes down of which incarnation the place is, where only the producer could tell.
    pub(crate) async fn learn(&mut self, incarnation: Uuid) -> Result<()> {
        if self.applied.incarnation.is_some() {
            return Ok(());
        }
        self.applied.incarnation = Some(incarnation);
        // Who has applied nothing yet writes it with the first that they apply.
        if self.applied.position == 0 {
            return Ok(());
        }
        self.effect.store.adopt(&self.effect.follower.checkpoint(), incarnation).await
    }

    /// Takes what has come: events, and heartbeats without one. What came before the stream broke takes effect first.
    pub(crate) async fn take(&mut self, chunk: Vec<Result<Option<Event>>>) -> Result<()> {
        let mut run: Vec<Event> = Vec::new();
        let mut broken = None;
        let mut silent = false;
        for event in chunk {
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
    pub(crate) async fn pass_over(&mut self, silent: bool) -> Result<()> {
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
