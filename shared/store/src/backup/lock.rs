//! Who uses a directory of data.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use trellis_kernel::{Failure, Reason, Result};

/// The lock on a directory of data: shared by all that serve it or copy from it, or held alone by what
/// replaces it. It ends with the value, and with the process, however that ends.
#[derive(Debug)]
pub struct DataLock {
    _held: File,
}

/// The file that is there while a restore puts its files in place.
const UNFINISHED: &str = "restore.unfinished";

impl DataLock {
    /// Takes part in using the directory, which must be there.
    pub fn shared(directory: &Path) -> Result<Self> {
        let held = open(directory)?;
        match held.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(conflict("A restore into this data directory is under way; wait for its end."));
            }
            Err(TryLockError::Error(error)) => return Err(Failure::internal(error)),
        }
        if unfinished(directory).exists() {
            return Err(conflict(
                "A restore into this data directory was interrupted, and its files are of different moments: \
                 run trellis restore again.",
            ));
        }
        Ok(Self { _held: held })
    }

    /// Takes the directory alone, which must be there.
    pub(super) fn alone(directory: &Path) -> Result<Self> {
        let held = open(directory)?;
        match held.try_lock() {
            Ok(()) => Ok(Self { _held: held }),
            Err(TryLockError::WouldBlock) => Err(conflict(
                "A suite serves this data directory, or a backup of it is being made: end it first.",
            )),
            Err(TryLockError::Error(error)) => Err(Failure::internal(error)),
        }
    }
}

/// The mark of a restore that is putting its files in place.
pub(super) fn unfinished(directory: &Path) -> PathBuf {
    directory.join(UNFINISHED)
}

fn open(directory: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(directory.join("lock")).map_err(Failure::internal)
}

pub(super) fn conflict(words: impl Into<String>) -> Failure {
    Failure::precondition(Reason::StateConflict, words.into())
}
