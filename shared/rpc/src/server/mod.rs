//! The one listener that the suite is reached by.

mod admin;
mod connection;
mod entry;
mod gate;
mod health;
mod limits;
mod router;
mod socket;
mod tls;

use std::sync::{Arc, LazyLock};

use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::service::Routes;
use trellis_auth::Authority;
use trellis_kernel::{Failure, Result};
use trellis_store::{Store, Task};

use crate::Mounted;
use crate::admission::Admission;
use crate::figures::FIGURES;

use self::gate::Gate;
use self::health::{Ended, Health};
pub use self::limits::{Limits, Rate};
use self::router::{Assembled, Parts};
use self::tls::Acceptor;
pub use self::tls::{ClientAuth, Tls};

/// Serves what was mounted until it is told to end.
#[derive(Default)]
pub struct Server {
    limits: Limits,
    tls: Option<Tls>,
    admin: Option<TcpListener>,
    authority: Option<Arc<Authority>>,
    parts: Parts,
    stores: Vec<Store>,
    tasks: Vec<Task>,
}

impl Server {
    /// A server that keeps to `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Serves with TLS.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Answers those who operate it here: health, metrics and the level of the log. Metrics are then
    /// told here alone.
    #[must_use]
    pub fn admin(mut self, listener: TcpListener) -> Self {
        self.admin = Some(listener);
        self
    }

    /// Recognises callers by what their guards remember, so that one who asks for more than the server can
    /// do is refused before their call is read.
    #[must_use]
    pub fn recognise(mut self, authority: Arc<Authority>) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn mount(mut self, mounted: Mounted) -> Self {
        self.parts.grpc.push(mounted.routes);
        self.parts.http.push(mounted.http);
        self.stores.push(mounted.events_from);
        self.tasks.extend(mounted.tasks);
        self
    }

    /// Adds gRPC services that belong to none of the mounted ones.
    #[must_use]
    pub fn routes(mut self, routes: Routes) -> Self {
        self.parts.grpc.push(routes);
        self
    }

    /// Adds plain HTTP routes that belong to none of the mounted services.
    #[must_use]
    pub fn http(mut self, router: axum::Router) -> Self {
        self.parts.http.push(router);
        self
    }

    /// Adds work that goes on until the server ends.
    #[must_use]
    pub fn task(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }

    /// Serves until `shutdown` is done, and then ends in order: says that it is not ready, waits the
    /// lame-duck time, takes no more connections, lets the calls under way finish, tells the streams
    /// that are silent to come back elsewhere, and closes what is left when the drain time is over.
    pub async fn serve(
        mut self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        LazyLock::force(&FIGURES);
        let acceptor = self.tls.as_ref().map(Acceptor::new).transpose()?;
        let certified_services = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let ended = Ended::default();
        let health = Health::new(self.stores, ended.clone());
        let mut tasks = JoinSet::new();
        if let Some(listener) = self.admin {
            tasks.spawn(admin::serve(listener, health.clone()));
        } else {
            self.parts.http.push(health::metrics());
        }
        let admission = Arc::new(Admission::new(&self.limits, certified_services, self.authority));
        let Assembled { entry, services } = self.parts.assemble(&health, &self.limits, admission).await?;
        health.serving(&services).await;
        {
            let (health, services) = (health.clone(), services.clone());
            tasks.spawn(async move { health.follow(&services).await });
        }
        for (name, work) in self.tasks {
            tasks.spawn(keep_at(work, Watchdog { name, noted: ended.clone(), ended: false }));
        }
        if let Some(acceptor) = &acceptor {
            let acceptor = acceptor.clone();
            tasks.spawn(async move { acceptor.renew().await });
        }
        let lame_duck = self.limits.lame_duck;
        let gate = Gate::new(listener, acceptor, entry, self.limits);
        let drain = gate.drain();
        let ending = async {
            shutdown.await;
            tracing::info!("ending");
            health.end(&services).await;
            tokio::time::sleep(lame_duck).await;
            drain.cancel();
        };
        tokio::join!(gate.run(), ending);
        tasks.shutdown().await;
        tracing::info!("ended");
        Ok(())
    }
}

/// Does work that should never end.
async fn keep_at(work: BoxFuture<'static, ()>, mut watchdog: Watchdog) {
    work.await;
    watchdog.ended = true;
}

/// Notices when work in the background ends by itself, which only a defect makes it do: the process
/// then says that it is not alive, so that what runs it can start another.
struct Watchdog {
    name: String,
    noted: Ended,
    ended: bool,
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if self.ended || std::thread::panicking() {
            self.noted.note(&self.name);
            tracing::error!(task = self.name, "background work ended by itself");
        }
    }
}

/// What cannot be served.
fn unservable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::internal(error)
}
