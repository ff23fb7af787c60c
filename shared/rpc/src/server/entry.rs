//! The way in: straight to the services for gRPC, through everything else for the others.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures::future::{Either, lazy};
use futures::{FutureExt as _, TryFutureExt as _};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, Version};
use http_body::{Frame, SizeHint};
use http_body_util::Limited;
use hyper::body::Incoming;
use tower_service::Service as _;

use crate::calls::{CallBody, Calls, LITTLE, Origin, Receives, Taken, shape};

/// What answers a request.
#[derive(Clone)]
pub(super) struct Entry {
    /// The gRPC services, with nothing before them but what surrounds every call.
    grpc: Calls<Router>,
    /// gRPC-Web and plain HTTP, for browsers too.
    others: Router,
}

impl Entry {
    pub(super) fn new(grpc: Calls<Router>, others: Router) -> Self {
        Self { grpc, others }
    }

    /// Answers one request of a connection.
    pub(super) fn answer(
        &self,
        mut request: Request<Incoming>,
        origin: &Arc<Origin>,
    ) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
        if is_grpc(&request) {
            let receives = shape(request.uri().path()).receives();
            let request = request.map(|body| match receives {
                Receives::Stream => Body::new(body),
                Receives::Message => Body::new(Taken::new(body, origin.clone())),
                Receives::Little => Body::new(Limited::new(Taken::new(body, origin.clone()), LITTLE)),
            });
            let (mut grpc, origin) = (self.grpc.clone(), origin.clone());
            // Not before its own turn: whether there is room for it is asked after those before it have
            // taken theirs, also where a connection brings many at once.
            let answer = lazy(move |_| grpc.serve(request, Some(origin))).flatten();
            return Either::Left(answer.map(|answer| Ok(answer.map(Answer::Call))));
        }
        request.extensions_mut().insert(origin.clone());
        let answer = self.others.clone().call(request);
        Either::Right(answer.map_ok(|answer| answer.map(Answer::Other)))
    }
}

/// Whether it is a call of gRPC itself, and not of gRPC-Web.
fn is_grpc(request: &Request<Incoming>) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = kind.and_then(|kind| kind.strip_prefix(b"application/grpc"));
    request.method() == Method::POST
        && request.version() == Version::HTTP_2
        && kind.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// The body of an answer.
pub(super) enum Answer {
    /// Of a gRPC call.
    Call(CallBody<Body>),
    /// Of anything else.
    Other(Body),
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Call(body) => Pin::new(body).poll_frame(cx),
            Self::Other(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Call(body) => body.is_end_stream(),
            Self::Other(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Call(body) => body.size_hint(),
            Self::Other(body) => body.size_hint(),
        }
    }
}
