//! The request of a call while it is received.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tonic::Status;
use tower::BoxError;
use trellis_contracts::status;
use trellis_kernel::{Failure, Reason};

use super::Origin;
use crate::figures::FIGURES;

/// Counts what is received of a message before anybody knows who sends it, and refuses what would be too
/// much of it together.
///
/// A message is unpacked whole before the guard can ask what it is about, so that strangers who send many
/// halves of messages could fill the memory.
pub(crate) struct Taken<B> {
    inner: B,
    origin: Arc<Origin>,
    bytes: usize,
}

impl<B> Taken<B> {
    pub(crate) fn new(inner: B, origin: Arc<Origin>) -> Self {
        Self { inner, origin, bytes: 0 }
    }
}

impl<B> Body for Taken<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        let taken = |frame: Frame<Bytes>| {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if !this.origin.take(bytes) {
                return Err(status::refuse(too_much()));
            }
            this.bytes += bytes;
            Ok(frame)
        };
        polled.map(|frame| frame.map(|frame| frame.map_err(|e| Status::from_error(e.into())).and_then(taken)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for Taken<B> {
    fn drop(&mut self) {
        self.origin.done_with(self.bytes);
    }
}

fn too_much() -> Failure {
    FIGURES.refused.received.add(1);
    Failure::exhausted(
        Reason::Overloaded,
        "More is being sent to the server at once than it takes; try again later.",
    )
    .retry_after(std::time::Duration::from_secs(1))
}
