//! Spreadsheets of outcomes: looked at, imported in one transaction, exported.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{Stream, StreamExt as _};
use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trellis_kernel::{District, Failure, Kind, Reason, Result, Timestamp, Uuid};
use trellis_store::{Change, Scope, Store, Tx, Write};

use super::sheet_plan::{self, Here, Plan, RowChange};
use super::told;
use crate::domain::framework::{Framework, FrameworkContent, FrameworkRef, Holdings};
use crate::domain::graph;
use crate::domain::outcome::Outcome;
use crate::domain::sheet::{self, Issue, MAX_BYTES, Mapping, Refusal, Row, Sheet, Table};
use crate::domain::transfer::Counts;
use crate::store;

/// How many spreadsheets are held in memory at once; further ones wait.
const AT_ONCE: usize = 2;
/// How long receiving one may take.
const RECEIVE_TIME: Duration = Duration::from_mins(5);
/// How many issues an answer holds.
const TOLD_ISSUES: usize = 1_000;
/// How many changes a preview holds.
const TOLD_CHANGES: usize = 100;
/// How many rows a preview shows.
const SAMPLES: usize = 10;
/// The size of a part of an export, in bytes.
const CHUNK: usize = 64 * 1024;

/// Spreadsheets on their way in and out.
#[derive(Clone)]
pub(crate) struct Spreadsheets {
    store: Store,
    room: Arc<Semaphore>,
}

/// A spreadsheet that was received whole, and the room that it takes.
pub(crate) struct Document {
    bytes: Vec<u8>,
    room: OwnedSemaphorePermit,
}

impl Document {
    /// What tells it, and what was asked of it, from another.
    pub(crate) fn fingerprint(&self, asked: &[u8]) -> [u8; 32] {
        let asked = Sha256::digest(asked);
        Sha256::new().chain_update(asked).chain_update(&self.bytes).finalize().into()
    }
}

/// What is in a spreadsheet, and what an import would do.
#[derive(Debug)]
pub(crate) struct Preview {
    /// The table, its rows but the samples left out.
    pub(crate) table: Table,
    /// How many rows follow the headers.
    pub(crate) rows: usize,
    /// The headers.
    pub(crate) header: Row,
    /// What the columns seem to mean.
    pub(crate) suggested: Mapping,
    /// The draft that it was compared with.
    pub(crate) place: FrameworkRef,
    /// What would become of the rows.
    pub(crate) counts: Counts,
    /// What the first rows would change.
    pub(crate) changes: Vec<RowChange>,
    /// The first issues.
    pub(crate) issues: Vec<Issue>,
    /// How many there are.
    pub(crate) issue_count: usize,
    /// Whether an import would be refused.
    pub(crate) refused: bool,
}

/// What a spreadsheet is imported into.
#[derive(Debug)]
pub(crate) enum Target {
    /// A draft that is there.
    Draft(FrameworkRef),
    /// A new framework.
    New(Box<FrameworkContent>),
}

/// What an import is asked to do.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where to.
    pub(crate) into: Target,
    /// What the columns mean.
    pub(crate) mapping: Mapping,
    /// Whether to say only what would change.
    pub(crate) dry_run: bool,
    /// The etag of the draft as it was read; empty for any.
    pub(crate) etag: String,
}

/// What became of an import.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// Whether it was refused: nothing is written.
    pub(crate) refused: bool,
    /// The draft; none where there is none.
    pub(crate) framework: Option<Framework>,
    /// Whether anything changed or would.
    pub(crate) changed: bool,
    /// What became of the rows.
    pub(crate) counts: Counts,
    /// The first issues.
    pub(crate) issues: Vec<Issue>,
    /// How many there are.
    pub(crate) issue_count: usize,
}

impl Spreadsheets {
    /// The spreadsheets of a store.
    pub(crate) fn new(store: Store) -> Self {
        Self { store, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Receives a document.
    pub(crate) async fn receive(&self, chunks: impl Stream<Item = Result<Bytes>> + Send) -> Result<Document> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(Failure::internal)?;
        let received = tokio::time::timeout(RECEIVE_TIME, gather(chunks)).await;
        let bytes = received.unwrap_or_else(|_| {
            let text = "Receiving the document took too long.";
            Err(Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, text))
        })?;
        Ok(Document { bytes, room })
    }

    /// Says what is in a spreadsheet and what an import would do.
    pub(crate) async fn preview(
        &self,
        district: &District,
        into: Target,
        mapping: Option<Mapping>,
        document: Document,
    ) -> Result<Preview> {
        let existing = matches!(into, Target::Draft(_));
        if let Some(mapping) = &mapping {
            mapping.check(existing)?;
        }
        let (sheet, row) = mapping.as_ref().map_or((0, 0), |mapping| (mapping.sheet, mapping.header_row));
        let (mut table, header, room) = read(document, sheet, row).await?;
        let mut suggested = sheet::suggest(&table, &header);
        suggested.sheet = sheet;
        // A suggestion that fits nothing yet says no more than what it is.
        let fits = mapping.is_some() || suggested.check(existing).is_ok();
        let used = mapping.as_ref().unwrap_or(&suggested);
        let (entries, issues) = sheet::entries(&table, &header, used);
        let now = self.store.clock().now();
        let mut ids = || self.store.ids().next();
        let here = here(&self.store.read(district), into, ids(), now).await?;
        let mut plan = sheet_plan::plan(&entries, issues, used.default_kind, &here, now, &mut ids);
        drop(room);
        if !fits {
            plan.counts = Counts::default();
            plan.changes.clear();
            plan.issues.clone_from(&table.issues);
        }
        let refused = !fits || plan.is_refused();
        let rows = entries.len();
        table.rows.retain(|row| row.number > header.number);
        table.rows.truncate(SAMPLES);
        plan.changes.truncate(TOLD_CHANGES);
        let issue_count = plan.issues.len();
        plan.issues.truncate(TOLD_ISSUES);
        Ok(Preview {
            table,
            rows,
            header,
            suggested,
            place: here.framework.place,
            counts: plan.counts,
            changes: plan.changes,
            issues: plan.issues,
            issue_count,
            refused,
        })
    }

    /// Imports a spreadsheet.
    pub(crate) async fn import(&self, change: Change, asked: Asked, document: Document) -> Result<Imported> {
        let Asked { into, mapping, dry_run, etag } = asked;
        mapping.check(matches!(into, Target::Draft(_)))?;
        if let Target::New(content) = &into {
            content.check()?;
        }
        let (table, header, room) = read(document, mapping.sheet, mapping.header_row).await?;
        let (entries, issues) = sheet::entries(&table, &header, &mapping);
        drop(table);
        if dry_run {
            let now = self.store.clock().now();
            // Nothing is kept under them.
            let mut ids = || self.store.ids().next();
            let here = here(&self.store.read(&change.district), into, ids(), now).await?;
            here.framework.etag().check(&etag)?;
            let plan = sheet_plan::plan(&entries, issues, mapping.default_kind, &here, now, &mut ids);
            drop(room);
            return Ok(told_of(&plan, here.framework));
        }
        let mut tx = match self.store.write::<Imported>(change).await? {
            Write::Replay(imported) => return Ok(imported),
            Write::Begin(tx) => tx,
        };
        if let Target::Draft(of) = &into {
            store::frameworks::lock(&tx, of).await?.etag().check(&etag)?;
        }
        let (mut ids, now) = (|| tx.new_id(), tx.now());
        let here = here(&tx, into, ids(), now).await?;
        let plan = sheet_plan::plan(&entries, issues, mapping.default_kind, &here, now, &mut ids);
        if plan.is_refused() {
            return Ok(told_of(&plan, here.framework));
        }
        let mut imported = told_of(&plan, here.framework);
        imported.framework = Some(plan.framework.clone());
        apply(&mut tx, plan).await?;
        tx.commit(imported).await
    }

    /// A framework as a spreadsheet, in parts.
    pub(crate) async fn export(&self, of: &FrameworkRef, mark: bool) -> Result<Vec<Bytes>> {
        // Held until all is written down, not until a slow reader has read it.
        let room = self.room.acquire().await.map_err(Failure::internal)?;
        let reader = self.store.read(&of.district);
        store::frameworks::get(&reader, of).await?;
        let outcomes = store::outcomes::every(&reader, of).await?;
        let parts = tokio::task::spawn_blocking(move || write(outcomes, mark)).await;
        drop(room);
        parts.map_err(Failure::internal)?
    }
}

/// What is here before; of a new framework, which gets an identity, nothing.
async fn here<S: Scope>(scope: &S, into: Target, new: Uuid, now: Timestamp) -> Result<Here> {
    let of = match into {
        Target::Draft(of) => of,
        Target::New(content) => {
            let place = FrameworkRef::draft(scope.district().clone(), new);
            let framework = Framework {
                place,
                content: *content,
                revision: 0,
                revision_time: None,
                unpublished: true,
                release_note: Vec::new(),
                holdings: Holdings::default(),
                create_time: now,
                update_time: now,
                version: 0,
            };
            return Ok(Here { framework, outcomes: Vec::new(), associations: Vec::new() });
        }
    };
    Ok(Here {
        framework: store::frameworks::get(scope, &of).await?,
        outcomes: store::outcomes::every(scope, &of).await?,
        associations: store::associations::every(scope, &of).await?,
    })
}

/// Writes outcomes down.
fn write(outcomes: Vec<Outcome>, mark: bool) -> Result<Vec<Bytes>> {
    let outcomes = in_order(outcomes);
    let sheet = Sheet::of(&outcomes).ok_or_else(|| {
        let text =
            "The framework has texts in so many languages that its columns are more than an import reads.";
        Failure::exhausted(Reason::LimitExceeded, text).with("limit", sheet::MAX_COLUMNS)
    })?;
    let mut part = sheet.begin(mark).map_err(Failure::internal)?;
    let mut parts = Vec::new();
    for outcome in &outcomes {
        part.extend(sheet.row(outcome).map_err(Failure::internal)?);
        if part.len() >= CHUNK {
            parts.push(Bytes::from(std::mem::take(&mut part)));
        }
    }
    parts.push(Bytes::from(part));
    Ok(parts)
}

/// Gathers a document within its limit.
async fn gather(chunks: impl Stream<Item = Result<Bytes>> + Send) -> Result<Vec<u8>> {
    let mut chunks = std::pin::pin!(chunks);
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        if bytes.len() + chunk.len() > MAX_BYTES {
            let text = "The document is larger than 16 MiB.";
            return Err(Failure::exhausted(Reason::DocumentTooLarge, text).with("limit_bytes", MAX_BYTES));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads a document aside from the calls, and finds its headers.
async fn read(document: Document, sheet: u32, header_row: u32) -> Result<(Table, Row, OwnedSemaphorePermit)> {
    let Document { bytes, room } = document;
    let read = tokio::task::spawn_blocking(move || sheet::read(&bytes, sheet)).await;
    // A library that gives up on a hostile workbook has not read it.
    let table = read.map_err(|_| malformed("The document cannot be read.", 0))?.map_err(refused)?;
    let header = if header_row == 0 {
        table.rows.first()
    } else {
        table.rows.iter().find(|row| row.number == header_row)
    };
    let Some(header) = header.cloned() else {
        return Err(if header_row == 0 {
            malformed("The sheet is empty.", 0)
        } else {
            Failure::field("mapping.header_row", "must be a row of the sheet that is not blank")
        });
    };
    Ok((table, header, room))
}

fn refused(refusal: Refusal) -> Failure {
    let Refusal { too_large, text, row } = refusal;
    if too_large {
        return Failure::exhausted(Reason::DocumentTooLarge, text).with("row", row);
    }
    malformed(text, row)
}

fn malformed(text: &'static str, row: u32) -> Failure {
    Failure::invalid(Reason::DocumentMalformed, text).with("row", row)
}

/// The outcomes as a reader sees the tree.
fn in_order(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let standings: Vec<graph::Standing> = outcomes
        .iter()
        .map(|outcome| graph::Standing { id: outcome.id, parent: outcome.parent, order: outcome.list_order })
        .collect();
    let places = graph::descendants(&standings, None);
    let mut known: HashMap<Uuid, Outcome> =
        outcomes.into_iter().map(|outcome| (outcome.id, outcome)).collect();
    places.into_iter().filter_map(|place| known.remove(&place.id)).collect()
}

/// What an answer tells of a plan that is not written.
fn told_of(plan: &Plan, framework: Framework) -> Imported {
    let issue_count = plan.issues.len();
    Imported {
        refused: plan.is_refused(),
        framework: (!plan.new).then_some(framework),
        changed: plan.changed && !plan.is_refused(),
        counts: plan.counts,
        issues: plan.issues.iter().take(TOLD_ISSUES).cloned().collect(),
        issue_count,
    }
}

/// Writes what a plan changes.
async fn apply(tx: &mut Tx, plan: Plan) -> Result<()> {
    if plan.new {
        store::frameworks::insert(tx, &plan.framework).await?;
    } else if plan.changed {
        store::frameworks::update(tx, &plan.framework).await?;
    }
    store::outcomes::put(tx, &plan.outcomes).await?;
    let begin = plan.framework.holdings.associations - i32::try_from(plan.placed.len()).unwrap_or_default();
    let placed: Vec<_> = plan.placed.into_iter().zip(begin..).collect();
    store::associations::insert(tx, &placed).await?;
    let ids: Vec<Uuid> = plan.moved.iter().map(|association| association.id).collect();
    let positions = store::associations::positions(tx, &plan.framework.place, &ids).await?;
    let moved = plan.moved.into_iter().filter_map(|association| {
        let position = *positions.get(&association.id)?;
        Some((association, position))
    });
    store::associations::put(tx, &moved.collect::<Vec<_>>()).await?;
    for (kind, name, resource_type) in plan.tales {
        tx.tell(told(kind, &name, resource_type));
    }
    Ok(())
}
