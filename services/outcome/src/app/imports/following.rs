//! Following an import until it has ended, wherever it runs.

use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::watch;
use trellis_kernel::{District, Result, Uuid};

use super::Imports;
use crate::domain::transfer::{State, Transfer};

/// How often an import that runs in another process is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Imports {
    /// Follows an import until it has ended.
    pub(crate) async fn watch(
        &self,
        district: District,
        id: Uuid,
    ) -> Result<impl Stream<Item = Result<Transfer>> + Send + 'static> {
        let shown = self.progress.watch(&district, id);
        let first = self.get(&district, id).await?;
        let ended = first.state != State::Running;
        let follow = Following { imports: self.clone(), district, id, shown, last: first.clone() };
        let rest = stream::unfold((follow, ended), |(mut follow, ended)| async move {
            if ended {
                return None;
            }
            let next = follow.next().await;
            let ended = next.as_ref().map_or(true, |transfer| transfer.state != State::Running);
            Some((next, (follow, ended)))
        });
        Ok(stream::once(async move { Ok(first) }).chain(rest))
    }
}

/// An import that someone follows.
struct Following {
    imports: Imports,
    district: District,
    id: Uuid,
    shown: Option<watch::Receiver<Transfer>>,
    last: Transfer,
}

impl Following {
    /// How the import is once it has come further.
    async fn next(&mut self) -> Result<Transfer> {
        loop {
            if let Some(shown) = &mut self.shown {
                // When it is no longer running here, the rest is in its row.
                if shown.changed().await.is_err() {
                    self.shown = None;
                }
            } else {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            let now = match &mut self.shown {
                Some(shown) => shown.borrow_and_update().clone(),
                None => self.imports.get(&self.district, self.id).await?,
            };
            if now != self.last {
                self.last = now.clone();
                return Ok(now);
            }
        }
    }
}
