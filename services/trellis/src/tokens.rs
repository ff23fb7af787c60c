//! Tokens of the development issuer.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use trellis_auth::{Claims, Signer};
use trellis_kernel::{Clock, District, Failure, Ids, Party, RandomIds, Result, Scopes};

use crate::keys;

/// Mints tokens that a suite with `--dev` or `--demo` and the same keys believes.
#[derive(Clone)]
pub struct Minter {
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

impl Minter {
    /// Opens the development issuer's key in a directory of keys, or makes it.
    pub fn open(keys_dir: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { signer: Arc::new(keys::dev(keys_dir)?), clock, ids: Arc::new(RandomIds) })
    }

    /// A token that names `party` in `district` and ends after `life`; each has a `jti` of its own.
    pub fn mint(
        &self,
        district: &District,
        party: &Party,
        scopes: &Scopes,
        life: SignedDuration,
    ) -> Result<String> {
        let expire_time = self.clock.now().checked_add(life).map_err(Failure::internal)?;
        let claims = Claims::new(self.signer.issuer(), district.clone(), party, scopes, expire_time);
        self.signer.mint(&Claims { jti: Some(self.ids.next().to_string()), ..claims })
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").finish_non_exhaustive()
    }
}
