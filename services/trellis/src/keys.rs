//! What the suite keeps secret: the keys it makes at its first start, readable by its own user alone.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use trellis_auth::secret::kept;
use trellis_auth::{DEV_ISSUER, SERVICE_ISSUER, Signer};
use trellis_kernel::{Failure, Result};
use trellis_store::{Sealer, SealingKey};

/// Opens the identity of the suite's own services, or makes it.
pub fn services(directory: &Path) -> Result<Signer> {
    prepare(directory)?;
    Signer::open(&directory.join("services.pem"), SERVICE_ISSUER)
}

/// Opens the development issuer, or makes it.
pub fn dev(directory: &Path) -> Result<Signer> {
    prepare(directory)?;
    Signer::open(&directory.join("dev.pem"), DEV_ISSUER)
}

/// Opens the keys that seal page and resume tokens, one a line, or makes the first.
pub fn sealer(directory: &Path) -> Result<Sealer> {
    prepare(directory)?;
    let first = || Ok(format!("{}\n", SealingKey::generate(1).to_line()));
    let lines = kept(&directory.join("sealing.keys"), first)?;
    let keys = lines.lines().filter(|line| !line.trim().is_empty()).map(SealingKey::parse);
    Sealer::new(keys.collect::<Result<_>>()?)
}

/// Makes a directory that only this user enters, and those above it that are missing. One that is there
/// already (a mounted secret) is left as it is.
pub(crate) fn prepare(directory: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(Failure::internal)
}

/// Makes an empty file that only this user reads, if there is none.
pub(crate) fn private_file(path: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    made.map(drop).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_made_once_and_are_the_owners_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let data = directory.path().join("data");
        let keys = data.join("keys");
        let (first, again) = (services(&keys).expect("made"), services(&keys).expect("opened"));
        assert_eq!(
            serde_json::to_value(first.public_keys()).expect("JSON"),
            serde_json::to_value(again.public_keys()).expect("JSON")
        );
        let token = sealer(&keys).expect("made").seal(&["page"], b"place");
        assert_eq!(sealer(&keys).expect("opened").open(&["page"], &token).as_deref(), Some(&b"place"[..]));
        dev(&keys).expect("made");
        for file in ["services.pem", "dev.pem", "sealing.keys"] {
            let mode = fs::metadata(keys.join(file)).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        for made in [data, keys] {
            assert_eq!(fs::metadata(&made).expect("a directory").permissions().mode() & 0o777, 0o700);
        }
    }
}
