//! The public keys of an issuer, as they come and go.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};

use jiff::SignedDuration;
use jsonwebtoken::jwk::JwkSet;
use tokio::sync::{Mutex, MutexGuard};
use trellis_kernel::{Result, Timestamp};

use crate::fetch::{self, Fetcher};
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

/// The keys of one issuer, as last seen.
pub(crate) struct KeyRing {
    fetcher: Option<Fetcher>,
    known: RwLock<Known>,
    /// Held by the one call that reads them again.
    reading: Mutex<()>,
}

#[derive(Default)]
struct Known {
    set: JwkSet,
    keys: HashMap<String, VerifyingKey>,
    /// When they were read.
    read: Option<Timestamp>,
    /// When reading them was last tried.
    tried: Option<Timestamp>,
    /// How often they have changed: what was verified by the keys of one generation is verified again by
    /// those of the next.
    generation: u64,
}

impl Known {
    fn read_within(&self, age: SignedDuration, now: Timestamp) -> bool {
        self.read.is_some_and(|read| now.duration_since(read) < age)
    }

    /// Whether it is too early to try again.
    fn tried_recently(&self, now: Timestamp) -> bool {
        self.tried.is_some_and(|at| now.duration_since(at) < REFRESH_AT_MOST)
    }

    fn find(&self, kid: &str) -> Option<(VerifyingKey, u64)> {
        self.keys.get(kid).map(|key| (key.clone(), self.generation))
    }

    fn take(&mut self, set: JwkSet, now: Timestamp) -> Result<()> {
        if self.read.is_none() || set != self.set {
            self.keys = usable(&set)?;
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
        Ok(Self { fetcher, known: RwLock::new(known), reading: Mutex::new(()) })
    }

    /// Whether what was verified by the keys of a generation needs no verifying again: they are the keys
    /// still, as far as the issuer could be asked.
    pub(crate) fn stands(&self, generation: u64, now: Timestamp) -> bool {
        self.fetcher.is_none()
            || self.known(|known| {
                known.generation == generation
                    && known.read_within(USABLE, now)
                    && (known.read_within(FRESH, now) || known.tried_recently(now))
            })
    }

    /// The key of this name, and the generation of the keys that it is one of; none when the issuer has no
    /// such key.
    pub(crate) async fn find(&self, kid: &str, now: Timestamp) -> Result<Option<(VerifyingKey, u64)>> {
        let Some(fetcher) = &self.fetcher else {
            return Ok(self.known(|known| known.find(kid)));
        };
        if let Some(key) = self.usable(kid, now) {
            if self.known(|known| known.read_within(FRESH, now)) {
                return Ok(Some(key));
            }
            // One call reads again; the others need not wait for it.
            if let Ok(reading) = self.reading.try_lock() {
                self.refresh(fetcher, now, reading).await;
                return Ok(self.usable(kid, now));
            }
            return Ok(Some(key));
        }
        let reading = self.reading.lock().await;
        // Another call may have read them while this one waited.
        if let Some(key) = self.usable(kid, now) {
            return Ok(Some(key));
        }
        self.refresh(fetcher, now, reading).await;
        match self.usable(kid, now) {
            None if !self.known(|known| known.read_within(USABLE, now)) => Err(fetch::away()),
            key => Ok(key),
        }
    }

    /// Reads the keys again, unless that was tried a moment ago. An issuer that is away for a while stops
    /// nobody whom it has let in.
    async fn refresh(&self, fetcher: &Fetcher, now: Timestamp, _reading: MutexGuard<'_, ()>) {
        if self.known(|known| known.tried_recently(now)) {
            return;
        }
        self.change(|known| known.tried = Some(now));
        let taken = match fetcher.fetch().await {
            Ok(set) => self.change(|known| known.take(set, now)),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = taken {
            let cause = failure.cause().map(ToString::to_string).unwrap_or_default();
            tracing::warn!(issuer.keys = %fetcher, %cause, "an issuer's keys cannot be read");
        }
    }

    fn usable(&self, kid: &str, now: Timestamp) -> Option<(VerifyingKey, u64)> {
        self.known(|known| known.find(kid).filter(|_| known.read_within(USABLE, now)))
    }

    fn known<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }
}
