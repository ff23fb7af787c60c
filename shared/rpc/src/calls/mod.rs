//! What surrounds every gRPC call, over a socket and in process alike: its span and its count, its
//! deadline, and an answer where the handler gives none.

mod body;
mod shape;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{BoxError, Layer};
use tower_service::Service;
use tracing::{Instrument as _, Span};
use trellis_contracts::status;
use trellis_kernel::{Failure, Kind, Reason};
use trellis_telemetry::calls::ActiveCall;
use trellis_telemetry::context;

use crate::deadline;

use self::body::{CallBody, EndsWhen};
pub(crate) use self::shape::{Shape, shape};

/// Told to the streams of a connection when they should come to an end.
#[derive(Clone, Debug)]
pub(crate) struct Ending(pub(crate) CancellationToken);

/// Surrounds the calls of the services within.
#[derive(Clone, Debug)]
pub(crate) struct CallsLayer {
    /// The most time that a call with one answer may take.
    pub(crate) unary: Duration,
}

impl<S> Layer<S> for CallsLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, unary: self.unary }
    }
}

/// The services within, surrounded.
#[derive(Clone, Debug)]
pub(crate) struct Calls<S> {
    inner: S,
    unary: Duration,
}

impl<S, B> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let shape = shape(request.uri().path());
        let deadline = self.deadline(shape, request.headers());
        let ending = request.extensions_mut().remove::<Ending>();
        let span = span(shape, request.headers());
        let call = ActiveCall::begin(shape.service, shape.method);
        // The one that was polled until it was ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let within = span.clone();
        let work = async move {
            let answer = AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind();
            let answer = deadline::scope(deadline, within_time(deadline, answer)).await;
            finish(answer, EndsWhen { deadline, ending: ending.map(|e| e.0) }, within, call)
        };
        Box::pin(work.instrument(span).map(Ok))
    }
}

impl<S> Calls<S> {
    fn deadline(&self, shape: Shape, headers: &HeaderMap) -> Option<Instant> {
        let given = deadline::read(headers);
        let left =
            if shape.is_unary() { Some(given.map_or(self.unary, |g| g.min(self.unary))) } else { given };
        left.and_then(|left| Instant::now().checked_add(left))
    }
}

fn span(shape: Shape, headers: &HeaderMap) -> Span {
    let span = tracing::info_span!(
        "call",
        otel.name = shape.path,
        otel.kind = "server",
        rpc.system = "grpc",
        rpc.service = shape.service,
        rpc.method = shape.method,
        rpc.grpc.status_code = tracing::field::Empty,
        trellis.reason = tracing::field::Empty,
        trace_id = tracing::field::Empty,
    );
    context::adopt(headers, &span);
    if let Some(id) = context::trace_id(&span) {
        span.record("trace_id", id);
    }
    span
}

/// What became of a handler: its answer, or that it panicked, or that its time was over.
type Outcome<B> = Result<std::thread::Result<Result<Response<B>, Infallible>>, tokio::time::error::Elapsed>;

async fn within_time<F: Future>(
    deadline: Option<Instant>,
    work: F,
) -> Result<F::Output, tokio::time::error::Elapsed> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await,
        None => Ok(work.await),
    }
}

fn finish<B>(outcome: Outcome<B>, ends: EndsWhen, span: Span, mut call: ActiveCall) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let response = match outcome {
        Ok(Ok(Ok(response))) => response,
        Ok(Err(_panic)) => return refuse(status::refuse(panicked()), &span, call),
        Err(_elapsed) => return refuse(status::refuse(too_late()), &span, call),
    };
    if let Some(code) = code(response.headers()) {
        if let Some(failure) = unsaid(code, response.headers()) {
            return refuse(status::refuse(failure), &span, call);
        }
        answered(code, &span, &mut call);
        return response.map(Body::new);
    }
    response.map(|body| Body::new(CallBody::new(Body::new(body), ends, span, call)))
}

/// A call that is answered with a status alone.
fn refuse(status: Status, span: &Span, mut call: ActiveCall) -> Response<Body> {
    answered(status.code().into(), span, &mut call);
    status.into_http()
}

fn answered(code: i32, span: &Span, call: &mut ActiveCall) {
    span.record("rpc.grpc.status_code", code);
    call.answered(code);
}

fn code(headers: &HeaderMap) -> Option<i32> {
    headers.get(Status::GRPC_STATUS).map(HeaderValue::as_bytes).map(|bytes| Code::from_bytes(bytes).into())
}

/// What the transport refused by itself, without saying why in the way that ours are refused.
fn unsaid(code: i32, headers: &HeaderMap) -> Option<Failure> {
    if headers.contains_key(Status::GRPC_STATUS_DETAILS) {
        return None;
    }
    match Code::from_i32(code) {
        Code::OutOfRange => {
            Some(Failure::exhausted(Reason::LimitExceeded, "The message is larger than the limit."))
        }
        Code::Internal => Some(Failure::invalid(
            Reason::FieldViolation,
            "The body of the request is not a message of this method.",
        )),
        _ => None,
    }
}

pub(crate) fn too_late() -> Failure {
    Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, "The deadline of the call passed.")
}

fn panicked() -> Failure {
    Failure::internal("the handler panicked; the log says where")
}

fn ending() -> Failure {
    Failure::unavailable(
        Reason::ShuttingDown,
        "The server ends this stream; connect again and go on from the last token.",
        Duration::from_secs(1),
    )
}
