//! The channel that a generated client calls through.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Response, request};
use tokio::time::{Instant, timeout_at};
use tonic::Status;
use tonic::body::Body;
use tower_service::Service;
use trellis_auth::ServiceIdentity;
use trellis_contracts::status;
use trellis_kernel::{Actor, Failure, Result};
use trellis_telemetry::calls;

use super::Target;
use super::answer::Read;
use super::attempts::Attempts;
use super::methods::{Method, method};
use super::stream::Stream;
use crate::calls::too_late;
use crate::deadline;

/// How long a token is used again; it is valid for longer.
const TOKEN_USE: Duration = Duration::from_mins(1);

const AGENT: HeaderValue = HeaderValue::from_static(concat!("trellis/", env!("CARGO_PKG_VERSION")));

/// Carries the calls of a generated client: `OutcomeServiceClient::new(peer.on_behalf_of(actor))`.
///
/// A call gets a deadline, a token and its caller's trace. It is made again where it was not answered and a
/// second call does nothing that the first has not done, as often as the target's [`super::Policy`]
/// allows; and it is refused at once while the target answers nobody. What a service does in this process
/// is called alike.
#[derive(Clone)]
pub struct PeerChannel {
    target: Target,
    speaks: Speaks,
}

/// Who calls.
#[derive(Clone)]
enum Speaks {
    /// A service of the suite, perhaps on behalf of an actor.
    Service {
        identity: ServiceIdentity,
        actor: Option<Arc<Actor>>,
        token: Arc<Mutex<Option<(Instant, HeaderValue)>>>,
    },
    /// Whoever the token was given to; nobody without one.
    Bearer(Option<HeaderValue>),
}

impl PeerChannel {
    pub(super) fn service(target: Target, identity: ServiceIdentity, actor: Option<Arc<Actor>>) -> Self {
        Self { target, speaks: Speaks::Service { identity, actor, token: Arc::default() } }
    }

    pub(super) fn bearer(target: Target, header: Option<HeaderValue>) -> Self {
        Self { target, speaks: Speaks::Bearer(header) }
    }

    async fn carry(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut head, body) = request.into_parts();
        let method = method(head.uri.path());
        let deadline = self.deadline(&head, method);
        if let Some(header) = self.speaks.header().map_err(status::refuse)? {
            head.headers.insert(AUTHORIZATION, header);
        }
        head.headers.insert(USER_AGENT, AGENT);
        let mut call = calls::Call::make(&method.told);
        let current = call.current();
        current.inject(&mut head.headers);
        let done = current.scope(self.make(&head, body, method, deadline)).await;
        match done {
            Ok(Read { response, status: Some(status), .. }) => {
                call.answered(status.code().into());
                Ok(response)
            }
            Ok(Read { response, status: None, lease }) => {
                Ok(response.map(|body| Body::new(Stream::new(body, deadline, self.target, call, lease))))
            }
            Err(status) => {
                call.answered(status.code().into());
                Err(status)
            }
        }
    }

    async fn make(
        &self,
        head: &request::Parts,
        body: Body,
        method: &'static Method,
        deadline: Option<Instant>,
    ) -> Result<Read, Status> {
        let target = &self.target;
        let pass = match target.circuit().admit(Instant::now()) {
            Ok(pass) => pass,
            Err(after) => return Err(target.refused(after)),
        };
        let made = Attempts { target, method, head, deadline, pass }.make(body);
        let made = match deadline {
            Some(deadline) => timeout_at(deadline, made).await.map_err(|_| status::refuse(too_late()))?,
            None => made.await,
        };
        made?.map_err(|missed| target.unavailable(missed.cause))
    }

    /// The sooner of what the client set on this call and what the call being served has left.
    fn deadline(&self, head: &request::Parts, method: &Method) -> Option<Instant> {
        let usual = method.is_unary().then_some(self.target.policy().unary_timeout);
        let own = deadline::read(&head.headers).or(usual);
        let own = own.and_then(|left| Instant::now().checked_add(left));
        own.into_iter().chain(deadline::current()).min()
    }
}

impl Speaks {
    fn header(&self) -> Result<Option<HeaderValue>> {
        let (identity, actor, token) = match self {
            Self::Service { identity, actor, token } => (identity, actor, token),
            Self::Bearer(header) => return Ok(header.clone()),
        };
        let mut kept = token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((minted, token)) = &*kept
            && minted.elapsed() < TOKEN_USE
        {
            return Ok(Some(token.clone()));
        }
        let token = identity.token(actor.as_deref())?;
        let mut token = HeaderValue::try_from(format!("Bearer {token}")).map_err(Failure::internal)?;
        token.set_sensitive(true);
        *kept = Some((Instant::now(), token.clone()));
        Ok(Some(token))
    }
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
