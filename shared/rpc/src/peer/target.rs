//! Where a service is.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::{HeaderValue, Request, Response, Uri};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{BoxError, Layer as _, ServiceExt as _};
use trellis_contracts::status;
use trellis_kernel::{Failure, Reason, Result};
use trellis_tls::ClientTls;

use super::budget::Budget;
use super::circuit::Circuit;
use super::connect::Connector;
use super::figures::{Because, Figures};
use super::member::Lease;
use super::missed::Missed;
use super::pool::Pool;
use super::resolve::Listed;
use super::{Dns, PeerChannel, Policy, Resolve};
use crate::calls::{Calls, CallsLayer};
use crate::server::Limits;

/// Where a service of the suite is. All who call it share it: its connections, and what is known of
/// how it does.
#[derive(Clone)]
pub struct Target(Arc<Inner>);

struct Inner {
    name: &'static str,
    place: Place,
    policy: Policy,
    circuit: Circuit,
    budget: Budget,
    figures: Figures,
}

enum Place {
    /// In this process, from when it is mounted until it leaves.
    Here(RwLock<Option<Calls<Routes>>>),
    There(Arc<Pool>),
    Nowhere,
}

/// A service that other processes serve.
#[derive(Clone)]
pub struct Remote {
    /// Its URL, `http://outcome:50051`. Behind the name may be any number of addresses.
    pub url: String,
    /// TLS, where the URL begins with `https:`.
    pub tls: ClientTls,
    /// What knows the addresses of the name.
    pub resolver: Arc<dyn Resolve>,
    /// How it is called.
    pub policy: Policy,
}

impl Remote {
    /// Found by DNS and called as services of one suite call each other.
    pub fn at(url: impl Into<String>) -> Self {
        let (tls, policy) = (ClientTls::default(), Policy::default());
        Self { url: url.into(), tls, resolver: Arc::new(Dns), policy }
    }

    /// The same, where several processes were named one by one. What they show by TLS is for the host of the first.
    pub fn at_each(urls: &[String]) -> Result<Self> {
        let (Some(first), true) = (urls.first(), urls.len() > 1) else {
            return Ok(Self::at(urls.first().cloned().unwrap_or_default()));
        };
        let place = |url: &String| {
            let uri: Uri = url.parse().map_err(Failure::internal)?;
            let host = uri.host().ok_or_else(|| Failure::internal("a URL without a host"))?;
            let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            Ok((host.to_owned(), uri.port_u16().unwrap_or(usual)))
        };
        let places = urls.iter().map(place).collect::<Result<_>>()?;
        Ok(Self { resolver: Arc::new(Listed(places)), ..Self::at(first) })
    }
}

/// An answer, and the connection that it comes by.
pub(super) struct Answer {
    pub(super) response: Response<Body>,
    pub(super) lease: Option<Lease>,
}

impl Target {
    /// A service that is going to be mounted in this process.
    pub fn in_process(name: &'static str) -> Self {
        Self::in_process_with(name, Policy::default())
    }

    /// The same, called by this policy.
    pub fn in_process_with(name: &'static str, policy: Policy) -> Self {
        Self::at(name, Place::Here(RwLock::default()), policy)
    }

    /// A service at a URL, `http://outcome:50051`. Connects when first called, and again whenever the
    /// connection was lost.
    pub fn remote(name: &'static str, url: &str) -> Result<Self> {
        Self::remote_with(name, Remote::at(url))
    }

    /// A service that other processes serve. Connects when first called, and again whenever a connection
    /// was lost. Fails when the URL is none, or the files of TLS cannot be used.
    pub fn remote_with(name: &'static str, remote: Remote) -> Result<Self> {
        let Remote { url, tls, resolver, policy } = remote;
        let connector = Connector::new(&url, &tls).map_err(|e| Failure::internal(e).with("peer", name))?;
        let pool = Pool::new(name, connector, resolver, policy.clone());
        Ok(Self::at(name, Place::There(pool), policy))
    }

    /// A service that this installation does not have: every call to it is refused as unavailable.
    pub fn missing(name: &'static str) -> Self {
        Self::at(name, Place::Nowhere, Policy::default())
    }

    fn at(name: &'static str, place: Place, policy: Policy) -> Self {
        let figures = Figures::of(name);
        let circuit = Circuit::new(name, &policy, figures.circuit.clone());
        let budget = Budget::new(policy.retry_tokens);
        Self(Arc::new(Inner { name, place, policy, circuit, budget, figures }))
    }

    /// The name of the service.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Hands over what was mounted in this process. The first time counts.
    pub fn serve(&self, routes: Routes) {
        if let Place::Here(place) = &self.0.place {
            let calls = CallsLayer { unary: Limits::default().unary_timeout, admission: None };
            let mut place = place.write().unwrap_or_else(PoisonError::into_inner);
            if place.is_some() {
                tracing::error!(service = self.0.name, "mounted twice");
            } else {
                *place = Some(calls.layer(routes.prepare()));
            }
        }
    }

    /// Gives up what was mounted in this process. The services there hold each other by their targets, and
    /// with each other their stores: without this none of them would ever let its connections go.
    pub fn leave(&self) {
        if let Place::Here(place) = &self.0.place {
            let left = place.write().unwrap_or_else(PoisonError::into_inner).take();
            drop(left);
        }
    }

    /// Calls it from outside the suite: with the header that says who calls, `Bearer …`, or as nobody.
    pub fn with_authorization(&self, header: Option<HeaderValue>) -> PeerChannel {
        PeerChannel::bearer(self.clone(), header)
    }

    pub(super) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    pub(super) fn circuit(&self) -> &Circuit {
        &self.0.circuit
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.0.budget
    }

    /// The failure of a call that did not reach it.
    pub(super) fn unavailable(&self, cause: BoxError) -> Status {
        status::refuse(self.away(Duration::from_secs(1)).because(cause))
    }

    /// The failure of a call that was not made, since none is answered.
    pub(super) fn refused(&self, after: Duration) -> Status {
        status::refuse(self.away(after))
    }

    fn away(&self, after: Duration) -> Failure {
        Failure::unavailable(
            Reason::PeerUnavailable,
            "Another service that this call needs is away; try again.",
            after,
        )
        .with("peer", self.0.name)
    }

    /// Counts a call that is made again.
    pub(super) fn repeated(&self, because: Because) {
        self.0.figures.repeated(because);
        tracing::debug!(peer = self.0.name, because = because.as_str(), "calling again");
    }

    /// Makes a call once.
    pub(super) async fn call(&self, mut request: Request<Body>) -> Result<Answer, Missed> {
        match &self.0.place {
            Place::Here(place) => {
                let calls = place.read().unwrap_or_else(PoisonError::into_inner).clone();
                let Some(calls) = calls else {
                    return Err(Missed::away("it is not mounted", request));
                };
                let response = match calls.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                Ok(Answer { response, lease: None })
            }
            Place::There(pool) => {
                let mut lease = match pool.lease().await {
                    Ok(lease) => lease,
                    Err(away) => return Err(Missed::away(away.0, request)),
                };
                pool.connector.address(&mut request);
                match lease.sender.try_send_request(request).await {
                    Ok(response) => {
                        lease.answered();
                        Ok(Answer { response: response.map(Body::new), lease: Some(lease) })
                    }
                    Err(mut missed) => {
                        let missed = Missed::of(missed.take_message(), missed.into_error());
                        if missed.ends_connection {
                            lease.leave();
                        }
                        Err(missed)
                    }
                }
            }
            Place::Nowhere => Err(Missed::away("this installation does not have it", request)),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.0.name).finish()
    }
}
