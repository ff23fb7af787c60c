//! Following another service's events.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use prost_types::Any;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Bytes, StdError};
use trellis_contracts::common::event_service_client::EventServiceClient;
use trellis_contracts::common::{self, StreamEventsRequest};
use trellis_contracts::{status, values};
use trellis_kernel::{District, Failure, Name, Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, Store, Task, Tx, Write};

/// How long a stream may be silent: its server beats every 15 s.
const SILENCE: Duration = Duration::from_secs(45);
/// How many events without effect are passed over before that is written down.
const PASSED_OVER: i64 = 500;
/// How long to wait before the first and, at most, before any further attempt.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// The effect of another service's events on this one.
#[async_trait]
pub trait Apply: Send + Sync + 'static {
    /// Its name within this service, which its checkpoint is kept under. A new name begins at the
    /// first event again.
    fn name(&self) -> &'static str;

    /// The kinds that have an effect; all others are passed over.
    fn kinds(&self) -> &'static [&'static str];

    /// Writes the effect of one event in the transaction that also writes the checkpoint. An error
    /// undoes both, and the event comes again.
    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()>;
}

/// Something that happened in another service.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the order of its producer's events.
    pub position: i64,
    /// Its identity.
    pub uid: Uuid,
    /// The district.
    pub district: District,
    /// What happened: `assessment.finalized`.
    pub kind: String,
    /// The name of the resource that it happened to.
    pub resource: String,
    /// Who did it.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// The kind's own message.
    pub payload: Option<Any>,
}

impl Event {
    /// Decodes the kind's own message.
    pub fn message<M: prost::Message + Default>(&self) -> Result<M> {
        let payload =
            self.payload.as_ref().ok_or_else(|| Failure::internal("an event came without its message"))?;
        M::decode(payload.value.as_slice()).map_err(Failure::internal)
    }
}

/// The task that follows the events of `producer` into `store`. `connect` opens a channel that
/// carries this service's own identity: `move || peer.itself()`.
///
/// It connects again, ever more slowly, for as long as the producer is away or an effect fails. Any
/// number of replicas may run it: an event takes effect in the first transaction that moves the
/// checkpoint over it, and the others find it moved.
pub fn consumer<C, F>(store: Store, connect: F, producer: &'static str, apply: Arc<dyn Apply>) -> Task
where
    F: Fn() -> C + Send + Sync + 'static,
    C: GrpcService<Body> + Send + 'static,
    C::Error: Into<StdError>,
    C::Future: Send,
    C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
{
    let name = format!("{} {} from {producer}", store.service(), apply.name());
    let consumer = Consumer { checkpoint: format!("{}/{producer}", apply.name()), store, producer, apply };
    let task = async move {
        let mut wait = BACKOFF.0;
        loop {
            let before = consumer.store.checkpoint(&consumer.checkpoint).await.unwrap_or_default();
            let session = AssertUnwindSafe(consumer.follow(connect(), before)).catch_unwind().await;
            let failed = match session {
                Ok(Ok(())) => None,
                Ok(Err(failed)) => Some(failed),
                Err(_) => Some(Failure::internal("the effect of an event panicked")),
            };
            let after = consumer.store.checkpoint(&consumer.checkpoint).await.unwrap_or_default();
            wait = if after > before || failed.is_none() { BACKOFF.0 } else { (wait * 2).min(BACKOFF.1) };
            if let Some(failed) = failed {
                consumer.log(&failed, wait);
            }
            tokio::time::sleep(wait).await;
        }
    };
    (name, Box::pin(task))
}

struct Consumer {
    store: Store,
    producer: &'static str,
    apply: Arc<dyn Apply>,
    checkpoint: String,
}

impl Consumer {
    /// Follows one stream to its end.
    async fn follow<C>(&self, channel: C, from: i64) -> Result<()>
    where
        C: GrpcService<Body> + Send,
        C::Error: Into<StdError>,
        C::Future: Send,
        C::ResponseBody: tonic::codegen::Body<Data = Bytes> + Send + 'static,
        <C::ResponseBody as tonic::codegen::Body>::Error: Into<StdError> + Send,
    {
        let request = StreamEventsRequest { producer: self.producer.to_owned(), after_position: from };
        let mut client = EventServiceClient::new(channel);
        let opened =
            tokio::time::timeout(SILENCE, client.stream_events(request)).await.map_err(|_| silent())?;
        let mut stream = opened.map_err(|refused| status::received(&refused))?.into_inner();
        let mut applied = from;
        let mut passed: Option<Event> = None;
        loop {
            let message = tokio::time::timeout(SILENCE, stream.message()).await.map_err(|_| silent())?;
            let Some(message) = message.map_err(|refused| status::received(&refused))? else { return Ok(()) };
            match message.event {
                Some(event) => {
                    let event = Event::read(event)?;
                    if self.apply.kinds().contains(&event.kind.as_str()) {
                        self.take(&event, &mut applied, true).await?;
                        passed = None;
                    } else if event.position - applied >= PASSED_OVER {
                        self.take(&event, &mut applied, false).await?;
                        passed = None;
                    } else {
                        passed = Some(event);
                    }
                }
                None => {
                    if let Some(event) = passed.take() {
                        self.take(&event, &mut applied, false).await?;
                    }
                }
            }
        }
    }

    /// Moves the checkpoint to the event, with its effect in the same transaction, unless another
    /// replica has moved it there.
    async fn take(&self, event: &Event, applied: &mut i64, with_effect: bool) -> Result<()> {
        while *applied < event.position {
            let change =
                Change { district: event.district.clone(), actor: event.actor.clone(), idempotency: None };
            let Write::Begin(mut tx) = self.store.write::<()>(change).await? else { return Ok(()) };
            if tx.advance(&self.checkpoint, *applied, event.position).await? {
                if with_effect {
                    self.apply.apply(&mut tx, event).await.inspect_err(|failed| {
                        tracing::warn!(
                            consumer = self.checkpoint,
                            event.kind = event.kind,
                            event.position = event.position,
                            reason = failed.reason().as_str(),
                            "an event could not be applied; it holds up those behind it"
                        );
                    })?;
                }
                tx.commit(()).await?;
                *applied = event.position;
            } else {
                drop(tx);
                *applied = self.store.checkpoint(&self.checkpoint).await?;
            }
        }
        Ok(())
    }

    fn log(&self, failed: &Failure, wait: Duration) {
        tracing::warn!(
            store = self.store.service(),
            consumer = self.checkpoint,
            reason = failed.reason().as_str(),
            cause = ?failed.cause(),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "following events was interrupted; it is tried again"
        );
    }
}

impl Event {
    fn read(event: common::Event) -> Result<Self> {
        let malformed = || Failure::internal("a producer sent an event that is not well formed");
        Ok(Self {
            position: event.position,
            uid: Uuid::try_parse(&event.uid).map_err(|_| malformed())?,
            district: Name::parse(&event.district)?.district,
            kind: event.kind,
            resource: event.resource,
            actor: event.actor,
            time: event.event_time.as_ref().and_then(values::instant).ok_or_else(malformed)?,
            payload: event.payload,
        })
    }
}

fn silent() -> Failure {
    Failure::unavailable(
        Reason::PeerUnavailable,
        "Another service that this call needs is away; try again.",
        Duration::from_secs(1),
    )
    .because("the stream of events fell silent")
}
