//! Importing a framework: received, read, compared, and written in one transaction.

mod from_uri;
mod progress;
mod reconcile;
mod rubrics;
mod source;
mod spool;
mod writing;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use prost::bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use trellis_kernel::{District, Failure, Kind, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Store, Tx, Write};

use self::progress::{Progress, Running};
use self::reconcile::{ASSOCIATIONS, Here, Plan, Step};
pub use self::source::CaseSources;
use self::spool::Spool;
use super::frameworks::publish_locked;
use crate::domain::case::{self, MAX_BYTES, Package, Refusal};
use crate::domain::framework::FrameworkRef;
use crate::domain::transfer::{
    Action, BEAT, Difference, Issue, Phase, Place, Severity, State, Tally, Transfer,
};
use crate::store;

/// How many documents are received at once, each in a file of its own; further imports wait.
const ARRIVING: usize = 8;
/// How many bytes of documents are held in memory at once: one of the largest, or several small ones.
const ROOM: usize = MAX_BYTES;
/// What one place in that room stands for, in bytes.
const PLACE: usize = 1024 * 1024;
/// How long receiving a document may take.
const RECEIVE_TIME: Duration = Duration::from_mins(15);
/// How often an import that runs in another process is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How many associations made here are read at a time.
const SOME: usize = 5_000;

/// Imports, past and running.
#[derive(Clone)]
pub(crate) struct Imports {
    store: Store,
    progress: Progress,
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
            store,
            progress: Progress::default(),
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
        let Some(running) = self.progress.begin(&transfer) else {
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
                import.fail(&refused.issues, "").await;
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
            if let Some(shown) = self.progress.watch(district, id) {
                return Ok(shown.borrow().clone());
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
            tokio::time::sleep(BEAT).await;
            let beaten = async {
                let Write::Begin(tx) = self.store.write::<()>(change.clone()).await? else {
                    return Ok(false);
                };
                let cancelled = store::transfers::beat(&tx, &transfer).await?;
                tx.commit(()).await?;
                Ok::<_, Failure>(cancelled)
            };
            match beaten.await {
                Ok(true) => return,
                Ok(false) => {}
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
        self.progress.cancel(&district, id);
        match self.store.write(change).await? {
            Write::Replay(transfer) => Ok(transfer),
            Write::Begin(tx) => {
                store::transfers::cancel(&tx, id).await?;
                tx.commit(transfer).await
            }
        }
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
        let reader = self.store.read(district);
        let page = store::transfer_changes::list(&reader, framework, id, action, page).await?;
        Ok((Some(FrameworkRef::draft(district.clone(), framework)), page))
    }

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

/// An import that is running. Dropped before its end, it is kept as failed.
struct Import {
    imports: Imports,
    change: Change,
    transfer: Transfer,
    running: Option<Running>,
    over: bool,
}

/// Why an import failed, and what is kept of it.
struct Refused {
    failure: Failure,
    issues: Vec<Issue>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, issues: Vec::new() }
    }
}

impl Import {
    /// The change without its idempotency: a repetition is known by the import's own row.
    fn change(&self) -> Change {
        Change { idempotency: None, ..self.change.clone() }
    }

    async fn tx(&self) -> Result<Tx> {
        match self.imports.store.write::<()>(self.change()).await? {
            Write::Begin(tx) => Ok(tx),
            Write::Replay(()) => Err(Failure::internal("a change without a request_id was replayed")),
        }
    }

    async fn begin(&mut self, fingerprint: &str) -> Result<()> {
        let tx = self.tx().await?;
        store::transfers::begin(&tx, &self.transfer, fingerprint).await?;
        tx.commit(()).await
    }

    fn show(&mut self, phase: Phase) {
        self.transfer.phase = phase;
        if let Some(running) = &self.running {
            running.show(&self.transfer);
        }
    }

    async fn run(
        &mut self,
        asked: &Asked,
        chunks: impl Stream<Item = Result<Bytes>> + Send,
        arriving: OwnedSemaphorePermit,
    ) -> Result<Transfer, Refused> {
        let document = self.receive(asked, chunks).await?;
        drop(arriving);
        self.take(document).await
    }

    /// Reads a document that has arrived, and writes what it changes.
    async fn take(&mut self, document: Spool) -> Result<Transfer, Refused> {
        let fingerprint = document.fingerprint();
        let places = u32::try_from(document.len().div_ceil(PLACE)).map_err(Failure::internal)?;
        let _room = self.imports.room.clone().acquire_many_owned(places).await.map_err(Failure::internal)?;
        self.show(Phase::Reading);
        let bytes = document.whole().await?;
        let read = tokio::task::spawn_blocking(move || case::read(bytes)).await;
        let package = read.map_err(Failure::internal)?.map_err(refused)?;
        self.transfer.framework = Some(package.document.id);
        self.show(Phase::Writing);
        Ok(self.write(package, &fingerprint).await?)
    }

    async fn receive(
        &mut self,
        asked: &Asked,
        chunks: impl Stream<Item = Result<Bytes>> + Send,
    ) -> Result<Spool, Refused> {
        let received = tokio::time::timeout(RECEIVE_TIME, self.gather(asked, chunks)).await;
        received.unwrap_or_else(|_| {
            let text = "Receiving the document took too long.";
            Err(Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, text).into())
        })
    }

    async fn gather(
        &mut self,
        asked: &Asked,
        chunks: impl Stream<Item = Result<Bytes>> + Send,
    ) -> Result<Spool, Refused> {
        let mut chunks = std::pin::pin!(chunks);
        // What tells a repetition of the request from another stands before the document.
        let mut document = Spool::new(&asked.seed());
        if self.transfer.total > MAX_BYTES as u64 {
            return Err(too_large());
        }
        while let Some(chunk) = chunks.next().await {
            self.arrived(&mut document, &chunk?).await?;
        }
        Ok(document)
    }

    async fn arrived(&mut self, document: &mut Spool, chunk: &Bytes) -> Result<(), Refused> {
        if document.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        document.add(chunk).await?;
        self.transfer.received = document.len() as u64;
        self.show(Phase::Receiving);
        Ok(())
    }

    /// Writes what the package changes, and how the import ended, together.
    async fn write(&mut self, mut package: Package, fingerprint: &str) -> Result<Transfer> {
        let place = FrameworkRef::draft(self.change.district.clone(), package.document.id);
        let mut tx = self.tx().await?;
        let here = here(&tx, &place).await?;
        let mut plan = reconcile::plan(&mut package, here, place, tx.now());
        let mut transfer = self.transfer.clone();
        transfer.state = State::Succeeded;
        transfer.phase = Phase::Ended;
        transfer.changed = plan.changed;
        transfer.tally = plan.tally;
        elsewhere(&tx, &mut plan).await?;
        if plan.changed {
            transfer.changes = writing::write(&mut tx, &transfer, Arc::new(package), &mut plan).await?;
        }
        if !transfer.dry_run && transfer.publish && plan.framework.unpublished {
            transfer.revision = publish_locked(&mut tx, &mut plan.framework).await?.revision;
        }
        transfer.issues = u32::try_from(plan.issues.len()).unwrap_or(u32::MAX);
        transfer.end_time = Some(tx.now());
        store::transfers::end(&tx, &transfer, fingerprint, &plan.issues).await?;
        let transfer = tx.commit(transfer).await?;
        self.over = true;
        self.transfer = transfer.clone();
        self.show(Phase::Ended);
        Ok(transfer)
    }

    /// Keeps the import as failed. What made it fail is what the caller hears.
    async fn fail(&mut self, issues: &[Issue], fingerprint: &str) {
        self.transfer.state = State::Failed;
        self.end(issues, fingerprint).await;
    }

    /// Keeps how the import ended, where that is not written together with what it changed.
    async fn end(&mut self, issues: &[Issue], fingerprint: &str) {
        self.transfer.issues = u32::try_from(issues.len()).unwrap_or(u32::MAX);
        self.transfer.end_time = Some(self.imports.store.clock().now());
        let kept = async {
            let tx = self.tx().await?;
            let transfer = Transfer { phase: Phase::Ended, ..self.transfer.clone() };
            store::transfers::end(&tx, &transfer, fingerprint, issues).await?;
            tx.commit(()).await
        };
        if let Err(failure) = kept.await {
            tracing::warn!(%failure, "an import that ended could not be kept as ended");
        }
        self.over = true;
        self.show(Phase::Ended);
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // The client went away in the middle.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.over {
            return;
        }
        let mut rest = Self {
            imports: self.imports.clone(),
            change: self.change.clone(),
            transfer: self.transfer.clone(),
            running: self.running.take(),
            over: true,
        };
        runtime.spawn(async move { rest.fail(&[], "").await });
    }
}

/// What the draft of a framework holds.
async fn here(tx: &Tx, place: &FrameworkRef) -> Result<Here> {
    let framework = store::frameworks::find_locked(tx, place).await?;
    let digests = store::case_entries::digests(tx, place.id).await?;
    let mut associations = store::associations::ends(tx, place).await?;
    let imported = digests.get(ASSOCIATIONS);
    let own: Vec<Uuid> = associations
        .keys()
        .filter(|id| !imported.is_some_and(|imported| imported.contains_key(id)))
        .copied()
        .collect();
    let mut authored = Vec::with_capacity(own.len());
    for ids in own.chunks(SOME) {
        authored.extend(store::associations::some(tx, place, ids).await?);
        for id in ids {
            associations.remove(id);
        }
    }
    let progressions = store::progressions::every(tx, place).await?;
    let progressed: HashSet<Uuid> =
        progressions.into_iter().flat_map(|progression| progression.content.outcomes).collect();
    let outcomes = store::outcomes::places(tx, place).await?;
    let rubrics = store::rubrics::ids(tx, place).await?.into_iter().collect();
    let looked_at = store::rubrics::aligned(tx, place).await?;
    Ok(Here { framework, outcomes, associations, authored, progressed, rubrics, looked_at, digests })
}

/// Says of outcomes that are new whether another framework of the district has some of the same identity.
async fn elsewhere(tx: &Tx, plan: &mut Plan) -> Result<()> {
    let new: Vec<Uuid> =
        plan.outcomes.iter().filter(|(step, _)| *step == Step::Add).map(|(_, item)| item.id).collect();
    let mut count = 0;
    for ids in new.chunks(SOME) {
        count += store::outcomes::elsewhere(tx, plan.framework.place.id, ids).await?.len();
    }
    plan.issues.extend((count > 0).then(|| Issue {
        severity: Severity::Note,
        code: "IDENTIFIER_ELSEWHERE".to_owned(),
        place: Place { pointer: "/CFItems".to_owned(), line: 0, column: 0 },
        text: format!("Of the new outcomes, {count} have GUIDs that outcomes of another framework of the district have too."),
        repair: "Each framework keeps its own, and none is changed by the other's import.".to_owned(),
    }));
    Ok(())
}

fn refused(refusal: Refusal) -> Refused {
    let Refusal { place, text, issues } = refusal;
    let failure = Failure::invalid(Reason::DocumentMalformed, text)
        .with("pointer", &place.pointer)
        .with("line", place.line)
        .with("column", place.column);
    Refused { failure, issues }
}

fn too_large() -> Refused {
    let text = "The document is larger than 128 MiB.";
    let issue = Issue {
        severity: Severity::Error,
        code: "DOCUMENT_TOO_LARGE".to_owned(),
        place: Place::default(),
        text: text.to_owned(),
        repair: String::new(),
    };
    let failure = Failure::exhausted(Reason::DocumentTooLarge, text).with("limit_bytes", MAX_BYTES);
    Refused { failure, issues: vec![issue] }
}

/// Waits until an import is told to end.
async fn told(cancel: Option<CancellationToken>) {
    match cancel {
        Some(cancel) => cancel.cancelled().await,
        None => std::future::pending().await,
    }
}

fn cancelled() -> Refused {
    let text = "The import was cancelled.";
    let issue = Issue {
        severity: Severity::Error,
        code: "CANCELLED".to_owned(),
        place: Place::default(),
        text: text.to_owned(),
        repair: String::new(),
    };
    Refused { failure: Failure::aborted(Reason::StateConflict, text), issues: vec![issue] }
}

fn reused() -> Failure {
    Failure::invalid(
        Reason::RequestIdReused,
        "This request_id was used before with another request: use a new one.",
    )
    .violation("request_id", "must be new for every different request")
}
