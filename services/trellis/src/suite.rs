//! Composition: from a configuration to services that serve.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use trellis_auth::{
    Authority, DEV_ISSUER, Guard, Issuer, Keys, NoSubjects, NothingPersonal, Remembered, ServiceIdentity,
    Signer, Standings, Trail,
};
use trellis_contracts::common::audit_service_server::AuditServiceServer;
use trellis_contracts::common::{AuditServiceGuarded, audit_service, dead_letter_service, sandbox_service};
use trellis_contracts::internal::{event_service, reset_service};
use trellis_events::{Broker, DeadLetters, EventFeed};
use trellis_kernel::{Clock, Failure, Ids, RandomIds, Reason, Result, SystemClock};
use trellis_rpc::{
    AccessTrail, ClientAuth, Deps, Mounted, Peer, Peers, Remote, RemoteStandings, ResetSteps, Sandboxes,
    Server, Target, Tls,
};
use trellis_store::{Options, Store};

use crate::config::{Config, Service};
use crate::{data, keys};

/// How long the end of a store may take: what waits for the trail is written, and connections are ended.
const CLOSING: Duration = Duration::from_secs(10);

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
    /// Where it answers those who operate it.
    pub admin_address: Option<SocketAddr>,
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
    let (listener, address) = bind(config.listen).await?;
    let admin = match config.admin_listen {
        Some(listen) => Some(bind(listen).await?),
        None => None,
    };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    let used = data::used(config)?;
    let stores = open(config, &sources).await?;
    let mounts = Mounts(targets(config)?);
    let broker = broker(config).await?;
    let mut server = compose(config, &sources, &public_url, stores.clone(), &mounts.0, broker)?;
    let admin_address = admin.as_ref().map(|(_, address)| *address);
    if let Some((listener, _)) = admin {
        server = server.admin(listener);
    }
    let (stop, stopped) = oneshot::channel();
    let serving = server.serve(listener, async {
        // Dropping the handle ends the server as well as using it does.
        let _ = stopped.await;
    });
    let serving = tokio::spawn(async move {
        let ended = serving.await;
        for store in stores {
            // Where the database is away, they run out by themselves.
            if let Err(failed) = store.give_up_leases().await {
                tracing::debug!(
                    store = store.service(),
                    reason = failed.reason().as_str(),
                    "leases were not given up"
                );
            }
            // What was read last is not on the trail yet. A database that is away must not keep the
            // process from ending.
            if tokio::time::timeout(CLOSING, store.close()).await.is_err() {
                tracing::error!(store = store.service(), "a store did not close in time");
            }
        }
        drop(mounts);
        drop(used);
        ended
    });
    Ok(Running { address, admin_address, public_url, stop, serving })
}

/// Where the services of this process are, for as long as it serves.
struct Mounts(Vec<Target>);

impl Drop for Mounts {
    fn drop(&mut self) {
        self.0.iter().for_each(Target::leave);
    }
}

async fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).await.map_err(|error| unreachable(listen, error))?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    Ok((listener, address))
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
    let _used = data::used(config)?;
    for store in open(config, &Sources::default()).await? {
        store.close().await;
    }
    Ok(())
}

/// Says of the configured services' databases that they were put back, as of one moment, by other means
/// than `trellis restore`: who stands at a place of before is told so. Returns the last position of each.
pub async fn restored(config: &Config) -> Result<Vec<(&'static str, i64)>> {
    let _used = data::used(config)?;
    let stores = open(config, &Sources::default()).await?;
    trellis_store::restored(&stores).await?;
    let mut heads = Vec::with_capacity(stores.len());
    for store in stores {
        heads.push((store.service(), store.head().await?));
        store.close().await;
    }
    Ok(heads)
}

fn compose(
    config: &Config,
    sources: &Sources,
    public_url: &str,
    stores: Vec<Store>,
    targets: &[Target],
    broker: Option<Broker>,
) -> Result<Server> {
    let signer = Arc::new(keys::services(&config.keys_dir)?);
    let authority = Arc::new(Authority::new(issuers(config)?, &signer, sources.clock.clone())?);
    let mut server = Server::new(config.limits.clone()).recognise(authority.clone());
    if let Some(tls) = &config.tls {
        let mut files = Tls::new(&tls.certificate, &tls.key);
        if let Some(authority) = &tls.client_ca {
            let auth = if tls.client_optional { ClientAuth::Optional } else { ClientAuth::Required };
            files = files.client_ca(authority, auth);
        }
        server = server.tls(files);
    }
    let standings = standings(config, sources, &stores, targets, &signer);
    let mut effects = Vec::new();
    for (service, store) in config.services.iter().zip(&stores) {
        let peers = peers(targets, *service, &signer, &sources.clock);
        let deps = Deps {
            store: store.clone(),
            authority: authority.clone(),
            standings: standings.clone(),
            peers,
            broker: broker.clone(),
            public_url: public_url.to_owned(),
        };
        let mounted = mount(*service, deps, config);
        effects.extend(mounted.effects.iter().cloned());
        // What the others see of it in this process: its own services, its own events, its own part in a reset.
        let between = between(mounted.routes.clone(), vec![store.clone()], &authority, &standings);
        targets[*service as usize].serve(between);
        server = server.mount(mounted).task(store.relay()).task(store.housekeeping()).task(store.trail());
        if let Some(broker) = &broker {
            server = server.task(broker.publisher(store.clone()));
        }
    }
    let guard = impersonal(&authority, standings.clone());
    let letters = DeadLetters::new(stores.clone(), effects.clone());
    let letters = dead_letter_service(Arc::new(letters), guard.clone());
    let mut routes = Routes::default().add_service(letters);
    if let (Some(first), Some(store)) = (config.services.first(), stores.first()) {
        let peers = peers(targets, *first, &signer, &sources.clock);
        routes = routes.add_service(sandbox_service(Arc::new(Sandboxes::new(store.clone(), peers)), guard));
    }
    let figures = trellis_events::figures(stores.clone(), effects, broker);
    let accesses = accesses(config, sources, &stores, &authority, &standings);
    let routes = between(routes.add_service(accesses), stores, &authority, &standings);
    Ok(server.routes(routes).task(figures))
}

/// What the services ask of each other about these stores, beside what is in `routes`.
fn between(
    routes: Routes,
    stores: Vec<Store>,
    authority: &Arc<Authority>,
    standings: &Arc<dyn Standings>,
) -> Routes {
    let guard = impersonal(authority, standings.clone());
    let events = event_service(Arc::new(EventFeed::new(stores.clone())), guard.clone());
    routes.add_service(events).add_service(reset_service(Arc::new(ResetSteps::new(stores)), guard))
}

/// The guard before methods that are about no person.
fn impersonal(authority: &Arc<Authority>, standings: Arc<dyn Standings>) -> Guard {
    Guard::new(authority.clone(), standings, Arc::new(NoSubjects), Arc::new(NothingPersonal))
}

/// Who reached what in all the stores of this process. That somebody asked is written down too: in profile's
/// store, where it is here.
fn accesses(
    config: &Config,
    sources: &Sources,
    stores: &[Store],
    authority: &Arc<Authority>,
    standings: &Arc<dyn Standings>,
) -> AuditServiceServer<AuditServiceGuarded<AccessTrail, Guard>> {
    let place = config.services.iter().position(|service| *service == Service::Profile).unwrap_or(0);
    let trail: Arc<dyn Trail> = match stores.get(place) {
        Some(store) => trellis_rpc::trail(store),
        None => Arc::new(NothingPersonal),
    };
    let guard = Guard::new(authority.clone(), standings.clone(), Arc::new(NoSubjects), trail);
    audit_service(Arc::new(AccessTrail::new(stores.to_vec(), sources.clock.clone())), guard)
}

/// By way of what events come, connected or not yet.
async fn broker(config: &Config) -> Result<Option<Broker>> {
    let Some(address) = &config.broker else { return Ok(None) };
    let retention = Duration::try_from(config.retention.keep).map_err(Failure::internal)?;
    Broker::connect(address, retention).await.map(Some)
}

async fn open(config: &Config, sources: &Sources) -> Result<Vec<Store>> {
    let sealer = keys::sealer(&config.keys_dir)?;
    if config.database_url.is_none() {
        keys::prepare(&config.data_dir)?;
        for service in &config.services {
            // Made before SQLite would make it readable to all; its journals take the file's mode.
            keys::private_file(&config.data_dir.join(format!("{}.db", service.name())))?;
        }
    }
    let options = Options {
        readers: config.database.connections,
        writers: config.database.connections,
        acquire_timeout: config.database.wait,
        statement_timeout: config.database.statement_timeout,
        replica_url: config.database.replica_url.clone(),
        pooler: config.database.pooler,
        retention: config.retention,
        audit_keep: config.audit_keep,
        sandboxes: config.sandboxes.clone(),
        ..Options::new(data::url(config), sealer)
    };
    let mut stores = Vec::with_capacity(config.services.len());
    for service in &config.services {
        let Sources { clock, ids } = sources.clone();
        let migrations = data::migrations(*service);
        let store = Store::open(&options, service.name(), migrations, clock, ids).await?;
        store.migrate().await?;
        stores.push(store);
    }
    Ok(stores)
}

fn issuers(config: &Config) -> Result<Vec<Issuer>> {
    let mut issuers: Vec<Issuer> = config.issuers.iter().map(issuer).collect();
    if config.dev {
        let keys = Keys::Fixed(keys::dev(&config.keys_dir)?.public_keys());
        issuers.push(Issuer::new(DEV_ISSUER, keys));
    }
    Ok(issuers)
}

fn issuer(stated: &crate::config::Issuer) -> Issuer {
    let keys = if stated.jwks.starts_with("http://") || stated.jwks.starts_with("https://") {
        Keys::Url(stated.jwks.clone())
    } else {
        Keys::File(PathBuf::from(&stated.jwks))
    };
    Issuer::new(&stated.url, keys).audience(&stated.audience).districts(stated.districts.clone())
}

/// Where each service is, in the order of [`Service::ALL`].
fn targets(config: &Config) -> Result<Vec<Target>> {
    let target = |service: Service| {
        let elsewhere = config.elsewhere.iter().find(|(other, _)| *other == service);
        elsewhere.map_or_else(
            || Ok(Target::in_process(service.name())),
            |(_, urls)| {
                let tls = config.peer_tls.clone();
                Target::remote_with(service.name(), Remote { tls, ..Remote::at_each(urls)? })
            },
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

/// How parties stand, for all that this process serves: remembered for a second, from profile's tables
/// where they are here, else from profile itself. Where they are here, nothing is remembered beyond a
/// change of them.
fn standings(
    config: &Config,
    sources: &Sources,
    stores: &[Store],
    targets: &[Target],
    signer: &Arc<Signer>,
) -> Arc<dyn Standings> {
    let here = config.services.iter().position(|service| *service == Service::Profile);
    let profile = here.and_then(|place| stores.get(place));
    let asked: Arc<dyn Standings> = match (profile, config.services.first()) {
        (Some(store), _) => trellis_learner_profile::standings(store.clone()),
        (None, first) => {
            let caller = first.copied().unwrap_or(Service::Profile);
            Arc::new(RemoteStandings::new(peers(targets, caller, signer, &sources.clock).profile))
        }
    };
    let remembered = Arc::new(Remembered::new(asked, sources.clock.clone()));
    if let Some(store) = profile {
        // What is asked holds the store, which holds this: owned by each other, neither would end.
        let held = Arc::downgrade(&remembered);
        trellis_learner_profile::on_altered_standings(store, move |district| {
            if let Some(remembered) = held.upgrade() {
                remembered.forget(district);
            }
        });
    }
    remembered
}

fn mount(service: Service, deps: Deps, config: &Config) -> Mounted {
    match service {
        Service::Outcome => trellis_outcome::mount(deps, config.case_sources.clone()),
        Service::Profile => trellis_learner_profile::mount(deps),
        Service::Experience => trellis_experience::mount(deps),
        Service::Scheduling => trellis_scheduling::mount(deps),
    }
}
