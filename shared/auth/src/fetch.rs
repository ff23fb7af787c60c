//! How an issuer's key set is read (RFC 7517, section 5).

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use reqwest::Url;
use serde::Deserialize;
use trellis_kernel::{Failure, Reason, Result};

/// How long the issuer may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// More than this is no key set.
const MAX_BYTES: usize = 512 * 1024;

/// Reads a key set from where it is.
pub(crate) enum Fetcher {
    File(PathBuf),
    Url {
        url: Url,
        /// Made at the first use: reading the machine's certificates takes a while.
        client: OnceLock<reqwest::Client>,
    },
}

impl fmt::Display for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url { url, .. } => write!(f, "{}{}", url.origin().ascii_serialization(), url.path()),
        }
    }
}

impl Fetcher {
    pub(crate) const fn file(path: PathBuf) -> Self {
        Self::File(path)
    }

    /// Keys at an address. What was changed on its way would let anybody in, so `http` is for this
    /// machine alone.
    pub(crate) fn url(url: &str) -> Result<Self> {
        let url = Url::parse(url).map_err(Failure::internal)?;
        if url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url)) {
            return Ok(Self::Url { url, client: OnceLock::new() });
        }
        Err(Failure::internal("an issuer's keys must be fetched by https, or from this machine"))
    }

    /// The keys as they are now. Those of a kind that is not known are left out.
    pub(crate) async fn fetch(&self) -> Result<JwkSet> {
        match self {
            Self::File(path) => parse(&tokio::fs::read(path).await.map_err(|error| away().because(error))?),
            Self::Url { url, client } => {
                let client = if let Some(client) = client.get() {
                    client
                } else {
                    let made = made(url).map_err(|error| away().because(error))?;
                    client.get_or_init(|| made)
                };
                parse(&body(client, url).await?)
            }
        }
    }
}

fn made(url: &Url) -> reqwest::Result<reqwest::Client> {
    let client =
        reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(reqwest::redirect::Policy::none());
    // What is for this machine alone must not leave it by way of a proxy.
    let client = if url.scheme() == "http" { client.no_proxy() } else { client };
    client.build()
}

async fn body(client: &reqwest::Client, url: &Url) -> Result<Vec<u8>> {
    // The error's own text may hold the address with what stands after its question mark.
    let lost = |error: reqwest::Error| away().because(error.without_url());
    let mut reply = client.get(url.clone()).send().await.map_err(lost)?;
    if reply.status() != reqwest::StatusCode::OK {
        return Err(away().because(format!("the issuer answered {}", reply.status())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = reply.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(away().because("the answer is longer than a key set can be"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn parse(text: &[u8]) -> Result<JwkSet> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<serde_json::Value>,
    }
    let document: Document = serde_json::from_slice(text)
        // Its text may quote what was sent.
        .map_err(|error| away().because(format!("no key set: line {}", error.line())))?;
    let keys = document.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
    Ok(JwkSet { keys: keys.collect() })
}

fn away() -> Failure {
    Failure::unavailable(
        Reason::PeerUnavailable,
        "The issuer's keys cannot be read; try again.",
        FETCH_TIMEOUT,
    )
}

/// Whether an address never leaves this machine.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
