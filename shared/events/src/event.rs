//! What happened in another service, as a consumer sees it.

use prost_types::Any;
use trellis_contracts::{internal, values};
use trellis_kernel::{District, Failure, Name, Result, Timestamp, Uuid};
use trellis_store::Payload;
use trellis_store::feed::FeedRow;

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

    pub(crate) fn received(event: internal::Event) -> Result<Self> {
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

    pub(crate) fn sent(row: FeedRow) -> internal::Event {
        internal::Event {
            position: row.position,
            uid: row.uid.to_string(),
            district: format!("districts/{}", row.district),
            kind: row.kind,
            resource: row.resource,
            actor: row.actor,
            event_time: Some(values::timestamp(row.time)),
            payload: row.payload.map(|payload| Any { type_url: payload.type_url, value: payload.value }),
        }
    }
}

/// As a dead letter keeps it.
impl From<Event> for FeedRow {
    fn from(event: Event) -> Self {
        Self {
            position: event.position,
            uid: event.uid,
            district: event.district,
            kind: event.kind,
            resource: event.resource,
            resource_type: String::new(),
            subjects: Vec::new(),
            deleted: false,
            actor: event.actor,
            time: event.time,
            payload: event.payload.map(|any| Payload { type_url: any.type_url, value: any.value }),
        }
    }
}

/// As a dead letter kept it.
impl From<FeedRow> for Event {
    fn from(row: FeedRow) -> Self {
        Self {
            position: row.position,
            uid: row.uid,
            district: row.district,
            kind: row.kind,
            resource: row.resource,
            actor: row.actor,
            time: row.time,
            payload: row.payload.map(|payload| Any { type_url: payload.type_url, value: payload.value }),
        }
    }
}
