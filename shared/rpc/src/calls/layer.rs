//! The same for what calls by a tower service: gRPC-Web, and the services of this process.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Limited;
use tonic::body::Body;
use tower::{BoxError, Layer};
use tower_service::Service;

use super::{Calls, LITTLE, Origin, Receives, Taken, shape};
use crate::admission::Admission;

/// Surrounds the calls of the services within.
#[derive(Clone, Debug)]
pub(crate) struct CallsLayer {
    /// The most time that a call with one answer may take.
    pub(crate) unary: Duration,
    /// The limits of the process, for the calls that come from outside.
    pub(crate) admission: Option<Arc<Admission>>,
}

impl<S> Layer<S> for CallsLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls::new(inner, self.unary, self.admission.clone())
    }
}

impl<S, B> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let origin = request.extensions_mut().remove::<Arc<Origin>>();
        let request = match &origin {
            Some(origin) => {
                let receives = shape(request.uri().path()).receives();
                request.map(|body| match receives {
                    Receives::Stream => body,
                    Receives::Message => Body::new(Taken::new(body, origin.clone())),
                    Receives::Little => Body::new(Limited::new(Taken::new(body, origin.clone()), LITTLE)),
                })
            }
            None => request,
        };
        self.serve(request, origin).map(|response| Ok(response.map(Body::new))).boxed()
    }
}
