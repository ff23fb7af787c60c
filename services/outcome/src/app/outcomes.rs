//! Reading, writing and searching outcomes.

use std::collections::{BTreeMap, HashMap};

use futures::stream::{self, Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Failure, Name, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Store, Write};

use super::{dangling, places, told, touch};
use crate::domain::association::ASSOCIATION;
use crate::domain::framework::{Framework, FrameworkRef, Holdings};
use crate::domain::graph::{self, Place};
use crate::domain::outcome::{OUTCOME, Outcome, OutcomeContent, outcome_name};
use crate::domain::search::{self, Searched};
use crate::store;
use crate::store::outcomes::Filter;

/// The most outcomes that one search looks at.
const SEARCHED: usize = 20_000;
/// How many outcomes of a tree are read at a time.
const TREE_CHUNK: usize = 200;

/// Reads an outcome. Of one that the draft no longer holds the refusal names the last revision that does.
pub(crate) async fn get(store: &Store, framework: &FrameworkRef, id: Uuid) -> Result<Outcome> {
    let reader = store.read(&framework.district);
    if let Some(outcome) = store::outcomes::find(&reader, framework, id).await? {
        return Ok(outcome);
    }
    let missing = Failure::not_found(OUTCOME, outcome_name(framework, id).to_string());
    let last = if framework.pin.is_none() {
        store::outcomes::last_held(&reader, framework, id).await?
    } else {
        None
    };
    Err(match last {
        Some(revision) => missing.with("last_revision", outcome_name(&framework.at(revision), id)),
        None => missing,
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

/// Reads outcomes, pinned or not, in the order asked for: all, or not found with the first missing.
pub(crate) async fn batch_get(store: &Store, asked: &[(FrameworkRef, Uuid)]) -> Result<Vec<Outcome>> {
    let mut wanted: HashMap<&FrameworkRef, Vec<Uuid>> = HashMap::new();
    for (framework, id) in asked {
        wanted.entry(framework).or_default().push(*id);
    }
    let mut found: HashMap<(&FrameworkRef, Uuid), Outcome> = HashMap::new();
    for (framework, ids) in wanted {
        let outcomes = store::outcomes::some(&store.read(&framework.district), framework, &ids).await?;
        found.extend(outcomes.into_iter().map(|outcome| ((framework, outcome.id), outcome)));
    }
    let taken = asked.iter().map(|(framework, id)| {
        let missing = || Failure::not_found(OUTCOME, outcome_name(framework, *id).to_string());
        found.get(&(framework, *id)).cloned().ok_or_else(missing)
    });
    taken.collect()
}

/// An outcome of a tree.
#[derive(Debug)]
pub(crate) struct Descendant {
    /// The outcome.
    pub(crate) outcome: Outcome,
    /// How far below what was asked for.
    pub(crate) depth: i32,
    /// What it stands directly below.
    pub(crate) parent: Name,
}

/// Everything below a framework, or an outcome of it, as a reader sees the tree.
pub(crate) async fn descendants(
    store: &Store,
    framework: FrameworkRef,
    root: Option<Uuid>,
) -> Result<impl Stream<Item = Result<Descendant>> + Send + 'static> {
    let reader = store.read(&framework.district);
    match root {
        Some(root) => store::outcomes::get(&reader, &framework, root).await.map(|_| ())?,
        None => store::frameworks::get(&reader, &framework).await.map(|_| ())?,
    }
    let standings = store::outcomes::standings(&reader, &framework).await?;
    let places = graph::descendants(&standings, root);
    let chunks: Vec<Vec<Place>> = places.chunks(TREE_CHUNK).map(<[Place]>::to_vec).collect();
    let read = stream::iter(chunks).then(move |places| {
        let (reader, framework) = (reader.clone(), framework.clone());
        async move {
            let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
            let outcomes = store::outcomes::some(&reader, &framework, &ids).await?;
            let mut outcomes: BTreeMap<Uuid, Outcome> = outcomes.into_iter().map(|o| (o.id, o)).collect();
            // One that was removed since the tree was read is no longer in it.
            let read = places.into_iter().filter_map(|place| {
                let outcome = outcomes.remove(&place.id)?;
                let parent = place.parent.map_or_else(|| framework.name(), |id| outcome_name(&framework, id));
                Some(Descendant { outcome, depth: place.depth, parent })
            });
            Ok(read.collect::<Vec<_>>())
        }
    });
    Ok(read.flat_map(|chunk: Result<Vec<Descendant>>| match chunk {
        Ok(read) => stream::iter(read.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(failure) => stream::iter(vec![Err(failure)]),
    }))
}

/// Where a search looks.
#[derive(Clone, Debug)]
pub(crate) struct Where {
    /// The district.
    pub(crate) district: District,
    /// The framework, pinned or not; none for all drafts of the district.
    pub(crate) framework: Option<FrameworkRef>,
}

/// The last of a page of a search.
#[derive(Serialize, Deserialize)]
struct Last {
    score: i32,
    framework: Uuid,
    id: Uuid,
}

/// Finds outcomes by code and words, best first.
pub(crate) async fn search(
    store: &Store,
    place: &Where,
    query: &str,
    page: &PageRequest,
) -> Result<Page<(Outcome, i32)>> {
    let reader = store.read(&place.district);
    let name = place.framework.as_ref().map_or_else(String::new, |framework| framework.name().to_string());
    if let Some(framework) = &place.framework {
        store::frameworks::get(&reader, framework).await?;
    }
    let outcomes = store::outcomes::searched(&reader, place.framework.as_ref(), SEARCHED as u64 + 1).await?;
    if outcomes.len() > SEARCHED {
        return Err(Failure::exhausted(
            Reason::LimitExceeded,
            "There is more to search here than one search looks at: search in one framework.",
        )
        .with("limit", SEARCHED));
    }
    let searched: Vec<Searched> = outcomes.iter().map(searched).collect();
    let ranked = search::rank(query, &searched);
    let bound = ["search", place.district.as_str(), name.as_str(), query];
    let begin = match page.token.as_str() {
        "" => 0,
        token => {
            let last = store
                .sealer()
                .open(&bound, token)
                .and_then(|last| serde_json::from_slice::<Last>(&last).ok());
            let last = last.ok_or_else(foreign_token)?;
            let found = ranked.iter().position(|f| (f.framework, f.id) == (last.framework, last.id));
            // What was last may be gone or rank elsewhere now: then go on below its score.
            let below = || ranked.iter().position(|f| f.score < last.score).unwrap_or(ranked.len());
            found.map_or_else(below, |place| place + 1)
        }
    };
    let mut known: HashMap<(Uuid, Uuid), Outcome> =
        outcomes.into_iter().map(|outcome| ((outcome.framework.id, outcome.id), outcome)).collect();
    let size = usize::from(page.size.get());
    let (mut items, mut weight) = (Vec::new(), 0_usize);
    let mut next = String::new();
    let mut last: Option<Last> = None;
    for found in &ranked[begin.min(ranked.len())..] {
        let Some(outcome) = known.remove(&(found.framework, found.id)) else { continue };
        weight += heaviness(&outcome);
        if items.len() == size || (weight > trellis_store::PAGE_BYTES && !items.is_empty()) {
            let last = serde_json::to_vec(&last).map_err(Failure::internal)?;
            next = store.sealer().seal(&bound, &last);
            break;
        }
        last = Some(Last { score: found.score, framework: found.framework, id: found.id });
        items.push((outcome, found.score));
    }
    Ok(Page { items, next })
}

fn searched(outcome: &Outcome) -> Searched {
    let content = &outcome.content;
    let joined = |texts: &[crate::domain::text::Text]| {
        texts.iter().map(|text| text.text.as_str()).collect::<Vec<_>>().join("\n")
    };
    Searched {
        framework: outcome.framework.id,
        id: outcome.id,
        code: content.code.clone(),
        label: format!("{}\n{}", joined(&content.abbreviated), content.item_type),
        statement: joined(&content.statement),
        notes: joined(&content.notes),
    }
}

fn heaviness(outcome: &Outcome) -> usize {
    let content = &outcome.content;
    let texts = [&content.statement, &content.abbreviated, &content.notes];
    500 + texts.iter().flat_map(|texts| texts.iter()).map(|text| text.text.len() + 20).sum::<usize>()
}

fn foreign_token() -> Failure {
    Failure::invalid(Reason::InvalidPageToken, "The page token is not one that this search gave.")
        .violation("page_token", "must be the next_page_token of the same search")
}
