//! The addresses of a service, and which of them a call goes to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tower::BoxError;
use trellis_telemetry::metrics::Gauge;

use super::Policy;
use super::connect::Connector;
use super::figures::connections;
use super::member::{Lease, Member};
use super::resolve::Resolve;

/// How many addresses of one service are connected to.
const MOST: usize = 64;

/// Keeps a connection to each address of a service and spreads the calls over them.
///
/// Nothing is done while nobody calls: looking up and connecting begin with a call that finds them due,
/// and only a call that finds no connection waits for them.
pub(super) struct Pool {
    peer: &'static str,
    pub(super) connector: Connector,
    resolver: Arc<dyn Resolve>,
    policy: Policy,
    members: RwLock<Arc<[Arc<Member>]>>,
    lookup: Mutex<Lookup>,
    /// How many there have been.
    connections: AtomicU64,
    open: Gauge,
    trouble: Mutex<Option<String>>,
    /// Counted up whenever a look-up or a connection has come to an end.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct Lookup {
    /// When the next is due; at once, where none has been yet.
    due: Option<Instant>,
    began: Option<Instant>,
    under_way: bool,
}

/// Why there is no connection, as the last that was tried said.
pub(super) struct Away(pub(super) String);

impl Pool {
    pub(super) fn new(
        peer: &'static str,
        connector: Connector,
        resolver: Arc<dyn Resolve>,
        policy: Policy,
    ) -> Arc<Self> {
        Arc::new(Self {
            peer,
            connector,
            resolver,
            policy,
            members: RwLock::default(),
            lookup: Mutex::default(),
            connections: AtomicU64::default(),
            open: connections(peer),
            trouble: Mutex::default(),
            news: watch::Sender::new(0),
        })
    }

    /// Chooses an address that is connected; waits for one if none is, as long as one may still come.
    pub(super) async fn lease(self: &Arc<Self>) -> Result<Lease, Away> {
        self.look_up_when_due();
        self.connect_those_due(false);
        if let Some(lease) = self.choose() {
            return Ok(lease);
        }
        let mut news = self.news.subscribe();
        loop {
            self.look_up_when_due();
            let connecting = self.connect_those_due(true);
            if let Some(lease) = self.choose() {
                return Ok(lease);
            }
            if !connecting && !self.lookup().under_way {
                let trouble = self.trouble().clone();
                return Err(Away(trouble.unwrap_or_else(|| "no address of it is known".to_owned())));
            }
            // The pool holds the other end, and is borrowed here.
            let _ = news.changed().await;
        }
    }

    /// The less busy of two that are connected, beginning at one by chance: with many callers that is
    /// nearly as even as knowing all, and never sends all of them to the same one.
    fn choose(&self) -> Option<Lease> {
        let members = self.members();
        if members.is_empty() {
            return None;
        }
        let first = fastrand::usize(..members.len());
        let mut up = members.iter().cycle().skip(first).take(members.len()).filter(|member| member.is_up());
        let one = up.next()?;
        let chosen = match up.next() {
            Some(other) if other.in_flight() < one.in_flight() => other,
            _ => one,
        };
        // It may have closed since; the other may be there.
        chosen.lease(self.policy.silent_after).or_else(|| one.lease(self.policy.silent_after))
    }

    /// Begins to connect to those that are due; says whether any connection is on its way. `needed`
    /// when none is there: then those that fell silent are tried again too.
    fn connect_those_due(self: &Arc<Self>, needed: bool) -> bool {
        let now = Instant::now();
        let members = self.members();
        let at_once = needed && !members.iter().any(|member| member.is_up() || member.is_connecting());
        let mut connecting = false;
        for member in members.iter() {
            if member.begin(now, at_once) {
                tokio::spawn(self.clone().connect(member.clone()));
            }
            connecting |= member.is_connecting();
        }
        connecting
    }

    async fn connect(self: Arc<Self>, member: Arc<Member>) {
        let connecting = timeout(self.policy.connect_timeout, self.connector.connect(member.address));
        let connected = match connecting.await {
            Ok(connected) => connected,
            Err(_) => Err("the connection took too long".into()),
        };
        match connected {
            Ok((sender, driver)) => {
                member.connected(sender, self.connections.fetch_add(1, Ordering::Relaxed));
                let (pool, open) = (Arc::downgrade(&self), self.open.hold());
                tokio::spawn(async move {
                    driver.await;
                    drop(open);
                    let Some(pool) = pool.upgrade() else { return };
                    if !member.is_useful() {
                        pool.failed(&"the connection was closed at once".into());
                    }
                    pool.look_up_soon();
                });
            }
            Err(error) => {
                self.failed(&error);
                member.not_connected();
                self.look_up_soon();
            }
        }
        self.tell();
    }

    fn look_up_when_due(self: &Arc<Self>) {
        let now = Instant::now();
        let mut lookup = self.lookup();
        if lookup.under_way || lookup.due.is_some_and(|due| now < due) {
            return;
        }
        (lookup.under_way, lookup.began) = (true, Some(now));
        drop(lookup);
        tokio::spawn(self.clone().look_up());
    }

    async fn look_up(self: Arc<Self>) {
        let every = self.policy.resolve_every;
        let mut looking = Looking { pool: &self, wait: every / 10 };
        let found = self.resolver.resolve(&self.connector.host, self.connector.port);
        let found = match timeout(self.policy.connect_timeout, found).await {
            Ok(found) => found.map_err(BoxError::from),
            Err(_) => Err("looking up its addresses took too long".into()),
        };
        match found {
            Ok(addresses) if !addresses.is_empty() => {
                self.take(addresses);
                looking.wait = every.mul_f64(1.0 + fastrand::f64() / 10.0);
            }
            // Those from before are the best that is known.
            Ok(_) => {}
            Err(error) => self.failed(&error),
        }
    }

    /// Keeps the members that are still named and adds the new ones. What is under way with the others
    /// goes on to its end.
    fn take(&self, mut addresses: Vec<SocketAddr>) {
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MOST);
        let before = self.members();
        let known = |address: &SocketAddr| before.iter().find(|member| member.address == *address).cloned();
        let members =
            addresses.iter().map(|address| known(address).unwrap_or_else(|| Member::new(*address))).collect();
        *self.members.write().unwrap_or_else(PoisonError::into_inner) = members;
    }

    /// Brings the next look-up forward: the address that failed may no longer be one.
    fn look_up_soon(&self) {
        let mut lookup = self.lookup();
        let soonest = lookup.began.map(|began| began + self.policy.resolve_every / 10);
        lookup.due = lookup.due.min(soonest.or(lookup.due));
    }

    fn failed(&self, error: &BoxError) {
        tracing::debug!(peer = self.peer, %error, "a peer cannot be reached");
        *self.trouble() = Some(error.to_string());
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn members(&self) -> Arc<[Arc<Member>]> {
        self.members.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lookup(&self) -> MutexGuard<'_, Lookup> {
        self.lookup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look-up that is under way, until it is dropped: however it ends, those who wait for it hear of it and
/// the next one comes after `wait`.
struct Looking<'a> {
    pool: &'a Pool,
    wait: Duration,
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        {
            let mut lookup = self.pool.lookup();
            (lookup.under_way, lookup.due) = (false, Some(Instant::now() + self.wait));
        }
        self.pool.tell();
    }
}
