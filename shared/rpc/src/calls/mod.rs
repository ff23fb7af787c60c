//! What surrounds every gRPC call, over a socket and in process alike: its trace and its count, its
//! deadline, the limits that it passes, and an answer where the handler gives none.

mod body;
mod layer;
mod origin;
mod pieces;
mod plain;
mod shape;
mod taken;
mod work;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower_service::Service;
use trellis_contracts::status;
use trellis_kernel::{Failure, Kind, Reason};
use trellis_telemetry::calls;
use trellis_telemetry::context::Current;

use crate::admission::{Admission, CallDoor};
use crate::deadline;
use crate::figures::FIGURES;

pub(crate) use self::body::CallBody;
use self::body::Ends;
pub(crate) use self::layer::CallsLayer;
pub(crate) use self::origin::{Buffers, Origin, Patience};
pub(crate) use self::plain::PlainBody;
use self::shape::Shape;
pub(crate) use self::shape::{LITTLE, Receives, shape};
pub(crate) use self::taken::Taken;
pub(crate) use self::work::Work;

/// The services within, surrounded.
#[derive(Clone, Debug)]
pub(crate) struct Calls<S> {
    inner: S,
    /// The most time that a call with one answer may take.
    unary: Duration,
    /// The limits of the process; none for the calls within it, which are parts of calls that have
    /// passed them.
    admission: Option<Arc<Admission>>,
}

impl<S> Calls<S> {
    pub(crate) fn new(inner: S, unary: Duration, admission: Option<Arc<Admission>>) -> Self {
        Self { inner, unary, admission }
    }

    /// Serves one call. `origin` is the connection that brought it.
    pub(crate) fn serve<Q>(&mut self, request: Request<Q>, origin: Option<Arc<Origin>>) -> Work<S::Future>
    where
        S: Service<Request<Q>, Error = Infallible>,
    {
        let shape = shape(request.uri().path());
        let deadline = self.deadline(shape, request.headers());
        let told = calls::Call::serve(&shape.served, request.headers());
        let mut begun = Begun { shape, deadline, call: Call { told, door: None }, origin };
        if let Some(admission) = self.admission.as_ref().filter(|_| shape.is_limited()) {
            if shape.is_unary()
                && let Err(failure) = admission.turn_away(request.headers())
            {
                if let Some(origin) = &begun.origin {
                    origin.refuse_one_of_many();
                }
                return Work::refused(failure, begun);
            }
            let door = CallDoor::new(admission.clone(), begun.origin.clone(), shape.is_unary());
            begun.call.door = Some(Arc::new(door));
        }
        Work::new(self.inner.call(request), begun)
    }

    fn deadline(&self, shape: &Shape, headers: &HeaderMap) -> Option<Instant> {
        let given = deadline::read(headers);
        let left =
            if shape.is_unary() { Some(given.map_or(self.unary, |g| g.min(self.unary))) } else { given };
        left.and_then(|left| Instant::now().checked_add(left))
    }
}

/// A call that is being served: its trace and count, and its place among the others.
pub(crate) struct Call {
    told: calls::Call,
    door: Option<Arc<CallDoor>>,
}

impl Call {
    /// The call as the work that is being done.
    fn current(&self) -> Current {
        self.told.current()
    }

    /// Tells of the code that it is answered with, and of the reason if it is refused.
    fn answered(mut self, code: i32, headers: &HeaderMap) {
        self.told.answered(code);
        if code != 0 {
            self.told.refused(|| {
                let info = Status::from_header_map(headers)?.get_details_error_info()?;
                Reason::from_text(&info.reason).map(Reason::as_str)
            });
        }
    }
}

/// A call whose handler has not answered yet.
struct Begun {
    shape: &'static Shape,
    deadline: Option<Instant>,
    call: Call,
    origin: Option<Arc<Origin>>,
}

impl Begun {
    /// Sends what the handler answers.
    fn finish<A: Body<Data = Bytes>>(self, response: Response<A>) -> Response<CallBody<A>> {
        let Self { shape, deadline, call, origin } = self;
        if let Some(code) = code(response.headers()) {
            if let Some(failure) = unsaid(code, response.headers()) {
                return refuse(failure, call);
            }
            call.answered(code, response.headers());
            return response.map(|_| CallBody::none());
        }
        let ends = if shape.is_unary() {
            // Its work is done: the next may begin while this is being read.
            if let Some(door) = &call.door {
                door.leave();
            }
            None
        } else {
            Ends::new(deadline, origin.as_deref())
        };
        response.map(|body| CallBody::new(body, ends, origin, call))
    }

    /// Answers in the handler's place.
    fn refuse<A>(self, failure: Failure) -> Response<CallBody<A>> {
        refuse(failure, self.call)
    }
}

/// A call that is answered with a status alone.
fn refuse<A>(failure: Failure, call: Call) -> Response<CallBody<A>> {
    let response = status::refuse(failure).into_http::<()>();
    if let Some(code) = code(response.headers()) {
        call.answered(code, response.headers());
    }
    response.map(|()| CallBody::none())
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
        Code::OutOfRange | Code::ResourceExhausted => {
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

fn unread() -> Failure {
    FIGURES.refused.unread.add(1);
    Failure::exhausted(
        Reason::Overloaded,
        "The answers on this connection are not read; nothing more is sent.",
    )
    .retry_after(Duration::from_secs(1))
}
