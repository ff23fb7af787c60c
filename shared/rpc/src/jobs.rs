//! Jobs that this process is running, for those who watch them or tell them to end, and how they ended.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trellis_kernel::{District, JobState, Result, Uuid};
use trellis_store::{SANDBOX, Store};
use trellis_telemetry::metrics::{self, Counter, Counters, Gauge, Gauges, Held};

/// How often a job that runs in another process is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Reads how a job is, wherever it runs.
pub type Read<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T>> + Send>;

type Key = (District, Uuid);
type Shelf<T> = Arc<Mutex<HashMap<Key, Shown<T>>>>;

static RUNNING: LazyLock<Gauges<1>> = LazyLock::new(|| {
    let help = "Jobs that run, or wait for their turn, by what they do";
    metrics::gauges("trellis_jobs_running", help, ["job"])
});
static ENDED: LazyLock<Counters<2>> = LazyLock::new(|| {
    let help = "Jobs that ended, by what they do and how they ended";
    metrics::counters("trellis_jobs_ended_total", help, ["job", "state"])
});

/// The jobs of one kind that this process is running; `T` is how far one has come.
#[derive(Debug)]
pub struct Jobs<T> {
    shelf: Shelf<T>,
    /// How many there were.
    runs: Arc<AtomicU64>,
    state: fn(&T) -> JobState,
    figures: Arc<Figures>,
}

/// How far a job has come, and how it is told to end.
#[derive(Debug)]
struct Shown<T> {
    /// Which run it is: another may come in its place.
    run: u64,
    now: watch::Sender<T>,
    cancel: CancellationToken,
    finish: CancellationToken,
}

/// What is counted of one kind.
#[derive(Debug)]
struct Figures {
    running: Gauge,
    succeeded: Counter,
    failed: Counter,
    cancelled: Counter,
}

impl Figures {
    fn of(job: &'static str) -> Self {
        Self {
            running: RUNNING.with([job]),
            succeeded: ENDED.with([job, "succeeded"]),
            failed: ENDED.with([job, "failed"]),
            cancelled: ENDED.with([job, "cancelled"]),
        }
    }

    fn ended(&self, state: JobState) {
        match state {
            JobState::Succeeded => self.succeeded.add(1),
            JobState::Cancelled => self.cancelled.add(1),
            // Whoever ran it is gone without a word: a panic.
            JobState::Failed | JobState::Running => self.failed.add(1),
        }
    }
}

impl<T> Clone for Jobs<T> {
    fn clone(&self) -> Self {
        Self {
            shelf: Arc::clone(&self.shelf),
            runs: Arc::clone(&self.runs),
            state: self.state,
            figures: Arc::clone(&self.figures),
        }
    }
}

impl<T: Clone> Jobs<T> {
    /// None yet. `job` is the kind, a word for metrics, and `state` tells how one is by how far it has come.
    pub fn new(job: &'static str, state: fn(&T) -> JobState) -> Self {
        Self { shelf: Arc::default(), runs: Arc::default(), state, figures: Arc::new(Figures::of(job)) }
    }

    /// Shows a job for as long as the answer lives; none when it is running already.
    pub fn begin(&self, district: &District, id: Uuid, now: T) -> Option<Running<T>> {
        self.begin_part(district, id, now, None)
    }

    /// The same of a part of a job: what cancels the job cancels its parts.
    pub fn begin_part(
        &self,
        district: &District,
        id: Uuid,
        now: T,
        of: Option<&Running<T>>,
    ) -> Option<Running<T>> {
        let key = (district.clone(), id);
        let mut running = lock(&self.shelf);
        if running.contains_key(&key) {
            return None;
        }
        let cancel = of.map_or_else(CancellationToken::new, |of| of.cancel.child_token());
        let finish = CancellationToken::new();
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let shown =
            Shown { run, now: watch::Sender::new(now), cancel: cancel.clone(), finish: finish.clone() };
        running.insert(key.clone(), shown);
        let held = self.figures.running.hold();
        Some(Running { jobs: self.clone(), key, run, cancel, finish, _held: held })
    }

    /// The same jobs; those of a sandbox are told to end, and are not shown any more, when it is emptied by
    /// this process. What others run finds that in the database.
    #[must_use]
    pub fn until_reset(self, store: &Store) -> Self
    where
        T: Send + Sync + 'static,
    {
        let jobs = self.clone();
        store.on_commit(move |district, told| {
            if told.iter().any(|told| told.resource_type == SANDBOX) {
                jobs.forget(district);
            }
        });
        self
    }

    fn forget(&self, district: &District) {
        lock(&self.shelf).retain(|(of, _), shown| {
            if of == district {
                shown.cancel.cancel();
                self.figures.ended(JobState::Cancelled);
            }
            of != district
        });
    }

    /// How far a job has come; none when it is not running in this process.
    pub fn now(&self, district: &District, id: Uuid) -> Option<T> {
        self.watch(district, id).map(|now| now.borrow().clone())
    }

    /// Tells a job to end with nothing, if it runs in this process.
    pub fn cancel(&self, district: &District, id: Uuid) {
        if let Some(shown) = lock(&self.shelf).get(&(district.clone(), id)) {
            shown.cancel.cancel();
        }
    }

    /// Tells a job to end with what it has, if it runs in this process.
    pub fn finish(&self, district: &District, id: Uuid) {
        if let Some(shown) = lock(&self.shelf).get(&(district.clone(), id)) {
            shown.finish.cancel();
        }
    }

    fn watch(&self, district: &District, id: Uuid) -> Option<watch::Receiver<T>> {
        lock(&self.shelf).get(&(district.clone(), id)).map(|shown| shown.now.subscribe())
    }

    /// Follows a job until it has ended, wherever it runs. `read` says how it is now, wherever that is known.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn follow(
        &self,
        district: &District,
        id: Uuid,
        read: Read<T>,
    ) -> Result<impl Stream<Item = Result<T>> + Send + use<T>>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let state = self.state;
        let is_over = move |now: &T| state(now) != JobState::Running;
        let shown = self.watch(district, id);
        let first = read().await?;
        let over = is_over(&first);
        let follow = Following { shown, last: first.clone(), read };
        let rest = stream::unfold((follow, over), move |(mut follow, over)| async move {
            if over {
                return None;
            }
            let next = follow.next().await;
            let over = next.as_ref().map_or(true, &is_over);
            Some((next, (follow, over)))
        });
        Ok(stream::once(async move { Ok(first) }).chain(rest))
    }
}

/// A job that someone follows.
struct Following<T> {
    shown: Option<watch::Receiver<T>>,
    last: T,
    read: Read<T>,
}

impl<T: Clone + PartialEq> Following<T> {
    /// How the job is once it has come further.
    async fn next(&mut self) -> Result<T> {
        loop {
            if let Some(shown) = &mut self.shown {
                // When it is no longer running here, the rest is in its row.
                if shown.changed().await.is_err() {
                    self.shown = None;
                }
            } else {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            let now = match &mut self.shown {
                Some(shown) => shown.borrow_and_update().clone(),
                None => (self.read)().await?,
            };
            if now != self.last {
                self.last = now.clone();
                return Ok(now);
            }
        }
    }
}

/// A job that is running.
#[derive(Debug)]
pub struct Running<T> {
    jobs: Jobs<T>,
    key: Key,
    run: u64,
    cancel: CancellationToken,
    finish: CancellationToken,
    _held: Held,
}

impl<T> Running<T> {
    /// Shows how far it has come.
    pub fn show(&self, now: T) {
        if let Some(shown) = lock(&self.jobs.shelf).get(&self.key).filter(|shown| shown.run == self.run) {
            shown.now.send_replace(now);
        }
    }

    /// What says that it is to end with nothing.
    pub fn cancelled(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// What says that it is to end with what it has.
    pub fn finished(&self) -> CancellationToken {
        self.finish.clone()
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        let mut running = lock(&self.jobs.shelf);
        if let Entry::Occupied(shown) = running.entry(self.key.clone())
            && shown.get().run == self.run
        {
            let shown = shown.remove();
            self.jobs.figures.ended((self.jobs.state)(&shown.now.borrow()));
        }
    }
}

fn lock<T>(shelf: &Shelf<T>) -> MutexGuard<'_, HashMap<Key, Shown<T>>> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
