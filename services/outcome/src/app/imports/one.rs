//! One import while it runs.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{Stream, StreamExt as _};
use prost::bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use trellis_kernel::{Failure, Kind, Reason, Result, Uuid};
use trellis_rpc::jobs::Running;
use trellis_store::{Change, Tx, Write};

use super::reconcile::{self, ASSOCIATIONS, Here, Plan, Step};
use super::refusals::{Refused, abandoned, cancelled, refused, too_large};
use super::spool::Spool;
use super::{Asked, Imports, PLACE, RECEIVE_TIME, writing};
use crate::app::frameworks::publish_locked;
use crate::domain::case::{self, MAX_BYTES, Package};
use crate::domain::framework::FrameworkRef;
use crate::domain::transfer::{Issue, Phase, Place, Severity, State, Transfer};
use crate::store;

/// How many rows are named in one statement.
const SOME: usize = 5_000;

/// An import that is running. Dropped before its end, it is kept as failed.
pub(super) struct Import {
    pub(super) imports: Imports,
    pub(super) change: Change,
    pub(super) transfer: Transfer,
    pub(super) running: Option<Running<Transfer>>,
    pub(super) over: bool,
}

impl Import {
    /// The change without its idempotency: a repetition is known by the import's own row.
    pub(super) fn change(&self) -> Change {
        Change { idempotency: None, ..self.change.clone() }
    }

    pub(super) async fn tx(&self) -> Result<Tx> {
        match self.imports.store.write::<()>(self.change()).await? {
            Write::Begin(tx) => Ok(tx),
            Write::Replay(()) => Err(Failure::internal("a change without a request_id was replayed")),
        }
    }

    pub(super) async fn begin(&mut self, fingerprint: &str) -> Result<()> {
        let tx = self.tx().await?;
        store::transfers::begin(&tx, &self.transfer, fingerprint).await?;
        self.change.since = tx.since();
        tx.commit(()).await
    }

    pub(super) fn show(&mut self, phase: Phase) {
        self.transfer.phase = phase;
        if let Some(running) = &self.running {
            running.show(self.transfer.clone());
        }
    }

    pub(super) async fn run(
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
    pub(super) async fn take(&mut self, document: Spool) -> Result<Transfer, Refused> {
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

    pub(super) async fn receive(
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

    pub(super) async fn gather(
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

    pub(super) async fn arrived(&mut self, document: &mut Spool, chunk: &Bytes) -> Result<(), Refused> {
        if document.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        document.add(chunk).await?;
        self.transfer.received = document.len() as u64;
        self.show(Phase::Receiving);
        Ok(())
    }

    /// Writes what the package changes, and how the import ended, together.
    pub(super) async fn write(&mut self, mut package: Package, fingerprint: &str) -> Result<Transfer> {
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
        transfer.end_time = Some(tx.machine_time());
        store::transfers::end(&tx, &transfer, fingerprint, &plan.issues).await?;
        let transfer = tx.commit(transfer).await?;
        self.over = true;
        self.transfer = transfer.clone();
        self.show(Phase::Ended);
        Ok(transfer)
    }

    /// Keeps how the import ended, where that is not written together with what it changed.
    pub(super) async fn end(&mut self, state: State, issues: &[Issue], fingerprint: &str) {
        self.transfer.state = state;
        self.transfer.issues = u32::try_from(issues.len()).unwrap_or(u32::MAX);
        self.transfer.end_time = Some(self.imports.store.clock().now());
        let kept = async {
            let tx = self.tx().await?;
            let transfer = Transfer { phase: Phase::Ended, ..self.transfer.clone() };
            store::transfers::end(&tx, &transfer, fingerprint, issues).await?;
            tx.commit(()).await
        };
        if let Err(failure) = kept.await {
            let reader = self.imports.store.read_latest(&self.transfer.district);
            match store::transfers::find(&reader, self.transfer.id).await {
                // Its last word was written already when it was told to end.
                Ok(Some(kept))
                    if kept.transfer.state != State::Running
                        && kept.transfer.create_time == self.transfer.create_time =>
                {
                    self.transfer = kept.transfer;
                }
                _ => tracing::warn!(%failure, "an import that ended could not be kept as ended"),
            }
        }
        self.over = true;
        self.show(Phase::Ended);
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // Nobody waits for it any more: it was told to end, or its client went away.
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
        let told = rest.running.as_ref().is_some_and(|running| running.cancelled().is_cancelled());
        let why = if told { cancelled() } else { abandoned() };
        runtime.spawn(async move { rest.end(why.state, &why.issues, "").await });
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
