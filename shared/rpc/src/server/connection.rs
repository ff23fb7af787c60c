//! One connection, from its first byte to its end.

use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::entry::Entry;
use super::socket::Socket;
use super::tls::Acceptor;
use crate::calls::{Buffers, Origin, Patience};
use crate::figures::FIGURES;

/// What calls that arrive at the same moment have, when a connection that was never used is closed.
const AFTER_SILENCE: Duration = Duration::from_millis(100);

/// Streams that the client resets before they were looked at, on one connection: more end it.
const MAX_PENDING_RESETS: usize = 64;

/// Streams that we reset for the client's mistakes, on one connection: more end it.
const MAX_ERROR_RESETS: usize = 256;

/// What one stream may have in our buffers.
const MAX_SEND_BUFFER: usize = 128 * 1024;

/// What one stream may send before we have read any of it; and all of a connection's streams, so that
/// one that is read slowly leaves room for others.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;

/// How connections are served.
pub(super) struct Connections {
    acceptor: Option<Acceptor>,
    entry: Entry,
    limits: Limits,
    buffers: Arc<Buffers>,
    builder: auto::Builder<TokioExecutor>,
    drain: CancellationToken,
}

/// Why a connection is asked to end.
enum Because {
    /// It has not brought a request in time, or no answer to a ping.
    Silent,
    /// It has grown old.
    Old,
    /// The server ends.
    Draining,
    /// It reads nothing of what waits for it.
    Stalled,
    /// It gives up whatever it asks for.
    Flooding,
}

impl Because {
    fn count(&self) {
        let ended = &FIGURES.ended;
        let ended = match self {
            Self::Silent => &ended.silent,
            Self::Old => &ended.old,
            Self::Draining => &ended.draining,
            Self::Stalled => &ended.stalled,
            Self::Flooding => &ended.flooding,
        };
        ended.add(1);
    }
}

impl Connections {
    pub(super) fn new(
        acceptor: Option<Acceptor>,
        entry: Entry,
        limits: Limits,
        drain: CancellationToken,
    ) -> Self {
        let builder = builder(&limits);
        let buffers = Arc::new(Buffers::new(limits.max_buffered_bytes));
        Self { acceptor, entry, limits, buffers, builder, drain }
    }

    pub(super) async fn serve(&self, stream: TcpStream) {
        let _counted = FIGURES.connections.hold();
        let begun = Instant::now();
        // Small answers should not wait for more; a refusal only makes them slower.
        let _ = stream.set_nodelay(true);
        let peer = stream.peer_addr().ok();
        let age = spread(self.limits.connection_age, peer.map_or(0, |peer| peer.port()));
        let address = peer.map(|peer| peer.ip().to_canonical());
        let crowded = Arc::<AtomicBool>::default();
        let stream = Socket::new(stream, self.limits.max_stall, crowded.clone());
        let Some(acceptor) = &self.acceptor else {
            return self.converse(stream, self.origin(address, false, crowded), begun, age).await;
        };
        let handshake = timeout_at(begun + self.limits.first_request, acceptor.accept(stream));
        match self.drain.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => {
                let certified = stream.get_ref().1.peer_certificates().is_some();
                self.converse(stream, self.origin(address, certified, crowded), begun, age).await;
            }
            Some(Ok(Err(error))) => {
                FIGURES.ended.no_tls.add(1);
                tracing::debug!(%error, "no TLS");
            }
            Some(Err(_elapsed)) => FIGURES.ended.silent.add(1),
            None => {}
        }
    }

    fn origin(&self, address: Option<IpAddr>, certified: bool, crowded: Arc<AtomicBool>) -> Arc<Origin> {
        let patience = Patience { unread: self.limits.max_unread_bytes, given_up: self.limits.max_given_up };
        Arc::new(Origin::new(address, certified, patience, self.buffers.clone()).crowding(crowded))
    }

    async fn converse(
        &self,
        io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        origin: Arc<Origin>,
        begun: Instant,
        age: Duration,
    ) {
        let used = Arc::new(AtomicBool::new(false));
        let service = {
            let (used, origin, entry) = (used.clone(), origin.clone(), self.entry.clone());
            service_fn(move |request: Request<Incoming>| {
                used.store(true, Ordering::Relaxed);
                entry.answer(request, &origin)
            })
        };
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(io), service));
        let because = tokio::select! {
            done = connection.as_mut() => return ended(done),
            because = self.asked_to_end(&used, &origin, begun, age) => because,
        };
        because.count();
        connection.as_mut().graceful_shutdown();
        let grace = match because {
            // Told to go, and then cut off with whatever it had.
            Because::Stalled | Because::Flooding => {
                let _ = timeout(AFTER_SILENCE, connection).await;
                return;
            }
            Because::Silent | Because::Draining => Duration::ZERO,
            Because::Old => self.limits.connection_grace,
        };
        tokio::select! {
            done = connection.as_mut() => return closed(done),
            () = sleep(grace) => {}
            () = self.drain.cancelled() => {}
        }
        origin.ending.cancel();
        if !used.load(Ordering::Relaxed)
            && let Ok(done) = timeout(AFTER_SILENCE, connection.as_mut()).await
        {
            return closed(done);
        }
        // A call that came while it was told to go is answered like any other.
        let left = if used.load(Ordering::Relaxed) { self.limits.drain } else { Duration::ZERO };
        // Dropped when the time is over, whatever it is still about.
        if let Ok(done) = timeout(left, connection).await {
            closed(done);
        }
    }

    /// Waits for a reason to end the connection.
    async fn asked_to_end(
        &self,
        used: &AtomicBool,
        origin: &Origin,
        begun: Instant,
        age: Duration,
    ) -> Because {
        let silent = async {
            sleep_until(begun + self.limits.first_request).await;
            if used.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = silent => Because::Silent,
            () = sleep_until(begun + age) => Because::Old,
            () = self.drain.cancelled() => Because::Draining,
            () = origin.stalled(self.limits.max_stall) => Because::Stalled,
            () = origin.flooded() => Because::Flooding,
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read)
        .max_buf_size(usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX).max(8 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(limits.max_header_bytes);
    builder
}

/// A connection that ended without being asked to.
fn ended(done: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Some(because) = done.as_ref().err().and_then(|error| lacked(&**error)) {
        because.count();
    }
    closed(done);
}

fn closed(done: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke");
    }
}

/// What the other side did not do in time, where that is what ended the connection.
fn lacked(error: &(dyn std::error::Error + 'static)) -> Option<Because> {
    // The end of its headers, or the answer to a ping.
    if error.downcast_ref().is_some_and(hyper::Error::is_timeout) {
        return Some(Because::Silent);
    }
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut) {
            return Some(Because::Stalled);
        }
        cause = error.source();
    }
    None
}

/// An age for a connection, up to a tenth above the limit. The client's port is as good as chance here.
fn spread(age: Duration, port: u16) -> Duration {
    age + age / 1000 * u32::from(port % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_differ_and_stay_within_a_tenth() {
        let age = Duration::from_mins(30);
        let ages = (0..=u16::MAX).map(|port| spread(age, port));
        assert!(ages.clone().all(|spread| (age..age + age / 10).contains(&spread)));
        // Ports that a machine gives out one after another are two apart.
        assert_ne!(spread(age, 40_000), spread(age, 40_002));
        assert!(ages.max() > Some(age + age / 20));
    }
}
