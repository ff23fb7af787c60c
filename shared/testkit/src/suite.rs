//! A suite of the test's own, reached over a real socket.

use std::fs::File;
use std::sync::Arc;

use tempfile::TempDir;
use trellis_kernel::{Clock, District, FixedClock, Party, RandomIds, Scopes, SystemClock, Timestamp, Uuid};
use trellis_rpc::Remote;
use trellis_suite::client::Endpoint;
use trellis_suite::config::{Config, Layers, Service};
use trellis_suite::suite::{Running, Sources, start};
use trellis_suite::tokens::Minter;

pub use trellis_suite::client::Caller;
pub use trellis_suite::roles::Role;

use crate::postgres;
use crate::process::{Extra, Processes};
use crate::school::School;

/// Which database a suite keeps its data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Files in a directory that is gone after the test.
    Sqlite,
    /// A database on this test process's own PostgreSQL, used by an ordinary role.
    Postgres,
}

/// How a suite runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All services in the test's own process.
    OneProcess,
    /// All services in one process of the real program, which can be killed.
    Program,
    /// Each service in a process of the real program.
    ProgramPerService,
    /// Each service in two of them.
    TwoPerService,
}

/// What a suite is started with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Where it keeps its data.
    pub backend: Backend,
    /// How it runs.
    pub shape: Shape,
    /// A clock that the test moves; only where the suite runs in the test's own process.
    pub clock: Option<Arc<FixedClock>>,
}

/// A suite of the test's own. It ends when this is dropped.
pub struct Suite {
    endpoint: Endpoint,
    address: String,
    urls: [String; 4],
    minter: Minter,
    clock: Arc<dyn Clock>,
    database_url: Option<String>,
    runs: Runs,
    directory: TempDir,
}

enum Runs {
    Here { _running: Running },
    There(Processes),
}

/// How long the tests' tokens live.
const LIFE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

impl Suite {
    /// All services in this process, on the machine's clock.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(backend: Backend) -> Self {
        Self::with(Setup { backend, shape: Shape::OneProcess, clock: None }).await
    }

    /// A suite by the given setup.
    ///
    /// # Panics
    ///
    /// When it does not start, and when a clock is set for a suite in other processes.
    pub async fn with(setup: Setup) -> Self {
        Self::started(setup, &Extra::default()).await
    }

    /// All services in one process of the real program, started with more flags and logging into a file.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn program(backend: Backend, flags: &[&str], log: &File) -> Self {
        let setup = Setup { backend, shape: Shape::Program, clock: None };
        Self::started(setup, &Extra { flags, log: Some(log), ..Extra::default() }).await
    }

    /// All services in one process of the real program, whose files or database a test will trouble: with
    /// its data in `directory`, in the database of that URL if one is given, and with more.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn troubled(directory: TempDir, database_url: Option<String>, extra: &Extra<'_>) -> Self {
        let backend = if database_url.is_some() { Backend::Postgres } else { Backend::Sqlite };
        let setup = Setup { backend, shape: Shape::Program, clock: None };
        Self::there(directory, database_url, setup, extra).await
    }

    /// The same, in the `PostgreSQL` database of that URL.
    ///
    /// # Panics
    ///
    /// As [`started`](Self::started).
    pub async fn started_on(database_url: String, setup: Setup, extra: &Extra<'_>) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the suite");
        Self::there(directory, Some(database_url), setup, extra).await
    }

    /// A suite by the given setup, its processes started with more; a suite in the test's own process
    /// takes nothing of it but the settings.
    ///
    /// # Panics
    ///
    /// When it does not start, and when a clock is set for a suite in other processes.
    pub async fn started(setup: Setup, extra: &Extra<'_>) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the suite");
        let database_url = match setup.backend {
            Backend::Sqlite => None,
            Backend::Postgres => {
                Some(tokio::task::spawn_blocking(postgres::database).await.expect("a database"))
            }
        };
        Self::there(directory, database_url, setup, extra).await
    }

    async fn there(
        directory: TempDir,
        database_url: Option<String>,
        setup: Setup,
        extra: &Extra<'_>,
    ) -> Self {
        let clock: Arc<dyn Clock> = match &setup.clock {
            Some(clock) => clock.clone(),
            None => Arc::new(SystemClock),
        };
        let minter = Minter::open(&directory.path().join("keys"), clock.clone()).expect("the dev issuer");
        let (runs, endpoint, address, urls) = match setup.shape {
            Shape::OneProcess => {
                let config = config(&directory, database_url.as_deref(), extra.settings);
                let sources = Sources { clock: clock.clone(), ids: Arc::new(RandomIds) };
                let running = start(&config, sources).await.expect("the suite starts");
                let address = running.address.to_string();
                let url = format!("http://{address}");
                let endpoint = Endpoint::at(&url).expect("a good address");
                (Runs::Here { _running: running }, endpoint, address, [(); 4].map(|()| url.clone()))
            }
            Shape::Program | Shape::ProgramPerService | Shape::TwoPerService => {
                assert!(setup.clock.is_none(), "another process has a clock of its own");
                let each = match setup.shape {
                    Shape::ProgramPerService => Some(1),
                    Shape::TwoPerService => Some(2),
                    Shape::OneProcess | Shape::Program => None,
                };
                let processes =
                    Processes::start(directory.path(), database_url.as_deref(), each, extra).await;
                let tls = extra.tls.clone().unwrap_or_default();
                let urls = processes.urls(extra.scheme());
                let remote = |urls: &Vec<String>| Remote {
                    tls: tls.clone(),
                    ..Remote::at_each(urls).expect("good addresses")
                };
                let remotes = urls.each_ref().map(remote);
                let endpoint = Endpoint::each(remotes).expect("good addresses");
                let address = processes.address(Service::Profile);
                (Runs::There(processes), endpoint, address, urls.map(|urls| urls[0].clone()))
            }
        };
        Self { endpoint, address, urls, minter, clock, database_url, runs, directory }
    }

    /// Where it listens, `127.0.0.1:40123`; the profile service's own where each has a process.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The same as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where each service is, or the first of its processes, in the order of [`Service::ALL`].
    pub fn urls(&self) -> &[String; 4] {
        &self.urls
    }

    /// Where a suite is, for clients made by hand.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Mints any token of the development issuer.
    pub fn minter(&self) -> &Minter {
        &self.minter
    }

    /// Where its files are: SQLite's, and the keys in `keys`.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Its PostgreSQL database, if it has one.
    pub fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }

    /// Its processes, to be killed and started again.
    ///
    /// # Panics
    ///
    /// When it runs in the test's own process.
    pub fn processes(&mut self) -> &mut Processes {
        match &mut self.runs {
            Runs::There(processes) => processes,
            Runs::Here { .. } => panic!("this suite runs in the test's own process"),
        }
    }

    /// What time it is for the suite.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Calls as any party, with any scopes.
    ///
    /// # Panics
    ///
    /// When the district is no district id.
    pub fn caller(&self, district: &str, party: &Party, scopes: &Scopes) -> Caller {
        let district = District::parse(district).expect("a district");
        let token = self.minter.mint(&district, party, scopes, LIFE).expect("a token");
        self.endpoint.with(&token)
    }

    /// Calls as the district's IT.
    pub fn operator(&self, district: &str) -> Caller {
        self.caller(district, &Party::Operator, &Role::Operator.scopes())
    }

    /// Calls as a person, with the scopes that such a person usually has.
    pub fn person(&self, district: &str, person: Uuid, role: Role) -> Caller {
        self.caller(district, &Party::Person(person), &role.scopes())
    }

    /// Calls as a vendor's product.
    pub fn application(&self, district: &str, application: Uuid) -> Caller {
        self.caller(district, &Party::Application(application), &Role::Application.scopes())
    }

    /// Imports a small roster into the district `grand-bend`, by the real import.
    ///
    /// # Panics
    ///
    /// When the import is refused or leaves anything out.
    pub async fn school(&self) -> School {
        School::import(self, "grand-bend").await
    }

    /// Calls without a token.
    pub fn nobody(&self) -> Caller {
        self.endpoint.anonymous()
    }
}

fn config(
    directory: &TempDir,
    database_url: Option<&str>,
    settings: &[(&'static str, Vec<String>)],
) -> Config {
    let mut layers = Layers::default();
    layers.flag("listen", vec!["127.0.0.1:0".to_owned()]);
    layers.flag("data_dir", vec![directory.path().display().to_string()]);
    layers.flag("dev", vec!["true".to_owned()]);
    if let Some(url) = database_url {
        layers.flag("database_url", vec![url.to_owned()]);
    }
    for (key, values) in settings {
        layers.flag(key, values.clone());
    }
    let config = Config::read(&layers).expect("a good configuration");
    config.check().expect("a configuration that may be served");
    config
}
