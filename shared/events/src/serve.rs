//! Handing events to the other services.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};
use tokio::sync::watch;

use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::internal::{self, EventServiceApi, StreamEventsRequest, StreamEventsResponse};
use trellis_kernel::{Failure, Reason, Result, Uuid};
use trellis_store::Store;
use trellis_store::feed::{Extent, Place};

use crate::Event;

/// How many events are read at once.
const BATCH: u64 = 200;
/// How long a stream is silent before it says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Serves `EventService` for the stores of the services that run here.
#[derive(Clone, Debug)]
pub struct EventFeed {
    stores: Vec<Store>,
    heartbeat: Duration,
}

impl EventFeed {
    /// Serves the events of these stores.
    pub const fn new(stores: Vec<Store>) -> Self {
        Self { stores, heartbeat: HEARTBEAT }
    }

    /// The same, with a stream that is silent for `every` saying that it lives; 15 s otherwise.
    #[must_use]
    pub const fn beating(mut self, every: Duration) -> Self {
        self.heartbeat = every;
        self
    }

    fn store(&self, producer: &str) -> Result<Store> {
        self.stores.iter().find(|store| store.service() == producer).cloned().ok_or_else(|| {
            Failure::unavailable(
                Reason::PeerUnavailable,
                "The service whose events were asked for does not run here.",
                Duration::from_secs(5),
            )
        })
    }
}

#[async_trait]
impl EventServiceApi for EventFeed {
    async fn stream_events(&self, call: Call<StreamEventsRequest>) -> Result<Outbound<StreamEventsResponse>> {
        let StreamEventsRequest { producer, after_position, incarnation: known } = call.message;
        let store = self.store(&producer)?;
        let Extent { incarnation, floor, head } = store.extent().await?;
        let of_another = !known.is_empty() && Uuid::try_parse(&known) != Ok(incarnation);
        if of_another || after_position > head {
            return Err(Failure::precondition(
                Reason::StateConflict,
                "The consumer's place is none of this producer's: one of the two databases was restored.",
            ));
        }
        // Who has applied nothing yet begins with the oldest that is kept; who has applied some must
        // find the next, and is refused where that is gone.
        let position = if after_position == 0 { floor } else { after_position };
        let place = Place { incarnation, position };
        let head = store.watch();
        let heartbeat = self.heartbeat;
        Ok(follow(Following { store, place, head, heartbeat }))
    }
}

/// The state of one stream: where it stands, and what tells it to look again.
struct Following {
    store: Store,
    place: Place,
    head: watch::Receiver<i64>,
    heartbeat: Duration,
}

fn follow(following: Following) -> Outbound<StreamEventsResponse> {
    let batches = stream::unfold(Some(following), |following| async {
        let mut following = following?;
        match following.next().await {
            Ok(batch) => Some((stream::iter(batch).map(Ok).left_stream(), Some(following))),
            // The consumer connects again; what the stream told so far stands.
            Err(failed) => Some((stream::iter([Err(failed)]).right_stream(), None)),
        }
    });
    Box::pin(batches.flatten())
}

impl Following {
    /// The next events, or, after a silence, one heartbeat.
    async fn next(&mut self) -> Result<Vec<StreamEventsResponse>> {
        loop {
            // Marked before reading: what comes after the read wakes the wait below.
            self.head.mark_unchanged();
            let rows = self.store.events(self.place, BATCH).await?;
            if let Some(last) = rows.last() {
                self.place.position = last.position;
                return Ok(rows.into_iter().map(|row| self.told(Some(Event::sent(row)))).collect());
            }
            match tokio::time::timeout(self.heartbeat, self.head.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    return Err(Failure::unavailable(
                        Reason::ShuttingDown,
                        "The server is ending; connect again.",
                        Duration::from_secs(1),
                    ));
                }
                Err(_) => return Ok(vec![self.told(None)]),
            }
        }
    }

    fn told(&self, event: Option<internal::Event>) -> StreamEventsResponse {
        StreamEventsResponse { event, incarnation: self.place.incarnation.to_string() }
    }
}
