//! Where a document is kept while it arrives.

use prost::bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use trellis_kernel::{Failure, Result};

/// A document of up to so many bytes arrives in memory; a larger one in a file.
const IN_MEMORY: usize = 1024 * 1024;

/// A document that arrives. One that is slow to arrive takes no memory meanwhile: it is in a file without
/// a name in the directory for temporary files (`TMPDIR`), which only this process can open, and which is
/// gone when this is dropped or the process ends, however it ends.
pub(super) struct Spool {
    memory: Vec<u8>,
    file: Option<tokio::fs::File>,
    length: usize,
    digest: Sha256,
}

impl Spool {
    /// A document of which nothing has arrived. `seed` is what its digest begins with.
    pub(super) fn new(seed: &[u8]) -> Self {
        Self { memory: Vec::new(), file: None, length: 0, digest: Sha256::new_with_prefix(seed) }
    }

    /// How many bytes have arrived.
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// Counts bytes into the digest, and keeps none of them.
    pub(super) fn count(&mut self, chunk: &Bytes) {
        self.digest.update(chunk);
        self.length += chunk.len();
    }

    /// Adds what arrived.
    pub(super) async fn add(&mut self, chunk: &Bytes) -> Result<()> {
        self.count(chunk);
        if self.file.is_none() && self.length > IN_MEMORY {
            let file = tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(Failure::internal)?;
            let mut file = tokio::fs::File::from_std(file.map_err(Failure::internal)?);
            file.write_all(&std::mem::take(&mut self.memory)).await.map_err(Failure::internal)?;
            self.file = Some(file);
        }
        if let Some(file) = &mut self.file {
            return file.write_all(chunk).await.map_err(Failure::internal);
        }
        self.memory.extend_from_slice(chunk);
        Ok(())
    }

    /// A digest of the seed and the document.
    pub(super) fn fingerprint(&self) -> String {
        crate::domain::text::hex(&self.digest.clone().finalize())
    }

    /// The whole document.
    pub(super) async fn whole(self) -> Result<Vec<u8>> {
        let Some(mut file) = self.file else { return Ok(self.memory) };
        file.flush().await.map_err(Failure::internal)?;
        file.rewind().await.map_err(Failure::internal)?;
        let mut bytes = Vec::with_capacity(self.length);
        file.read_to_end(&mut bytes).await.map_err(Failure::internal)?;
        Ok(bytes)
    }
}
