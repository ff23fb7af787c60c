//! Where a broker is, and how it is reached.

use std::fmt;

use async_nats::{ConnectOptions, Event, ServerAddr};
use percent_encoding::percent_decode_str;
use trellis_kernel::{Failure, Result};
use trellis_tls::ClientTls;

/// Where a broker is, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Its servers.
    pub urls: BrokerUrls,
    /// Whom to believe among them, and who this process is.
    pub tls: ClientTls,
    /// On how many servers of the cluster each event is kept.
    pub replicas: usize,
}

/// The servers of one cluster, and what proves to each of them who comes.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrls {
    servers: Vec<ServerAddr>,
    login: Option<Login>,
}

/// What a URL says before its host, as the servers compare it.
#[derive(Clone, PartialEq, Eq)]
enum Login {
    Password(String, String),
    Token(String),
}

/// Why URLs are those of no broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// One is none of NATS.
    #[error(
        "must be nats://host:4222 or tls://host:4222, with user:password@ or token@ before the host or neither"
    )]
    Malformed,
    /// There is no server.
    #[error("must name a server")]
    Missing,
    /// One process has one user.
    #[error("must not name two users, passwords or tokens")]
    Ambiguous,
}

impl BrokerUrls {
    /// Understands `nats://user:password@host:4222`, `tls://token@host` and the like. What does not stand in a URL as
    /// it is (RFC 3986, section 2.1) is percent-encoded there.
    ///
    /// # Errors
    ///
    /// When one is no such URL, there is none, or two of them say who comes, and differ.
    pub fn parse<T: AsRef<str>>(urls: &[T]) -> Result<Self, BrokerUrlError> {
        let servers = urls.iter().map(|url| server(url.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if servers.is_empty() {
            return Err(BrokerUrlError::Missing);
        }
        let mut login = None;
        for server in &servers {
            let Some(found) = Login::of(server)? else { continue };
            if login.get_or_insert_with(|| found.clone()) != &found {
                return Err(BrokerUrlError::Ambiguous);
            }
        }
        let servers = servers.into_iter().map(anonymous).collect::<Result<_, _>>()?;
        Ok(Self { servers, login })
    }
}

fn server(url: &str) -> Result<ServerAddr, BrokerUrlError> {
    let server: ServerAddr = url.parse().map_err(|_| BrokerUrlError::Malformed)?;
    let is_known = url.contains("://") && ["nats", "tls"].contains(&server.scheme());
    let parts = server.clone().into_inner();
    // An end of the host where none was meant: a password whose `/` is not encoded.
    let ends = ["", "/"].contains(&parts.path()) && parts.query().is_none() && parts.fragment().is_none();
    if is_known && ends && !server.host().is_empty() { Ok(server) } else { Err(BrokerUrlError::Malformed) }
}

/// The same server without what proves who comes: the client tells its addresses in its log.
fn anonymous(server: ServerAddr) -> Result<ServerAddr, BrokerUrlError> {
    let mut url = server.into_inner();
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| BrokerUrlError::Malformed)?;
    ServerAddr::from_url(url).map_err(|_| BrokerUrlError::Malformed)
}

impl Login {
    fn of(server: &ServerAddr) -> Result<Option<Self>, BrokerUrlError> {
        let plain = |text| {
            let text = percent_decode_str(text).decode_utf8().map_err(|_| BrokerUrlError::Malformed)?;
            Ok(text.into_owned())
        };
        Ok(match (server.username(), server.password()) {
            (Some(user), Some(password)) => Some(Self::Password(plain(user)?, plain(password)?)),
            (Some(token), None) => Some(Self::Token(plain(token)?)),
            (None, Some(_)) => return Err(BrokerUrlError::Malformed),
            (None, None) => None,
        })
    }
}

/// Without what proves who comes.
impl fmt::Display for BrokerUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, server) in self.servers.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let host = if server.host().contains(':') {
                format!("[{}]", server.host())
            } else {
                server.host().to_owned()
            };
            write!(f, "{separator}{}://{host}:{}", server.scheme(), server.port())?;
        }
        Ok(())
    }
}

/// The same.
impl fmt::Debug for BrokerUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrokerUrls({self})")
    }
}

impl BrokerAddress {
    /// Connects, now or as soon as it is there.
    pub(super) async fn connect(&self) -> Result<async_nats::Client> {
        let mut options = ConnectOptions::new()
            .name("trellis")
            .retry_on_initial_connect()
            .event_callback(|event| async move { note(&event) })
            // Others that a server tells of are told of in plain text, before it has proved who it is.
            .ignore_discovered_servers()
            // Who names files of TLS wants it, whatever a server says of itself.
            .require_tls(
                self.tls != ClientTls::default() || self.urls.servers.iter().any(ServerAddr::tls_required),
            )
            .tls_client_config(self.tls.config(&[]).map_err(Failure::internal)?);
        options = match &self.urls.login {
            Some(Login::Password(user, password)) => {
                options.user_and_password(user.clone(), password.clone())
            }
            Some(Login::Token(token)) => options.token(token.clone()),
            None => options,
        };
        options.connect(&self.urls.servers[..]).await.map_err(Failure::internal)
    }
}

/// Says that there is no connection, and whether it is the broker that refuses: whoever waits only sees that it is away.
fn note(event: &Event) {
    match event {
        Event::ClientError(error) => tracing::warn!(%error, "the broker cannot be reached"),
        Event::ServerError(error) => tracing::warn!(%error, "the broker refuses"),
        _ => tracing::debug!(%event, "the connection to the broker"),
    }
}
