//! What the suite keeps secret: the keys it makes at its first start, readable by its own user alone.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

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
    let path = directory.join("sealing.keys");
    let made = SealingKey::generate(1).to_line();
    let lines = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            writeln!(file, "{made}").and_then(|()| file.sync_all()).map_err(Failure::internal)?;
            made
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::read_to_string(&path).map_err(Failure::internal)?
        }
        Err(error) => return Err(Failure::internal(error)),
    };
    let keys = lines.lines().filter(|line| !line.trim().is_empty()).map(SealingKey::parse);
    Sealer::new(keys.collect::<Result<_>>()?)
}

fn prepare(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .and_then(|()| fs::set_permissions(directory, Permissions::from_mode(0o700)))
        .map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_are_the_owners_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = directory.path().join("keys");
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
        assert_eq!(fs::metadata(&keys).expect("a directory").permissions().mode() & 0o777, 0o700);
    }
}
