//! The public keys of an issuer, as they come and go.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::{Mutex, OwnedMutexGuard};
use trellis_kernel::{Failure, Reason, Result, Timestamp};
use trellis_telemetry::metrics::{self, Counter, Counters};

use crate::fetch::Fetcher;
use crate::key::{VerifyingKey, usable};

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Known from the start and for good.
    Fixed(JwkSet),
    /// In a file, read again when a token names a key that is not known, and every ten minutes: a key that
    /// the issuer takes back is no longer believed.
    File(PathBuf),
    /// At an address, fetched again likewise: `https`, or this machine. A redirection is not followed.
    Url(String),
}

/// How often, at most, an unknown key id makes us look again: a stranger's tokens must not drive requests.
const REFRESH_AT_MOST: SignedDuration = SignedDuration::from_secs(30);
/// How long what was read of an issuer is used before it is read again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long it is used when it cannot be read again.
const USABLE: SignedDuration = SignedDuration::from_hours(1);

/// How many keys that an issuer has taken back are remembered.
const TAKEN_BACK: usize = 1000;

static READS: LazyLock<Counters<1>> = LazyLock::new(|| {
    let help = "Times that the keys of an issuer were to be read, by outcome";
    metrics::counters("trellis_issuer_key_reads_total", help, ["outcome"])
});

/// The keys of one issuer, as last seen.
pub(crate) struct KeyRing {
    /// Nobody, where the keys are known for good.
    reader: Option<Arc<Reader>>,
    known: Arc<RwLock<Known>>,
}

/// Reads the keys of one issuer, for one call at a time.
struct Reader {
    fetcher: Fetcher,
    /// Held while they are read.
    reading: Arc<Mutex<()>>,
    done: Counter,
    failed: Counter,
}

#[derive(Default)]
struct Known {
    set: JwkSet,
    keys: HashMap<String, VerifyingKey>,
    /// The ids of keys that the issuer had and has no longer.
    taken_back: HashSet<String>,
    /// When they were read.
    read: Option<Timestamp>,
    /// When reading them was last tried.
    tried: Option<Timestamp>,
    /// How often they have changed: what was verified by the keys of one generation is verified again by
    /// those of the next.
    generation: u64,
}

/// Whether something happened less than `age` ago. What lies in the future happened before the clock was set
/// back, and how long ago is not known; but a call may have come a moment before what another one did.
fn within(at: Option<Timestamp>, age: SignedDuration, now: Timestamp) -> bool {
    at.is_some_and(|at| (-REFRESH_AT_MOST..age).contains(&now.duration_since(at)))
}

impl Known {
    fn read_within(&self, age: SignedDuration, now: Timestamp) -> bool {
        within(self.read, age, now)
    }

    /// Whether it is too early to try again.
    fn tried_recently(&self, now: Timestamp) -> bool {
        within(self.tried, REFRESH_AT_MOST, now)
    }

    /// Whether the issuer has no key of this name, as far as a call that came in at `came` need know.
    fn lacks(&self, kid: &str, came: Timestamp) -> bool {
        self.taken_back.contains(kid) || self.read.is_some_and(|read| read >= came)
    }

    /// How long it is until reading may be tried again.
    fn wait(&self, now: Timestamp) -> Duration {
        let since = self.tried.map_or(REFRESH_AT_MOST, |tried| now.duration_since(tried));
        let wait = (REFRESH_AT_MOST - since).clamp(SignedDuration::from_secs(1), REFRESH_AT_MOST);
        wait.unsigned_abs()
    }

    fn find(&self, kid: &str) -> Option<(VerifyingKey, u64)> {
        self.keys.get(kid).map(|key| (key.clone(), self.generation))
    }

    fn take(&mut self, set: JwkSet, now: Timestamp) -> Result<()> {
        if self.read.is_none() || set != self.set {
            let before = std::mem::replace(&mut self.keys, usable(&set)?);
            if self.taken_back.len() > TAKEN_BACK {
                self.taken_back.clear();
            }
            self.taken_back.extend(before.into_keys());
            self.taken_back.retain(|kid| !self.keys.contains_key(kid));
            self.set = set;
            self.generation += 1;
        }
        self.read = Some(now);
        Ok(())
    }
}

impl KeyRing {
    pub(crate) fn new(source: Keys) -> Result<Self> {
        let mut known = Known::default();
        let fetcher = match source {
            Keys::Fixed(set) => {
                known.keys = usable(&set)?;
                None
            }
            Keys::File(path) => Some(Fetcher::file(path)),
            Keys::Url(url) => Some(Fetcher::url(&url)?),
        };
        let reader = fetcher.map(|fetcher| {
            let [done, failed] = ["done", "failed"].map(|outcome| READS.with([outcome]));
            Arc::new(Reader { fetcher, reading: Arc::default(), done, failed })
        });
        Ok(Self { reader, known: Arc::new(RwLock::new(known)) })
    }

    /// Whether what was verified by the keys of a generation needs no verifying again: they are the keys
    /// still, as far as the issuer could be asked.
    pub(crate) fn stands(&self, generation: u64, now: Timestamp) -> bool {
        self.reader.is_none()
            || self.known(|known| {
                known.generation == generation
                    && known.read_within(USABLE, now)
                    && (known.read_within(FRESH, now) || known.tried_recently(now))
            })
    }

    /// The key of this name, and the generation of the keys that it is one of; none when the issuer has no
    /// such key. Where that cannot be known yet, it fails.
    pub(crate) async fn find(&self, kid: &str, now: Timestamp) -> Result<Option<(VerifyingKey, u64)>> {
        let Some(reader) = &self.reader else {
            return Ok(self.known(|known| known.find(kid)));
        };
        if let Some(key) = self.usable(kid, now) {
            if self.known(|known| known.read_within(FRESH, now)) {
                return Ok(Some(key));
            }
            // One call reads again; the others need not wait for it.
            let Ok(reading) = reader.reading.clone().try_lock_owned() else { return Ok(Some(key)) };
            self.refresh(reader, now, reading).await?;
        } else {
            let reading = reader.reading.clone().lock_owned().await;
            // Another call may have read them while this one waited.
            if let Some(key) = self.usable(kid, now) {
                return Ok(Some(key));
            }
            self.refresh(reader, now, reading).await?;
        }
        self.known(|known| {
            if !known.read_within(USABLE, now) {
                return Err(unknown(known.wait(now)));
            }
            match known.find(kid) {
                // The issuer may have made it since its keys were last read.
                None if !known.lacks(kid, now) => Err(unknown(known.wait(now))),
                key => Ok(key),
            }
        })
    }

    /// Reads the keys again, unless that was tried a moment ago. An issuer that is away for a while stops
    /// nobody whom it has let in.
    ///
    /// It is read to the end though the call that began it goes away: the next one must not have to wait
    /// until it may be tried again.
    async fn refresh(
        &self,
        reader: &Arc<Reader>,
        now: Timestamp,
        reading: OwnedMutexGuard<()>,
    ) -> Result<()> {
        if self.known(|known| known.tried_recently(now)) {
            return Ok(());
        }
        change(&self.known, |known| known.tried = Some(now));
        let (reader, known) = (reader.clone(), self.known.clone());
        let read = tokio::spawn(async move {
            let _reading = reading;
            let taken = match reader.fetcher.fetch().await {
                Ok(set) => change(&known, |known| known.take(set, now)),
                Err(failure) => Err(failure),
            };
            let outcome = if taken.is_ok() { &reader.done } else { &reader.failed };
            outcome.add(1);
            if let Err(failure) = taken {
                let cause = failure.cause().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(issuer.keys = %reader.fetcher, %cause, "an issuer's keys cannot be read");
            }
        });
        read.await.map_err(Failure::internal)
    }

    /// When keys that are read again and again were last read; none before the first time, and where they
    /// are known for good.
    pub(crate) fn read_time(&self) -> Option<Timestamp> {
        self.reader.as_ref().and_then(|_| self.known(|known| known.read))
    }

    fn usable(&self, kid: &str, now: Timestamp) -> Option<(VerifyingKey, u64)> {
        self.known(|known| known.find(kid).filter(|_| known.read_within(USABLE, now)))
    }

    fn known<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn change<T>(known: &RwLock<Known>, change: impl FnOnce(&mut Known) -> T) -> T {
    change(&mut known.write().unwrap_or_else(PoisonError::into_inner))
}

/// Neither proven nor refuted: whoever comes back then may be told.
fn unknown(wait: Duration) -> Failure {
    let text = "The issuer's keys, as they are now, cannot be read; try again.";
    Failure::unavailable(Reason::PeerUnavailable, text, wait)
}
