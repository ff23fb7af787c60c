//! How a suite is set up: read from a file, the environment and flags, and refused when it would
//! leave the suite open or unable to recognise anybody.

mod database;
mod issuers;
mod layers;
mod limits;
mod nats;
mod sandboxes;
mod settings;
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::SignedDuration;
use trellis_events::BrokerAddress;
use trellis_kernel::District;
use trellis_outcome::CaseSources;
use trellis_rpc::Limits;
use trellis_store::Retention;
use trellis_telemetry::LogFilter;
use trellis_tls::ClientTls;

pub use database::Database;
pub use issuers::Issuer;
pub use layers::Layers;
pub use settings::{Kind, SETTINGS, Setting, table};

/// A service of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Frameworks, outcomes, progressions.
    Outcome,
    /// Roster, learner profile, goals, growth, access.
    Profile,
    /// Designs, experiences, evidence, assessment.
    Experience,
    /// Requests, plans, calendars.
    Scheduling,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Outcome, Self::Profile, Self::Experience, Self::Scheduling];

    /// Its name, as in its package.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Profile => "profile",
            Self::Experience => "experience",
            Self::Scheduling => "scheduling",
        }
    }

    /// The setting that says where it is served.
    const fn url_key(self) -> &'static str {
        match self {
            Self::Outcome => "outcome_url",
            Self::Profile => "profile_url",
            Self::Experience => "experience_url",
            Self::Scheduling => "scheduling_url",
        }
    }
}

/// Why a configuration was refused, in words that say what to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

pub(crate) fn refuse<T>(words: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(words))
}

/// The certificate and key of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
    /// The authority of clients' certificates, PEM.
    pub client_ca: Option<PathBuf>,
    /// Whether clients may go without one.
    pub client_optional: bool,
}

/// A whole configuration. What each setting means stands in [`SETTINGS`].
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the documented table")]
pub struct Config {
    /// Served by this process, in the order of [`Service::ALL`].
    pub services: Vec<Service>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// SQLite files and keys.
    pub data_dir: PathBuf,
    /// Keys, if not under `data_dir`.
    pub keys_dir: PathBuf,
    /// PostgreSQL, if not SQLite.
    pub database_url: Option<String>,
    /// How it is used.
    pub database: Database,
    /// How long changes stay in the feeds.
    pub retention: Retention,
    /// How long the trail is kept.
    pub audit_keep: SignedDuration,
    /// The districts that can be reset.
    pub sandboxes: Vec<District>,
    /// How clients reach it; none means by the listening address.
    pub public_url: Option<String>,
    /// Whose tokens are trusted.
    pub issuers: Vec<Issuer>,
    /// TLS.
    pub tls: Option<Tls>,
    /// No TLS, on purpose.
    pub plaintext: bool,
    /// What the server bears.
    pub limits: Limits,
    /// Whether the development issuer is trusted.
    pub dev: bool,
    /// Whether a demonstration district is made.
    pub demo: bool,
    /// Where the services of other processes are: each at one URL, or at several.
    pub elsewhere: Vec<(Service, Vec<String>)>,
    /// Where frameworks may be imported from.
    pub case_sources: CaseSources,
    /// TLS towards those of them that are at an https:// URL.
    pub peer_tls: ClientTls,
    /// By way of what the services hear of each other's events, if not by calls.
    pub broker: Option<BrokerAddress>,
    /// What is logged.
    pub log: LogFilter,
    /// Whether the log is JSON.
    pub log_json: bool,
    /// Where traces go.
    pub otlp_endpoint: Option<String>,
    /// The share of the traces beginning here that go there.
    pub trace_sample_ratio: f64,
    /// Where it answers those who operate it.
    pub admin_listen: Option<SocketAddr>,
}

impl Config {
    /// Reads a configuration from what was given; what is not given has its default.
    pub fn read(layers: &Layers) -> Result<Self, Refusal> {
        let text = |key: &str| layers.one(key).map(|(value, _)| value.to_owned());
        let path = |key: &str| layers.one(key).map(|(value, _)| PathBuf::from(value));
        let services = services(layers)?;
        let elsewhere = elsewhere(layers, &services)?;
        let data_dir = path("data_dir").unwrap_or_else(|| "data".into());
        let demo = layers.is_set("demo")?;
        Ok(Self {
            listen: listen(layers)?,
            keys_dir: path("keys_dir").unwrap_or_else(|| data_dir.join("keys")),
            data_dir,
            database_url: database_url(layers)?,
            database: database::read(layers)?,
            retention: retention(layers)?,
            audit_keep: days(layers, "audit_days", trellis_store::AUDIT_KEEP)?,
            sandboxes: sandboxes::read(layers, demo)?,
            public_url: public_url(layers)?,
            issuers: issuers::read(layers)?,
            tls: tls(layers)?,
            plaintext: layers.is_set("plaintext")?,
            limits: limits::read(layers)?,
            dev: demo || layers.is_set("dev")?,
            demo,
            log: log(layers)?,
            log_json: log_json(layers)?,
            otlp_endpoint: text("otlp_endpoint"),
            trace_sample_ratio: trace_sample_ratio(layers)?,
            admin_listen: admin_listen(layers)?,
            services,
            case_sources: case_sources(layers)?,
            peer_tls: peer_tls(layers, &elsewhere)?,
            broker: nats::read(layers)?,
            elsewhere,
        })
    }

    /// Refuses what must not be served: a suite that recognises nobody, or one that others can reach
    /// without encryption or with the development issuer, unless that was asked for in so many words.
    pub fn check(&self) -> Result<(), Refusal> {
        let reachable = !self.listen.ip().is_loopback();
        let listen = self.listen;
        if self.plaintext && self.tls.is_some() {
            return refuse("`plaintext` and `tls_certificate` contradict each other: set one of them.");
        }
        if self.issuers.is_empty() && !self.dev {
            return refuse(
                "No issuer is configured, so no caller could be recognised. Set issuer_url (and, where its keys \
                 are not under that, issuer_jwks) to your identity provider, or start with --dev or --demo, which trust an issuer whose key is on this machine.",
            );
        }
        if reachable && self.dev && !self.plaintext {
            return refuse(format!(
                "{listen} can be reached from other machines, and the development issuer is for one machine \
                 alone. Listen on 127.0.0.1, configure issuer_url in place of --dev or --demo, or add \
                 --plaintext if nobody else can reach this address (a container, a closed network).",
            ));
        }
        if reachable && self.tls.is_none() && !self.plaintext {
            return refuse(format!(
                "{listen} can be reached from other machines, and TLS is not configured. Set tls_certificate \
                 and tls_key, or listen on 127.0.0.1, or add --plaintext if something before this process \
                 ends TLS.",
            ));
        }
        if self.demo && self.services.len() < Service::ALL.len() {
            return refuse("The demonstration needs all four services: leave out --service with --demo.");
        }
        if self.demo && self.tls.is_some() {
            return refuse(
                "The demonstration calls itself, and so is served without TLS: leave out tls_certificate.",
            );
        }
        Ok(())
    }

    /// The settings in force, for `config check`: keys and values, no secret among them.
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let paths = |path: &PathBuf| path.display().to_string();
        let mut shown = vec![
            ("services", self.services.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ")),
            ("listen", self.listen.to_string()),
            ("data_dir", paths(&self.data_dir)),
            ("keys_dir", paths(&self.keys_dir)),
            ("database_url", self.database_url.as_deref().map_or("SQLite".to_owned(), without_password)),
        ];
        shown.extend(database::shown(&self.database));
        let days = |duration: SignedDuration| (duration.as_hours() / 24).to_string();
        shown.push(("feed_retention_days", days(self.retention.keep)));
        shown.push(("feed_compaction_days", days(self.retention.compact)));
        shown.push(("audit_days", days(self.audit_keep)));
        shown.push(("sandboxes", sandboxes::shown(&self.sandboxes)));
        if let Some(url) = &self.public_url {
            shown.push(("public_url", url.clone()));
        }
        for issuer in &self.issuers {
            shown.push(("issuer_url", issuer.url.clone()));
            shown.push(("issuer_jwks", issuer.jwks.clone()));
            shown.push(("issuer_audience", issuer.audience.clone()));
            let districts: Vec<&str> = issuer.districts.iter().map(District::as_str).collect();
            shown.push((
                "issuer_districts",
                if districts.is_empty() { "all but the commons".to_owned() } else { districts.join(", ") },
            ));
        }
        if let Some(tls) = &self.tls {
            shown.push(("tls_certificate", paths(&tls.certificate)));
            shown.push(("tls_key", paths(&tls.key)));
            if let Some(authority) = &tls.client_ca {
                shown.push(("tls_client_ca", paths(authority)));
                shown.push(("tls_client_optional", tls.client_optional.to_string()));
            }
        }
        if !self.case_sources.origins().is_empty() {
            shown.push(("case_sources", self.case_sources.origins().join(", ")));
        }
        shown.push(("plaintext", self.plaintext.to_string()));
        shown.push(("dev", self.dev.to_string()));
        shown.push(("demo", self.demo.to_string()));
        shown.extend(limits::shown(&self.limits));
        shown.extend(self.elsewhere.iter().map(|(service, urls)| (service.url_key(), urls.join(", "))));
        shown.extend(tls::PEERS.shown(&self.peer_tls));
        shown.extend(nats::shown(self.broker.as_ref()));
        shown.push(("log", self.log.to_string()));
        shown.push(("log_format", if self.log_json { "json" } else { "text" }.to_owned()));
        if let Some(endpoint) = &self.otlp_endpoint {
            shown.push(("otlp_endpoint", endpoint.clone()));
            shown.push(("trace_sample_ratio", self.trace_sample_ratio.to_string()));
        }
        if let Some(address) = &self.admin_listen {
            shown.push(("admin_listen", address.to_string()));
        }
        shown
    }
}

fn services(layers: &Layers) -> Result<Vec<Service>, Refusal> {
    let Some((names, source)) = layers.list("services") else { return Ok(Service::ALL.to_vec()) };
    for name in names {
        if !Service::ALL.iter().any(|service| service.name() == name) {
            return refuse(format!(
                "{source}: there is no service of that name; there are outcome, profile, experience and \
                 scheduling.",
            ));
        }
    }
    let chosen = Service::ALL.into_iter().filter(|service| names.iter().any(|name| name == service.name()));
    let chosen: Vec<Service> = chosen.collect();
    if chosen.is_empty() {
        return refuse(format!("{source}: name at least one service."));
    }
    Ok(chosen)
}

fn elsewhere(layers: &Layers, here: &[Service]) -> Result<Vec<(Service, Vec<String>)>, Refusal> {
    let mut elsewhere = Vec::new();
    let mut missing = Vec::new();
    for service in Service::ALL {
        let here = here.contains(&service);
        match layers.list(service.url_key()) {
            Some((_, source)) if here => {
                return refuse(format!(
                    "{source}: {} is served by this process; leave out either.",
                    service.name()
                ));
            }
            Some((urls, source)) => elsewhere.push((service, urls_of(urls, source)?)),
            None if !here => missing.push(service.url_key()),
            None => {}
        }
    }
    if missing.is_empty() {
        return Ok(elsewhere);
    }
    refuse(format!("Some services are served elsewhere; say where they are: set {}.", missing.join(", ")))
}

fn listen(layers: &Layers) -> Result<SocketAddr, Refusal> {
    let (value, source) = layers.one("listen").unwrap_or(("127.0.0.1:50051", "the default"));
    value.parse().or_else(|_| {
        refuse(format!("{source}: `listen` must be an IP address and a port, such as 127.0.0.1:50051."))
    })
}

fn admin_listen(layers: &Layers) -> Result<Option<SocketAddr>, Refusal> {
    let Some((value, source)) = layers.one("admin_listen") else { return Ok(None) };
    value.parse().map(Some).or_else(|_| {
        refuse(format!("{source}: `admin_listen` must be an IP address and a port, such as 127.0.0.1:9090."))
    })
}

fn log(layers: &Layers) -> Result<LogFilter, Refusal> {
    let Some((value, source)) = layers.one("log") else { return Ok(LogFilter::default()) };
    value.parse().or_else(|_| {
        refuse(format!(
            "{source}: `log` must be a level (error, warn, info, debug, trace, off), or levels by module \
             such as info,trellis_store=debug.",
        ))
    })
}

fn trace_sample_ratio(layers: &Layers) -> Result<f64, Refusal> {
    let Some((value, source)) = layers.one("trace_sample_ratio") else { return Ok(1.0) };
    if layers.one("otlp_endpoint").is_none() {
        return refuse(format!("{source}: `trace_sample_ratio` does nothing without `otlp_endpoint`."));
    }
    let ratio = value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.map_or_else(
        || refuse(format!("{source}: `trace_sample_ratio` must be a number from 0 to 1, such as 0.05.")),
        Ok,
    )
}

fn database_url(layers: &Layers) -> Result<Option<String>, Refusal> {
    match layers.one("database_url") {
        Some((url, _)) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Ok(Some(url.to_owned()))
        }
        Some((_, source)) => refuse(format!(
            "{source}: `database_url` must begin with postgres://; for SQLite, leave it out and set data_dir.",
        )),
        None => Ok(None),
    }
}

fn retention(layers: &Layers) -> Result<Retention, Refusal> {
    let default = Retention::default();
    let keep = days(layers, "feed_retention_days", default.keep)?;
    // A feed that is kept for less than that is never compacted.
    let compact = days(layers, "feed_compaction_days", default.compact.min(keep))?;
    if compact > keep {
        return refuse("`feed_compaction_days` must not be more than `feed_retention_days`.");
    }
    Ok(Retention { keep, compact })
}

fn days(layers: &Layers, key: &'static str, default: SignedDuration) -> Result<SignedDuration, Refusal> {
    let Some((value, source)) = layers.one(key) else { return Ok(default) };
    let days: Option<i64> = value.parse().ok().filter(|days| (1..=3650).contains(days));
    days.map_or_else(
        || refuse(format!("{source}: `{key}` must be a number of days from 1 to 3650.")),
        |days| Ok(SignedDuration::from_hours(24 * days)),
    )
}

fn case_sources(layers: &Layers) -> Result<CaseSources, Refusal> {
    let private = layers.is_set("case_sources_private")?;
    let tokens = layers.one("case_source_tokens").map(|(file, _)| PathBuf::from(file));
    let Some((origins, source)) = layers.list("case_sources") else {
        if private || tokens.is_some() {
            return refuse(
                "`case_sources_private` and `case_source_tokens` mean nothing without case_sources.",
            );
        }
        return Ok(CaseSources::default());
    };
    CaseSources::new(origins, private, tokens)
        .map_err(|words| Refusal::new(format!("{source}: the `case_sources` {words}.")))
}

fn public_url(layers: &Layers) -> Result<Option<String>, Refusal> {
    layers.one("public_url").map(|(url, source)| url_of(url, source)).transpose()
}

/// The processes of one service: all with TLS, or all without.
fn urls_of(urls: &[String], source: &str) -> Result<Vec<String>, Refusal> {
    let urls: Vec<String> = urls.iter().map(|url| url_of(url, source)).collect::<Result<_, _>>()?;
    let encrypted = urls.iter().filter(|url| url.starts_with("https:")).count();
    if urls.is_empty() || (encrypted > 0 && encrypted < urls.len()) {
        return refuse(format!(
            "{source}: the URLs of a service must all begin with http://, or all with https://."
        ));
    }
    Ok(urls)
}

fn url_of(url: &str, source: &str) -> Result<String, Refusal> {
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    refuse(format!("{source}: a URL must begin with http:// or https://."))
}

fn tls(layers: &Layers) -> Result<Option<Tls>, Refusal> {
    let client_ca = layers.one("tls_client_ca").map(|(authority, _)| PathBuf::from(authority));
    let client_optional = layers.is_set("tls_client_optional")?;
    if client_optional && client_ca.is_none() {
        return refuse("`tls_client_optional` means nothing without tls_client_ca.");
    }
    match (layers.one("tls_certificate"), layers.one("tls_key")) {
        (Some((certificate, _)), Some((key, _))) => {
            Ok(Some(Tls { certificate: certificate.into(), key: key.into(), client_ca, client_optional }))
        }
        (None, None) if client_ca.is_some() => {
            refuse("`tls_client_ca` means nothing without tls_certificate and tls_key.")
        }
        (None, None) => Ok(None),
        _ => refuse("TLS needs both tls_certificate and tls_key."),
    }
}

/// The files of TLS towards the services that are elsewhere.
fn peer_tls(layers: &Layers, elsewhere: &[(Service, Vec<String>)]) -> Result<ClientTls, Refusal> {
    if !elsewhere.iter().flat_map(|(_, urls)| urls).any(|url| url.starts_with("https:")) {
        tls::PEERS.refuse(layers, "where no service is at an https:// URL")?;
    }
    tls::PEERS.read(layers)
}

fn log_json(layers: &Layers) -> Result<bool, Refusal> {
    match layers.one("log_format") {
        None | Some(("text", _)) => Ok(false),
        Some(("json", _)) => Ok(true),
        Some((_, source)) => refuse(format!("{source}: `log_format` must be text or json.")),
    }
}

/// `postgres://user:secret@host/db` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            format!("{scheme}://{}@{host}", user.split_once(':').map_or(user, |(name, _)| name))
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests;
