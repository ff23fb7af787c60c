//! What a change feed tells, and to whom.

mod behind;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use jiff::SignedDuration;
use tempfile::TempDir;
use trellis_auth::{Guard, MemoryTrail, NoSubjects, Query, Standings};
use trellis_contracts::common::Event;
use trellis_contracts::guard::{Method, Outbound};
use trellis_kernel::{
    Actor, Clock as _, District, FixedClock, Kind, Name, Party, RandomIds, Reason, Relation, Relations,
    Result, Scopes, Timestamp, Uuid,
};
use trellis_rpc::changes::{Change, ChangeFeed, Resources, Row};
use trellis_store::feed::FeedRow;
use trellis_store::{Options, Sealer, SealingKey, Store, Told, Write};
use trellis_testkit::run;

use crate::house::{House, soon};

const NOTE: &str = "trellis.dev/Note";
const RULE: &str = "trellis.dev/Rule";

static GET_NOTE: Method = method("GetNote", "notes.read", Relations::NONE.with(Relation::Educator));
static GET_RULE: Method = method("GetRule", "rules.read", Relations::NONE.with(Relation::Member));

static TYPES: [(&str, &Method); 2] = [(NOTE, &GET_NOTE), (RULE, &GET_RULE)];

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
struct Teaching;

const EDUCATOR: Uuid = Uuid::from_u128(100);
const TAUGHT: Uuid = Uuid::from_u128(1);
const STRANGER: Uuid = Uuid::from_u128(2);

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
struct Rows(Mutex<BTreeMap<Key, (Vec<Uuid>, bool)>>);

type Key = (&'static str, Uuid);

impl Rows {
    fn row(district: &District, resource_type: &str, id: Uuid, subjects: &[Uuid], kept: bool) -> Row<()> {
        Row {
            name: name(district, resource_type, id),
            subjects: subjects.to_vec(),
            update_time: Timestamp::UNIX_EPOCH,
            body: (!kept).then_some(()),
        }
    }
}

fn name(district: &District, resource_type: &str, id: Uuid) -> Name {
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

struct Scene {
    store: Store,
    rows: Arc<Rows>,
    feed: ChangeFeed<Rows>,
    guard: Guard,
    trail: Arc<MemoryTrail>,
    clock: Arc<FixedClock>,
    district: District,
    /// `SQLite`'s directory, removed with the scene.
    _directory: Option<TempDir>,
}

impl Scene {
    async fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let scene = Self::at(&format!("sqlite://{}", directory.path().display()), None).await;
        Self { _directory: Some(directory), ..scene }
    }

    /// The feed of what is at this URL; rows are read in the replica, where there is one.
    async fn at(url: &str, replica_url: Option<String>) -> Self {
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

    fn actor(&self, id: Uuid, scopes: &str) -> Actor {
        Actor {
            subject: "someone".to_owned(),
            party: Party::Person(id),
            district: Some(self.district.clone()),
            scopes: Scopes::parse(scopes),
            expire_time: self.clock.now() + SignedDuration::from_hours(1),
            token_id: None,
        }
    }

    fn educator(&self) -> Actor {
        self.actor(EDUCATOR, "notes.read rules.read")
    }

    async fn put(&self, resource_type: &'static str, id: u128, subjects: &[Uuid]) {
        let id = Uuid::from_u128(id);
        self.rows.0.lock().expect("no panic").insert((resource_type, id), (subjects.to_vec(), false));
        self.tell("note.changed", resource_type, id, subjects, false).await;
    }

    async fn delete(&self, kind: &'static str, resource_type: &'static str, id: u128) {
        let id = Uuid::from_u128(id);
        let gone = self.rows.0.lock().expect("no panic").remove(&(resource_type, id));
        self.tell(kind, resource_type, id, &gone.expect("a row").0, true).await;
    }

    async fn tell(
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
    async fn elsewhere(&self, count: u128) {
        let elsewhere = District::parse("elsewhere").expect("a district");
        for id in 0..count {
            self.tell_in(&elsewhere, "note.changed", NOTE, Uuid::from_u128(id), &[STRANGER], false).await;
        }
    }

    /// Lets everything that was told leave the feed.
    async fn trim(&self) {
        self.clock.advance(SignedDuration::from_hours(31 * 24));
        self.store.trim_feed().await.expect("the deletion");
        assert_eq!(self.store.floor().await.expect("a floor"), self.store.head().await.expect("a head"));
    }

    async fn tell_in(
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

    fn watch(&self, actor: Actor, snapshot: bool, token: &str) -> Outbound<Event> {
        self.feed.watch(actor, self.district.clone(), snapshot, token).expect("a stream")
    }
}

/// What a change says, in short: `UPSERTED 1`.
fn short(event: &Event) -> String {
    let kind = event.kind.trim_start_matches("CHANGE_KIND_");
    let id = Name::parse(&event.resource).ok().and_then(|name| name.id());
    id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {}", id.as_u128()))
}

async fn next(stream: &mut Outbound<Event>) -> Event {
    soon(stream.next()).await.expect("it goes on").expect("a change")
}

async fn listed(scene: &Scene, actor: &Actor, token: &str, size: i32) -> (Vec<String>, String, bool) {
    let page = scene.feed.list(actor, &scene.district, token, size).await.expect("changes");
    (page.changes.iter().map(short).collect(), page.resume_token, page.more)
}

#[test]
fn a_caller_is_told_what_they_could_get_and_nothing_else() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[STRANGER]).await;
        scene.put(NOTE, 3, &[STRANGER, TAUGHT]).await;
        scene.put(RULE, 4, &[]).await;
        let (told, _, more) = listed(&scene, &scene.educator(), "", 0).await;
        assert_eq!(told, ["UPSERTED body 1", "UPSERTED body 3", "UPSERTED body 4"]);
        assert!(!more);
        let (told, ..) = listed(&scene, &scene.actor(EDUCATOR, "rules.read"), "", 0).await;
        assert_eq!(told, ["UPSERTED body 4"], "the token carries no scope for notes");
        let (told, ..) = listed(&scene, &scene.actor(STRANGER, "notes.read rules.read"), "", 0).await;
        assert_eq!(told, ["UPSERTED body 4"], "who teaches nobody sees no note");
    });
}

#[test]
fn whom_a_resource_is_about_now_decides_and_not_whom_it_was_about() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 1, &[STRANGER]).await;
        assert_eq!(listed(&scene, &scene.educator(), "", 1).await.0, Vec::<String>::new());
    });
}

#[test]
fn what_the_service_itself_keeps_back_is_not_told() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.rows.0.lock().expect("no panic").get_mut(&(NOTE, Uuid::from_u128(1))).expect("a row").1 = true;
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0, Vec::<String>::new());
        assert_eq!(scene.trail.take(), [], "nor is it read");
    });
}

#[test]
fn everybody_whom_an_answer_is_about_is_on_the_trail_in_one_line() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[TAUGHT, STRANGER]).await;
        scene.put(NOTE, 3, &[Uuid::from_u128(3)]).await;
        let about = || {
            let kept = scene.trail.take();
            kept.into_iter().map(|(access, _)| access.learners).collect::<Vec<_>>()
        };
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0.len(), 2);
        assert_eq!(about(), [[TAUGHT, STRANGER]]);
        let mut snapshot = scene.watch(scene.educator(), true, "");
        next(&mut snapshot).await;
        assert_eq!(about(), [vec![TAUGHT]]);
        next(&mut snapshot).await;
        assert_eq!(about(), [vec![TAUGHT, STRANGER]]);
    });
}

#[test]
fn a_resource_that_is_gone_is_a_tombstone_to_those_who_could_see_it() {
    run(async {
        let scene = Scene::new().await;
        for (id, learner) in [(1, TAUGHT), (2, STRANGER), (3, TAUGHT)] {
            scene.put(NOTE, id, &[learner]).await;
        }
        for (id, kind) in [(1, "note.deleted"), (2, "note.deleted"), (3, "note.withdrawn")] {
            scene.delete(kind, NOTE, id).await;
        }
        assert_eq!(listed(&scene, &scene.educator(), "", 0).await.0, ["DELETED - 1"]);
    });
}

#[test]
fn pages_of_every_size_tell_the_same() {
    run(async {
        let scene = Scene::new().await;
        for id in 1..=25_u128 {
            scene.put(NOTE, id, &[if id % 3 == 0 { TAUGHT } else { STRANGER }]).await;
        }
        let whole = listed(&scene, &scene.educator(), "", 1000).await.0;
        assert_eq!(whole.len(), 8);
        for size in [1, 2, 3, 7] {
            let (mut all, mut token) = (Vec::new(), String::new());
            loop {
                let (page, next, more) = listed(&scene, &scene.educator(), &token, size).await;
                assert!(page.len() <= usize::try_from(size).expect("small"));
                all.extend(page);
                token = next;
                if !more {
                    break;
                }
            }
            assert_eq!(all, whole, "pages of {size}");
            scene.put(NOTE, 30, &[TAUGHT]).await;
            assert_eq!(listed(&scene, &scene.educator(), &token, 0).await.0, ["UPSERTED body 30"]);
            scene.delete("note.withdrawn", NOTE, 30).await;
        }
    });
}

#[test]
fn a_token_of_another_district_is_refused() {
    run(async {
        let scene = Scene::new().await;
        let (_, token, _) = listed(&scene, &scene.educator(), "", 0).await;
        let other = District::parse("elsewhere").expect("a district");
        let refused = scene.feed.list(&scene.educator(), &other, &token, 0).await.expect_err("not its own");
        assert_eq!(refused.reason(), Reason::InvalidResumeToken);
        let refused = scene.feed.watch(scene.educator(), other, false, &token).err().expect("not its own");
        assert_eq!(refused.reason(), Reason::InvalidResumeToken);
    });
}

#[test]
fn a_negative_page_size_and_a_resumed_snapshot_are_refused() {
    run(async {
        let scene = Scene::new().await;
        let refused =
            scene.feed.list(&scene.educator(), &scene.district, "", -1).await.expect_err("negative");
        assert_eq!(refused.reason(), Reason::InvalidPageSize);
        let refused = scene.feed.watch(scene.educator(), scene.district.clone(), true, "token").err();
        assert_eq!(refused.expect("refused").violations()[0].field, "resume_token");
    });
}

#[test]
fn a_snapshot_and_the_changes_after_it_make_a_copy_without_a_gap() {
    run(async {
        let scene = Scene::new().await;
        for id in 1..=5 {
            scene.put(NOTE, id, &[TAUGHT]).await;
        }
        scene.put(NOTE, 6, &[STRANGER]).await;
        scene.put(RULE, 7, &[]).await;
        let mut stream = scene.watch(scene.educator(), true, "");
        let mut copy: HashMap<String, String> = HashMap::new();
        // Changed while the snapshot is under way: a row already read, and one not yet.
        let first = next(&mut stream).await;
        assert_eq!(first.uid, "", "a snapshot cannot be resumed");
        copy.insert(first.resource.clone(), short(&first));
        scene.delete("note.deleted", NOTE, 1).await;
        scene.put(NOTE, 8, &[TAUGHT]).await;
        let mut checkpoints = 0;
        loop {
            let event = next(&mut stream).await;
            match short(&event).split(' ').next() {
                Some("UPSERTED") => drop(copy.insert(event.resource.clone(), short(&event))),
                Some("DELETED") => drop(copy.remove(&event.resource)),
                _ => checkpoints += 1,
            }
            let has = |id| copy.values().any(|told| told == &format!("UPSERTED body {id}"));
            if checkpoints == 1 && !has(1) && has(8) {
                break;
            }
        }
        assert_eq!(copy.len(), 6, "2 to 5, 7 and 8: {copy:?}");
    });
}

#[test]
fn a_watch_goes_on_from_any_token_with_what_came_since() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.put(NOTE, 2, &[TAUGHT]).await;
        let mut stream = scene.watch(scene.educator(), false, "");
        let first = next(&mut stream).await;
        assert_eq!(short(&first), "UPSERTED body 1");
        drop(stream);
        let mut resumed = scene.watch(scene.educator(), false, &first.uid);
        assert_eq!(short(&next(&mut resumed).await), "UPSERTED body 2");
        // And stays open for those to come.
        let waiting = tokio::spawn(async move { short(&next(&mut resumed).await) });
        scene.put(NOTE, 3, &[TAUGHT]).await;
        assert_eq!(soon(waiting).await.expect("no panic"), "UPSERTED body 3");
    });
}

#[test]
fn a_silent_watch_says_that_nothing_is_missing() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[STRANGER]).await;
        let feed = scene.feed.clone().heartbeat(Duration::from_millis(50));
        let mut stream = feed.watch(scene.educator(), scene.district.clone(), false, "").expect("a stream");
        let event = next(&mut stream).await;
        assert_eq!(short(&event), "CHECKPOINT -", "told of a stranger");
        assert_eq!(listed(&scene, &scene.educator(), &event.uid, 0).await.0, Vec::<String>::new());
    });
}

#[test]
fn a_watch_ends_with_its_callers_token() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        let mut stream = scene.watch(scene.educator(), false, "");
        next(&mut stream).await;
        scene.clock.advance(SignedDuration::from_hours(2));
        scene.put(NOTE, 2, &[TAUGHT]).await;
        let refused = soon(stream.next()).await.expect("an end").expect_err("expired");
        assert_eq!(refused.kind(), Kind::Unauthenticated);
    });
}

#[test]
fn a_quiet_district_is_not_told_that_it_missed_what_happened_in_another() {
    run(async {
        let scene = Scene::new().await;
        scene.put(NOTE, 1, &[TAUGHT]).await;
        scene.elsewhere(20).await;
        let (told, token, more) = listed(&scene, &scene.educator(), "", 0).await;
        assert_eq!((told, more), (vec!["UPSERTED body 1".to_owned()], false));
        scene.trim().await;
        let (told, token, _) = listed(&scene, &scene.educator(), &token, 0).await;
        assert_eq!(told, Vec::<String>::new());
        scene.elsewhere(20).await;
        let (_, token, _) = listed(&scene, &scene.educator(), &token, 0).await;
        scene.trim().await;
        scene.put(NOTE, 2, &[TAUGHT]).await;
        assert_eq!(listed(&scene, &scene.educator(), &token, 0).await.0, ["UPSERTED body 2"]);
    });
}

#[test]
fn an_open_watch_of_a_quiet_district_outlives_the_floor() {
    run(async {
        let scene = Scene::new().await;
        let feed = scene.feed.clone().heartbeat(Duration::ZERO);
        let lasting =
            Actor { expire_time: scene.clock.now() + SignedDuration::from_hours(1000), ..scene.educator() };
        let mut stream = feed.watch(lasting, scene.district.clone(), false, "").expect("a stream");
        scene.put(NOTE, 1, &[TAUGHT]).await;
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 1");
        scene.elsewhere(20).await;
        assert_eq!(short(&next(&mut stream).await), "CHECKPOINT -");
        scene.trim().await;
        let checkpoint = next(&mut stream).await;
        assert_eq!(short(&checkpoint), "CHECKPOINT -");
        assert_eq!(listed(&scene, &scene.educator(), &checkpoint.uid, 0).await.0, Vec::<String>::new());
        scene.put(NOTE, 2, &[TAUGHT]).await;
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 2");
    });
}

#[test]
fn a_checkpoint_comes_when_it_is_due_though_there_is_more_that_the_caller_may_not_see() {
    run(async {
        let scene = Scene::new().await;
        // More than are read at a time.
        for id in 0..200 {
            scene.tell("note.changed", NOTE, Uuid::from_u128(id), &[STRANGER], false).await;
        }
        scene.put(NOTE, 1000, &[TAUGHT]).await;
        let feed = scene.feed.clone().heartbeat(Duration::ZERO);
        let mut stream = feed.watch(scene.educator(), scene.district.clone(), false, "").expect("a stream");
        let checkpoint = next(&mut stream).await;
        assert_eq!(short(&checkpoint), "CHECKPOINT -");
        assert_eq!(short(&next(&mut stream).await), "UPSERTED body 1000");
        assert_eq!(listed(&scene, &scene.educator(), &checkpoint.uid, 0).await.0, ["UPSERTED body 1000"]);
    });
}
