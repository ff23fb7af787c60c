//! What a backup says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result, Timestamp, Uuid};

use super::files;
use super::lock::conflict;

/// The form of the manifest and of the files beside it.
const FORMAT: u32 = 1;
const FILE: &str = "manifest.json";

/// What a backup holds, and how to tell that it still does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the backup: 1.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// The moment of the snapshots.
    pub time: Timestamp,
    /// The services, each with its file.
    pub services: Vec<Kept>,
    /// The keys, if they were asked for.
    pub keys: Vec<KeptKey>,
}

/// The file of a service in a backup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The service.
    pub service: String,
    /// The file beside the manifest.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The migrations that had been applied.
    pub migrations: Vec<String>,
    /// The last position that its events had been given.
    pub head: i64,
    /// The incarnation of its feed; none where the program that made the file knew of none.
    #[serde(default)]
    pub incarnation: Option<Uuid>,
    /// How far it had followed the events of others.
    pub checkpoints: BTreeMap<String, i64>,
    /// How many rows each table holds.
    pub rows: BTreeMap<String, i64>,
}

/// A key in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptKey {
    /// The file in `keys` beside the manifest.
    pub file: String,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    pub(super) fn new(program: &str, time: Timestamp) -> Self {
        Self { format: FORMAT, program: program.to_owned(), time, services: Vec::new(), keys: Vec::new() }
    }

    /// Reads that of a backup.
    pub fn read(backup: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(backup.join(FILE)).map_err(|error| {
            conflict("This is no backup: it holds no manifest.json that can be read.").because(error)
        })?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| conflict("The backup's manifest.json is damaged.").because(error))?;
        if manifest.format != FORMAT {
            return Err(conflict(format!(
                "The backup was made by trellis {}, in a form that this program does not know.",
                manifest.program
            )));
        }
        Ok(manifest)
    }

    pub(super) fn write(&self, backup: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::internal)?;
        files::write(&backup.join(FILE), text.as_bytes())
    }

    /// The file of a service, if the backup holds it.
    pub(super) fn service(&self, name: &str) -> Option<&Kept> {
        self.services.iter().find(|kept| kept.service == name)
    }

    /// Refuses a backup whose services have followed events that their producers do not hold: it was
    /// put together from several.
    pub(super) fn agrees(&self) -> Result<()> {
        for kept in &self.services {
            for (consumer, position) in &kept.checkpoints {
                let producer = consumer.rsplit('/').next().unwrap_or_default();
                if self.service(producer).is_some_and(|producer| producer.head < *position) {
                    return Err(conflict(format!(
                        "The backup's {} has followed events that its {producer} does not hold: they are not of \
                         one moment.",
                        kept.service
                    )));
                }
            }
        }
        Ok(())
    }
}
