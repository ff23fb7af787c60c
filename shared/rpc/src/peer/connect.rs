//! One connection to one address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Either, select};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Uri};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tonic::body::Body;
use tower::BoxError;
use trellis_tls::ClientTls;

use super::heard::Heard;

/// How often a silent connection is asked whether it is there, and how long it may take to say so.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Sends requests on a connection.
pub(super) type Sender = SendRequest<Body>;

/// What keeps a connection going; done when it is over.
pub(super) type Driver = BoxFuture<'static, ()>;

/// How to reach the addresses of one URL.
pub(super) struct Connector {
    scheme: Scheme,
    authority: Authority,
    pub(super) host: String,
    pub(super) port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Understands `http://outcome:50051`; nothing may come behind the port.
    pub(super) fn new(url: &str, tls: &ClientTls) -> Result<Self, BoxError> {
        let parts = url.parse::<Uri>()?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err("a URL must begin with http:// or https:// and name a host".into());
        };
        if parts.path_and_query.is_some_and(|path| path != "/") {
            return Err("a URL of a service has no path".into());
        }
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let encrypts = match scheme.as_str() {
            "http" => false,
            "https" => true,
            _ => return Err("a URL must begin with http:// or https://".into()),
        };
        let tls = if encrypts {
            Some((TlsConnector::from(Arc::new(tls.config(&[b"h2"])?)), ServerName::try_from(host.clone())?))
        } else {
            None
        };
        let port = authority.port_u16().unwrap_or(if encrypts { 443 } else { 80 });
        Ok(Self { scheme, authority, host, port, tls })
    }

    /// Makes a path into the URL that the service is called by, whichever of its addresses is called.
    pub(super) fn address(&self, request: &mut Request<Body>) {
        let path = request.uri().path_and_query().cloned();
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
            .build();
        // All three parts were parts of URLs before.
        if let Ok(uri) = uri {
            *request.uri_mut() = uri;
        }
    }

    pub(super) async fn connect(&self, address: SocketAddr) -> Result<(Sender, Driver), BoxError> {
        let stream = TcpStream::connect(address).await?;
        // Small calls should not wait for more; a refusal only makes them slower.
        let _ = stream.set_nodelay(true);
        let Some((tls, server)) = &self.tls else { return converse(stream).await };
        let stream = tls.connect(server.clone(), stream).await?;
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err("the other side does not speak HTTP/2".into());
        }
        converse(stream).await
    }
}

/// Begins to speak HTTP/2, and waits for the other side to do so.
async fn converse(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<(Sender, Driver), BoxError> {
    let (io, heard) = Heard::new(io);
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE.0)
        .keep_alive_timeout(KEEPALIVE.1)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(io))
        .await?;
    let driver = connection.map(|ended| {
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection to a peer broke");
        }
    });
    match select(driver.boxed(), heard).await {
        Either::Right((Ok(()), driver)) => Ok((sender, driver)),
        _ => Err("the other side ended the connection as it began".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<(String, u16)> {
        Connector::new(url, &ClientTls::default()).ok().map(|connector| (connector.host, connector.port))
    }

    #[test]
    fn a_url_names_a_host_and_perhaps_a_port() {
        assert_eq!(parts("http://outcome:50051"), Some(("outcome".to_owned(), 50051)));
        assert_eq!(parts("http://outcome.trellis.svc/"), Some(("outcome.trellis.svc".to_owned(), 80)));
        assert_eq!(parts("http://[::1]:1"), Some(("::1".to_owned(), 1)));
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for url in ["outcome:50051", "ftp://outcome", "http://outcome/path", "http://", "/path", ""] {
            assert_eq!(parts(url), None, "{url}");
        }
    }

    #[test]
    fn a_call_keeps_its_path() {
        let connector = Connector::new("http://outcome:50051", &ClientTls::default()).expect("a URL");
        let mut request = Request::post("/a.Service/Method").body(Body::empty()).expect("a request");
        connector.address(&mut request);
        assert_eq!(request.uri(), "http://outcome:50051/a.Service/Method");
    }
}
