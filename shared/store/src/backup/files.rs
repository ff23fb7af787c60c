//! Files that survive a loss of power, and are their owner's alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use trellis_kernel::{Failure, Result};

/// Makes a directory that only its owner enters.
pub(super) fn directory(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Failure::internal)
}

/// Writes a new file that only its owner reads, down to the disk.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = new(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(Failure::internal)
}

/// Writes a file that only its owner reads over the one that may be there, down to the disk.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(path).map_err(Failure::internal)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(Failure::internal)
}

/// Makes a new, empty file that only its owner reads.
pub(super) fn new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).map_err(Failure::internal)
}

/// Copies a file, down to the disk, and returns the digest of what was written.
pub(super) fn copy(from: &Path, to: &Path) -> Result<String> {
    let (mut from, mut to) = (File::open(from).map_err(Failure::internal)?, new(to)?);
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut piece).map_err(Failure::internal)?;
        if read == 0 {
            break;
        }
        digest.update(&piece[..read]);
        to.write_all(&piece[..read]).map_err(Failure::internal)?;
    }
    to.sync_all().map_err(Failure::internal)?;
    Ok(hex(&digest.finalize()))
}

/// The size and the digest of a file, once it is on the disk.
pub(super) fn settle(path: &Path) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(Failure::internal)?;
    file.sync_all().map_err(Failure::internal)?;
    let mut digest = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut piece).map_err(Failure::internal)?;
        if read == 0 {
            return Ok((bytes, hex(&digest.finalize())));
        }
        digest.update(&piece[..read]);
        bytes += read as u64;
    }
}

/// Writes down which files a directory holds.
pub(super) fn sync(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(Failure::internal)
}

/// Removes a file or a whole directory that may not be there.
pub(super) fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::internal(error)),
        _ => Ok(()),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
