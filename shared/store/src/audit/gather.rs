//! Gathering accesses, and writing many down at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use trellis_kernel::{Failure, Kind, Result};
use trellis_telemetry::metrics::{self, Counter, Counters, Watching};

use super::Access;
use super::rows::{Line, lines, write};
use crate::conn::Sight;
use crate::{Store, Task, failure};

/// How many accesses may wait to be written; whoever brings more writes them down first.
const WAITING: usize = 4096;
/// How many one transaction writes.
const BATCH: usize = 1024;
/// How long an access waits that nobody waits for: what a process that is killed may lose.
const INTERVAL: Duration = Duration::from_millis(100);

static GIVEN_UP: LazyLock<Counters<1>> = LazyLock::new(|| {
    let help = "Accesses that took place and cannot be written on the trail, by store";
    metrics::counters("trellis_trail_given_up_total", help, ["store"])
});

/// What was brought and is not written down yet.
pub(crate) struct Gathered {
    waiting: Arc<Mutex<Vec<Brought>>>,
    /// Held by who writes.
    turn: tokio::sync::Mutex<()>,
    /// Whether the last batch could not be written: until one can, nobody reads on trust.
    failing: Arc<AtomicBool>,
    given_up: Counter,
    _watching: Watching,
}

impl Gathered {
    /// Nothing yet, for the store of a service.
    pub(crate) fn new(store: &'static str) -> Self {
        let (waiting, failing) = (Arc::<Mutex<Vec<Brought>>>::default(), Arc::<AtomicBool>::default());
        let told = (waiting.clone(), failing.clone());
        let watching = metrics::watch(move |figures| {
            let count = told.0.lock().unwrap_or_else(PoisonError::into_inner).len();
            let count = u32::try_from(count).map_or(f64::MAX, f64::from);
            let labels = [("store", store)];
            figures.gauge("trellis_trail_waiting", "Accesses not yet on the trail, by store", labels, count);
            let help = "Whether the trail could not be written when that was last tried, by store";
            figures.gauge("trellis_trail_failing", help, labels, told.1.load(Ordering::Relaxed).into());
        });
        let given_up = GIVEN_UP.with([store]);
        Self { waiting, turn: tokio::sync::Mutex::default(), failing, given_up, _watching: watching }
    }
}

struct Brought {
    line: Line,
    /// Who waits for it.
    told: Option<oneshot::Sender<Result<()>>>,
}

/// The trail of a store.
#[derive(Clone, Debug)]
pub struct Audit {
    pub(super) store: Store,
}

impl Store {
    /// The trail: who reached what in this store.
    pub fn audit(&self) -> Audit {
        Audit { store: self.clone() }
    }

    /// The task that writes down accesses that nobody waits for.
    pub fn trail(&self) -> Task {
        let audit = self.audit();
        let work = async move {
            loop {
                tokio::time::sleep(INTERVAL).await;
                if let Err(failed) = audit.flush().await {
                    let store = audit.store.service();
                    tracing::warn!(store, cause = ?failed.cause(), "the trail was not written, and will be");
                }
            }
        };
        (format!("{} trail", self.service()), Box::pin(work))
    }
}

impl Audit {
    /// Puts an access on the trail; it is there when this returns.
    pub async fn record_now(&self, access: Access) -> Result<()> {
        let (told, written) = oneshot::channel();
        self.bring(access, Some(told))?;
        self.write_one_turn(written).await
    }

    /// Puts an access on the trail within a moment. When too many wait already, they are written
    /// down first, so that none is lost; and while nothing can be written, this access is to be there
    /// when this returns, as with [`record_now`](Self::record_now).
    pub async fn record(&self, access: Access) -> Result<()> {
        if self.gathered().failing.load(Ordering::Relaxed) {
            return self.record_now(access).await;
        }
        if self.bring(access, None)? >= WAITING {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes down everything that was brought.
    pub async fn flush(&self) -> Result<()> {
        let _turn = self.gathered().turn.lock().await;
        while self.write_batch().await? {}
        Ok(())
    }

    /// Waits until an access is written: by who has the turn now, or else by us.
    async fn write_one_turn(&self, mut written: oneshot::Receiver<Result<()>>) -> Result<()> {
        let lost = || Failure::internal("an access was given up before it was written");
        tokio::select! {
            biased;
            done = &mut written => done.map_err(|_| lost())?,
            _turn = self.gathered().turn.lock() => loop {
                match written.try_recv() {
                    Ok(done) => return done,
                    Err(oneshot::error::TryRecvError::Closed) => return Err(lost()),
                    Err(oneshot::error::TryRecvError::Empty) => {}
                }
                // What was brought before us may fill a batch; ours is then in one of the next.
                if let Err(failed) = self.write_batch().await {
                    return written.try_recv().unwrap_or(Err(failed));
                }
            }
        }
    }

    /// Adds one to what waits; returns how many do.
    fn bring(&self, access: Access, told: Option<oneshot::Sender<Result<()>>>) -> Result<usize> {
        let line = Line::read(access, self.store.ids().next(), self.store.clock().now());
        let mut waiting = self.waiting();
        if told.is_none() && waiting.len() >= 2 * WAITING {
            // More comes than can be written, and what is not on the trail is not to be seen.
            return Err(Failure::unavailable(
                trellis_kernel::Reason::StoreUnavailable,
                "The trail cannot be written; try again.",
                Duration::from_secs(1),
            ));
        }
        waiting.push(Brought { line, told });
        Ok(waiting.len())
    }

    /// Writes one batch; false when there is none. Only who has the turn may call it.
    async fn write_batch(&self) -> Result<bool> {
        let mut batch = Batch { audit: self, brought: self.take() };
        if batch.brought.is_empty() {
            return Ok(false);
        }
        let mut done = self.write_lines(batch.brought.iter().map(|brought| &brought.line)).await;
        if done.as_ref().is_err_and(is_of_the_lines) {
            done = batch.write_each().await;
        }
        self.gathered().failing.store(done.is_err(), Ordering::Relaxed);
        match &done {
            Ok(()) => batch.end(),
            Err(failed) => batch.fail(failed),
        }
        done.map(|()| true)
    }

    async fn write_lines(&self, brought: impl Iterator<Item = &Line>) -> Result<()> {
        let tx = self.store.begin(&Sight::Everything).await?;
        write(&tx, &lines(brought)?).await?;
        tx.commit().await.map_err(failure)
    }

    /// Whether the trail takes lines at all: one that nobody brought is written and undone.
    async fn takes_lines(&self) -> Result<()> {
        let line = Line::blank(self.store.ids().next(), self.store.clock().now());
        let tx = self.store.begin(&Sight::Everything).await?;
        write(&tx, &lines(std::iter::once(&line))?).await
    }

    fn take(&self) -> Vec<Brought> {
        let mut waiting = self.waiting();
        let first = waiting.len().min(BATCH);
        let rest = waiting.split_off(first);
        std::mem::replace(&mut *waiting, rest)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Brought>> {
        self.gathered().waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gathered(&self) -> &Gathered {
        &self.store.inner.gathered
    }
}

/// Whether a batch failed because of what is in it, and not because of the database that should take it.
fn is_of_the_lines(failed: &Failure) -> bool {
    !matches!(failed.kind(), Kind::Unavailable | Kind::Aborted | Kind::DataLoss)
}

/// The failure for one more who waited: what a client reads of it, the cause being logged once.
fn the_same(failed: &Failure) -> Failure {
    let same = Failure::new(failed.kind(), failed.reason(), failed.message().to_owned());
    match failed.retry() {
        Some(delay) => same.retry_after(delay),
        None => same,
    }
}

/// Accesses that are being written. Given up half-way, they wait again; those that were kept all the
/// same are known by their identity.
struct Batch<'a> {
    audit: &'a Audit,
    brought: Vec<Brought>,
}

impl Batch<'_> {
    fn end(&mut self) {
        for brought in self.brought.drain(..) {
            // Who no longer waits has gone away; the access stands.
            let _ = brought.told.is_some_and(|told| told.send(Ok(())).is_ok());
        }
    }

    /// Writes each line by itself, so that one that cannot be written holds up no other. That one is
    /// given up: whoever waits for it is refused, and of one that nobody waits for the log says so.
    async fn write_each(&mut self) -> Result<()> {
        let mut refused = Vec::new();
        for (place, brought) in self.brought.iter().enumerate() {
            match self.audit.write_lines(std::iter::once(&brought.line)).await {
                Ok(()) => {}
                Err(failed) if is_of_the_lines(&failed) => refused.push((place, failed)),
                Err(failed) => return Err(failed),
            }
        }
        if refused.len() == self.brought.len() {
            self.audit.takes_lines().await?;
        }
        for (place, failed) in refused.into_iter().rev() {
            let Brought { line, told } = self.brought.remove(place);
            let Some(told) = told else {
                let (store, method) = (self.audit.store.service(), line.method());
                self.audit.gathered().given_up.add(1);
                tracing::error!(store, method, cause = ?failed.cause(), "an access cannot be written on the trail and is given up");
                continue;
            };
            let _ = told.send(Err(the_same(&failed)));
        }
        Ok(())
    }

    /// Whoever waits is refused, those in the next batches too, and their accesses did not take place;
    /// the others took place and wait.
    fn fail(&mut self, failed: &Failure) {
        let mut waiting = self.audit.waiting();
        let all = self.brought.drain(..).chain(waiting.drain(..));
        let (refused, kept) = all.partition(|brought: &Brought| brought.told.is_some());
        *waiting = kept;
        drop(waiting);
        for brought in refused {
            let _ = brought.told.is_some_and(|told| told.send(Err(the_same(failed))).is_ok());
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if !self.brought.is_empty() {
            self.audit.waiting().splice(..0, self.brought.drain(..));
        }
    }
}
