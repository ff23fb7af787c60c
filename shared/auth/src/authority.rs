//! From a bearer token to an actor.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::Validation;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tonic::metadata::MetadataMap;
use trellis_kernel::{Actor, Clock, District, Failure, Result};

use crate::jwks::{KeyRing, Keys};
use crate::{AUDIENCE, Claims, DEV_ISSUER, SERVICE_ISSUER, Signer};

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
    /// The districts it may issue for; none named means all but the commons, which every other district
    /// reads and which therefore must be named.
    pub districts: Vec<District>,
}

struct Trusted {
    ring: KeyRing,
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
    /// When it is to be verified again, in seconds since 1970.
    until: i64,
}

/// Decides whose tokens are believed.
pub struct Authority {
    issuers: HashMap<String, Trusted>,
    seen: Cache<[u8; 32], Seen>,
    clock: Arc<dyn Clock>,
}

impl Authority {
    /// Trusts the given issuers, and the suite's own services.
    pub fn new(issuers: Vec<Issuer>, services: &Signer, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut trusted = HashMap::new();
        for issuer in issuers {
            if issuer.name == SERVICE_ISSUER {
                return Err(Failure::internal(
                    "an issuer is configured under the name of the suite's own services",
                ));
            }
            let ring = KeyRing::new(issuer.keys)?;
            // Whoever reads the development key can do anything in any case.
            let commons = issuer.name == DEV_ISSUER;
            trusted.insert(issuer.name, Trusted { ring, districts: issuer.districts, commons, own: false });
        }
        let ring = KeyRing::new(Keys::Fixed(services.public_keys()))?;
        trusted.insert(
            SERVICE_ISSUER.to_owned(),
            Trusted { ring, districts: Vec::new(), commons: true, own: true },
        );
        Ok(Self { issuers: trusted, seen: Cache::new(CACHED_TOKENS), clock })
    }

    /// The actor whom the call's `authorization: Bearer …` proves.
    pub async fn authenticate(&self, metadata: &MetadataMap) -> Result<Actor> {
        let token = bearer(metadata)?;
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = self.clock.now().as_second();
        if let Some(Seen { actor, until }) = self.seen.get(&digest) {
            if self.is_over(actor.expire_time.as_second()) {
                self.seen.remove(&digest);
                return Err(expired());
            }
            if now < until {
                return Ok((*actor).clone());
            }
            self.seen.remove(&digest);
        }
        let actor = self.verify(token).await?;
        let until = now.saturating_add(BELIEVED_SECONDS);
        self.seen.insert(digest, Seen { actor: Arc::new(actor.clone()), until });
        Ok(actor)
    }

    async fn verify(&self, token: &str) -> Result<Actor> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| malformed())?;
        // Read before it is believed, only to find the key that it must be signed with.
        let claimed: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| malformed())?;
        let issuer = self.issuers.get(&claimed.iss).ok_or_else(untrusted)?;
        let kid = header.kid.as_deref().ok_or_else(malformed)?;
        let key = issuer.ring.find(kid, self.clock.now()).await?.ok_or_else(untrusted)?;
        let mut validation = Validation::new(key.algorithm);
        // Times and audience are checked below, against the clock that we were given.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|_| untrusted())?.claims;
        self.believe(issuer, claims)
    }

    fn believe(&self, issuer: &Trusted, claims: Claims) -> Result<Actor> {
        let now = self.clock.now().as_second();
        if self.is_over(claims.exp) {
            return Err(expired());
        }
        if claims.nbf.is_some_and(|nbf| nbf > now.saturating_add(LEEWAY_SECONDS)) {
            return Err(Failure::unauthenticated("The token is not valid yet."));
        }
        if !claims.aud.holds(AUDIENCE) {
            return Err(Failure::unauthenticated("The token was issued for another audience."));
        }
        let actor = claims.into_actor(issuer.own)?;
        if actor.district.as_ref().is_some_and(|district| !issuer.speaks_for(district)) {
            return Err(Failure::unauthenticated("The issuer may not issue tokens for this district."));
        }
        Ok(actor)
    }

    fn is_over(&self, exp: i64) -> bool {
        exp.saturating_add(LEEWAY_SECONDS) <= self.clock.now().as_second()
    }
}

fn bearer(metadata: &MetadataMap) -> Result<&str> {
    let mut values = metadata.get_all("authorization").iter();
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
