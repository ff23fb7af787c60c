//! Events by way of NATS JetStream: a stream for each service, a durable consumer for each that follows it.
//!
//! The producer's outbox stays the source of truth, and the consumer's checkpoint says what took effect. What the
//! broker holds is a copy of the one on its way to the other: each message tells its own position and that of the
//! event before it, so that whatever the broker loses, repeats or hands over out of order is seen, and the copy is
//! made anew from where it ends.

mod address;
mod follow;
mod publish;

use std::fmt;
use std::time::Duration;

use async_nats::connection;
use async_nats::header::HeaderMap;
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};
use trellis_kernel::{Failure, Reason, Result, Uuid};

pub use address::{BrokerAddress, BrokerUrlError, BrokerUrls};
pub(crate) use follow::follow;

/// Of which incarnation of the producer's feed the event's position is.
const INCARNATION: &str = "Trellis-Incarnation";
/// The event's position.
const POSITION: &str = "Trellis-Position";
/// The position after which no other event comes before this one.
const AFTER: &str = "Trellis-After";
/// For how long the broker itself refuses an event that it has.
const DUPLICATES: Duration = Duration::from_mins(2);

/// A NATS server or cluster with JetStream.
#[derive(Clone)]
pub struct Broker {
    context: Context,
    replicas: usize,
    /// For how long events are kept there.
    retention: Duration,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("replicas", &self.replicas).finish_non_exhaustive()
    }
}

impl Broker {
    /// Connects, now or as soon as it is there; `retention` is for how long events are kept, in all services.
    ///
    /// # Errors
    ///
    /// When an address or a file of TLS cannot be used.
    pub async fn connect(address: &BrokerAddress, retention: Duration) -> Result<Self> {
        let client = address.connect().await?;
        Ok(Self { context: async_nats::jetstream::new(client), replicas: address.replicas, retention })
    }

    /// Whether it answers, as far as is known.
    pub(crate) fn is_connected(&self) -> bool {
        self.context.client().connection_state() == connection::State::Connected
    }

    /// The stream of a service's events, made or brought up to date.
    async fn stream(&self, producer: &str) -> Result<Stream> {
        let config = Config {
            name: stream_name(producer),
            description: Some(format!("What happened in the {producer} service of Trellis, in order.")),
            subjects: vec![format!("{}.>", subject(producer))],
            max_age: self.retention,
            storage: StorageType::File,
            num_replicas: self.replicas,
            duplicate_window: DUPLICATES,
            deny_delete: true,
            allow_direct: true,
            ..Config::default()
        };
        self.context.create_or_update_stream(config).await.map_err(away)?;
        self.context.get_stream(stream_name(producer)).await.map_err(away)
    }

    /// The stream of a service's events, if that has published any.
    async fn published(&self, producer: &str) -> Result<Stream> {
        self.context.get_stream(stream_name(producer)).await.map_err(|failed| {
            if is_missing(&failed) {
                return unpublished();
            }
            away(failed)
        })
    }
}

fn is_missing(failed: &GetStreamError) -> bool {
    matches!(failed.kind(), GetStreamErrorKind::JetStream(error)
        if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

fn stream_name(producer: &str) -> String {
    format!("TRELLIS_{}", producer.to_ascii_uppercase())
}

fn subject(producer: &str) -> String {
    format!("trellis.events.{producer}")
}

/// That the broker did not do what was asked, for now.
fn away(failed: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::unavailable(
        Reason::PeerUnavailable,
        "The broker of events is away; try again.",
        Duration::from_secs(1),
    )
    .because(failed)
}

fn unpublished() -> Failure {
    Failure::unavailable(
        Reason::PeerUnavailable,
        "The service whose events are followed has published none yet; try again.",
        Duration::from_secs(1),
    )
}

/// Where a message is in its producer's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    incarnation: Uuid,
    position: i64,
    after: i64,
}

impl Stamp {
    fn read(headers: &HeaderMap) -> Result<Self> {
        let malformed = || Failure::internal("the broker holds a message that is no event of a service");
        let text = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str).ok_or_else(malformed);
        let number = |name| text(name)?.parse().map_err(|_| malformed());
        Ok(Self {
            incarnation: Uuid::try_parse(text(INCARNATION)?).map_err(|_| malformed())?,
            position: number(POSITION)?,
            after: number(AFTER)?,
        })
    }
}
