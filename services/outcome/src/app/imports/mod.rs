//! Importing a framework: received, read, compared, and written in one transaction.

mod from_uri;
mod one;
mod reconcile;
mod refusals;
mod rubrics;
mod source;
mod spool;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::Stream;
use prost::bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use trellis_kernel::{District, Failure, Kind, Page, PageRequest, Reason, Result, Uuid};
use trellis_rpc::jobs::{Jobs, Read, Running};
use trellis_store::{Change, Store, Write};

use self::one::Import;
use self::refusals::{cancelled, reused};
pub use self::source::CaseSources;
use crate::domain::case::MAX_BYTES;
use crate::domain::framework::FrameworkRef;
use crate::domain::transfer::{Action, Difference, Issue, Phase, State, Tally, Transfer};
use crate::store;

/// How many documents are received at once, each in a file of its own; further imports wait.
const ARRIVING: usize = 8;
/// How many bytes of documents are held in memory at once: one of the largest, or several small ones.
const ROOM: usize = MAX_BYTES;
/// What one place in that room stands for, in bytes.
const PLACE: usize = 1024 * 1024;
/// How long receiving a document may take.
const RECEIVE_TIME: Duration = Duration::from_mins(15);

/// Imports, past and running.
#[derive(Clone)]
pub(crate) struct Imports {
    store: Store,
    jobs: Jobs<Transfer>,
    sources: CaseSources,
    arriving: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

/// What an import is asked to do.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The client's own id of the request.
    pub(crate) request_id: Option<Uuid>,
    /// Whether to publish what was imported.
    pub(crate) publish: bool,
    /// Whether to say only what would change.
    pub(crate) dry_run: bool,
    /// The size of the document, as the client says; 0 when it does not.
    pub(crate) total: u64,
}

impl Asked {
    /// What tells this from another request for the same document.
    fn seed(&self) -> [u8; 2] {
        [u8::from(self.publish), u8::from(self.dry_run)]
    }
}

impl Imports {
    /// The imports of a store.
    pub(crate) fn new(store: Store, sources: CaseSources) -> Self {
        Self {
            jobs: Jobs::new("framework_import", |transfer: &Transfer| transfer.state).until_reset(&store),
            store,
            sources,
            arriving: Arc::new(Semaphore::new(ARRIVING)),
            room: Arc::new(Semaphore::new(ROOM / PLACE)),
        }
    }

    /// Imports a document.
    pub(crate) async fn import(
        &self,
        change: Change,
        asked: Asked,
        chunks: impl Stream<Item = Result<Bytes>> + Send,
    ) -> Result<Transfer> {
        let transfer = self.announced(&change, &asked);
        let before = store::transfers::find(&self.store.read(&change.district), transfer.id).await?;
        let Some(running) = self.jobs.begin(&transfer.district, transfer.id, transfer.clone()) else {
            return Err(Failure::aborted(
                Reason::StateConflict,
                "An import with this request_id is running: watch it.",
            )
            .with("transfer", transfer.name()));
        };
        let arriving = self.arriving.clone().acquire_owned().await.map_err(Failure::internal)?;
        let done = before.filter(|kept| kept.transfer.state == State::Succeeded);
        let mut import =
            Import { imports: self.clone(), change, transfer, running: Some(running), over: done.is_some() };
        if let Some(kept) = done {
            let document = import.receive(&asked, chunks).await.map_err(|refused| refused.failure)?;
            return if kept.fingerprint == document.fingerprint() {
                Ok(kept.transfer)
            } else {
                Err(reused())
            };
        }
        import.begin("").await?;
        let alive = self.clone().beat(import.change(), import.transfer.clone());
        let cancel = import.running.as_ref().map(Running::cancelled);
        let done = tokio::select! {
            done = import.run(&asked, chunks, arriving) => done,
            () = alive => Err(cancelled()),
            () = told(cancel) => Err(cancelled()),
        };
        match done {
            Ok(transfer) => Ok(transfer),
            Err(refused) => {
                let name = import.transfer.name();
                import.end(refused.state, &refused.issues, "").await;
                if import.transfer.state == State::Succeeded {
                    return Ok(import.transfer.clone());
                }
                Err(refused.failure.with("transfer", name))
            }
        }
    }

    fn announced(&self, change: &Change, asked: &Asked) -> Transfer {
        Transfer {
            district: change.district.clone(),
            id: asked.request_id.unwrap_or_else(|| self.store.ids().next()),
            dry_run: asked.dry_run,
            publish: asked.publish,
            state: State::Running,
            phase: Phase::Receiving,
            received: 0,
            total: asked.total,
            framework: None,
            revision: 0,
            changed: false,
            tally: Tally::default(),
            issues: 0,
            changes: 0,
            create_time: self.store.clock().now(),
            end_time: None,
            source: String::new(),
            documents: 0,
            documents_done: 0,
            parts: Vec::new(),
        }
    }

    /// Reads an import.
    pub(crate) async fn get(&self, district: &District, id: Uuid) -> Result<Transfer> {
        // Read again where it seems to run elsewhere: it may have begun or ended here meanwhile.
        let mut kept = None;
        for _ in 0..2 {
            if let Some(shown) = self.jobs.now(district, id) {
                return Ok(shown);
            }
            let found = store::transfers::get(&self.store.read_latest(district), id).await?;
            let running = found.transfer.state == State::Running;
            kept = Some(found);
            if !running {
                break;
            }
        }
        let kept = kept.ok_or_else(|| Failure::internal("an import was read and is not here"))?;
        Ok(kept.transfer.seen_at(self.store.clock().now(), kept.heard, self.store.is_embedded()))
    }

    /// Says every few seconds that an import lives, for the other processes on this database: they know
    /// by it when its server has ended under it. Ends when the import was cancelled in one of them.
    async fn beat(self, change: Change, transfer: Transfer) {
        loop {
            if self.store.is_embedded() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(State::BEAT).await;
            let beaten = async {
                let Write::Begin(tx) = self.store.write::<()>(change.clone()).await? else {
                    return Ok(false);
                };
                let cancelled = store::transfers::beat(&tx, &transfer).await?;
                tx.commit(()).await?;
                Ok::<_, Failure>(cancelled)
            };
            match beaten.await {
                Ok(true) => {
                    self.jobs.cancel(&transfer.district, transfer.id);
                    return;
                }
                Ok(false) => {}
                // Its sandbox was emptied, by another process.
                Err(failure) if failure.kind() == Kind::FailedPrecondition => {
                    self.jobs.cancel(&transfer.district, transfer.id);
                    return;
                }
                Err(failure) => tracing::debug!(%failure, "an import could not say that it lives"),
            }
        }
    }

    /// Ends an import that runs, here or in another process. One that has failed stays as it is.
    pub(crate) async fn cancel(&self, change: Change, id: Uuid) -> Result<Transfer> {
        let district = change.district.clone();
        let transfer = self.get(&district, id).await?;
        if transfer.state == State::Succeeded {
            return Err(Failure::precondition(Reason::StateConflict, "The import has ended."));
        }
        self.jobs.cancel(&district, id);
        match self.store.write(change).await? {
            Write::Replay(transfer) => Ok(transfer),
            Write::Begin(tx) => {
                store::transfers::cancel(&tx, id).await?;
                tx.commit(transfer).await
            }
        }
    }

    /// Follows an import until it has ended.
    pub(crate) async fn watch(
        &self,
        district: District,
        id: Uuid,
    ) -> Result<impl Stream<Item = Result<Transfer>> + Send + use<>> {
        let (imports, of) = (self.clone(), district.clone());
        let read: Read<Transfer> = Box::new(move || {
            let (imports, district) = (imports.clone(), of.clone());
            Box::pin(async move { imports.get(&district, id).await })
        });
        self.jobs.follow(&district, id, read).await
    }

    /// Lists the issues of an import.
    pub(crate) async fn issues(
        &self,
        district: &District,
        id: Uuid,
        page: &PageRequest,
    ) -> Result<Page<(i32, Issue)>> {
        let reader = self.store.read(district);
        let page = store::transfers::issues(&reader, id, page).await?;
        if page.items.is_empty() {
            self.get(district, id).await?;
        }
        Ok(page)
    }

    /// Lists what an import changed or would change.
    pub(crate) async fn changes(
        &self,
        district: &District,
        id: Uuid,
        action: Option<Action>,
        page: &PageRequest,
    ) -> Result<(Option<FrameworkRef>, Page<(i32, Difference)>)> {
        let transfer = self.get(district, id).await?;
        let Some(framework) = transfer.framework else {
            return Ok((None, Page { items: Vec::new(), next: String::new() }));
        };
        // What a job changed stands with its part: it has a framework where there is one alone.
        let id = transfer.parts.first().copied().unwrap_or(id);
        let reader = self.store.read(district);
        let page = store::transfer_changes::list(&reader, framework, id, action, page).await?;
        if page.items.is_empty()
            && transfer.changes > 0
            && !store::transfer_changes::is_kept(&self.store.read_latest(district), framework, id).await?
        {
            let text = "The list went when the framework was imported again.";
            return Err(Failure::precondition(Reason::StateConflict, text));
        }
        Ok((Some(FrameworkRef::draft(district.clone(), framework)), page))
    }
}

/// Waits until an import is told to end.
async fn told(cancel: Option<CancellationToken>) {
    match cancel {
        Some(cancel) => cancel.cancelled().await,
        None => std::future::pending().await,
    }
}
