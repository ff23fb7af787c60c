//! Whose tokens are trusted: the one issuer of the flags, and as many as the file names.

use std::collections::BTreeSet;
use std::net::IpAddr;

use trellis_auth::{AUDIENCE, DEV_ISSUER, SERVICE_ISSUER};
use trellis_kernel::District;

use super::{Layers, Refusal, refuse, url_of};

/// An issuer whose tokens are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    /// Where its keys are: a URL, or a file.
    pub jwks: String,
    /// The `aud` that its tokens must name.
    pub audience: String,
    /// The districts that it may issue for; none means all but the commons.
    pub districts: Vec<District>,
}

/// An issuer as it was written, and where.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    url: String,
    jwks: Option<String>,
    audience: Option<String>,
    districts: Vec<String>,
    source: String,
}

impl Written {
    /// Reads the tables `[[issuers]]` of a file.
    pub(super) fn tables(value: &toml::Value, source: &str) -> Result<Vec<Self>, Refusal> {
        let tables = value.as_array().map(|tables| tables.iter().map(toml::Value::as_table));
        let tables: Option<Vec<_>> = tables.and_then(Iterator::collect);
        let Some(tables) = tables else {
            return refuse(format!("{source}: `issuers` must be tables, each under [[issuers]]."));
        };
        tables.into_iter().map(|table| Self::table(table, source)).collect()
    }

    fn table(table: &toml::Table, source: &str) -> Result<Self, Refusal> {
        let mut written = Self { source: source.to_owned(), ..Self::default() };
        for (key, value) in table {
            let text = || {
                let text = value.as_str().map(str::to_owned);
                text.ok_or_else(|| Refusal::new(format!("{source}: `{key}` must be a text in quotes.")))
            };
            match key.as_str() {
                "url" => written.url = text()?,
                "jwks" => written.jwks = Some(text()?),
                "audience" => written.audience = Some(text()?),
                "districts" => {
                    let items = value.as_array().map(|all| all.iter().map(toml::Value::as_str));
                    let items: Option<Vec<&str>> = items.and_then(Iterator::collect);
                    let Some(items) = items else {
                        return refuse(format!("{source}: `districts` must be a list of texts in quotes."));
                    };
                    if items.is_empty() {
                        return refuse(no_district(source));
                    }
                    written.districts = items.into_iter().map(str::to_owned).collect();
                }
                _ => {
                    return refuse(format!(
                        "{source}: an issuer has no `{key}`; it has url, jwks, audience, districts."
                    ));
                }
            }
        }
        if written.url.is_empty() {
            return refuse(format!("{source}: each of [[issuers]] needs a `url`."));
        }
        Ok(written)
    }

    /// The issuer of the settings, if one is set.
    fn of_settings(layers: &Layers) -> Result<Option<Self>, Refusal> {
        let Some((url, source)) = layers.one("issuer_url") else {
            for key in ["issuer_jwks", "issuer_audience", "issuer_districts"] {
                if let Some((_, source)) = layers.one(key) {
                    return refuse(format!("{source}: `{key}` means nothing without issuer_url."));
                }
            }
            return Ok(None);
        };
        let text = |key: &str| layers.one(key).map(|(value, _)| value.to_owned());
        if let Some(([], among)) = layers.list("issuer_districts") {
            return refuse(no_district(among));
        }
        let (districts, among) = layers.list("issuer_districts").unwrap_or((&[], source));
        Ok(Some(Self {
            url: url.to_owned(),
            jwks: text("issuer_jwks"),
            audience: text("issuer_audience"),
            districts: districts.to_vec(),
            source: if districts.is_empty() { source } else { among }.to_owned(),
        }))
    }

    fn read(self) -> Result<Issuer, Refusal> {
        let Self { url, jwks, audience, districts, source } = self;
        url_of(&url, &source)?;
        let jwks = jwks.unwrap_or_else(|| format!("{}/.well-known/jwks.json", url.trim_end_matches('/')));
        if jwks.strip_prefix("http://").is_some_and(|rest| !is_this_machine(rest)) {
            return refuse(format!(
                "{source}: the keys of {url} must be fetched by https: whoever changed them on their way could \
                 make any token. Set where they are (`jwks`, issuer_jwks) to an https URL, or to a file."
            ));
        }
        let audience = audience.unwrap_or_else(|| AUDIENCE.to_owned());
        if audience.is_empty() {
            return refuse(format!("{source}: the audience of {url} must not be empty."));
        }
        let districts: Result<Vec<District>, _> = districts.iter().map(|id| District::parse(id)).collect();
        let districts = districts.or_else(|failure| refuse(format!("{source}: {}", failure.message())))?;
        // The issuer is compared with a token's `iss` to the letter, so its own spelling is kept.
        Ok(Issuer { url, jwks, audience, districts })
    }
}

/// Why an empty list is refused: it reads as none, and would mean all.
fn no_district(source: &str) -> String {
    format!(
        "{source}: the districts of an issuer must not be an empty list; leave it out to mean all but the commons."
    )
}

/// All issuers that are configured; none twice, and none under a name of the suite's own.
pub(super) fn read(layers: &Layers) -> Result<Vec<Issuer>, Refusal> {
    let mut issuers = Vec::new();
    let mut names = BTreeSet::from([SERVICE_ISSUER.to_owned(), DEV_ISSUER.to_owned()]);
    let written = Written::of_settings(layers)?.into_iter().chain(layers.issuers().iter().cloned());
    for written in written {
        let source = written.source.clone();
        let issuer = written.read()?;
        if !names.insert(issuer.url.clone()) {
            return refuse(format!("{source}: two issuers have the name {}; name each once.", issuer.url));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

/// Whether what follows `http://` never leaves this machine.
fn is_this_machine(rest: &str) -> bool {
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match place.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or_default(),
        None => place.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_file(text: &str) -> Result<Vec<Issuer>, Refusal> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("trellis.toml");
        std::fs::write(&file, text).expect("writing");
        let mut layers = Layers::default();
        layers.file(&file)?;
        layers.flag("dev", vec!["true".to_owned()]);
        read(&layers)
    }

    fn refusal(text: &str) -> String {
        read_file(text).expect_err(text).to_string()
    }

    #[test]
    fn a_file_names_as_many_issuers_as_there_are() {
        let issuers = read_file(
            "issuer_url = 'https://one.example.org'\n\
             [[issuers]]\nurl = 'https://two.example.org/'\ndistricts = ['grand-bend']\naudience = 'ours'\n\
             [[issuers]]\nurl = 'https://three.example.org'\njwks = '/etc/trellis/three.json'",
        )
        .expect("good");
        let [one, two, three] = &issuers[..] else { panic!("{issuers:?}") };
        assert_eq!((one.audience.as_str(), one.districts.len()), ("trellis", 0));
        assert_eq!(one.jwks, "https://one.example.org/.well-known/jwks.json");
        assert_eq!((two.url.as_str(), two.audience.as_str()), ("https://two.example.org/", "ours"));
        assert_eq!(two.jwks, "https://two.example.org/.well-known/jwks.json");
        assert_eq!(two.districts, [District::parse("grand-bend").expect("a district")]);
        assert_eq!(three.jwks, "/etc/trellis/three.json");
    }

    #[test]
    fn what_is_not_an_issuer_is_refused() {
        let url = "[[issuers]]\nurl = 'https://one.example.org'\n";
        for (text, words) in [
            (format!("{url}{url}"), "two issuers"),
            (format!("issuer_url = 'https://one.example.org'\n{url}"), "two issuers"),
            ("[[issuers]]\nurl = 'trellis:dev'".to_owned(), "http"),
            ("[[issuers]]\njwks = 'x.json'".to_owned(), "needs a `url`"),
            (format!("{url}district = 'x'"), "has no `district`"),
            (format!("{url}districts = 'x'"), "a list"),
            (format!("{url}districts = []"), "an empty list"),
            ("issuer_url = 'https://one.example.org'\nissuer_districts = []".to_owned(), "an empty list"),
            (format!("{url}districts = ['No District']"), "district"),
            (format!("{url}jwks = 1"), "a text"),
            (format!("{url}audience = ''"), "audience"),
            (format!("{url}jwks = 'http://id.example.org/keys'"), "https"),
            ("[[issuers]]\nurl = 'http://id.example.org'".to_owned(), "https"),
            ("issuers = 'x'".to_owned(), "[[issuers]]"),
            ("issuer_audience = 'x'".to_owned(), "issuer_url"),
        ] {
            let refusal = refusal(&text);
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
        for local in ["http://127.0.0.1:8080/k", "http://localhost/k", "http://[::1]:1/k"] {
            read_file(&format!("{url}jwks = '{local}'")).expect(local);
        }
    }
}
