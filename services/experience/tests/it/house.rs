//! An installation of this service alone, with the others played by [`crate::neighbours`], and a small
//! school that stands in every relation there is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;
use trellis_auth::{
    Authority, Claims, DEV_ISSUER, Issuer, Keys, Query, SERVICE_ISSUER, ServiceIdentity, Signer, Standings,
};
use trellis_contracts::common::LocalizedText;
use trellis_kernel::{
    Clock as _, District, Party, RandomIds, Relation, Relations, Result, Scopes, SystemClock, Uuid,
};
use trellis_rpc::{Deps, Limits, Peer, Peers, Server, Target};
use trellis_store::{Options, Sealer, SealingKey, Store};

use crate::neighbours::{self, OUTCOMES, PROGRESSION};

/// The district of the tests.
pub(crate) const HOME: &str = "districts/grand-bend";

/// A learner of the high school.
pub(crate) const LEARNER: u128 = 1;
/// In the same class.
pub(crate) const CLASSMATE: u128 = 2;
/// A learner of another school.
pub(crate) const OTHER_LEARNER: u128 = 3;
/// Teaches the learner and the classmate.
pub(crate) const EDUCATOR: u128 = 4;
/// Teaches the other learner.
pub(crate) const OTHER_EDUCATOR: u128 = 5;
/// Guardian of the learner.
pub(crate) const GUARDIAN: u128 = 6;
/// Leads the high school.
pub(crate) const PRINCIPAL: u128 = 7;
/// Administers the district.
pub(crate) const ADMINISTRATOR: u128 = 8;
/// Also teaches the learner and the classmate.
pub(crate) const COLLEAGUE: u128 = 9;
/// An application whose agreement covers the high school.
pub(crate) const APPLICATION: u128 = 20;

/// Who there is.
pub(crate) const PEOPLE: [u128; 9] = [
    LEARNER,
    CLASSMATE,
    OTHER_LEARNER,
    EDUCATOR,
    OTHER_EDUCATOR,
    GUARDIAN,
    PRINCIPAL,
    ADMINISTRATOR,
    COLLEAGUE,
];
/// The high school.
pub(crate) const SCHOOL: u128 = 0xc1;
/// The framework.
pub(crate) const FRAMEWORK: u128 = 0xf1;

/// An id by its number.
pub(crate) const fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | number)
}

/// The name of something in the district.
pub(crate) fn name(collection: &str, number: u128) -> String {
    format!("{HOME}/{collection}/{}", id(number))
}

/// The name of an outcome, by its place, unpinned.
pub(crate) fn outcome(place: usize) -> String {
    format!("{}/outcomes/{}", name("frameworks", FRAMEWORK), id(OUTCOMES[place]))
}

/// The name of something of the framework at a revision.
pub(crate) fn pinned(unpinned: &str, revision: u32) -> String {
    let framework = name("frameworks", FRAMEWORK);
    unpinned.replace(&framework, &format!("{framework}@{revision}"))
}

/// The name of the progression, unpinned.
pub(crate) fn progression() -> String {
    format!("{}/progressions/{}", name("frameworks", FRAMEWORK), id(PROGRESSION))
}

/// A text in English.
pub(crate) fn text(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

/// A channel that says who asks.
pub(crate) type Caller = InterceptedService<Channel, Bearer>;

/// Adds a token to every call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<tonic::metadata::Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// The installation.
pub(crate) struct House {
    people: Signer,
    channel: Channel,
    pub(crate) store: Store,
    _directory: TempDir,
    /// Dropped with the house, which ends the server.
    _end: oneshot::Sender<()>,
}

impl House {
    /// An installation on `SQLite`, or on a database of `PostgreSQL`.
    pub(crate) async fn new(database: Option<String>, neighbours: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let url = database.unwrap_or_else(|| format!("sqlite://{}", directory.path().display()));
        let sealer = Sealer::new(vec![SealingKey::generate(1)]).expect("a sealer");
        let clock = Arc::new(SystemClock);
        let options = Options::new(url, sealer);
        let store = Store::open(
            &options,
            trellis_experience::NAME,
            trellis_experience::migrations(),
            clock.clone(),
            Arc::new(RandomIds),
        );
        let store = store.await.expect("a store");
        store.migrate().await.expect("migrated");

        let key =
            |file: &str, issuer: &str| Signer::open(&directory.path().join(file), issuer).expect("a key");
        let (people, services) =
            (key("people.pem", DEV_ISSUER), Arc::new(key("services.pem", SERVICE_ISSUER)));
        let issuer = Issuer::new(DEV_ISSUER, Keys::Fixed(people.public_keys()));
        let authority = Authority::new(vec![issuer], &services, clock.clone()).expect("an authority");
        let identity = ServiceIdentity::new(trellis_experience::NAME, services, clock);
        let peer = |target: &Target| Peer::new(target.clone(), identity.clone());
        let (outcome, profile) = if neighbours {
            let (outcome, profile) = (Target::in_process("outcome"), Target::in_process("profile"));
            outcome.serve(neighbours::outcome());
            profile.serve(neighbours::profile());
            (outcome, profile)
        } else {
            (Target::missing("outcome"), Target::missing("profile"))
        };
        let missing = Target::missing("none");
        let peers = Peers {
            outcome: peer(&outcome),
            profile: peer(&profile),
            experience: peer(&missing),
            scheduling: peer(&missing),
        };
        let mounted = trellis_experience::mount(Deps {
            store: store.clone(),
            authority: Arc::new(authority),
            standings: Arc::new(School),
            peers,
            broker: None,
            public_url: "http://localhost".to_owned(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = oneshot::channel::<()>();
        tokio::spawn(Server::new(Limits::default()).mount(mounted).serve(listener, async {
            let _ = ended.await;
        }));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
        let channel = endpoint.connect().await.expect("a connection");
        Self { people, channel, store, _directory: directory, _end: end }
    }

    /// Calls as a person with every scope of this service.
    pub(crate) fn person(&self, number: u128) -> Caller {
        self.caller(&Party::Person(id(number)), "experience.*", "grand-bend")
    }

    /// Calls as the application.
    pub(crate) fn application(&self) -> Caller {
        self.caller(&Party::Application(id(APPLICATION)), "experience.*", "grand-bend")
    }

    /// Calls as anyone.
    pub(crate) fn caller(&self, party: &Party, scopes: &str, district: &str) -> Caller {
        let expire = SystemClock.now() + Duration::from_hours(1);
        let district = District::parse(district).expect("a district");
        let claims = Claims::new(DEV_ISSUER, district, party, &Scopes::parse(scopes), expire);
        let token = self.people.mint(&claims).expect("a token");
        let bearer = Bearer(format!("Bearer {token}").parse().expect("a header"));
        InterceptedService::new(self.channel.clone(), bearer)
    }

    /// What the store was told, in order, once the relay has given positions.
    pub(crate) async fn told(&self) -> Vec<trellis_store::feed::FeedRow> {
        let home = District::parse("grand-bend").expect("a district");
        self.store.relay_once().await.expect("positions");
        self.store.feed(&home).after(0, 1000).await.expect("the feed")
    }
}

/// Runs a test on both databases.
pub(crate) fn each<F: AsyncFn(House)>(test: F) {
    trellis_testkit::run(async {
        test(House::new(None, true).await).await;
        let database = tokio::task::spawn_blocking(trellis_testkit::postgres::database);
        test(House::new(Some(database.await.expect("a database")), true).await).await;
    });
}

/// How the people of the school stand to its learners, and to the district.
struct School;

#[async_trait]
impl Standings for School {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        if query.learners.is_empty() {
            return Ok(vec![to_district(&query.party)]);
        }
        Ok(query.learners.iter().map(|learner| to_learner(&query.party, *learner)).collect())
    }

    async fn revoked(&self, _district: &District, token_id: &str) -> Result<bool> {
        Ok(token_id == "taken-back")
    }
}

fn to_district(party: &Party) -> Relations {
    let member = Relations::NONE.with(Relation::Member);
    match party {
        Party::Application(_) => Relations::NONE.with(Relation::Application),
        Party::Person(person) if [EDUCATOR, OTHER_EDUCATOR, COLLEAGUE].map(id).contains(person) => {
            member.with(Relation::Educator)
        }
        Party::Person(person) if *person == id(ADMINISTRATOR) => member.with(Relation::District),
        Party::Person(person) if PEOPLE.map(id).contains(person) => member,
        _ => Relations::NONE,
    }
}

fn to_learner(party: &Party, learner: Uuid) -> Relations {
    let high = [LEARNER, CLASSMATE].map(id).contains(&learner);
    let known = high || learner == id(OTHER_LEARNER);
    let all = [
        (Relation::Own, LEARNER, learner == id(LEARNER)),
        (Relation::Own, CLASSMATE, learner == id(CLASSMATE)),
        (Relation::Own, OTHER_LEARNER, learner == id(OTHER_LEARNER)),
        (Relation::Guardian, GUARDIAN, learner == id(LEARNER)),
        (Relation::Educator, EDUCATOR, high),
        (Relation::Educator, COLLEAGUE, high),
        (Relation::Educator, OTHER_EDUCATOR, learner == id(OTHER_LEARNER)),
        (Relation::School, PRINCIPAL, high),
        (Relation::District, ADMINISTRATOR, known),
        (Relation::Application, APPLICATION, high),
    ];
    let (Party::Person(asks) | Party::Application(asks)) = party else { return Relations::NONE };
    all.iter()
        .filter(|(_, who, stands)| *asks == id(*who) && *stands)
        .map(|(relation, ..)| *relation)
        .collect()
}

/// The refusal, when it is of this code and this reason.
#[track_caller]
pub(crate) fn refused<T>(answer: Result<Response<T>, Status>, code: Code, because: &str) -> Status {
    let Err(status) = answer else { panic!("should be refused as {code:?} {because}") };
    let reason = status.get_details_error_info().map(|info| info.reason);
    assert_eq!((status.code(), reason.as_deref()), (code, Some(because)), "{status:?}");
    status
}

/// The refusal, with the field that it names.
#[track_caller]
pub(crate) fn refused_field<T>(answer: Result<Response<T>, Status>, code: Code, because: &str, field: &str) {
    let status = refused(answer, code, because);
    let fields = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    let fields: Vec<&str> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, [field], "{status:?}");
}
