//! The effect of another service's events, each in the transaction that moves the checkpoint over it.

use std::panic::AssertUnwindSafe;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use trellis_kernel::{Failure, Kind, Reason, Result};
use trellis_store::{Change, Checkpoint, Follower, Store, Tx, Write};

use crate::Event;

/// How often an event is tried before it is put aside.
pub const ATTEMPTS: i32 = 5;
/// How long to wait after the first of them; after each further one, twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The effect of another service's events on this one.
#[async_trait]
pub trait Apply: Send + Sync + 'static {
    /// Its name within this service, which its checkpoint is kept under. A new name begins at the
    /// oldest event that is kept.
    fn name(&self) -> &'static str;

    /// The kinds that have an effect; all others are passed over. They must be kinds that carry a
    /// message of their own: of the others the feed may drop what is superseded.
    fn kinds(&self) -> &'static [&'static str];

    /// Writes the effect of one event in the transaction that also writes the checkpoint. An error,
    /// or a panic, undoes both. When something is away (`UNAVAILABLE` and its like) the event comes
    /// again for as long as that lasts; after any other failure it is tried [`ATTEMPTS`] times and
    /// then put aside.
    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()>;
}

/// An effect, in the process that runs it.
#[derive(Clone)]
pub struct Effect {
    pub(crate) store: Store,
    pub(crate) apply: Arc<dyn Apply>,
    pub(crate) follower: Follower,
    pub(crate) producer: &'static str,
    known: Arc<Known>,
}

/// What is known of the stream of events, for those who watch it.
#[derive(Default)]
struct Known {
    /// When the oldest event happened that has come and is not applied, in microseconds since 1970;
    /// 0 when there is none.
    waiting_since: AtomicI64,
    /// Since when nothing comes, the stream being down; 0 while it stands.
    down_since: AtomicI64,
    /// Whether the producer can never tell what comes next.
    parted: AtomicBool,
}

/// What became of an attempt.
enum Step {
    /// The checkpoint moved, and what came with it.
    Moved,
    /// Another process had moved it.
    Overtaken,
    /// The effect failed, and left nothing behind.
    Refused(Failure),
}

impl Effect {
    pub(crate) fn new(store: Store, producer: &'static str, apply: Arc<dyn Apply>) -> Self {
        let follower = Follower { consumer: apply.name().to_owned(), producer: producer.to_owned() };
        Self { store, apply, follower, producer, known: Arc::default() }
    }

    pub(crate) async fn checkpoint(&self) -> Result<Checkpoint> {
        self.store.checkpoint(&self.follower.checkpoint()).await
    }

    /// Moves the checkpoint from `applied` over `last`, with the effects of `run` (events of one
    /// district and one actor, in their order, none after `last`) in the same transaction. Where that
    /// fails, one event at a time, so that one that cannot be applied holds up no other.
    pub(crate) async fn take(&self, applied: &mut Checkpoint, run: &[Event], last: &Event) -> Result<()> {
        let first = run.first().unwrap_or(last);
        self.known.waiting_since.store(first.time.as_microsecond(), Ordering::Relaxed);
        while applied.position < last.position {
            match self.attempt(*applied, run, last).await? {
                Step::Moved => applied.position = last.position,
                Step::Overtaken => self.catch_up(applied).await?,
                Step::Refused(failed) if is_transient(&failed) => return Err(failed),
                Step::Refused(_) => {
                    for event in run {
                        self.take_one(applied, event).await?;
                    }
                }
            }
        }
        self.known.waiting_since.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Applies one event, or puts it aside.
    async fn take_one(&self, applied: &mut Checkpoint, event: &Event) -> Result<()> {
        let mut attempts = 0;
        while applied.position < event.position {
            match self.attempt(*applied, slice::from_ref(event), event).await? {
                Step::Moved => applied.position = event.position,
                Step::Overtaken => self.catch_up(applied).await?,
                Step::Refused(failed) if is_transient(&failed) => return Err(failed),
                Step::Refused(failed) => {
                    attempts += 1;
                    self.log(event, &failed, attempts);
                    if attempts == ATTEMPTS {
                        self.put_aside(applied, event, failed.reason()).await?;
                    } else {
                        tokio::time::sleep(FIRST_WAIT * (1 << (attempts - 1))).await;
                    }
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, from: Checkpoint, run: &[Event], last: &Event) -> Result<Step> {
        let mut tx = self.begin(last).await?;
        let Some(open) = tx.advance(&self.follower, from, last.position).await? else {
            return Ok(Step::Overtaken);
        };
        for event in run.iter().filter(|event| event.position > from.position) {
            let at = Checkpoint { position: event.position, ..from };
            if tx.is_of_before_reset(self.producer, at).await? {
                continue;
            }
            if open > 0 && !tx.open_letters(&self.follower, &event.resource, 1).await?.is_empty() {
                tx.put_aside(&self.follower, event.clone().into(), None).await?;
            } else if let Err(failed) = self.affect(&mut tx, event).await {
                return Ok(Step::Refused(failed));
            }
        }
        Ok(match tx.commit(()).await {
            Ok(()) => Step::Moved,
            Err(failed) => Step::Refused(failed),
        })
    }

    async fn put_aside(&self, applied: &mut Checkpoint, event: &Event, reason: Reason) -> Result<()> {
        let tx = self.begin(event).await?;
        if tx.advance(&self.follower, *applied, event.position).await?.is_none() {
            return self.catch_up(applied).await;
        }
        let at = Checkpoint { position: event.position, ..*applied };
        if !tx.is_of_before_reset(self.producer, at).await? {
            tx.put_aside(&self.follower, event.clone().into(), Some((reason, ATTEMPTS))).await?;
        }
        tx.commit(()).await?;
        applied.position = event.position;
        Ok(())
    }

    /// The effect itself; a panic in it is a failure like others.
    pub(crate) async fn affect(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        let effect = AssertUnwindSafe(self.apply.apply(tx, event)).catch_unwind().await;
        effect.unwrap_or_else(|_| Err(Failure::internal("the effect of an event panicked")))
    }

    pub(crate) async fn begin(&self, event: &Event) -> Result<Tx> {
        let change = Change {
            district: event.district.clone(),
            actor: event.actor.clone(),
            idempotency: None,
            grounds: None,
            since: None,
        };
        match self.store.write_regardless::<()>(change).await? {
            Write::Begin(tx) => Ok(tx),
            Write::Replay(()) => Err(Failure::internal("a change without a request_id was a repetition")),
        }
    }

    /// Goes on from where another process has moved the checkpoint.
    async fn catch_up(&self, applied: &mut Checkpoint) -> Result<()> {
        let now = self.checkpoint().await?;
        if now.position < applied.position || now.incarnation != applied.incarnation {
            return Err(Failure::aborted(
                Reason::StateConflict,
                "The checkpoint is another's than this stream's: a database was restored.",
            ));
        }
        *applied = now;
        Ok(())
    }

    /// Notes that the stream stands: something has come on it.
    pub(crate) fn heard(&self) {
        self.known.down_since.store(0, Ordering::Relaxed);
        self.known.parted.store(false, Ordering::Relaxed);
    }

    /// Notes that the stream is down, if that is not known yet.
    pub(crate) fn cut(&self) {
        let now = self.store.clock().now().as_microsecond();
        // Where it is known, the earlier moment stays.
        let _ = self.known.down_since.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes that the producer can never tell what comes next.
    pub(crate) fn part(&self) {
        self.known.parted.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has to see to it that this goes on.
    pub(crate) fn has_parted(&self) -> bool {
        self.known.parted.load(Ordering::Relaxed)
    }

    /// How long the oldest event waits that has come and is not applied; where the stream is down, how
    /// long it has been, since nobody here knows what has happened meanwhile.
    pub(crate) fn behind(&self) -> Duration {
        let now = self.store.clock().now().as_microsecond();
        let since = |moment: &AtomicI64| match moment.load(Ordering::Relaxed) {
            0 => 0,
            moment => now - moment,
        };
        let longest = since(&self.known.waiting_since).max(since(&self.known.down_since));
        Duration::from_micros(u64::try_from(longest).unwrap_or_default())
    }

    fn log(&self, event: &Event, failed: &Failure, attempts: i32) {
        let consumer = self.follower.checkpoint();
        let (kind, position, reason) = (&event.kind, event.position, failed.reason().as_str());
        if attempts < ATTEMPTS {
            tracing::warn!(consumer, event.kind = kind, event.position = position, reason, attempts, cause = ?failed.cause(), "an event could not be applied; it is tried again");
        } else {
            tracing::error!(consumer, event.kind = kind, event.position = position, reason, attempts, cause = ?failed.cause(), "an event could not be applied and is put aside: see trellis events dead-letters");
        }
    }
}

/// Whether the failure lies not in the event, but in something that is away or has no room: waiting
/// helps then, and nothing else does.
pub(crate) fn is_transient(failed: &Failure) -> bool {
    let of_the_store =
        [Reason::StoreUnavailable, Reason::StoreFull, Reason::StoreReadOnly, Reason::StoreCorrupt];
    matches!(
        failed.kind(),
        Kind::Unavailable
            | Kind::Aborted
            | Kind::DeadlineExceeded
            | Kind::ResourceExhausted
            | Kind::Cancelled
    ) || of_the_store.contains(&failed.reason())
}
