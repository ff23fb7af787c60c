//! From a bearer token to an actor.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::Validation;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tonic::metadata::MetadataMap;
use trellis_kernel::{Actor, Clock, District, Failure, Party, Result, Timestamp};
use trellis_telemetry::metrics::{self, CacheFigures, Watching};

use crate::jwks::{KeyRing, Keys};
use crate::{AUDIENCE, Claims, DEV_ISSUER, SERVICE_ISSUER, Signer, door};

/// How far an issuer's clock may be from ours.
const LEEWAY_SECONDS: i64 = 60;
/// How many verified tokens are remembered. Verifying costs more than everything else a small call does.
const CACHED_TOKENS: usize = 10_000;
/// For how many seconds a verified token is not verified again: its issuer may take the key back.
const BELIEVED_SECONDS: i64 = 300;
/// Longer than this is no token, and is not even hashed.
const MAX_TOKEN: usize = 16 * 1024;

/// An issuer whose tokens the installation trusts.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// Its name, the `iss` of its tokens.
    pub name: String,
    /// Where its keys are.
    pub keys: Keys,
    /// The audience that its tokens must name: the one that it issues for this installation under.
    pub audience: String,
    /// The districts it may issue for; none named means all but the commons, which every other district
    /// reads and which therefore must be named.
    pub districts: Vec<District>,
}

impl Issuer {
    /// An issuer of tokens for the audience `trellis`, for every district but the commons.
    pub fn new(name: impl Into<String>, keys: Keys) -> Self {
        Self { name: name.into(), keys, audience: AUDIENCE.to_owned(), districts: Vec::new() }
    }

    /// The same, for these districts alone.
    #[must_use]
    pub fn districts(self, districts: Vec<District>) -> Self {
        Self { districts, ..self }
    }

    /// The same, for another audience.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self { audience: audience.into(), ..self }
    }
}

struct Trusted {
    ring: KeyRing,
    audience: String,
    districts: Vec<District>,
    /// Whether no district named means the commons too.
    commons: bool,
    own: bool,
}

impl Trusted {
    fn speaks_for(&self, district: &District) -> bool {
        self.districts.contains(district)
            || (self.districts.is_empty() && (self.commons || !district.is_commons()))
    }
}

/// A token that was verified.
#[derive(Clone)]
struct Seen {
    actor: Arc<Actor>,
    issuer: Arc<Trusted>,
    /// By the keys of which generation.
    generation: u64,
    /// When it is to be verified again, in seconds since 1970.
    until: i64,
}

impl Seen {
    fn is_over(&self, now: Timestamp) -> bool {
        is_over(self.actor.expire_time.as_second(), now.as_second())
    }

    /// Whether the token is believed without being verified again.
    fn stands(&self, now: Timestamp) -> bool {
        // With more time left than it was ever given, it was verified before the clock was set back, and how
        // long ago is not known.
        let left = self.until.saturating_sub(now.as_second());
        !self.is_over(now)
            && (1..=BELIEVED_SECONDS).contains(&left)
            && self.issuer.ring.stands(self.generation, now)
    }
}

/// Decides whose tokens are believed.
pub struct Authority {
    issuers: HashMap<String, Arc<Trusted>>,
    seen: Arc<Cache<[u8; 32], Seen>>,
    figures: CacheFigures,
    _keys: Watching,
    clock: Arc<dyn Clock>,
}

impl Authority {
    /// Trusts the given issuers, and the suite's own services.
    pub fn new(issuers: Vec<Issuer>, services: &Signer, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut trusted: HashMap<String, Arc<Trusted>> = HashMap::new();
        for Issuer { name, keys, audience, districts } in issuers {
            if name == SERVICE_ISSUER {
                return Err(Failure::internal(
                    "an issuer is configured under the name of the suite's own services",
                ));
            }
            // Whoever reads the development key can do anything in any case.
            let commons = name == DEV_ISSUER;
            let issuer = Trusted { ring: KeyRing::new(keys)?, audience, districts, commons, own: false };
            if trusted.insert(name, Arc::new(issuer)).is_some() {
                return Err(Failure::internal("two issuers are configured under one name"));
            }
        }
        let ring = KeyRing::new(Keys::Fixed(services.public_keys()))?;
        let audience = AUDIENCE.to_owned();
        let own = Trusted { ring, audience, districts: Vec::new(), commons: true, own: true };
        trusted.insert(SERVICE_ISSUER.to_owned(), Arc::new(own));
        let seen = Arc::new(Cache::new(CACHED_TOKENS));
        let told = seen.clone();
        let figures = CacheFigures::new("tokens", move || told.len());
        let keys = watch_keys(&trusted, &clock);
        Ok(Self { issuers: trusted, seen, figures, _keys: keys, clock })
    }

    /// The actor whom the call's `authorization: Bearer …` proves.
    pub async fn authenticate(&self, metadata: &MetadataMap) -> Result<Arc<Actor>> {
        let token = bearer(metadata.as_ref())?;
        let digest = digest(token);
        let now = self.clock.now();
        match self.seen.get(&digest) {
            Some(seen) if seen.stands(now) => {
                self.figures.hits(1);
                return Ok(seen.actor);
            }
            Some(seen) => {
                self.seen.remove(&digest);
                if seen.is_over(now) {
                    return Err(expired());
                }
                // It has proven somebody before: others at the same address who prove nobody do not keep it
                // from doing so again.
            }
            None => door::before_proof()?,
        }
        self.figures.misses(1);
        let seen = self.verify(token, now).await?;
        let actor = Arc::clone(&seen.actor);
        self.seen.insert(digest, seen);
        Ok(actor)
    }

    /// Refuses an actor whose token has ended since: for what goes on after it was let in. The tokens of
    /// services that act for themselves are not meant; they are renewed faster than streams end.
    pub(crate) fn require_unexpired(&self, actor: &Actor) -> Result<()> {
        let principal = actor.principal();
        let lasts = matches!(principal.party, Party::Service { .. });
        if lasts || !is_over(principal.expire_time.as_second(), self.clock.now().as_second()) {
            return Ok(());
        }
        Err(expired())
    }

    /// The actor whom the token of a call proves, if it was verified before and need not be verified again
    /// yet. Whether it was taken back is not looked at: this lets nobody in.
    pub fn recall(&self, headers: &HeaderMap) -> Option<Arc<Actor>> {
        let seen = self.seen.get(&digest(bearer(headers).ok()?))?;
        seen.stands(self.clock.now()).then_some(seen.actor)
    }

    async fn verify(&self, token: &str, now: Timestamp) -> Result<Seen> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| malformed())?;
        // What the header says must be understood we do not understand (RFC 7515, section 4.1.11). What it
        // says of keys (`jwk`, `jku`, `x5u`, `x5c`) is not looked at: the issuer's are known.
        if header.crit.is_some() {
            return Err(malformed());
        }
        // Read before it is believed, only to find the key that it must be signed with.
        let claimed = Claims::unverified(token)?;
        let issuer = self.issuers.get(&claimed.iss).ok_or_else(untrusted)?;
        let kid = header.kid.as_deref().ok_or_else(malformed)?;
        let (key, generation) = issuer.ring.find(kid, now).await?.ok_or_else(untrusted)?;
        let mut validation = Validation::new(key.algorithm);
        // Times and audience are checked below, against the clock that we were given.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|_| untrusted())?.claims;
        let actor = Arc::new(believe(issuer, claims, now.as_second())?);
        let until = now.as_second().saturating_add(BELIEVED_SECONDS);
        Ok(Seen { actor, issuer: Arc::clone(issuer), generation, until })
    }
}

/// Tells how long ago the keys were read that were read longest ago.
fn watch_keys(issuers: &HashMap<String, Arc<Trusted>>, clock: &Arc<dyn Clock>) -> Watching {
    let issuers: Vec<Arc<Trusted>> = issuers.values().cloned().collect();
    let clock = clock.clone();
    metrics::watch(move |figures| {
        let first = issuers.iter().filter_map(|issuer| issuer.ring.read_time()).min();
        let age = first.map_or(0.0, |read| clock.now().duration_since(read).as_secs_f64().max(0.0));
        let help = "Age of the keys of the issuer that was read longest ago; 0 where none was read yet";
        figures.gauge("trellis_issuer_keys_age_seconds", help, [], age);
    })
}

fn believe(issuer: &Trusted, claims: Claims, now: i64) -> Result<Actor> {
    if is_over(claims.exp, now) {
        return Err(expired());
    }
    let soon = now.saturating_add(LEEWAY_SECONDS);
    if claims.nbf.is_some_and(|nbf| nbf > soon) || claims.iat.is_some_and(|iat| iat > soon) {
        return Err(Failure::unauthenticated("The token is not valid yet."));
    }
    if !claims.aud.holds(&issuer.audience) {
        return Err(Failure::unauthenticated("The token was issued for another audience."));
    }
    let actor = claims.into_actor(issuer.own)?;
    if actor.district.as_ref().is_some_and(|district| !issuer.speaks_for(district)) {
        return Err(Failure::unauthenticated("The issuer may not issue tokens for this district."));
    }
    Ok(actor)
}

fn is_over(exp: i64, now: i64) -> bool {
    exp.saturating_add(LEEWAY_SECONDS) <= now
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Failure::unauthenticated(
            "The call carries no token: send `authorization: Bearer TOKEN`.",
        ));
    };
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN
    });
    token.map(|(_, token)| token.trim()).ok_or_else(malformed)
}

fn malformed() -> Failure {
    Failure::unauthenticated("The token is not well formed.")
}

fn untrusted() -> Failure {
    Failure::unauthenticated("The token is not signed by an issuer that this installation trusts.")
}

fn expired() -> Failure {
    Failure::unauthenticated("The token has expired.")
}
