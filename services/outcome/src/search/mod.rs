//! What the districts of this process have published, for searching.
//!
//! A district comes into the index when it is first searched: nothing reads the districts of others, and
//! nothing is held for those who never ask. From then on each publication is taken up before the next
//! search of the district.

mod collect;
mod engine;
mod fields;
mod query;
mod stems;

pub(crate) use engine::Answer;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use trellis_kernel::{District, Failure, Reason, Result, Uuid};
use trellis_store::{Reader, Store};

use crate::domain::framework::{Framework, FrameworkRef};
use crate::domain::outcome::Outcome;
use crate::domain::traits::Filters;
use crate::snapshot::Snapshots;
use crate::store;
use engine::Engine;
use query::Question;

/// How many outcomes are read at a time.
const CHUNK: u64 = 2_000;
/// How long a search waits for its districts to come into the index.
const PATIENCE: Duration = Duration::from_secs(5);
/// When whoever waited in vain may ask again.
const AGAIN: Duration = Duration::from_secs(2);

/// The index of what is published.
#[derive(Clone)]
pub(crate) struct SearchIndex {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    snapshots: Snapshots,
    engine: OnceLock<Engine>,
    districts: Mutex<HashMap<District, Arc<Held>>>,
    /// The one who changes the index.
    turn: tokio::sync::Mutex<()>,
}

/// What is known of a district in the index.
#[derive(Default)]
struct Held {
    state: Mutex<State>,
    /// Held by who brings the district up to date; what is in the index: each framework's revision.
    revisions: tokio::sync::Mutex<HashMap<Uuid, u32>>,
}

/// Whether the index is up to date with a district.
#[derive(Default)]
struct State {
    phase: Phase,
    /// The frameworks of which something was told since the district was last read.
    stale: HashSet<Uuid>,
}

/// How far a district has come into the index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// It was never read, or what was read may be of another database.
    #[default]
    Unread,
    /// It is being read.
    Reading,
    /// It was read.
    Read,
}

impl Held {
    fn is_current(&self) -> bool {
        let state = lock(&self.state);
        state.phase == Phase::Read && state.stale.is_empty()
    }

    /// What there is to read: these frameworks, or (none) all of them. From here on what is published is
    /// noted: it may be read twice, and is never missed.
    fn begin(&self) -> Option<HashSet<Uuid>> {
        let mut state = lock(&self.state);
        let told = std::mem::take(&mut state.stale);
        let was = std::mem::replace(&mut state.phase, Phase::Reading);
        (was == Phase::Read).then_some(told)
    }

    /// Notes how reading ended; what became worthless meanwhile stays so.
    fn end(&self, read: bool) {
        let mut state = lock(&self.state);
        if state.phase == Phase::Reading {
            state.phase = if read { Phase::Read } else { Phase::Unread };
        }
    }
}

/// What is asked of the index.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// The districts that are searched.
    pub(crate) districts: Vec<District>,
    /// Codes and words.
    pub(crate) text: String,
    /// What it is narrowed to.
    pub(crate) filters: Filters,
    /// Where in the list of what is found the answer begins.
    pub(crate) from: usize,
    /// How many are told.
    pub(crate) count: usize,
    /// Whether all that is found is counted.
    pub(crate) tally: bool,
}

impl SearchIndex {
    /// An empty index over what a store holds.
    pub(crate) fn new(store: Store, snapshots: Snapshots) -> Self {
        let inner = Inner {
            store,
            snapshots,
            engine: OnceLock::new(),
            districts: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Answers from what the districts have published; unavailable while they are still being read.
    pub(crate) async fn search(&self, search: Search) -> Result<Answer> {
        for district in &search.districts {
            let held = self.held(district);
            if held.is_current() {
                continue;
            }
            // A task of its own: who asked may go before it is read, and others wait for it.
            let reading = tokio::spawn(self.clone().bring(district.clone(), held));
            match tokio::time::timeout(PATIENCE, reading).await {
                Ok(read) => read.map_err(Failure::internal)??,
                Err(_) => return Err(unread()),
            }
        }
        let inner = self.inner.clone();
        let Search { districts, text, filters, from, count, tally } = search;
        let question = Question { districts, text, filters };
        let answer = move || inner.engine()?.answer(&question, from, count, tally);
        tokio::task::spawn_blocking(answer).await.map_err(Failure::internal)?
    }

    /// Notes that a framework was published: the next search takes it up.
    pub(crate) fn published(&self, framework: &FrameworkRef) {
        let held = lock(&self.inner.districts).get(&framework.district).cloned();
        if let Some(held) = held {
            lock(&held.state).stale.insert(framework.id);
        }
    }

    /// Notes that nothing of what is held of a district can be relied upon: it is read again.
    pub(crate) fn forget(&self, district: &District) {
        if let Some(held) = lock(&self.inner.districts).get(district) {
            lock(&held.state).phase = Phase::Unread;
        }
    }

    /// The same of all districts.
    pub(crate) fn forget_all(&self) {
        for held in lock(&self.inner.districts).values() {
            lock(&held.state).phase = Phase::Unread;
        }
    }

    fn held(&self, district: &District) -> Arc<Held> {
        lock(&self.inner.districts).entry(district.clone()).or_default().clone()
    }

    /// Brings the index up to date with a district.
    async fn bring(self, district: District, held: Arc<Held>) -> Result<()> {
        let mut revisions = held.revisions.lock().await;
        if held.is_current() {
            return Ok(());
        }
        let stale = held.begin();
        let turn = self.inner.turn.lock().await;
        let read = self.inner.take_up(&district, stale, &mut revisions).await;
        drop(turn);
        held.end(read.is_ok());
        read
    }
}

impl Inner {
    fn engine(&self) -> Result<&Engine> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let made = Engine::new()?;
        Ok(self.engine.get_or_init(|| made))
    }

    /// Takes up frameworks of a district (none for all) whose last revision is not in the index.
    async fn take_up(
        self: &Arc<Self>,
        district: &District,
        stale: Option<HashSet<Uuid>>,
        revisions: &mut HashMap<Uuid, u32>,
    ) -> Result<()> {
        let reader = self.store.read_latest(district);
        let (mut known, frameworks) = if let Some(ids) = stale {
            (revisions.clone(), store::frameworks::some(&reader, ids.into_iter().collect()).await?)
        } else {
            self.engine()?.remove_district(district);
            (HashMap::new(), every(&reader).await?)
        };
        for framework in frameworks {
            if framework.revision > known.get(&framework.place.id).copied().unwrap_or_default() {
                known.insert(framework.place.id, framework.revision);
                if let Err(failure) = self.add(&reader, &framework).await {
                    self.engine()?.give_up()?;
                    return Err(failure);
                }
            }
        }
        let inner = self.clone();
        let commit = move || inner.engine()?.commit();
        tokio::task::spawn_blocking(commit).await.map_err(Failure::internal)??;
        *revisions = known;
        Ok(())
    }

    /// Puts a framework's last revision in the place of what is held of it.
    async fn add(self: &Arc<Self>, reader: &Reader, framework: &Framework) -> Result<()> {
        let revision = framework.place.at(framework.revision);
        let subjects: Arc<[String]> =
            store::frameworks::get(reader, &revision).await?.content.subjects.into();
        self.engine()?.remove(&revision);
        let mut after = None;
        loop {
            let rows = store::outcomes::window(reader, &revision, after, CHUNK).await?;
            after = rows.last().map(|row| row.id);
            let last = (rows.len() as u64) < CHUNK;
            let (inner, subjects) = (self.clone(), subjects.clone());
            let add = move || {
                let written = |row: Outcome| {
                    let message = inner.snapshots.write(row.clone());
                    (row, message)
                };
                inner.engine()?.add(&subjects, rows.into_iter().map(written).collect())
            };
            tokio::task::spawn_blocking(add).await.map_err(Failure::internal)??;
            if last {
                return Ok(());
            }
        }
    }
}

/// Every framework of a district.
async fn every(reader: &Reader) -> Result<Vec<Framework>> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|framework: &Framework| framework.place.id);
        let some = store::frameworks::after(reader, after, CHUNK).await?;
        let last = (some.len() as u64) < CHUNK;
        all.extend(some);
        if last {
            return Ok(all);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unread() -> Failure {
    Failure::unavailable(
        Reason::StoreUnavailable,
        "What the district has published is still being read for searching.",
        AGAIN,
    )
}
