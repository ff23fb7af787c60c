//! Other servers of CASE, from which frameworks are taken.
//!
//! A request names an address, and this process goes there with its own place in a network: so it goes only
//! to servers that the configuration names, only to public addresses of them (see [`wall`]), and follows a
//! redirect only from one of these servers to another.

mod client;
mod wall;

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::Url;
use trellis_kernel::{Failure, Result, Uuid};

pub(super) use client::{Client, Trouble, piece};

/// The servers of CASE that frameworks may be imported from, by the configuration; none at first.
#[derive(Clone, Debug, Default)]
pub struct CaseSources {
    origins: Arc<[String]>,
    private: bool,
    tokens: Option<PathBuf>,
}

impl CaseSources {
    /// These servers, each by its origin: `https://case.example.org`. `private` lets those be reached whose
    /// addresses are not public. `tokens` is a file in which a line is an origin, a space, and the bearer
    /// token that is sent to it; it is read when it is wanted.
    ///
    /// # Errors
    ///
    /// In words, when one of them is no origin.
    pub fn new(
        origins: &[String],
        private: bool,
        tokens: Option<PathBuf>,
    ) -> std::result::Result<Self, &'static str> {
        let origins =
            origins.iter().map(|text| origin(text).ok_or("must be origins: https://case.example.org"));
        Ok(Self { origins: origins.collect::<std::result::Result<_, _>>()?, private, tokens })
    }

    /// The origins, as they are compared.
    pub fn origins(&self) -> &[String] {
        &self.origins
    }

    fn allow(&self, url: &Url) -> bool {
        let origin = url.origin().ascii_serialization();
        url.username().is_empty() && url.password().is_none() && self.origins.contains(&origin)
    }

    /// What a request wants to be imported.
    pub(super) fn read(&self, uri: &str) -> Result<Source> {
        let refuse = |text: &str| Failure::field("source_uri", text);
        let mut url = Url::parse(uri).map_err(|_| refuse("must be a URI"))?;
        if !self.allow(&url) {
            return Err(refuse("must be on a server that this suite's configuration allows (case_sources)"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        let (base, document) = match path.rsplit_once('/') {
            Some((base, "CFDocuments")) => (base, None),
            Some((rest, last)) => match (rest.rsplit_once('/'), Uuid::try_parse(last)) {
                (Some((base, "CFDocuments" | "CFPackages")), Ok(id)) => (base, Some(id)),
                _ => (path.as_str(), None),
            },
            None => (path.as_str(), None),
        };
        url.set_path(base);
        Ok(Source { base: url, document })
    }
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let named = url.host_str().is_some_and(|host| !host.is_empty());
    let bare = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && plain && named && bare)
        .then(|| url.origin().ascii_serialization())
}

/// Where documents are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// The server's CASE endpoints stand below this: `https://case.example.org/ims/case/v1p1`.
    base: Url,
    /// The one document that is wanted; all of them without one.
    document: Option<Uuid>,
}

impl Source {
    /// The same server, for one document.
    pub(super) fn of(&self, document: Uuid) -> Self {
        Self { base: self.base.clone(), document: Some(document) }
    }

    /// As it is shown.
    pub(super) fn uri(&self) -> String {
        match self.document {
            Some(id) => format!("{}/CFPackages/{id}", self.base.as_str().trim_end_matches('/')),
            None => format!("{}/CFDocuments", self.base.as_str().trim_end_matches('/')),
        }
    }

    /// What stands below the base, with a query.
    fn at(&self, path: &str, query: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url.set_query((!query.is_empty()).then_some(query));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5b1d2c6e-0f3a-4b7e-9c55-3d3f0a7e1c01";

    fn sources(origins: &[&str]) -> CaseSources {
        let origins: Vec<String> = origins.iter().map(|text| (*text).to_owned()).collect();
        CaseSources::new(&origins, false, None).expect("origins")
    }

    #[test]
    fn a_uri_names_one_document_or_all() {
        let sources = sources(&["https://case.example.org"]);
        let base = "https://case.example.org/ims/case/v1p1";
        for (uri, shown) in [
            (format!("{base}/CFPackages/{ID}"), format!("{base}/CFPackages/{ID}")),
            (format!("{base}/CFDocuments/{ID}/?a=b#c"), format!("{base}/CFPackages/{ID}")),
            (format!("{base}/CFDocuments"), format!("{base}/CFDocuments")),
            (base.to_owned(), format!("{base}/CFDocuments")),
            ("https://case.example.org".to_owned(), "https://case.example.org/CFDocuments".to_owned()),
        ] {
            assert_eq!(sources.read(&uri).expect("allowed").uri(), shown, "{uri}");
        }
    }

    #[test]
    fn only_servers_of_the_configuration_are_asked() {
        for uri in [
            "http://case.example.org/ims/case/v1p1",
            "https://case.example.org:8443/ims/case/v1p1",
            "https://case.example.org.evil.example/ims/case/v1p1",
            "https://case.example.org@evil.example/ims/case/v1p1",
            "https://user:secret@case.example.org/ims/case/v1p1",
            "https://127.0.0.1/",
            "file:///etc/passwd",
            "case.example.org",
        ] {
            assert!(sources(&["https://case.example.org"]).read(uri).is_err(), "{uri}");
            assert!(sources(&[]).read(uri).is_err(), "{uri}");
        }
        for text in ["case.example.org", "https://a/b", "ftp://a", "https://u@a", "https://a?b"] {
            assert!(CaseSources::new(&[text.to_owned()], false, None).is_err(), "{text}");
        }
    }
}
