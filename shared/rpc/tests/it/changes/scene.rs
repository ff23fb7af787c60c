//! A feed of notes, and those who read it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::SignedDuration;
use tempfile::TempDir;
use trellis_auth::{Guard, MemoryTrail, NoSubjects, Query, Standings};
use trellis_contracts::guard::{Method, Outbound};
use trellis_contracts::internal::Event;
use trellis_kernel::{
    Actor, Clock as _, District, FixedClock, Name, Party, RandomIds, Relation, Relations, Result, Scopes,
    Timestamp, Uuid,
};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::feed::FeedRow;
use trellis_store::{Options, Sealer, SealingKey, Store, Told, Write};

use crate::house::{House, soon};

pub(super) const NOTE: &str = "trellis.dev/Note";
pub(super) const RULE: &str = "trellis.dev/Rule";

pub(super) static GET_NOTE: Method =
    method("GetNote", "notes.read", Relations::NONE.with(Relation::Educator));
pub(super) static GET_RULE: Method = method("GetRule", "rules.read", Relations::NONE.with(Relation::Member));

pub(super) static TYPES: [(&str, &Method); 2] = [(NOTE, &GET_NOTE), (RULE, &GET_RULE)];

const fn method(name: &'static str, scope: &'static str, relations: Relations) -> Method {
    Method {
        service: "trellis.test.Notes",
        name,
        path: "/trellis.test.Notes/Get",
        scope,
        data_class: 3,
        resource: "name",
        relations,
        commons: false,
        any_caller: false,
        writes: false,
    }
}

/// The educator teaches learner 1 and no other; everyone else in the district is a member.
pub(super) struct Teaching;

pub(super) const EDUCATOR: Uuid = Uuid::from_u128(100);
pub(super) const TAUGHT: Uuid = Uuid::from_u128(1);
pub(super) const STRANGER: Uuid = Uuid::from_u128(2);

#[async_trait]
impl Standings for Teaching {
    async fn standings(&self, query: &Query) -> Result<Vec<Relations>> {
        if query.learners.is_empty() {
            return Ok(vec![Relations::NONE.with(Relation::Member)]);
        }
        let teaches = |learner: &Uuid| {
            let teaches = query.party == Party::Person(EDUCATOR) && *learner == TAUGHT;
            if teaches { Relations::NONE.with(Relation::Educator) } else { Relations::NONE }
        };
        Ok(query.learners.iter().map(teaches).collect())
    }

    async fn revoked(&self, _district: &District, token_id: &str) -> Result<bool> {
        Ok(token_id == "taken-back")
    }
}

/// The current rows, as a service's tables would hold them; `true` keeps a row from everyone.
#[derive(Default)]
pub(super) struct Rows(pub(super) Mutex<BTreeMap<Key, (Vec<Uuid>, bool)>>);

type Key = (&'static str, Uuid);

impl Rows {
    pub(super) fn row(
        district: &District,
        resource_type: &str,
        id: Uuid,
        subjects: &[Uuid],
        kept: bool,
    ) -> Row<()> {
        Row {
            name: name(district, resource_type, id),
            subjects: subjects.to_vec(),
            update_time: Timestamp::UNIX_EPOCH,
            body: (!kept).then_some(()),
        }
    }
}

pub(super) fn name(district: &District, resource_type: &str, id: Uuid) -> Name {
    let collection = if resource_type == NOTE { "notes" } else { "rules" };
    Name::district(district.clone()).child(collection, id)
}

#[async_trait]
impl Resources for Rows {
    type Body = ();
    type Message = Event;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        &TYPES
    }

    async fn current(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<()>>> {
        let rows = self.0.lock().expect("no panic");
        let wanted: Vec<Uuid> = names.iter().filter_map(Name::id).collect();
        let here = rows.iter().filter(|((t, id), _)| *t == resource_type && wanted.contains(id));
        Ok(here.map(|((t, id), (subjects, kept))| Self::row(district, t, *id, subjects, *kept)).collect())
    }

    async fn batch(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<()>>> {
        // A page of a single row, so that every snapshot has several.
        let limit = usize::try_from(limit).expect("small").min(1);
        let after = after.and_then(Name::id);
        let rows = self.0.lock().expect("no panic");
        let rest = rows.iter().filter(|((t, id), _)| *t == resource_type && Some(*id) > after);
        let rest = rest.map(|((t, id), (subjects, kept))| Self::row(district, t, *id, subjects, *kept));
        Ok(rest.take(limit).collect())
    }

    async fn tombstone(&self, _actor: &Actor, row: &FeedRow) -> Result<bool> {
        Ok(row.kind != "note.withdrawn")
    }

    fn compose(&self, change: Change<()>) -> Event {
        let kind = format!("{} {}", change.kind.as_str_name(), change.body.map_or("-", |()| "body"));
        Event { kind, resource: change.resource, uid: change.resume_token, ..Event::default() }
    }
}

pub(super) struct Scene {
    pub(super) store: Store,
    pub(super) rows: Arc<Rows>,
    pub(super) feed: ChangeFeed<Rows>,
    pub(super) guard: Guard,
    pub(super) trail: Arc<MemoryTrail>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) district: District,
    /// `SQLite`'s directory, removed with the scene.
    _directory: Option<TempDir>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let scene = Self::at(&format!("sqlite://{}", directory.path().display()), None).await;
        Self { _directory: Some(directory), ..scene }
    }

    /// The feed of what is at this URL; rows are read in the replica, where there is one.
    pub(super) async fn at(url: &str, replica_url: Option<String>) -> Self {
        let sealer = Sealer::new(vec![SealingKey::generate(1)]).expect("a key");
        let options = Options { replica_url, ..Options::new(url, sealer) };
        let clock = Arc::new(FixedClock::at("2026-03-02T08:00:00Z".parse().expect("a time")));
        let store = Store::open(&options, "notes", Vec::new(), clock.clone(), Arc::new(RandomIds)).await;
        let store = store.expect("a store");
        store.migrate().await.expect("tables");
        let rows = Arc::new(Rows::default());
        let trail = Arc::new(MemoryTrail::default());
        let guard =
            Guard::new(House::new().authority, Arc::new(Teaching), Arc::new(NoSubjects), trail.clone());
        let feed = ChangeFeed::new(store.clone(), guard.clone(), rows.clone());
        let district = District::parse("grand-bend").expect("a district");
        Self { store, rows, feed, guard, trail, clock, district, _directory: None }
    }

    pub(super) fn actor(&self, id: Uuid, scopes: &str) -> Actor {
        Actor {
            subject: "someone".to_owned(),
            party: Party::Person(id),
            district: Some(self.district.clone()),
            scopes: Scopes::parse(scopes),
            expire_time: self.clock.now() + SignedDuration::from_hours(1),
            token_id: None,
        }
    }

    pub(super) fn educator(&self) -> Actor {
        self.actor(EDUCATOR, "notes.read rules.read")
    }

    pub(super) async fn put(&self, resource_type: &'static str, id: u128, subjects: &[Uuid]) {
        let id = Uuid::from_u128(id);
        self.rows.0.lock().expect("no panic").insert((resource_type, id), (subjects.to_vec(), false));
        self.tell("note.changed", resource_type, id, subjects, false).await;
    }

    pub(super) async fn delete(&self, kind: &'static str, resource_type: &'static str, id: u128) {
        let id = Uuid::from_u128(id);
        let gone = self.rows.0.lock().expect("no panic").remove(&(resource_type, id));
        self.tell(kind, resource_type, id, &gone.expect("a row").0, true).await;
    }

    pub(super) async fn tell(
        &self,
        kind: &'static str,
        resource_type: &'static str,
        id: Uuid,
        subjects: &[Uuid],
        deleted: bool,
    ) {
        self.tell_in(&self.district, kind, resource_type, id, subjects, deleted).await;
    }

    /// Changes of a district in which nobody here looks.
    pub(super) async fn elsewhere(&self, count: u128) {
        let elsewhere = District::parse("elsewhere").expect("a district");
        for id in 0..count {
            self.tell_in(&elsewhere, "note.changed", NOTE, Uuid::from_u128(id), &[STRANGER], false).await;
        }
    }

    /// Lets everything that was told leave the feed.
    pub(super) async fn trim(&self) {
        self.clock.advance(SignedDuration::from_hours(31 * 24));
        self.store.trim_feed().await.expect("the deletion");
        assert_eq!(self.store.floor().await.expect("a floor"), self.store.head().await.expect("a head"));
    }

    pub(super) async fn tell_in(
        &self,
        district: &District,
        kind: &'static str,
        resource_type: &'static str,
        id: Uuid,
        subjects: &[Uuid],
        deleted: bool,
    ) {
        let change = trellis_store::Change {
            district: district.clone(),
            actor: "operator".to_owned(),
            idempotency: None,
            grounds: None,
            since: None,
        };
        let Write::Begin(mut tx) = self.store.write::<()>(change).await.expect("a transaction") else {
            panic!("nothing to repeat");
        };
        tx.tell(Told {
            kind,
            resource: name(district, resource_type, id).to_string(),
            resource_type,
            subjects: subjects.to_vec(),
            deleted,
            payload: None,
        });
        tx.commit(()).await.expect("committed");
        self.store.relay_once().await.expect("positions");
    }

    pub(super) fn watch(&self, actor: Actor, snapshot: bool, token: &str) -> Outbound<Event> {
        self.feed.watch(actor, self.district.clone(), snapshot, token).expect("a stream")
    }
}

/// What a change says, in short: `UPSERTED 1`.
pub(super) fn short(event: &Event) -> String {
    let kind = event.kind.trim_start_matches("CHANGE_KIND_");
    let id = Name::parse(&event.resource).ok().and_then(|name| name.id());
    id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {}", id.as_u128()))
}

pub(super) async fn next(stream: &mut Outbound<Event>) -> Event {
    soon(stream.next()).await.expect("it goes on").expect("a change")
}

pub(super) async fn listed(
    scene: &Scene,
    actor: &Actor,
    token: &str,
    size: i32,
) -> (Vec<String>, String, bool) {
    let page = scene.feed.list(actor, &scene.district, token, size).await.expect("changes");
    (page.changes.iter().map(short).collect(), page.resume_token, page.more)
}
