//! Reading a framework into a snapshot.

use std::ops::Range;

use prost::Message as _;
use trellis_kernel::{Failure, Result, Uuid};
use trellis_store::Store;

use super::{End, Link, Other, Snapshot, WriteOutcome};
use crate::domain::association::{Association, AssociationType, Held, Node};
use crate::domain::framework::FrameworkRef;
use crate::domain::graph::Standing;
use crate::domain::tree::Tree;
use crate::store;

/// How many rows are read at a time: what is held twice while a framework is read.
const CHUNK: u64 = 2_000;

/// Reads everything that a framework holds; not found when there is none.
///
/// It is read in the primary: a revision is read once, and then for all.
pub(super) async fn load(store: &Store, framework: &FrameworkRef, write: WriteOutcome) -> Result<Snapshot> {
    let reader = store.read_latest(&framework.district);
    store::frameworks::get(&reader, framework).await?;
    let mut outcomes = Outcomes::default();
    let mut after = None;
    loop {
        let rows = store::outcomes::window(&reader, framework, after, CHUNK).await?;
        after = rows.last().map(|row| row.id);
        let last = (rows.len() as u64) < CHUNK;
        for outcome in rows {
            let standing = Standing { id: outcome.id, parent: outcome.parent, order: outcome.list_order };
            outcomes.standings.push(standing);
            let start = offset(&outcomes.messages)?;
            write(outcome).encode(&mut outcomes.messages).map_err(Failure::internal)?;
            outcomes.ranges.push(start..offset(&outcomes.messages)?);
        }
        if last {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut links = Vec::new();
    let mut after = None;
    loop {
        let rows = store::associations::window(&reader, framework, after, CHUNK).await?;
        after = rows.last().map(|row| row.id);
        let last = (rows.len() as u64) < CHUNK;
        links.extend(rows.into_iter().map(link));
        if last {
            break;
        }
        tokio::task::yield_now().await;
    }
    Ok(build(framework.clone(), outcomes, links))
}

/// The outcomes of a framework in the order of their identities.
#[derive(Default)]
struct Outcomes {
    standings: Vec<Standing>,
    messages: Vec<u8>,
    ranges: Vec<Range<u32>>,
}

fn offset(messages: &[u8]) -> Result<u32> {
    u32::try_from(messages.len()).map_err(Failure::internal)
}

fn link(association: Association) -> Link {
    let content = association.content;
    let (origin, destination) = (end(content.origin), end(content.destination));
    Link { id: association.id, kind: content.kind, origin, destination }
}

fn end(node: Node) -> End {
    let Node { held, uri, identifier, title, target_type: _ } = node;
    match held {
        Some(Held::Outcome(id)) => End::Own(id),
        Some(Held::Framework) => End::Framework,
        Some(Held::Other(name)) => End::Other(Box::new(Other { name, uri, identifier, title })),
        None => End::Other(Box::new(Other { name: String::new(), uri, identifier, title })),
    }
}

fn build(framework: FrameworkRef, outcomes: Outcomes, links: Vec<Link>) -> Snapshot {
    let Outcomes { standings, mut messages, ranges } = outcomes;
    let tree = Tree::new(&standings);
    let mut placed = vec![0..0; ranges.len()];
    for (standing, range) in standings.iter().zip(ranges) {
        if let Some(place) = tree.place(standing.id) {
            placed[place as usize] = range;
        }
    }
    let (parents, parents_from) = ways_up(&tree, &links);
    messages.shrink_to_fit();
    Snapshot {
        framework,
        tree,
        messages: messages.into(),
        ranges: placed.into(),
        links: links.into(),
        parents: parents.into(),
        parents_from: parents_from.into(),
    }
}

/// What each place stands directly below, one after the other, and where the part of each begins.
fn ways_up(tree: &Tree, links: &[Link]) -> (Vec<u32>, Vec<u32>) {
    let own = |id: Uuid| tree.place(id);
    let mut edges: Vec<(u32, u32)> = links
        .iter()
        .filter(|link| link.kind == AssociationType::ChildOf)
        .filter_map(|link| match (&link.origin, &link.destination) {
            (End::Own(child), End::Own(parent)) => own(*child).zip(own(*parent)),
            _ => None,
        })
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let mut from = vec![0_u32; tree.branches().len() + 1];
    for (child, _) in &edges {
        from[*child as usize + 1] += 1;
    }
    for place in 1..from.len() {
        from[place] += from[place - 1];
    }
    (edges.into_iter().map(|(_, parent)| parent).collect(), from)
}
