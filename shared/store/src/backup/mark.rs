//! The mark of a restore that is putting its files in place.
//!
//! It takes more than one step: if the machine stops in the middle, some files are of before and some
//! of the backup. Then the mark lies there, and nothing serves these files. What has been put in place
//! knows the incarnations of what is to come, so that the mark keeps them for the restore that ends it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Ids, Result, Uuid};

use super::{Kept, files, lock};

/// The services whose files are not in place, and where that is written down.
pub(super) struct Mark {
    directory: PathBuf,
    file: PathBuf,
    written: Written,
}

#[derive(Default, Serialize, Deserialize)]
struct Written {
    /// For whoever looks into the file.
    note: String,
    unplaced: BTreeSet<String>,
    /// By service.
    #[serde(default)]
    renewed: BTreeMap<String, Renewed>,
}

/// The new incarnation of a feed that is put back.
#[derive(Serialize, Deserialize)]
struct Renewed {
    /// What the file of the backup is: another one is of another moment, and gets another.
    sha256: String,
    incarnation: Uuid,
}

const NOTE: &str = "A restore is putting its files in place. If none runs, run trellis restore again.";

impl Mark {
    /// Reads what an earlier restore left. A mark that does not say which services it is about (an older
    /// program's, or one that was being written when the power failed) is about all of them.
    pub(super) fn read<'a>(directory: &Path, all: impl Iterator<Item = &'a str>) -> Result<Self> {
        let file = lock::unfinished(directory);
        let mut written = match fs::read(&file) {
            Ok(content) => serde_json::from_slice(&content).unwrap_or_else(|_| Written {
                unplaced: all.map(str::to_owned).collect(),
                ..Written::default()
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Written::default(),
            Err(error) => return Err(Failure::internal(error)),
        };
        NOTE.clone_into(&mut written.note);
        Ok(Self { directory: directory.to_owned(), file, written })
    }

    /// Whether an earlier restore was interrupted.
    pub(super) fn is_set(&self) -> bool {
        self.file.exists()
    }

    /// Gives each of these feeds a new incarnation: that which an interrupted restore of the same file
    /// gave it, if one did.
    pub(super) fn renew(&mut self, kept: &[&Kept], ids: &dyn Ids) {
        for kept in kept {
            if self.incarnation(kept).is_none() {
                let renewed = Renewed { sha256: kept.sha256.clone(), incarnation: ids.next() };
                self.written.renewed.insert(kept.service.clone(), renewed);
            }
        }
    }

    /// The new incarnation of a feed that is put back with this file, now or by the interrupted restore.
    pub(super) fn incarnation(&self, kept: &Kept) -> Option<Uuid> {
        let renewed = self.written.renewed.get(&kept.service);
        renewed.filter(|renewed| renewed.sha256 == kept.sha256).map(|renewed| renewed.incarnation)
    }

    /// Says that these are about to be put in place, beside those that an earlier restore left.
    pub(super) fn begin<'a>(&mut self, services: impl Iterator<Item = &'a str>) -> Result<()> {
        self.written.unplaced.extend(services.map(str::to_owned));
        self.write()
    }

    /// Says that one is in place. With the last of them the mark goes.
    pub(super) fn placed(&mut self, service: &str) -> Result<()> {
        // The file first: a mark that is late is repeated work, one that is early is a wrong file served.
        files::sync(&self.directory)?;
        self.written.unplaced.remove(service);
        if !self.written.unplaced.is_empty() {
            return self.write();
        }
        files::remove(&self.file)?;
        files::sync(&self.directory)
    }

    /// Never removed first: between the two, a loss of power would leave files of two moments unmarked.
    fn write(&self) -> Result<()> {
        let content = serde_json::to_vec(&self.written).map_err(Failure::internal)?;
        files::replace(&self.file, &content)?;
        files::sync(&self.directory)
    }
}
