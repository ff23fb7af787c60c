//! The answer of a call that is a stream, as it comes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::body::Body;
use tonic::{Code, Status};
use trellis_contracts::status;
use trellis_telemetry::calls;

use super::Target;
use super::member::Lease;
use crate::calls::too_late;

/// Hands over what comes, until it ends or its time is over. One that breaks off ends with a refusal that
/// says when to open it again: whoever follows it knows where it was.
pub(super) struct Stream {
    /// None once it has ended.
    inner: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
    target: Target,
    call: calls::Call,
    _lease: Option<Lease>,
}

impl Stream {
    pub(super) fn new(
        inner: Body,
        deadline: Option<Instant>,
        target: Target,
        call: calls::Call,
        lease: Option<Lease>,
    ) -> Self {
        let deadline = deadline.map(|at| Box::pin(tokio::time::sleep_until(at)));
        Self { inner: Some(inner), deadline, target, call, _lease: lease }
    }

    fn end(&mut self, status: Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.inner = None;
        self.call.answered(status.code().into());
        Poll::Ready(Some(Err(status)))
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        match Pin::new(inner).poll_frame(cx) {
            Poll::Pending => {
                let late =
                    this.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
                if late { this.end(status::refuse(too_late())) } else { Poll::Pending }
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let code =
                        trailers.get(Status::GRPC_STATUS).map(|code| Code::from_bytes(code.as_bytes()));
                    this.call.answered(code.unwrap_or(Code::Unknown).into());
                    this.inner = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(broken))) => {
                let status = this.target.unavailable(broken.into());
                this.end(status)
            }
            // Without a status: the connection ended as if in order.
            Poll::Ready(None) => {
                let status = this.target.unavailable("the stream ended without a status".into());
                this.end(status)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
