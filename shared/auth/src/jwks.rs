//! The public keys of an issuer (RFC 7517).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::RwLock;
use std::time::Duration;

use jiff::SignedDuration;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::Mutex;
use trellis_kernel::{Failure, Reason, Result, Timestamp};

/// Where an issuer's keys are.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Known from the start and for good.
    Fixed(JwkSet),
    /// In a file, read again when a token names a key that is not known, and every ten minutes: a key that
    /// the issuer takes back is no longer believed.
    File(PathBuf),
    /// At an address, fetched again likewise.
    Url(String),
}

/// How often, at most, an unknown key id makes us look again: a stranger's tokens must not drive requests.
const REFRESH_AT_MOST: SignedDuration = SignedDuration::from_secs(30);
/// How long what was read of an issuer is used before it is read again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long it is used when it cannot be read again.
const USABLE: SignedDuration = SignedDuration::from_hours(1);
/// How long the issuer may take to answer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// More keys than this is no key set of an issuer's.
const MAX_KEYS: usize = 100;

/// A key with the only algorithm it may be used for.
#[derive(Clone)]
pub(crate) struct VerifyingKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The keys of one issuer, as last seen.
pub(crate) struct KeyRing {
    source: Keys,
    known: RwLock<Known>,
    refreshed: Mutex<Option<Timestamp>>,
}

struct Known {
    keys: HashMap<String, VerifyingKey>,
    /// When they were read; never for those that are known for good.
    read: Option<Timestamp>,
}

impl Known {
    /// The key, if it was read less than `age` ago.
    fn find(&self, kid: &str, now: Timestamp, age: SignedDuration) -> Option<VerifyingKey> {
        let young = self.read.is_none_or(|read| now.duration_since(read) < age);
        self.keys.get(kid).filter(|_| young).cloned()
    }
}

impl KeyRing {
    pub(crate) fn new(source: Keys) -> Result<Self> {
        let keys = match &source {
            Keys::Fixed(set) => read(set)?,
            Keys::File(_) | Keys::Url(_) => HashMap::new(),
        };
        let known = RwLock::new(Known { keys, read: None });
        Ok(Self { source, known, refreshed: Mutex::new(None) })
    }

    pub(crate) async fn find(&self, kid: &str, now: Timestamp) -> Result<Option<VerifyingKey>> {
        if let Some(key) = self.known(kid, now, FRESH) {
            return Ok(Some(key));
        }
        let mut refreshed = self.refreshed.lock().await;
        // Another call may have refreshed while this one waited.
        if let Some(key) = self.known(kid, now, FRESH) {
            return Ok(Some(key));
        }
        let recently = refreshed.is_some_and(|at| now.duration_since(at) < REFRESH_AT_MOST);
        if matches!(self.source, Keys::Fixed(_)) || recently {
            return Ok(self.known(kid, now, USABLE));
        }
        *refreshed = Some(now);
        match fetch(&self.source).await {
            Ok(set) => {
                let known = Known { keys: read(&set)?, read: Some(now) };
                *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = known;
                Ok(self.known(kid, now, FRESH))
            }
            // An issuer that is away for a while stops nobody whom it has let in.
            Err(away) => self.known(kid, now, USABLE).map(Some).ok_or(away),
        }
    }

    fn known(&self, kid: &str, now: Timestamp, age: SignedDuration) -> Option<VerifyingKey> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).find(kid, now, age)
    }
}

async fn fetch(source: &Keys) -> Result<JwkSet> {
    let away = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::unavailable(
            Reason::PeerUnavailable,
            "The issuer's keys cannot be read; try again.",
            FETCH_TIMEOUT,
        )
        .because(error)
    };
    match source {
        Keys::Fixed(set) => Ok(set.clone()),
        Keys::File(path) => {
            let text = tokio::fs::read(path).await.map_err(|e| away(e.into()))?;
            serde_json::from_slice(&text).map_err(|e| away(e.into()))
        }
        Keys::Url(url) => {
            let client =
                reqwest::Client::builder().timeout(FETCH_TIMEOUT).build().map_err(|e| away(e.into()))?;
            let reply = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
            reply.map_err(|e| away(e.into()))?.json().await.map_err(|e| away(e.into()))
        }
    }
}

fn read(set: &JwkSet) -> Result<HashMap<String, VerifyingKey>> {
    if set.keys.len() > MAX_KEYS {
        return Err(Failure::internal("an issuer's key set holds more than 100 keys"));
    }
    let mut keys = HashMap::new();
    for jwk in &set.keys {
        if let (Some(kid), Some(algorithm)) = (&jwk.common.key_id, algorithm(jwk)) {
            keys.insert(
                kid.clone(),
                VerifyingKey { algorithm, key: DecodingKey::from_jwk(jwk).map_err(Failure::internal)? },
            );
        }
    }
    Ok(keys)
}

/// The algorithm of a key, fixed by the key and never by the token (RFC 8725, section 3.1). Symmetric
/// keys have none: whoever can check such a token could also make one.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve};
    let stated = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => match stated.as_deref() {
            None | Some("RS256") => Some(Algorithm::RS256),
            Some("RS384") => Some(Algorithm::RS384),
            Some("RS512") => Some(Algorithm::RS512),
            Some("PS256") => Some(Algorithm::PS256),
            Some("PS384") => Some(Algorithm::PS384),
            Some("PS512") => Some(Algorithm::PS512),
            Some(_) => None,
        },
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(_) => Some(Algorithm::EdDSA),
        _ => None,
    }
}
