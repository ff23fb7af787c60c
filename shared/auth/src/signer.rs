//! The keys with which the suite signs tokens itself.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use trellis_kernel::{Actor, Clock, Failure, Result, Scopes, Timestamp};

use crate::claims::{Audience, Subject};
use crate::secret::kept;
use crate::{AUDIENCE, Claims, SERVICE_ISSUER};

/// How long a token of a service is valid: longer than any call may take.
const SERVICE_TOKEN_LIFE: Duration = Duration::from_mins(2);

/// How long a service hands out its own token again. Signing one for each question costs more than asking.
const SERVICE_TOKEN_USE: Duration = Duration::from_mins(1);

/// Signs tokens with an Ed25519 key.
pub struct Signer {
    issuer: String,
    key: EncodingKey,
    public: Jwk,
}

impl Signer {
    /// Opens the key in the file, or makes one there that only the owner can read.
    pub fn open(path: &Path, issuer: &str) -> Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(Failure::internal)?;
        }
        let pem = kept(path, made)?;
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).map_err(Failure::internal)?;
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA).map_err(Failure::internal)?;
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).map_err(Failure::internal)?);
        Ok(Self { issuer: issuer.to_owned(), key, public })
    }

    /// The name under which it issues.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public half, as an issuer publishes it (RFC 7517).
    pub fn public_keys(&self) -> JwkSet {
        JwkSet { keys: vec![self.public.clone()] }
    }

    /// Signs a token.
    pub fn mint(&self, claims: &Claims) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid.clone_from(&self.public.common.key_id);
        jsonwebtoken::encode(&header, claims, &self.key).map_err(Failure::internal)
    }
}

fn made() -> Result<String> {
    let key = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(Failure::internal)?;
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(key.as_ref())))
}

/// The identity under which one service calls the others. Cheap to clone.
#[derive(Clone)]
pub struct ServiceIdentity {
    name: &'static str,
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
    /// The token for calls on nobody's behalf, and until when it is handed out again.
    own: Arc<Mutex<Option<(Timestamp, String)>>>,
}

impl ServiceIdentity {
    /// The identity of the named service.
    pub fn new(name: &'static str, signer: Arc<Signer>, clock: Arc<dyn Clock>) -> Self {
        Self { name, signer, clock, own: Arc::default() }
    }

    /// A token for a call: on behalf of an actor, or for the service itself.
    pub fn token(&self, on_behalf_of: Option<&Actor>) -> Result<String> {
        if on_behalf_of.is_some() {
            return self.mint(on_behalf_of);
        }
        let now = self.clock.now();
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, token)) = &*own
            && now < *until
        {
            return Ok(token.clone());
        }
        let token = self.mint(None)?;
        let until = now.saturating_add(SERVICE_TOKEN_USE).map_err(Failure::internal)?;
        *own = Some((until, token.clone()));
        Ok(token)
    }

    fn mint(&self, on_behalf_of: Option<&Actor>) -> Result<String> {
        let expire_time = self.clock.now().saturating_add(SERVICE_TOKEN_LIFE).map_err(Failure::internal)?;
        self.signer.mint(&Claims {
            iss: SERVICE_ISSUER.to_owned(),
            sub: format!("services/{}", self.name),
            aud: Audience::One(AUDIENCE.to_owned()),
            exp: expire_time.as_second(),
            nbf: None,
            iat: None,
            jti: None,
            scope: Scopes::parse("*").to_string(),
            trellis_kind: Subject::Service,
            trellis_district: None,
            trellis_id: None,
            trellis_on_behalf_of: on_behalf_of.map(Actor::principal).and_then(Claims::of).map(Box::new),
        })
    }
}
