//! Takes connections, as many as the server bears, until it is told to end.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::connection::Connections;
use super::entry::Entry;
use super::tls::Acceptor;

/// The wait after the listener failed, most likely for want of file descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

pub(super) struct Gate {
    listener: TcpListener,
    places: Arc<Semaphore>,
    connections: Arc<Connections>,
    drain: CancellationToken,
}

impl Gate {
    pub(super) fn new(
        listener: TcpListener,
        acceptor: Option<Acceptor>,
        entry: Entry,
        limits: Limits,
    ) -> Self {
        let drain = CancellationToken::new();
        let places = Arc::new(Semaphore::new(limits.max_connections));
        let connections = Arc::new(Connections::new(acceptor, entry, limits, drain.clone()));
        Self { listener, places, connections, drain }
    }

    /// Cancelling it ends the server.
    pub(super) fn drain(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Serves until drained, and until the last connection is closed: each closes within the drain time.
    pub(super) async fn run(self) {
        let tracker = TaskTracker::new();
        while let Some(Some((stream, place))) = self.drain.run_until_cancelled(self.next()).await {
            let connections = self.connections.clone();
            tracker.spawn(async move {
                connections.serve(stream).await;
                drop(place);
            });
        }
        drop(self.listener);
        tracker.close();
        tracker.wait().await;
    }

    /// The next connection; none when there can be no more.
    async fn next(&self) -> Option<(TcpStream, OwnedSemaphorePermit)> {
        let place = self.places.clone().acquire_owned().await.ok()?;
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return Some((stream, place)),
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
    }
}
