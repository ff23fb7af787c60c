//! A client of the suite: one address, or one for each service, and a token.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Request};
use tonic::body::Body;
use tower_service::Service as Call;
use trellis_kernel::Result;
use trellis_rpc::{PeerChannel, Policy, Remote, Target};

use crate::config::Service;

/// What a refused call names as the service that did not answer: the suite itself, seen from outside.
pub const SUITE: &str = "suite";

/// The most that the suite itself allows a call with one answer.
const UNARY_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a suite is.
///
/// Calls to it are made as its services call each other: spread over the addresses of a name, and made
/// again where that is safe.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// By service, in the order of [`Service::ALL`].
    targets: Arc<[Target; 4]>,
}

impl Endpoint {
    /// A suite behind one address, `http://127.0.0.1:50051`. Connects at the first call.
    pub fn at(url: &str) -> Result<Self> {
        Self::reached(Remote::at(url))
    }

    /// The same, found and called as told.
    pub fn reached(remote: Remote) -> Result<Self> {
        let target = connect(remote)?;
        Ok(Self { targets: Arc::new([(); 4].map(|()| target.clone())) })
    }

    /// A suite whose services are at addresses of their own, in the order of [`Service::ALL`].
    pub fn each(remotes: [Remote; 4]) -> Result<Self> {
        let [a, b, c, d] = remotes.map(connect);
        Ok(Self { targets: Arc::new([a?, b?, c?, d?]) })
    }

    /// Calls with a token.
    pub fn with(&self, token: &str) -> Caller {
        let header = HeaderValue::try_from(format!("Bearer {token}")).ok().map(|mut header| {
            header.set_sensitive(true);
            header
        });
        self.caller(token, header.as_ref())
    }

    /// Calls without any.
    pub fn anonymous(&self) -> Caller {
        self.caller("", None)
    }

    fn caller(&self, token: &str, header: Option<&HeaderValue>) -> Caller {
        let channel = |target: &Target| target.with_authorization(header.cloned());
        Caller { channels: Arc::new(self.targets.each_ref().map(channel)), token: token.to_owned() }
    }
}

fn connect(mut remote: Remote) -> Result<Target> {
    remote.policy = Policy { unary_timeout: UNARY_TIMEOUT, ..remote.policy };
    Target::remote_with(SUITE, remote)
}

/// Calls a suite with a token: what a generated client is made with.
#[derive(Clone)]
pub struct Caller {
    /// By service, in the order of [`Service::ALL`].
    channels: Arc<[PeerChannel; 4]>,
    token: String,
}

impl Caller {
    /// The token; empty for none.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The service that a path belongs to. What they share (who am I, health, reflection) each serves,
    /// and profile knows the caller best.
    fn channel(&self, path: &str) -> PeerChannel {
        let package = path.trim_start_matches('/').strip_prefix("trellis.").unwrap_or_default();
        let place = Service::ALL
            .iter()
            .position(|service| package.starts_with(service.name()))
            .unwrap_or(Service::Profile as usize);
        self.channels[place].clone()
    }
}

impl Call<Request<Body>> for Caller {
    type Response = <PeerChannel as Call<Request<Body>>>::Response;
    type Error = <PeerChannel as Call<Request<Body>>>::Error;
    type Future = <PeerChannel as Call<Request<Body>>>::Future;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.channel(request.uri().path()).call(request)
    }
}
