//! Composition: from a configuration to services that serve.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use trellis_auth::{
    Authority, DEV_ISSUER, Guard, Issuer, Keys, NoSubjects, ServiceIdentity, Signer, Standings,
};
use trellis_contracts::common::event_service_server::EventServiceServer;
use trellis_contracts::common::{EventServiceGuarded, event_service};
use trellis_events::EventFeed;
use trellis_kernel::{Clock, Failure, Ids, RandomIds, Reason, Result, SystemClock};
use trellis_rpc::{Deps, Limits, Mounted, Peer, Peers, RemoteStandings, Server, Target, Tls};
use trellis_store::{Options, Store};

use crate::config::{Config, Service};
use crate::keys;

/// Where time and new identifiers come from.
#[derive(Clone)]
pub struct Sources {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

impl Default for Sources {
    /// The machine's.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), ids: Arc::new(RandomIds) }
    }
}

/// A suite that serves.
#[derive(Debug)]
pub struct Running {
    /// Where it listens; the port is real even where the configuration said 0.
    pub address: SocketAddr,
    /// How clients reach it.
    pub public_url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<()>>,
}

impl Running {
    /// Ends it in order, and waits until it has ended.
    pub async fn stop(self) -> Result<()> {
        // A server that has ended by itself listens to nobody; what it ended with is told below.
        let _ = self.stop.send(());
        self.serving.await.map_err(Failure::internal)?
    }
}

/// Opens the stores, brings their schemas up to date, and serves.
///
/// The configuration is taken at its word: [`Config::check`] says whether it should be.
pub async fn start(config: &Config, sources: Sources) -> Result<Running> {
    let listener =
        TcpListener::bind(config.listen).await.map_err(|error| unreachable(config.listen, error))?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let server = compose(config, &sources, &public_url).await?;
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(listener, async {
        // Dropping the handle ends the server as well as using it does.
        let _ = stopped.await;
    }));
    Ok(Running { address, public_url, stop, serving })
}

/// Why an address cannot be listened on, and what to do.
fn unreachable(listen: SocketAddr, error: std::io::Error) -> Failure {
    let words = if error.kind() == std::io::ErrorKind::AddrInUse {
        format!("Another program listens on {listen}. End it, or choose another address with --listen.")
    } else {
        format!("{listen} cannot be listened on; choose another address with --listen.")
    };
    Failure::precondition(Reason::StateConflict, words).because(error)
}

/// Brings the schemas of the configured services up to date, and serves nothing.
pub async fn migrate(config: &Config) -> Result<()> {
    for store in open(config, &Sources::default()).await? {
        store.close().await;
    }
    Ok(())
}

async fn compose(config: &Config, sources: &Sources, public_url: &str) -> Result<Server> {
    let stores = open(config, sources).await?;
    let signer = Arc::new(keys::services(&config.keys_dir)?);
    let authority = Arc::new(Authority::new(issuers(config)?, &signer, sources.clock.clone())?);
    let targets = targets(config)?;
    let mut server = Server::new(Limits::default());
    if let Some(tls) = &config.tls {
        server = server.tls(Tls { certificates: tls.certificate.clone(), key: tls.key.clone() });
    }
    for (service, store) in config.services.iter().zip(&stores) {
        let peers = peers(&targets, *service, &signer, &sources.clock);
        let standings = standings(*service, store, &peers);
        let deps = Deps {
            store: store.clone(),
            authority: authority.clone(),
            standings: standings.clone(),
            peers,
            public_url: public_url.to_owned(),
        };
        let mounted = mount(*service, deps);
        // What the others see of it in this process: its own services, and its own events.
        let events = events(vec![store.clone()], &authority, standings);
        targets[*service as usize].serve(mounted.routes.clone().add_service(events));
        server = server.mount(mounted).task(store.relay());
    }
    let standings = RemoteStandings::new(peers(&targets, Service::Profile, &signer, &sources.clock).profile);
    let events = events(stores, &authority, Arc::new(standings));
    Ok(server.routes(Routes::new(events)))
}

fn events(
    stores: Vec<Store>,
    authority: &Arc<Authority>,
    standings: Arc<dyn Standings>,
) -> EventServiceServer<EventServiceGuarded<EventFeed, Guard>> {
    let guard = Guard::new(authority.clone(), standings, Arc::new(NoSubjects));
    event_service(Arc::new(EventFeed::new(stores)), guard)
}

async fn open(config: &Config, sources: &Sources) -> Result<Vec<Store>> {
    let sealer = keys::sealer(&config.keys_dir)?;
    let url = if let Some(url) = &config.database_url {
        url.clone()
    } else {
        keys::prepare(&config.data_dir)?;
        for service in &config.services {
            // Made before SQLite would make it readable to all; its journals take the file's mode.
            keys::private_file(&config.data_dir.join(format!("{}.db", service.name())))?;
        }
        format!("sqlite://{}", config.data_dir.display())
    };
    let options = Options::new(url, sealer);
    let mut stores = Vec::with_capacity(config.services.len());
    for service in &config.services {
        let Sources { clock, ids } = sources.clone();
        let migrations = match service {
            Service::Outcome => trellis_outcome::migrations(),
            Service::Profile => trellis_learner_profile::migrations(),
            Service::Experience => trellis_experience::migrations(),
            Service::Scheduling => trellis_scheduling::migrations(),
        };
        let store = Store::open(&options, service.name(), migrations, clock, ids).await?;
        store.migrate().await?;
        stores.push(store);
    }
    Ok(stores)
}

fn issuers(config: &Config) -> Result<Vec<Issuer>> {
    let mut issuers = Vec::new();
    if let Some(issuer) = &config.issuer {
        let keys = if issuer.jwks.starts_with("http://") || issuer.jwks.starts_with("https://") {
            Keys::Url(issuer.jwks.clone())
        } else {
            Keys::File(PathBuf::from(&issuer.jwks))
        };
        issuers.push(Issuer { name: issuer.url.clone(), keys, districts: issuer.districts.clone() });
    }
    if config.dev {
        let keys = Keys::Fixed(keys::dev(&config.keys_dir)?.public_keys());
        issuers.push(Issuer { name: DEV_ISSUER.to_owned(), keys, districts: Vec::new() });
    }
    Ok(issuers)
}

/// Where each service is, in the order of [`Service::ALL`].
fn targets(config: &Config) -> Result<Vec<Target>> {
    let target = |service: Service| {
        let elsewhere = config.elsewhere.iter().find(|(other, _)| *other == service);
        elsewhere.map_or_else(
            || Ok(Target::in_process(service.name())),
            |(_, url)| Target::remote(service.name(), url),
        )
    };
    Service::ALL.into_iter().map(target).collect()
}

/// The services as one of them calls them.
fn peers(targets: &[Target], caller: Service, signer: &Arc<Signer>, clock: &Arc<dyn Clock>) -> Peers {
    let identity = ServiceIdentity::new(caller.name(), signer.clone(), clock.clone());
    let peer = |service: Service| Peer::new(targets[service as usize].clone(), identity.clone());
    Peers {
        outcome: peer(Service::Outcome),
        profile: peer(Service::Profile),
        experience: peer(Service::Experience),
        scheduling: peer(Service::Scheduling),
    }
}

/// Profile decides on its own tables; the others ask it, even in the same process.
fn standings(service: Service, store: &Store, peers: &Peers) -> Arc<dyn Standings> {
    match service {
        Service::Profile => trellis_learner_profile::standings(store.clone()),
        Service::Outcome | Service::Experience | Service::Scheduling => {
            Arc::new(RemoteStandings::new(peers.profile.clone()))
        }
    }
}

fn mount(service: Service, deps: Deps) -> Mounted {
    match service {
        Service::Outcome => trellis_outcome::mount(deps),
        Service::Profile => trellis_learner_profile::mount(deps),
        Service::Experience => trellis_experience::mount(deps),
        Service::Scheduling => trellis_scheduling::mount(deps),
    }
}
