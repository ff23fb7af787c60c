//! Jobs that this process is running, for those who watch them or tell them to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trellis_kernel::{District, Result, Uuid};

/// How often a job that runs in another process is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Reads how a job is, wherever it runs.
pub type Read<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T>> + Send>;

type Key = (District, Uuid);
type Shelf<T> = Arc<Mutex<HashMap<Key, Shown<T>>>>;

/// The jobs of one kind that this process is running; `T` is how far one has come.
#[derive(Debug)]
pub struct Jobs<T>(Shelf<T>);

/// How far a job has come, and how it is told to end.
#[derive(Debug)]
struct Shown<T> {
    now: watch::Sender<T>,
    cancel: CancellationToken,
    finish: CancellationToken,
}

impl<T> Clone for Jobs<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Jobs<T> {
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
        let mut running = lock(&self.0);
        if running.contains_key(&key) {
            return None;
        }
        let cancel = of.map_or_else(CancellationToken::new, |of| of.cancel.child_token());
        let finish = CancellationToken::new();
        let shown = Shown { now: watch::Sender::new(now), cancel: cancel.clone(), finish: finish.clone() };
        running.insert(key.clone(), shown);
        Some(Running { shelf: Arc::clone(&self.0), key, cancel, finish })
    }

    /// How far a job has come; none when it is not running in this process.
    pub fn now(&self, district: &District, id: Uuid) -> Option<T> {
        self.watch(district, id).map(|now| now.borrow().clone())
    }

    /// Tells a job to end with nothing, if it runs in this process.
    pub fn cancel(&self, district: &District, id: Uuid) {
        if let Some(shown) = lock(&self.0).get(&(district.clone(), id)) {
            shown.cancel.cancel();
        }
    }

    /// Tells a job to end with what it has, if it runs in this process.
    pub fn finish(&self, district: &District, id: Uuid) {
        if let Some(shown) = lock(&self.0).get(&(district.clone(), id)) {
            shown.finish.cancel();
        }
    }

    fn watch(&self, district: &District, id: Uuid) -> Option<watch::Receiver<T>> {
        lock(&self.0).get(&(district.clone(), id)).map(|shown| shown.now.subscribe())
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
        is_over: fn(&T) -> bool,
        read: Read<T>,
    ) -> Result<impl Stream<Item = Result<T>> + Send + use<T>>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let shown = self.watch(district, id);
        let first = read().await?;
        let over = is_over(&first);
        let follow = Following { shown, last: first.clone(), read };
        let rest = stream::unfold((follow, over), move |(mut follow, over)| async move {
            if over {
                return None;
            }
            let next = follow.next().await;
            let over = next.as_ref().map_or(true, is_over);
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
    shelf: Shelf<T>,
    key: Key,
    cancel: CancellationToken,
    finish: CancellationToken,
}

impl<T> Running<T> {
    /// Shows how far it has come.
    pub fn show(&self, now: T) {
        if let Some(shown) = lock(&self.shelf).get(&self.key) {
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
        lock(&self.shelf).remove(&self.key);
    }
}

fn lock<T>(shelf: &Shelf<T>) -> MutexGuard<'_, HashMap<Key, Shown<T>>> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
