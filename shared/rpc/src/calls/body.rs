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
    /// The connection that it is sent by.
    origin: Option<Arc<Origin>>,
    /// The bytes of it that wait to be read.
    waiting: usize,
    /// None once the call has been counted.
    call: Option<Call>,
}

impl<B> CallBody<B> {
    /// An answer that is still to be sent.
    pub(super) fn new(inner: B, ends: Option<Box<Ends>>, origin: Option<Arc<Origin>>, call: Call) -> Self {
        Self { inner: Some(inner), ends, origin, waiting: 0, call: Some(call) }
    }

    /// The answer that stands in the headers alone.
    pub(super) fn none() -> Self {
        Self { inner: None, ends: None, origin: None, waiting: 0, call: None }
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

    /// What was handed over before has been taken: the connection asks for more.
    fn asked(&mut self) {
        if let Some(origin) = &self.origin {
            origin.read(std::mem::take(&mut self.waiting));
        }
    }

    fn sent(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        if let Some(ends) = &mut self.ends {
            ends.sent();
        }
        if let Some(data) = frame.data_ref() {
            let bytes = data.len();
            if let Some(origin) = &self.origin {
                if !origin.hand_over(bytes) {
                    return self.end(unread());
                }
                self.waiting = bytes;
            }
        } else if let Some(trailers) = frame.trailers_ref()
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
        this.asked();
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
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B> Drop for CallBody<B> {
    fn drop(&mut self) {
        self.asked();
        // Nobody waits for the rest.
        if let (Some(_), Some(_), Some(origin)) = (&self.call, &self.inner, &self.origin) {
            origin.give_up();
        }
    }
}
