//! The answer of a call while it is sent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tracing::Span;
use trellis_contracts::status;
use trellis_kernel::Failure;
use trellis_telemetry::calls::ActiveCall;

use super::{answered, code, ending, panicked, too_late};

/// How long a stream that should end may be silent before it is ended: one that still sends is on its
/// way to its own end.
const QUIET: Duration = Duration::from_millis(500);

/// What ends an answer before its handler does.
pub(super) struct EndsWhen {
    pub(super) deadline: Option<Instant>,
    pub(super) ending: Option<CancellationToken>,
}

/// Sends what the handler answers; and ends the call properly, with trailers that say why, when its
/// time is over, when the server is ending, or when the handler panics.
pub(super) struct CallBody {
    /// None once the answer has ended.
    inner: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
    ending: Option<BoxFuture<'static, ()>>,
    /// Set while the stream should end and is silent.
    quiet: Option<Pin<Box<Sleep>>>,
    span: Span,
    call: ActiveCall,
}

impl CallBody {
    pub(super) fn new(inner: Body, ends: EndsWhen, span: Span, call: ActiveCall) -> Self {
        Self {
            inner: Some(inner),
            deadline: ends.deadline.map(|at| Box::pin(tokio::time::sleep_until(at))),
            ending: ends.ending.map(|token| token.cancelled_owned().boxed()),
            quiet: None,
            span,
            call,
        }
    }

    fn end(&mut self, failure: Failure) -> Frame<Bytes> {
        self.inner = None;
        let status = status::refuse(failure);
        let mut trailers = HeaderMap::new();
        // An error would mean that our own text is no header; the status then goes without it.
        if status.add_header(&mut trailers).is_err() {
            trailers.insert(Status::GRPC_STATUS, i32::from(status.code()).into());
        }
        answered(status.code().into(), &self.span, &mut self.call);
        Frame::trailers(trailers)
    }

    /// Whether something other than the handler ends the answer now.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(too_late());
        }
        if let Some(told) = &mut self.ending
            && told.as_mut().poll(cx).is_ready()
        {
            self.ending = None;
            self.quiet = Some(Box::pin(tokio::time::sleep(QUIET)));
        }
        match &mut self.quiet {
            Some(quiet) => quiet.as_mut().poll(cx).map(|()| ending()),
            None => Poll::Pending,
        }
    }

    fn sent(&mut self, frame: &Frame<Bytes>) {
        if let Some(quiet) = &mut self.quiet {
            quiet.as_mut().reset(Instant::now() + QUIET);
        }
        if let Some(code) = frame.trailers_ref().and_then(code) {
            self.inner = None;
            answered(code, &self.span, &mut self.call);
        }
    }
}

impl http_body::Body for CallBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        let polled = {
            let _within = this.span.enter();
            catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx)))
        };
        match polled {
            Err(_panic) => Poll::Ready(Some(Ok(this.end(panicked())))),
            Ok(Poll::Pending) => this.poll_end(cx).map(|failure| Some(Ok(this.end(failure)))),
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                this.sent(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(ended)) => {
                this.inner = None;
                Poll::Ready(ended)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
