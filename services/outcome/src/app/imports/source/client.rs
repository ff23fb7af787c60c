//! Asking another server of CASE.

use std::error::Error as _;
use std::net::IpAddr;
use std::time::Duration;

use prost::bytes::Bytes;
use reqwest::header::{ACCEPT, LINK, LOCATION};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use trellis_kernel::Uuid;

use super::wall::{Wall, Walled, is_public};
use super::{CaseSources, Source};

/// How long a server may take to be reached.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long it may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How often a server may send us elsewhere for one answer.
const REDIRECTS: usize = 3;
/// How often is asked again where a server is busy or away, and how long is waited before that.
const AGAIN: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3)];
/// How many documents a page of the list holds.
const PAGE: usize = 100;
/// The longest page of the list, in bytes.
const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// The most documents that one import takes.
const DOCUMENTS: usize = 1000;

/// Why a server's answer is not taken. Holds nothing of the answer, nor of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app::imports) struct Trouble {
    /// For programs.
    pub(in crate::app::imports) code: &'static str,
    /// For people.
    pub(in crate::app::imports) text: &'static str,
    /// Whether it may be otherwise when asked again.
    again: bool,
}

impl Trouble {
    const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text, again: false }
    }

    const fn passing(code: &'static str, text: &'static str) -> Self {
        Self { code, text, again: true }
    }
}

/// Asks the servers that the configuration allows.
pub(in crate::app::imports) struct Client {
    http: reqwest::Client,
    sources: CaseSources,
}

/// A page of the list of documents.
#[derive(Deserialize)]
struct Documents {
    #[serde(rename = "CFDocuments", default)]
    documents: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    identifier: Uuid,
}

impl Client {
    pub(in crate::app::imports) fn new(sources: &CaseSources) -> Result<Self, Trouble> {
        let http = reqwest::Client::builder()
            .dns_resolver(std::sync::Arc::new(Wall { private: sources.private }))
            // Each step is looked at here before it is taken.
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve the name itself, and reach what must not be.
            .no_proxy()
            .connect_timeout(CONNECT_TIME)
            .read_timeout(SILENCE)
            .build()
            .map_err(|_| Trouble::new("SOURCE_UNAVAILABLE", "The machine's certificates cannot be read."))?;
        Ok(Self { http, sources: sources.clone() })
    }

    /// The identities of the documents that a source holds, or of the one that is wanted.
    pub(in crate::app::imports) async fn documents(&self, source: &Source) -> Result<Vec<Uuid>, Trouble> {
        if let Some(id) = source.document {
            return Ok(vec![id]);
        }
        let mut documents: Vec<Uuid> = Vec::new();
        let mut url = source.at("CFDocuments", &format!("limit={PAGE}&offset=0"));
        loop {
            let reply = self.get(&url).await?;
            let next = next(&url, &reply);
            let page: Documents = serde_json::from_slice(&whole(reply).await?)
                .map_err(|_| Trouble::new("SOURCE_MALFORMED", "The server's list of documents is none."))?;
            let (listed, before) = (page.documents.len(), documents.len());
            for Listed { identifier } in page.documents {
                if !documents.contains(&identifier) {
                    documents.push(identifier);
                }
            }
            if documents.len() > DOCUMENTS {
                let text =
                    "The server has more than 1,000 documents: name those that are wanted, one by one.";
                return Err(Trouble::new("SOURCE_TOO_LARGE", text));
            }
            // A server that pays no heed to paging gives the same again.
            if documents.len() == before || (next.is_none() && listed < PAGE) {
                return Ok(documents);
            }
            let query = format!("limit={PAGE}&offset={}", documents.len());
            url = next.unwrap_or_else(|| source.at("CFDocuments", &query));
        }
    }

    /// Asks for a package; its document is the answer's body.
    pub(in crate::app::imports) async fn package(
        &self,
        source: &Source,
        id: Uuid,
    ) -> Result<Response, Trouble> {
        self.get(&source.at(&format!("CFPackages/{id}"), "")).await
    }

    async fn get(&self, url: &Url) -> Result<Response, Trouble> {
        for wait in AGAIN {
            match self.follow(url.clone()).await {
                Err(trouble) if trouble.again => tokio::time::sleep(wait).await,
                answered => return answered,
            }
        }
        self.follow(url.clone()).await
    }

    async fn follow(&self, mut url: Url) -> Result<Response, Trouble> {
        for _ in 0..=REDIRECTS {
            self.check(&url)?;
            let request = self.http.get(url.clone()).header(ACCEPT, "application/json");
            let request = match self.token(&url).await {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let reply = request.send().await.map_err(|error| lost(&error))?;
            match reply.status() {
                StatusCode::OK => return Ok(reply),
                status if status.is_redirection() => {
                    let to = reply.headers().get(LOCATION).and_then(|to| to.to_str().ok());
                    let to = to.and_then(|to| url.join(to).ok());
                    let text = "The server redirects to nowhere.";
                    url = to.ok_or_else(|| Trouble::new("SOURCE_REDIRECT_REFUSED", text))?;
                }
                status => return Err(refused(status)),
            }
        }
        Err(Trouble::new("SOURCE_REDIRECT_REFUSED", "The server redirects more than three times."))
    }

    /// Whether an address may be asked. One without a name is resolved by nobody, and so looked at here.
    fn check(&self, url: &Url) -> Result<(), Trouble> {
        if !self.sources.allow(url) {
            let text = "The server redirects to one that the configuration does not allow.";
            return Err(Trouble::new("SOURCE_REDIRECT_REFUSED", text));
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let number = host.parse::<IpAddr>().ok();
        if !self.sources.private && number.is_some_and(|address| !is_public(address)) {
            return Err(walled());
        }
        Ok(())
    }

    async fn token(&self, url: &Url) -> Option<String> {
        let lines = tokio::fs::read_to_string(self.sources.tokens.as_ref()?).await.ok()?;
        let origin = url.origin().ascii_serialization();
        let mut lines = lines.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(own, _)| super::origin(own).as_ref() == Some(&origin))
            .map(|(_, token)| token.trim().to_owned())
    }
}

/// The next piece of an answer.
pub(in crate::app::imports) async fn piece(reply: &mut Response) -> Result<Option<Bytes>, Trouble> {
    reply.chunk().await.map_err(|error| lost(&error))
}

async fn whole(mut reply: Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = piece(&mut reply).await? {
        if body.len() + chunk.len() > PAGE_BYTES {
            return Err(Trouble::new(
                "SOURCE_TOO_LARGE",
                "A page of the server's list is larger than 8 MiB.",
            ));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where the list goes on, as the server says (RFC 8288).
fn next(url: &Url, reply: &Response) -> Option<Url> {
    let links = reply.headers().get(LINK)?.to_str().ok()?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\"") || link.contains("rel=next"))?;
    url.join(next.split_once('<')?.1.split_once('>')?.0).ok()
}

fn refused(status: StatusCode) -> Trouble {
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Trouble::passing("SOURCE_UNAVAILABLE", "The server is busy or broken.");
    }
    match status {
        StatusCode::NOT_FOUND => Trouble::new("SOURCE_NOT_FOUND", "The server has no such document."),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Trouble::new("SOURCE_DENIED", "The server does not let this suite read the document.")
        }
        _ => Trouble::new("SOURCE_REFUSED", "The server refuses the request."),
    }
}

fn walled() -> Trouble {
    let text = "The server has an address that is not public, which the configuration does not allow.";
    Trouble::new("SOURCE_ADDRESS_REFUSED", text)
}

fn lost(error: &reqwest::Error) -> Trouble {
    let mut cause = error.source();
    while let Some(own) = cause {
        if own.is::<Walled>() {
            return walled();
        }
        cause = own.source();
    }
    Trouble::passing("SOURCE_UNAVAILABLE", "The server cannot be reached, or its answer broke off.")
}
