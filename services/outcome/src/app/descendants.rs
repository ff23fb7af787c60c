//! The tree of a framework as a reader sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, BoxStream, StreamExt as _};
use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Name, Result, Uuid};
use trellis_store::Store;

use crate::domain::framework::FrameworkRef;
use crate::domain::graph::{self, Place};
use crate::domain::outcome::{OUTCOME, Outcome, outcome_name};
use crate::snapshot::{Snapshot, Snapshots};
use crate::store;

/// How many outcomes of a draft's tree are read at a time.
const TREE_CHUNK: usize = 200;

/// An outcome of a tree.
#[derive(Debug)]
pub(crate) struct Descendant {
    /// The outcome.
    pub(crate) outcome: proto::Outcome,
    /// How far below what was asked for.
    pub(crate) depth: i32,
    /// What it stands directly below.
    pub(crate) parent: Name,
}

/// Everything below a framework, or an outcome of it, down to a depth (0 for everything): of a revision
/// from memory, of a draft as it is read.
pub(crate) async fn descendants(
    store: &Store,
    snapshots: &Snapshots,
    framework: FrameworkRef,
    root: Option<Uuid>,
    max_depth: i32,
) -> Result<BoxStream<'static, Result<Descendant>>> {
    if framework.pin.is_none() {
        return of_draft(store, snapshots, framework, root, max_depth).await;
    }
    let missing = |id| Failure::not_found(OUTCOME, outcome_name(&framework, id).to_string());
    if let Some(root) = root {
        // Of an outcome that is not there the answer is about it, whether its framework is there or not.
        store::outcomes::get(&store.read(&framework.district), &framework, root).await.map(drop)?;
    }
    let snapshot = snapshots.of(&framework).await?;
    let place = match root {
        None => None,
        Some(id) => Some(snapshot.tree().place(id).ok_or_else(|| missing(id))?),
    };
    Ok(of_revision(snapshot, place, max_depth).boxed())
}

fn of_revision(
    snapshot: Arc<Snapshot>,
    root: Option<u32>,
    max_depth: i32,
) -> impl futures::Stream<Item = Result<Descendant>> + Send + 'static {
    let above = root.map_or(0, |root| snapshot.tree().branches()[root as usize].depth);
    let places = (0_u32..).take(snapshot.tree().branches().len());
    let range = snapshot.tree().below(root);
    let places = places.skip(range.start).take(range.len());
    stream::iter(places.filter_map(move |place| {
        let branch = snapshot.tree().branches()[place as usize];
        let depth = i32::try_from(branch.depth - above).unwrap_or(i32::MAX);
        if max_depth != 0 && depth > max_depth {
            return None;
        }
        let framework = snapshot.framework();
        let parent = match branch.parent {
            Some(parent) => outcome_name(framework, snapshot.id(parent)),
            None => framework.name(),
        };
        Some(snapshot.message(place).map(|outcome| Descendant { outcome, depth, parent }))
    }))
}

async fn of_draft(
    store: &Store,
    snapshots: &Snapshots,
    framework: FrameworkRef,
    root: Option<Uuid>,
    max_depth: i32,
) -> Result<BoxStream<'static, Result<Descendant>>> {
    let reader = store.read(&framework.district);
    match root {
        Some(root) => store::outcomes::get(&reader, &framework, root).await.map(|_| ())?,
        None => store::frameworks::get(&reader, &framework).await.map(|_| ())?,
    }
    let standings = store::outcomes::standings(&reader, &framework).await?;
    let mut places = graph::descendants(&standings, root);
    places.retain(|place| max_depth == 0 || place.depth <= max_depth);
    let chunks: Vec<Vec<Place>> = places.chunks(TREE_CHUNK).map(<[Place]>::to_vec).collect();
    let snapshots = snapshots.clone();
    let read = stream::iter(chunks).then(move |places| {
        let (reader, framework, snapshots) = (reader.clone(), framework.clone(), snapshots.clone());
        async move {
            let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
            let outcomes = store::outcomes::some(&reader, &framework, &ids).await?;
            let mut outcomes: BTreeMap<Uuid, Outcome> = outcomes.into_iter().map(|o| (o.id, o)).collect();
            // One that was removed since the tree was read is no longer in it.
            let read = places.into_iter().filter_map(|place| {
                let outcome = snapshots.write(outcomes.remove(&place.id)?);
                let parent = place.parent.map_or_else(|| framework.name(), |id| outcome_name(&framework, id));
                Some(Descendant { outcome, depth: place.depth, parent })
            });
            Ok(read.collect::<Vec<_>>())
        }
    });
    let read = read.flat_map(|chunk: Result<Vec<Descendant>>| match chunk {
        Ok(read) => stream::iter(read.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(failure) => stream::iter(vec![Err(failure)]),
    });
    Ok(read.boxed())
}
