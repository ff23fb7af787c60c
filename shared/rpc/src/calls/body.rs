//! The answer of a call while it is sent.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tonic::Status;
use trellis_contracts::status;
use trellis_kernel::Failure;

use super::pieces::Pieces;
use super::{Call, Origin, code, ending, panicked, too_late, unread, unsaid};

/// How long a stream that should end may be silent before it is ended: one that still sends is on its
/// way to its own end.
const QUIET: Duration = Duration::from_millis(500);

/// How long one that still sends may go on: what follows the changes of a busy district is never silent,
/// and has to be told to come back before the connection is closed under it.
const LATEST: Duration = Duration::from_secs(3);

/// What ends a stream before its handler does.
pub(super) struct Ends {
    deadline: Option<Pin<Box<Sleep>>>,
    told: Option<BoxFuture<'static, ()>>,
    /// Set while the stream should end and is silent.
    quiet: Option<Pin<Box<Sleep>>>,
    /// Until when it may be put off; set while the stream should end.
    latest: Option<Instant>,
}

impl Ends {
    pub(super) fn new(deadline: Option<Instant>, origin: Option<&Origin>) -> Option<Box<Self>> {
        let deadline = deadline.map(|at| Box::pin(tokio::time::sleep_until(at)));
        let told = origin.map(|origin| origin.ending.clone().cancelled_owned().boxed());
        if deadline.is_none() && told.is_none() {
            return None;
        }
        Some(Box::new(Self { deadline, told, quiet: None, latest: None }))
    }

    /// Whether something other than the handler ends the answer now.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(too_late());
        }
        if let Some(told) = &mut self.told
            && told.as_mut().poll(cx).is_ready()
        {
            self.told = None;
            self.quiet = Some(Box::pin(tokio::time::sleep(QUIET)));
            self.latest = Some(Instant::now() + LATEST);
        }
        match &mut self.quiet {
            Some(quiet) => quiet.as_mut().poll(cx).map(|()| ending()),
            None => Poll::Pending,
        }
    }

    fn sent(&mut self) {
        if let (Some(quiet), Some(latest)) = (&mut self.quiet, self.latest) {
            quiet.as_mut().reset(latest.min(Instant::now() + QUIET));
        }
    }
}

/// Sends what the handler answers; and ends the call properly, with trailers that say why, when its
/// time is over, when the server is ending, when the client leaves too much unread, or when the handler
/// panics.
///
/// The answer to a call with one answer is there in whole, so that nothing but the client's reading
/// takes time: it carries no timers.
pub(crate) struct CallBody<B> {
    /// None once the answer has ended.
    inner: Option<B>,
    /// What ends a stream.
    ends: Option<Box<Ends>>,
    /// What is sent of it.
    pieces: Pieces,
    /// None once the call has been counted.
    call: Option<Call>,
}

impl<B> CallBody<B> {
    /// An answer that is still to be sent.
    pub(super) fn new(inner: B, ends: Option<Box<Ends>>, origin: Option<Arc<Origin>>, call: Call) -> Self {
        Self { inner: Some(inner), ends, pieces: Pieces::new(origin), call: Some(call) }
    }

    /// The answer that stands in the headers alone.
    pub(super) fn none() -> Self {
        Self { inner: None, ends: None, pieces: Pieces::new(None), call: None }
    }

    fn end(&mut self, failure: Failure) -> Frame<Bytes> {
        let status = status::refuse(failure);
        let mut trailers = HeaderMap::new();
        // An error would mean that our own text is no header; the status then goes without it.
        if status.add_header(&mut trailers).is_err() {
            trailers.insert(Status::GRPC_STATUS, i32::from(status.code()).into());
        }
        self.answered(status.code().into(), &trailers);
        Frame::trailers(trailers)
    }

    fn answered(&mut self, code: i32, trailers: &HeaderMap) {
        self.inner = None;
        self.ends = None;
        if let Some(call) = self.call.take() {
            call.answered(code, trailers);
        }
    }

    fn sent(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        if let Some(ends) = &mut self.ends {
            ends.sent();
        }
        let frame = match frame.into_data() {
            Ok(data) => return self.pieces.first(data).map_or_else(|| self.end(unread()), Frame::data),
            Err(frame) => frame,
        };
        if let Some(trailers) = frame.trailers_ref()
            && let Some(code) = code(trailers)
        {
            if let Some(failure) = unsaid(code, trailers) {
                return self.end(failure);
            }
            self.answered(code, trailers);
        }
        frame
    }
}

impl<B> Body for CallBody<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if let Some(piece) = this.pieces.next() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        let polled = {
            let _within = this.call.as_ref().map(|call| call.current().enter());
            catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx)))
        };
        match polled {
            Err(_panic) => Poll::Ready(Some(Ok(this.end(panicked())))),
            Ok(Poll::Pending) => match &mut this.ends {
                Some(ends) => ends.poll(cx).map(|failure| Some(Ok(this.end(failure)))),
                None => Poll::Pending,
            },
            Ok(Poll::Ready(Some(Ok(frame)))) => Poll::Ready(Some(Ok(this.sent(frame)))),
            Ok(Poll::Ready(ended)) => {
                this.inner = None;
                Poll::Ready(ended)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        self.pieces.before(&inner)
    }
}

impl<B> Drop for CallBody<B> {
    fn drop(&mut self) {
        // Nobody waits for the rest.
        if let (Some(_), Some(_), Some(origin)) = (&self.call, &self.inner, self.pieces.origin()) {
            origin.give_up();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;

    use trellis_telemetry::calls;

    use super::super::pieces::{PIECE, SMALL};
    use super::super::{Buffers, Patience, shape};
    use super::*;

    /// An answer of these messages.
    struct Messages(VecDeque<Bytes>);

    impl Body for Messages {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|message| Ok(Frame::data(message))))
        }
    }

    fn origin() -> Arc<Origin> {
        let patience = Patience { unread: 1 << 20, given_up: 10 };
        Arc::new(Origin::new(None, false, patience, Arc::new(Buffers::new(1 << 30))))
    }

    fn body(origin: &Arc<Origin>, messages: impl IntoIterator<Item = Bytes>) -> CallBody<Messages> {
        let told = calls::Call::serve(&shape("").served, &HeaderMap::new());
        let call = Call { told, door: None };
        CallBody::new(Messages(messages.into_iter().collect()), None, Some(origin.clone()), call)
    }

    fn next_piece(body: &mut CallBody<Messages>) -> Option<Bytes> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
            Poll::Ready(None) => None,
            other => panic!("{other:?}"),
        }
    }

    fn bytes(length: usize) -> Bytes {
        (0..length).map(|at| u8::try_from(at % 251).expect("a byte")).collect()
    }

    #[test]
    fn an_answer_goes_out_in_pieces_and_whole() {
        for length in [0, 1, 5, SMALL, SMALL + 1, PIECE - 1, PIECE, PIECE + 1, PIECE + SMALL + 2, 1 << 20] {
            let mut body = body(&origin(), [bytes(length)]);
            let mut pieces = Vec::new();
            while let Some(piece) = next_piece(&mut body) {
                assert!(piece.len() <= PIECE);
                pieces.push(piece);
            }
            assert_eq!(pieces.concat(), bytes(length), "{length}");
            let end = pieces.pop().expect("a piece");
            assert!(end.len() <= SMALL, "{length}: what ends it is nothing to be held by");
            assert!(pieces.iter().all(|piece| piece.len() % 3 == 0), "{length}: base64 would be padded");
        }
    }

    #[test]
    fn a_message_is_unread_until_its_end_is_asked_beyond() {
        let origin = origin();
        let mut body = body(&origin, [bytes(40_000), bytes(10)]);
        let mut left = 40_000;
        while left > 0 {
            left -= next_piece(&mut body).expect("a piece").len();
            assert_eq!(origin.unread(), 40_000);
        }
        assert_eq!(next_piece(&mut body).expect("the second").len(), 10);
        assert_eq!(origin.unread(), 10);
        assert_eq!(next_piece(&mut body), None);
        assert_eq!(origin.unread(), 0);
    }

    #[test]
    fn what_is_dropped_is_not_unread() {
        let origin = origin();
        let mut body = body(&origin, [bytes(40_000)]);
        next_piece(&mut body).expect("a piece");
        drop(body);
        assert_eq!(origin.unread(), 0);
    }
}
