//! The answer to plain HTTP while it is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::pieces::Pieces;
use super::{Origin, unread};

/// Sends an answer and counts what of it is unread, as of a call's. Where the client leaves too much, the
/// answer breaks off: what it would say stands in headers that are sent already.
pub(crate) struct PlainBody {
    inner: Body,
    pieces: Pieces,
}

impl PlainBody {
    pub(crate) fn new(inner: Body, origin: Arc<Origin>) -> Self {
        Self { inner, pieces: Pieces::new(Some(origin)) }
    }
}

impl http_body::Body for PlainBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(piece) = self.pieces.next() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let Some(frame) = ready!(Pin::new(&mut self.inner).poll_frame(cx)?) else { return Poll::Ready(None) };
        Poll::Ready(Some(match frame.into_data() {
            Ok(data) => self.pieces.first(data).map(Frame::data).ok_or_else(|| axum::Error::new(unread())),
            Err(frame) => Ok(frame),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.pieces.before(&self.inner.size_hint())
    }
}
