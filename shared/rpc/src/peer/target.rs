//! Where a service is.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Status, transport};
use tower::Layer as _;
use tower::ServiceExt as _;
use trellis_contracts::status;
use trellis_kernel::{Failure, Reason, Result};

use crate::calls::{Calls, CallsLayer};
use crate::server::Limits;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a service of the suite is. All who call it share it.
#[derive(Clone)]
pub struct Target(Arc<Inner>);

struct Inner {
    name: &'static str,
    place: Place,
}

enum Place {
    /// In this process, once it is mounted.
    Here(OnceLock<Calls<Routes>>),
    There(Channel),
    Nowhere,
}

/// Why a call brought no answer.
pub(super) enum Unreached {
    /// It is not there: no use in asking again.
    Away,
    /// The connection failed, before the call or under it.
    Broken(transport::Error),
}

impl Target {
    /// A service that is going to be mounted in this process.
    pub fn in_process(name: &'static str) -> Self {
        Self::at(name, Place::Here(OnceLock::new()))
    }

    /// A service at a URL, `http://outcome:50051`. Connects when first called, and again whenever the
    /// connection was lost. Must be called within a runtime.
    pub fn remote(name: &'static str, url: &str) -> Result<Self> {
        let refuse = |error: transport::Error| Failure::internal(error).with("peer", name);
        let mut endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(refuse)?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true);
        if url.starts_with("https:") {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(refuse)?;
        }
        Ok(Self::at(name, Place::There(endpoint.connect_lazy())))
    }

    /// A service that this installation does not have: every call to it is refused as unavailable.
    pub fn missing(name: &'static str) -> Self {
        Self::at(name, Place::Nowhere)
    }

    fn at(name: &'static str, place: Place) -> Self {
        Self(Arc::new(Inner { name, place }))
    }

    /// The name of the service.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Hands over what was mounted in this process. The first time counts.
    pub fn serve(&self, routes: Routes) {
        if let Place::Here(place) = &self.0.place {
            let calls = CallsLayer { unary: Limits::default().unary_timeout };
            if place.set(calls.layer(routes.prepare())).is_err() {
                tracing::error!(service = self.0.name, "mounted twice");
            }
        }
    }

    pub(super) async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Unreached> {
        match &self.0.place {
            Place::Here(place) => {
                let calls = place.get().ok_or(Unreached::Away)?.clone();
                let response = match calls.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                Ok(response)
            }
            Place::There(channel) => channel.clone().oneshot(request).await.map_err(Unreached::Broken),
            Place::Nowhere => Err(Unreached::Away),
        }
    }

    /// The failure of a call that did not reach it.
    pub(super) fn unavailable(&self, cause: Option<transport::Error>) -> Status {
        let failure = Failure::unavailable(
            Reason::PeerUnavailable,
            "Another service that this call needs is away; try again.",
            Duration::from_secs(1),
        )
        .with("peer", self.0.name);
        status::refuse(match cause {
            Some(cause) => failure.because(cause),
            None => failure,
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.0.name).finish()
    }
}
