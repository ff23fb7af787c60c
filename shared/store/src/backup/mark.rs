//! The mark of a restore that is putting its files in place.
//!
//! It takes more than one step: if the machine stops in the middle, some files are of before and some
//! of the backup. Then the mark lies there, and nothing serves these files.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result};

use super::{files, lock};

/// The services whose files are not in place, and where that is written down.
pub(super) struct Mark {
    directory: PathBuf,
    file: PathBuf,
    unplaced: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    /// For whoever looks into the file.
    note: String,
    unplaced: BTreeSet<String>,
}

const NOTE: &str = "A restore is putting its files in place. If none runs, run trellis restore again.";

impl Mark {
    /// Reads what an earlier restore left. A mark that does not say which services it is about (an older
    /// program's, or one that was being written when the power failed) is about all of them.
    pub(super) fn read<'a>(directory: &Path, all: impl Iterator<Item = &'a str>) -> Result<Self> {
        let file = lock::unfinished(directory);
        let unplaced = match fs::read(&file) {
            Ok(content) => serde_json::from_slice(&content)
                .map_or_else(|_| all.map(str::to_owned).collect(), |written: Written| written.unplaced),
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(Failure::internal(error)),
        };
        Ok(Self { directory: directory.to_owned(), file, unplaced })
    }

    /// Whether an earlier restore was interrupted.
    pub(super) fn is_set(&self) -> bool {
        self.file.exists()
    }

    /// Says that these are about to be put in place, beside those that an earlier restore left.
    pub(super) fn begin<'a>(&mut self, services: impl Iterator<Item = &'a str>) -> Result<()> {
        self.unplaced.extend(services.map(str::to_owned));
        self.write()
    }

    /// Says that one is in place. With the last of them the mark goes.
    pub(super) fn placed(&mut self, service: &str) -> Result<()> {
        // The file first: a mark that is late is repeated work, one that is early is a wrong file served.
        files::sync(&self.directory)?;
        self.unplaced.remove(service);
        if !self.unplaced.is_empty() {
            return self.write();
        }
        files::remove(&self.file)?;
        files::sync(&self.directory)
    }

    /// Never removed first: between the two, a loss of power would leave files of two moments unmarked.
    fn write(&self) -> Result<()> {
        let written = Written { note: NOTE.to_owned(), unplaced: self.unplaced.clone() };
        let content = serde_json::to_vec(&written).map_err(Failure::internal)?;
        files::replace(&self.file, &content)?;
        files::sync(&self.directory)
    }
}
