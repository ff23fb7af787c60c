//! Tokens that a client carries and cannot read, change or use elsewhere.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use trellis_kernel::{Failure, Result};

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// A key under its number, which every token names so that keys can be changed without a gap.
#[derive(Clone)]
pub struct SealingKey {
    id: u8,
    secret: [u8; KEY_BYTES],
}

impl SealingKey {
    /// A new key from the system's random source.
    pub fn generate(id: u8) -> Self {
        Self { id, secret: Key::generate().into() }
    }

    /// Reads a key as [`to_line`](Self::to_line) wrote it: `1:BASE64URL`.
    pub fn parse(line: &str) -> Result<Self> {
        let refused = || Failure::internal("a sealing key must read NUMBER:BASE64URL, of 32 bytes");
        let (id, secret) = line.trim().split_once(':').ok_or_else(refused)?;
        let id = id.parse().map_err(|_| refused())?;
        let secret = URL_SAFE_NO_PAD.decode(secret).map_err(|_| refused())?;
        Ok(Self { id, secret: secret.try_into().map_err(|_| refused())? })
    }

    /// The key as text, for a file that only the server may read.
    pub fn to_line(&self) -> String {
        format!("{}:{}", self.id, URL_SAFE_NO_PAD.encode(self.secret))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Seals tokens with its first key and opens those of all its keys (XChaCha20-Poly1305).
///
/// To change keys: add the new one last everywhere, then put it first everywhere, then take the old
/// one away.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<[(u8, XChaCha20Poly1305)]>,
}

impl Sealer {
    /// A sealer with the given keys, at least one, each with a number of its own.
    pub fn new(keys: Vec<SealingKey>) -> Result<Self> {
        let mut numbers: Vec<u8> = keys.iter().map(|key| key.id).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if keys.is_empty() || numbers.len() != keys.len() {
            return Err(Failure::internal("sealing keys: at least one, each with a number of its own"));
        }
        let keys =
            keys.into_iter().map(|key| (key.id, XChaCha20Poly1305::new(&Key::from(key.secret)))).collect();
        Ok(Self { keys })
    }

    /// Seals `content`. The token opens only for the same `bound`: what it is for, the district, the
    /// list and its filter.
    ///
    /// # Panics
    ///
    /// When `content` is longer than the cipher's limit of 256 GiB.
    pub fn seal(&self, bound: &[&str], content: &[u8]) -> String {
        let (id, cipher) = &self.keys[0];
        let nonce = XNonce::generate();
        let sealed = cipher
            .encrypt(&nonce, Payload { msg: content, aad: &joined(bound) })
            .expect("a token is far shorter than the cipher's limit");
        let mut token = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        token.push(*id);
        token.extend_from_slice(&nonce);
        token.extend_from_slice(&sealed);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Opens a token; none when it was changed, is bound to something else, or its key is gone.
    pub fn open(&self, bound: &[&str], token: &str) -> Option<Vec<u8>> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, rest) = token.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let (_, cipher) = self.keys.iter().find(|(known, _)| known == id)?;
        let nonce = XNonce::try_from(nonce).ok()?;
        cipher.decrypt(&nonce, Payload { msg: sealed, aad: &joined(bound) }).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.keys.len()).finish()
    }
}

/// Joins the parts with their lengths, so that no two lists of parts are the same bytes.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}
