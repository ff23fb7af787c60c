//! A client of the suite: one address, or one for each service, and a token.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint as Address, Error};
use tower_service::Service as Call;

use crate::config::Service;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where a suite is.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// By service, in the order of [`Service::ALL`].
    channels: Arc<[Channel; 4]>,
}

impl Endpoint {
    /// A suite behind one address, `http://127.0.0.1:50051`. Connects at the first call. Must be made
    /// within a runtime.
    pub fn at(url: &str) -> Result<Self, Error> {
        let channel = connect(url)?;
        Ok(Self { channels: Arc::new([(); 4].map(|()| channel.clone())) })
    }

    /// A suite whose services are at addresses of their own, in the order of [`Service::ALL`].
    pub fn each(urls: &[String; 4]) -> Result<Self, Error> {
        let [a, b, c, d] = urls;
        Ok(Self { channels: Arc::new([connect(a)?, connect(b)?, connect(c)?, connect(d)?]) })
    }

    /// Calls with a token.
    pub fn with(&self, token: &str) -> Caller {
        let header = HeaderValue::try_from(format!("Bearer {token}")).ok().map(|mut header| {
            header.set_sensitive(true);
            header
        });
        Caller { endpoint: self.clone(), token: token.to_owned(), header }
    }

    /// Calls without any.
    pub fn anonymous(&self) -> Caller {
        Caller { endpoint: self.clone(), token: String::new(), header: None }
    }

    /// The service that a path belongs to. What they share (who am I, health, reflection) each serves,
    /// and profile knows the caller best.
    fn channel(&self, path: &str) -> Channel {
        let package = path.trim_start_matches('/').strip_prefix("trellis.").unwrap_or_default();
        let place = Service::ALL
            .iter()
            .position(|service| package.starts_with(service.name()))
            .unwrap_or(Service::Profile as usize);
        self.channels[place].clone()
    }
}

fn connect(url: &str) -> Result<Channel, Error> {
    let mut address =
        Address::from_shared(url.to_owned())?.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true);
    if url.starts_with("https:") {
        address = address.tls_config(ClientTlsConfig::new().with_native_roots())?;
    }
    Ok(address.connect_lazy())
}

/// Calls a suite with a token: what a generated client is made with.
#[derive(Clone, Debug)]
pub struct Caller {
    endpoint: Endpoint,
    token: String,
    header: Option<HeaderValue>,
}

impl Caller {
    /// The token; empty for none.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Call<Request<Body>> for Caller {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(header) = &self.header {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        let mut channel = self.endpoint.channel(request.uri().path());
        Box::pin(async move {
            poll_fn(|cx| channel.poll_ready(cx)).await?;
            channel.call(request).await
        })
    }
}
