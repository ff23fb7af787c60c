//! The imports that this process is running, for those who watch them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use trellis_kernel::{District, Uuid};

use crate::domain::transfer::Transfer;

type Key = (District, Uuid);

/// The imports that this process is running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress(Arc<Mutex<HashMap<Key, Shown>>>);

/// How far an import has come, and how it is told to end.
#[derive(Debug)]
struct Shown {
    transfer: watch::Sender<Transfer>,
    cancel: CancellationToken,
}

impl Progress {
    /// Shows an import for as long as the answer lives; none when it is running already.
    pub(crate) fn begin(&self, transfer: &Transfer) -> Option<Running> {
        self.begin_part(transfer, None)
    }

    /// The same of a part of an import: what is told to end ends its parts.
    pub(crate) fn begin_part(&self, transfer: &Transfer, of: Option<&Running>) -> Option<Running> {
        let key = (transfer.district.clone(), transfer.id);
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(&key) {
            return None;
        }
        let cancel = of.map_or_else(CancellationToken::new, |of| of.cancel.child_token());
        let shown = Shown { transfer: watch::Sender::new(transfer.clone()), cancel: cancel.clone() };
        running.insert(key.clone(), shown);
        Some(Running { progress: self.clone(), key, cancel })
    }

    /// Follows an import; none when it is not running in this process.
    pub(crate) fn watch(&self, district: &District, id: Uuid) -> Option<watch::Receiver<Transfer>> {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.get(&(district.clone(), id)).map(|shown| shown.transfer.subscribe())
    }

    /// Tells an import to end, if it runs in this process.
    pub(crate) fn cancel(&self, district: &District, id: Uuid) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = running.get(&(district.clone(), id)) {
            shown.cancel.cancel();
        }
    }
}

/// An import that is running.
#[derive(Debug)]
pub(crate) struct Running {
    progress: Progress,
    key: Key,
    cancel: CancellationToken,
}

impl Running {
    /// Shows how far it has come.
    pub(crate) fn show(&self, transfer: &Transfer) {
        let running = self.progress.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = running.get(&self.key) {
            shown.transfer.send_replace(transfer.clone());
        }
    }

    /// What says that it is to end.
    pub(crate) fn cancelled(&self) -> CancellationToken {
        self.cancel.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.progress.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
