//! Reading, writing and searching outcomes.

use std::collections::HashMap;
use std::sync::Arc;

use prost::Message as _;
use prost::bytes::Bytes;
use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Store, Write};

use super::{dangling, places, told, touch};
use crate::domain::association::ASSOCIATION;
use crate::domain::framework::{Framework, FrameworkRef, Holdings};
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeContent, outcome_name};
use crate::snapshot::{Snapshot, Snapshots};
use crate::store;
use crate::store::outcomes::Filter;

/// Reads an outcome, of a revision from memory where it is at hand. Of one that the draft no longer holds
/// the refusal names the last revision that does.
pub(crate) async fn get(
    store: &Store,
    snapshots: &Snapshots,
    framework: &FrameworkRef,
    id: Uuid,
) -> Result<proto::Outcome> {
    let missing = || Failure::not_found(OUTCOME, outcome_name(framework, id).to_string());
    if let Some(snapshot) = snapshots.at_hand(framework) {
        return snapshot.outcome(id)?.ok_or_else(missing);
    }
    let reader = store.read(&framework.district);
    if let Some(outcome) = store::outcomes::find(&reader, framework, id).await? {
        return Ok(snapshots.write(outcome));
    }
    let last = if framework.pin.is_none() {
        store::outcomes::last_held(&reader, framework, id).await?
    } else {
        None
    };
    Err(match last {
        Some(revision) => missing().with("last_revision", outcome_name(&framework.at(revision), id)),
        None => missing(),
    })
}

/// Lists the outcomes of a framework.
pub(crate) async fn list(
    store: &Store,
    framework: &FrameworkRef,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Outcome>> {
    let reader = store.read(&framework.district);
    let page = store::outcomes::list(&reader, framework, filter, page).await?;
    if page.items.is_empty() {
        store::frameworks::get(&reader, framework).await?;
    }
    Ok(page)
}

/// Where a new outcome is to stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    /// The outcome above it; none at the top.
    pub(crate) parent: Option<Uuid>,
    /// Its place among its siblings.
    pub(crate) order: i32,
}

/// Creates an outcome, with the association that places it in the tree.
pub(crate) async fn create(
    store: &Store,
    change: Change,
    of: &FrameworkRef,
    content: OutcomeContent,
    stand: Stand,
) -> Result<Outcome> {
    content.check()?;
    let mut tx = match store.write::<Outcome>(change).await? {
        Write::Replay(outcome) => return Ok(outcome),
        Write::Begin(tx) => tx,
    };
    let mut framework = store::frameworks::lock(&tx, of).await?;
    if let Some(parent) = stand.parent
        && store::outcomes::find(&tx, of, parent).await?.is_none()
    {
        return Err(dangling("outcome.parent_outcome", OUTCOME, &outcome_name(of, parent)));
    }
    let outcome = Outcome {
        framework: of.clone(),
        id: tx.new_id(),
        content,
        parent: stand.parent,
        list_order: stand.order,
        published: 0,
        create_time: tx.now(),
        update_time: tx.now(),
        version: 1,
    };
    let placement = places::placing(&tx, &outcome);
    store::outcomes::insert(&tx, std::slice::from_ref(&outcome)).await?;
    store::associations::insert(&tx, &[(placement.clone(), framework.holdings.associations)]).await?;
    tx.tell(told("outcome.created", &outcome.name(), OUTCOME));
    tx.tell(told("association.created", &placement.name(), ASSOCIATION));
    touch(&mut tx, &mut framework, Holdings { outcomes: 1, associations: 1, progressions: 0 });
    store::frameworks::update(&tx, &framework).await?;
    tx.commit(outcome).await
}

/// Changes an outcome of a draft.
pub(crate) async fn update(
    store: &Store,
    change: Change,
    (of, id): (&FrameworkRef, Uuid),
    etag: &str,
    edit: impl FnOnce(OutcomeContent) -> OutcomeContent + Send,
) -> Result<Outcome> {
    let mut tx = match store.write::<Outcome>(change).await? {
        Write::Replay(outcome) => return Ok(outcome),
        Write::Begin(tx) => tx,
    };
    let missing = || Failure::not_found(OUTCOME, outcome_name(of, id).to_string());
    let mut framework: Framework = store::frameworks::find_locked(&tx, of).await?.ok_or_else(missing)?;
    let mut outcome = store::outcomes::get(&tx, of, id).await?;
    trellis_kernel::Etag::new(outcome.version).check(etag)?;
    let content = edit(outcome.content.clone());
    content.check()?;
    if content != outcome.content {
        outcome.content = content;
        outcome.version += 1;
        outcome.update_time = tx.now();
        store::outcomes::put(&tx, std::slice::from_ref(&outcome)).await?;
        tx.tell(told("outcome.updated", &outcome.name(), OUTCOME));
        touch(&mut tx, &mut framework, Holdings::default());
        store::frameworks::update(&tx, &framework).await?;
    }
    tx.commit(outcome).await
}

/// Reads outcomes, pinned or not, in the order asked for, as they are sent: all, or not found with the first
/// that is missing.
pub(crate) async fn batch_get(
    store: &Store,
    snapshots: &Snapshots,
    asked: &[(FrameworkRef, Uuid)],
) -> Result<Vec<Bytes>> {
    let mut at_hand: HashMap<&FrameworkRef, Option<Arc<Snapshot>>> = HashMap::new();
    let mut wanted: HashMap<&FrameworkRef, Vec<Uuid>> = HashMap::new();
    // Most ask for many of one framework.
    for run in asked.chunk_by(|(one, _), (other, _)| one == other) {
        let framework = &run[0].0;
        let snapshot = at_hand.entry(framework).or_insert_with(|| snapshots.at_hand(framework));
        if snapshot.is_none() {
            wanted.entry(framework).or_default().extend(run.iter().map(|(_, id)| *id));
        }
    }
    let mut found: HashMap<(&FrameworkRef, Uuid), Bytes> = HashMap::new();
    for (framework, ids) in wanted {
        let outcomes = store::outcomes::some(&store.read(&framework.district), framework, &ids).await?;
        let written = outcomes.into_iter().map(|outcome| {
            let id = outcome.id;
            ((framework, id), snapshots.write(outcome).encode_to_vec().into())
        });
        found.extend(written);
    }
    let mut taken = Vec::with_capacity(asked.len());
    for run in asked.chunk_by(|(one, _), (other, _)| one == other) {
        let snapshot = at_hand.get(&run[0].0).and_then(Option::as_ref);
        for (framework, id) in run {
            let outcome = match snapshot {
                Some(snapshot) => snapshot.tree().place(*id).map(|place| snapshot.bytes(place)),
                None => found.get(&(framework, *id)).cloned(),
            };
            let missing = || Failure::not_found(OUTCOME, outcome_name(framework, *id).to_string());
            taken.push(outcome.ok_or_else(missing)?);
        }
    }
    Ok(taken)
}
