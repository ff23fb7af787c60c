//! One connection, from its first byte to its end.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::Limits;
use crate::calls::Ending;

/// How connections are served.
pub(super) struct Connections {
    acceptor: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    builder: auto::Builder<TokioExecutor>,
    drain: CancellationToken,
}

/// Why a connection is asked to end.
enum Because {
    /// It has not brought a request in time.
    Silent,
    /// It has grown old.
    Old,
    /// The server ends.
    Draining,
}

impl Connections {
    pub(super) fn new(
        acceptor: Option<TlsAcceptor>,
        router: Router,
        limits: Limits,
        drain: CancellationToken,
    ) -> Self {
        let builder = builder(&limits);
        Self { acceptor, router: router.with_state(()), limits, builder, drain }
    }

    pub(super) async fn serve(&self, stream: TcpStream) {
        // Small answers should not wait for more; a refusal only makes them slower.
        let _ = stream.set_nodelay(true);
        let age = spread(self.limits.connection_age, &stream);
        let Some(acceptor) = &self.acceptor else { return self.converse(stream, age).await };
        let handshake = timeout(self.limits.first_request, acceptor.accept(stream));
        match self.drain.run_until_cancelled(handshake).await {
            Some(Ok(Ok(stream))) => self.converse(stream, age).await,
            Some(Ok(Err(error))) => tracing::debug!(%error, "no TLS"),
            Some(Err(_)) | None => {}
        }
    }

    async fn converse(&self, io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, age: Duration) {
        let used = Arc::new(AtomicBool::new(false));
        let streams = CancellationToken::new();
        let service = {
            let (used, ending, router) = (used.clone(), Ending(streams.clone()), self.router.clone());
            service_fn(move |mut request: Request<Incoming>| {
                used.store(true, Ordering::Relaxed);
                request.extensions_mut().insert(ending.clone());
                router.clone().call(request)
            })
        };
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(io), service));
        let because = tokio::select! {
            done = connection.as_mut() => return closed(done),
            because = self.asked_to_end(&used, age) => because,
        };
        connection.as_mut().graceful_shutdown();
        let grace = match because {
            Because::Silent | Because::Draining => Duration::ZERO,
            Because::Old => self.limits.connection_grace,
        };
        tokio::select! {
            done = connection.as_mut() => return closed(done),
            () = sleep(grace) => {}
            () = self.drain.cancelled() => {}
        }
        streams.cancel();
        // Dropped when the time is over, whatever it is still about.
        if let Ok(done) = timeout(self.limits.drain, connection).await {
            closed(done);
        }
    }

    /// Waits for a reason to end the connection.
    async fn asked_to_end(&self, used: &AtomicBool, age: Duration) -> Because {
        let silent = async {
            sleep(self.limits.first_request).await;
            if used.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = silent => Because::Silent,
            () = sleep(age) => Because::Old,
            () = self.drain.cancelled() => Because::Draining,
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
        .max_header_list_size(limits.max_header_bytes);
    builder
}

fn closed(done: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = done {
        tracing::debug!(%error, "a connection broke");
    }
}

/// An age for a connection, up to a tenth above the limit. The client's port is as good as chance here.
fn spread(age: Duration, stream: &TcpStream) -> Duration {
    let port = stream.peer_addr().map_or(0, |address| address.port());
    age + age / 1000 * u32::from(port % 100)
}
