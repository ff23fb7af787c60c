//! The work of one call, from its request to its answer.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use tokio::time::Sleep;
use trellis_auth::door::{self, Door};
use trellis_kernel::Failure;
use trellis_telemetry::context::Current;

use super::{Begun, CallBody, panicked, too_late};
use crate::deadline;

/// A call while its handler works: within its trace, its deadline and its door, and answered where the
/// handler panics or takes too long.
///
/// Written by hand, and what it works on in a box of its own: nested `async` blocks copy their contents
/// into one another, and for small calls that cost as much as the rest of what surrounds them.
pub(crate) struct Work<F> {
    doing: Doing<F>,
    current: Current,
    door: Option<Arc<dyn Door>>,
    /// Made when the handler first waits.
    timer: Option<Pin<Box<Sleep>>>,
    /// None once it is answered.
    begun: Option<Begun>,
}

enum Doing<F> {
    /// What the handler does.
    Handling(Pin<Box<F>>),
    /// Nothing: it was refused before. None once that was said.
    Refused(Option<Failure>),
}

impl<F> Work<F> {
    pub(super) fn new(inner: F, begun: Begun) -> Self {
        Self::doing(Doing::Handling(Box::pin(inner)), begun)
    }

    /// A call that its handler never sees.
    pub(super) fn refused(failure: Failure, begun: Begun) -> Self {
        Self::doing(Doing::Refused(Some(failure)), begun)
    }

    fn doing(doing: Doing<F>, begun: Begun) -> Self {
        let current = begun.call.current();
        let door = begun.call.door.clone().map(|door| door as Arc<dyn Door>);
        Self { doing, current, door, timer: None, begun: Some(begun) }
    }
}

impl<F, A> Future for Work<F>
where
    F: Future<Output = Result<Response<A>, Infallible>>,
    A: Body<Data = Bytes>,
{
    type Output = Response<CallBody<A>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let _within = this.current.enter();
        let until = this.begun.as_ref().and_then(|begun| begun.deadline);
        let inner = match &mut this.doing {
            Doing::Handling(inner) => inner,
            Doing::Refused(failure) => {
                let refused = failure.take().zip(this.begun.take());
                let (failure, begun) = refused.expect("a future is not polled after its end");
                return Poll::Ready(begun.refuse(failure));
            }
        };
        let door = this.door.clone();
        let polled = deadline::within(until, || {
            door::within(door, || catch_unwind(AssertUnwindSafe(|| inner.as_mut().poll(cx))))
        });
        let answer = match polled {
            Ok(Poll::Ready(Ok(response))) => Ok(response),
            Ok(Poll::Pending) => {
                let Some(until) = until else { return Poll::Pending };
                let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
                ready!(timer.as_mut().poll(cx));
                Err(too_late())
            }
            Err(_panic) => Err(panicked()),
        };
        let begun = this.begun.take().expect("a future is not polled after its end");
        Poll::Ready(match answer {
            Ok(response) => begun.finish(response),
            Err(failure) => begun.refuse(failure),
        })
    }
}

impl<F> Drop for Work<F> {
    fn drop(&mut self) {
        // The caller went away before it had an answer.
        if let Some(Begun { origin: Some(origin), .. }) = &self.begun {
            origin.give_up();
        }
    }
}
