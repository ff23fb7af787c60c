//! The channel that a generated client calls through.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, Version, request};
use http_body_util::{BodyExt as _, Full};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower_service::Service;
use tracing::Span;
use trellis_auth::ServiceIdentity;
use trellis_contracts::status;
use trellis_kernel::{Actor, Failure, Result};
use trellis_telemetry::context;

use super::target::{Target, Unreached};
use crate::calls::{Shape, shape, too_late};
use crate::deadline;

/// The time that a call with one answer has where nothing else limits it.
const UNARY: Duration = Duration::from_secs(10);

/// How long a token is used again; it is valid for longer.
const TOKEN_USE: Duration = Duration::from_mins(1);

/// The waits before a call is made again: a connection that was told to go is replaced at once, and
/// one that the next call meets in the same moment soon after.
const BEFORE_RETRY: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(50)];

/// Carries the calls of a generated client: `OutcomeServiceClient::new(peer.on_behalf_of(actor))`.
///
/// A call that the connection failed under is made again, twice at most: the suite's calls are reads,
/// or carry a `request_id`, so that the second does nothing that the first did. A client's stream
/// cannot be sent again and is not.
#[derive(Clone)]
pub struct PeerChannel {
    target: Target,
    identity: ServiceIdentity,
    actor: Option<Arc<Actor>>,
    token: Arc<Mutex<Option<(Instant, HeaderValue)>>>,
}

impl PeerChannel {
    pub(super) fn new(target: Target, identity: ServiceIdentity, actor: Option<Arc<Actor>>) -> Self {
        Self { target, identity, actor, token: Arc::default() }
    }

    fn token(&self) -> Result<HeaderValue> {
        let mut kept = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((minted, token)) = &*kept
            && minted.elapsed() < TOKEN_USE
        {
            return Ok(token.clone());
        }
        let token = self.identity.token(self.actor.as_deref())?;
        let mut token = HeaderValue::try_from(format!("Bearer {token}")).map_err(Failure::internal)?;
        token.set_sensitive(true);
        *kept = Some((Instant::now(), token.clone()));
        Ok(token)
    }

    async fn carry(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut head, body) = request.into_parts();
        let shape = shape(head.uri.path());
        let deadline = deadline_of(&head, shape);
        head.headers.insert(AUTHORIZATION, self.token().map_err(status::refuse)?);
        context::inject(&Span::current(), &mut head.headers);
        let done = self.attempts(head, body, shape, deadline);
        match deadline {
            Some(deadline) => {
                timeout_at(deadline, done).await.unwrap_or_else(|_| Err(status::refuse(too_late())))
            }
            None => done.await,
        }
    }

    async fn attempts(
        &self,
        head: request::Parts,
        body: Body,
        shape: Shape,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Status> {
        let away = |unreached| match unreached {
            Unreached::Away => self.target.unavailable(None),
            Unreached::Broken(error) => self.target.unavailable(Some(error)),
        };
        if shape.streams_in {
            return self.attempt(&head, body, deadline).await.map_err(away);
        }
        let message = body.collect().await?.to_bytes();
        for wait in BEFORE_RETRY {
            match self.attempt(&head, whole(&message), deadline).await {
                Err(Unreached::Broken(error)) => {
                    tracing::debug!(peer = self.target.name(), %error, "calling again");
                    tokio::time::sleep(wait).await;
                }
                done => return done.map_err(away),
            }
        }
        self.attempt(&head, whole(&message), deadline).await.map_err(away)
    }

    /// Makes the call with what would cross a socket, and nothing else, wherever the callee is: an
    /// extension that crossed could pass for what a layer of the callee has found out.
    async fn attempt(
        &self,
        head: &request::Parts,
        body: Body,
        deadline: Option<Instant>,
    ) -> Result<Response<Body>, Unreached> {
        let mut request = Request::new(body);
        head.method.clone_into(request.method_mut());
        head.uri.clone_into(request.uri_mut());
        head.headers.clone_into(request.headers_mut());
        *request.version_mut() = Version::HTTP_2;
        if let Some(deadline) = deadline {
            deadline::write(request.headers_mut(), deadline.saturating_duration_since(Instant::now()));
        }
        self.target.call(request).await
    }
}

/// The sooner of what the client set on this call and what the call being served has left.
fn deadline_of(head: &request::Parts, shape: Shape) -> Option<Instant> {
    let own = deadline::read(&head.headers).or(shape.is_unary().then_some(UNARY));
    let own = own.and_then(|left| Instant::now().checked_add(left));
    own.into_iter().chain(deadline::current()).min()
}

fn whole(message: &Bytes) -> Body {
    Body::new(Full::new(message.clone()))
}

impl Service<Request<Body>> for PeerChannel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().carry(request))
    }
}
