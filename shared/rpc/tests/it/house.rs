//! A small installation: one signer for people, one for services, and a service that does as it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt as _;
use trellis_auth::{
    Authority, Claims, DEV_ISSUER, Guard, Issuer, Keys, NoSubjects, Query, SERVICE_ISSUER, ServiceIdentity,
    Signer, Standings,
};
use trellis_contracts::common::identity_service_server::IdentityServiceServer;
use trellis_contracts::common::{
    IdentityServiceApi, IdentityServiceGuarded, WhoAmIRequest, WhoAmIResponse, identity_service,
};
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::internal::event_service_server::EventServiceServer;
use trellis_contracts::internal::{
    EventServiceApi, EventServiceGuarded, StreamEventsRequest, StreamEventsResponse, event_service,
};
use trellis_kernel::{Clock as _, District, Party, Relations, Result, Scopes, SystemClock, Uuid};
use trellis_rpc::{Limits, Peer, Server, Target, Tls};

/// The keys of an installation.
pub(crate) struct House {
    people: Signer,
    services: Arc<Signer>,
    pub(crate) authority: Arc<Authority>,
    _keys: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let keys = tempfile::tempdir().expect("a directory");
        let people = Signer::open(&keys.path().join("people.pem"), DEV_ISSUER).expect("a key");
        let services = Signer::open(&keys.path().join("services.pem"), SERVICE_ISSUER).expect("a key");
        let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(people.public_keys()));
        let authority = Authority::new(vec![issuer], &services, Arc::new(SystemClock)).expect("an authority");
        Self { people, services: Arc::new(services), authority: Arc::new(authority), _keys: keys }
    }

    /// A token of the person with this id.
    pub(crate) fn person(&self, id: u128) -> String {
        self.person_of("grand-bend", id)
    }

    /// A token of a person of the named district.
    pub(crate) fn person_of(&self, district: &str, id: u128) -> String {
        let claims = Claims::new(
            DEV_ISSUER,
            District::parse(district).expect("a district"),
            &Party::Person(Uuid::from_u128(id)),
            &Scopes::default(),
            SystemClock.now().saturating_add(Duration::from_hours(1)).expect("a time"),
        );
        self.people.mint(&claims).expect("a token")
    }

    /// A token of a service of the suite, for itself.
    pub(crate) fn service(&self, name: &'static str) -> String {
        let identity = ServiceIdentity::new(name, self.services.clone(), Arc::new(SystemClock));
        identity.token(None).expect("a token")
    }

    /// A target, as the named service calls it.
    pub(crate) fn peer(&self, caller: &'static str, target: &Target) -> Peer {
        let identity = ServiceIdentity::new(caller, self.services.clone(), Arc::new(SystemClock));
        Peer::new(target.clone(), identity)
    }

    pub(crate) fn guard(&self) -> Guard {
        Guard::new(
            self.authority.clone(),
            Arc::new(Nobody),
            Arc::new(NoSubjects),
            Arc::new(trellis_auth::NothingPersonal),
        )
    }

    /// The two services of the contract that need no store, doing as told.
    pub(crate) fn routes(&self, does: Does) -> Routes {
        let api = Arc::new(Obedient(does));
        Routes::new(self.identity(api.clone())).add_service(self.events(api))
    }

    fn identity(&self, api: Arc<Obedient>) -> IdentityServiceServer<IdentityServiceGuarded<Obedient, Guard>> {
        identity_service(api, self.guard())
    }

    fn events(&self, api: Arc<Obedient>) -> EventServiceServer<EventServiceGuarded<Obedient, Guard>> {
        event_service(api, self.guard())
    }
}

/// In this house nobody stands to anybody.
struct Nobody;

#[async_trait]
impl Standings for Nobody {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        Ok(vec![Relations::NONE; query.learners.len().max(1)])
    }

    async fn revoked(&self, _district: &District, token_id: &str) -> Result<bool> {
        Ok(token_id == "taken-back")
    }
}

/// What the handlers do.
#[derive(Clone)]
pub(crate) enum Does {
    /// They answer.
    Answer,
    /// They panic.
    Panic,
    /// They never answer.
    Hang,
    /// They never answer those of one district.
    HangFor(&'static str),
    /// Each waits until it is let through, and counts itself while it does.
    Gate(Arc<Turnstile>),
    /// They answer with so many bytes.
    Fill(usize),
    /// They ask another service, and answer what it answers.
    Ask(Peer),
}

/// Lets handlers through one by one.
pub(crate) struct Turnstile {
    pub(crate) through: Semaphore,
    pub(crate) inside: AtomicUsize,
    pub(crate) most: AtomicUsize,
}

impl Turnstile {
    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self { through: Semaphore::new(0), inside: AtomicUsize::new(0), most: AtomicUsize::new(0) })
    }

    pub(crate) async fn pass(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        self.through.acquire().await.expect("it is never closed").forget();
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Obedient(Does);

#[async_trait]
impl IdentityServiceApi for Obedient {
    async fn who_am_i(&self, call: Call<WhoAmIRequest>) -> Result<WhoAmIResponse> {
        match &self.0 {
            Does::HangFor(district)
                if call.actor().district.as_ref().is_some_and(|d| d.as_str() == *district) =>
            {
                std::future::pending().await
            }
            Does::Answer | Does::HangFor(_) => {
                Ok(WhoAmIResponse { subject: call.actor().label(), ..WhoAmIResponse::default() })
            }
            Does::Panic => panic!("as told"),
            Does::Hang => std::future::pending().await,
            Does::Gate(turnstile) => {
                turnstile.pass().await;
                Ok(WhoAmIResponse::default())
            }
            Does::Fill(bytes) => {
                Ok(WhoAmIResponse { subject: "x".repeat(*bytes), ..WhoAmIResponse::default() })
            }
            Does::Ask(peer) => {
                let mut client = identity(peer.on_behalf_of(call.actor()));
                let answer = client.who_am_i(WhoAmIRequest {}).await;
                answer.map(tonic::Response::into_inner).map_err(|s| trellis_contracts::status::received(&s))
            }
        }
    }
}

#[async_trait]
impl EventServiceApi for Obedient {
    /// One heartbeat, and then what was told.
    async fn stream_events(
        &self,
        _call: Call<StreamEventsRequest>,
    ) -> Result<Outbound<StreamEventsResponse>> {
        let first = futures::stream::once(async { Ok(StreamEventsResponse::default()) });
        Ok(match self.0 {
            Does::Panic => Box::pin(first.chain(futures::stream::once(async { panic!("as told") }))),
            _ => Box::pin(first.chain(futures::stream::pending())),
        })
    }
}

pub(crate) use trellis_contracts::common::identity_service_client::IdentityServiceClient;
pub(crate) use trellis_contracts::internal::event_service_client::EventServiceClient;

/// A client of the identity service.
pub(crate) fn identity<C>(channel: C) -> IdentityServiceClient<C>
where
    C: tonic::client::GrpcService<tonic::body::Body>,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    IdentityServiceClient::new(channel)
}

/// A request that says who asks.
pub(crate) fn signed<M>(message: M, token: &str) -> tonic::Request<M> {
    let mut request = tonic::Request::new(message);
    let value = format!("Bearer {token}").parse().expect("a header");
    request.metadata_mut().insert("authorization", value);
    request
}

/// A server on a port of its own.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    served: JoinHandle<Result<()>>,
}

impl Running {
    pub(crate) async fn start(routes: Routes, limits: Limits) -> Self {
        Self::serve(Server::new(limits).routes(routes)).await
    }

    pub(crate) async fn with_tls(routes: Routes, tls: Tls) -> Self {
        Self::serve(Server::new(Limits::default()).routes(routes).tls(tls)).await
    }

    pub(crate) async fn serve(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (shutdown, told) = oneshot::channel();
        let handle = tokio::spawn(server.serve(listener, async {
            // Told, or the test has ended without telling.
            let _ = told.await;
        }));
        Self { address, shutdown, served: handle }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) async fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url()).expect("a URL").connect().await.expect("a connection")
    }

    /// Tells it to end; the handle is done when it has.
    pub(crate) fn end(self) -> JoinHandle<Result<()>> {
        self.shutdown.send(()).expect("it is serving");
        self.served
    }
}

/// The reason that a status carries.
pub(crate) fn reason(status: &Status) -> Option<String> {
    status.get_error_details().error_info().map(|info| info.reason.clone())
}

/// What must come soon; a test that waits longer than this has failed.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("in time")
}
