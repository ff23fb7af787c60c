//! What stands above an outcome, and what is learned before it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use trellis_kernel::{Failure, Reason, Result, Uuid};
use trellis_store::Store;

use super::web::{self, Key, Label, Web};
use crate::domain::ancestry::{self, Above};
use crate::domain::association::AssociationType;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::{OUTCOME, outcome_name};
use crate::domain::prerequisites::{self, Prerequisites};
use crate::snapshot::{Snapshot, Snapshots};

/// How many outcomes one call may find to be learned before.
const NEEDED: usize = 20_000;

/// What stands above an outcome.
pub(crate) struct Ancestors {
    /// The framework.
    pub(crate) snapshot: Arc<Snapshot>,
    /// What stands above, the nearest first.
    pub(crate) above: Vec<Above>,
    /// The places on the way by which the tree is read.
    pub(crate) in_tree: HashSet<u32>,
}

/// Finds everything above an outcome, to a depth (0 for everything).
pub(crate) async fn ancestors(
    snapshots: &Snapshots,
    framework: &FrameworkRef,
    id: Uuid,
    max_depth: u32,
) -> Result<Ancestors> {
    let (snapshot, place) = held(snapshots, framework, id).await?;
    let above = ancestry::ancestors(place, max_depth, |place| snapshot.parents(place));
    let branches = snapshot.tree().branches();
    let up = |place: &u32| branches[*place as usize].parent;
    let in_tree = std::iter::successors(up(&place), up).collect();
    Ok(Ancestors { snapshot, above, in_tree })
}

/// The framework of an outcome, and the outcome's place; not found when there is none.
async fn held(snapshots: &Snapshots, framework: &FrameworkRef, id: Uuid) -> Result<(Arc<Snapshot>, u32)> {
    let missing = || Failure::not_found(OUTCOME, outcome_name(framework, id).to_string());
    let snapshot = snapshots.of(framework).await.map_err(|failure| match failure.reason() {
        Reason::ResourceNotFound => missing(),
        _ => failure,
    })?;
    let place = snapshot.tree().place(id).ok_or_else(missing)?;
    Ok((snapshot, place))
}

/// A node of what is learned before an outcome.
pub(crate) enum Node {
    /// An outcome of a framework at hand: which, and its place.
    Held(usize, u32),
    /// Something held elsewhere.
    Elsewhere(Label),
}

/// What is learned before an outcome, by nodes.
pub(crate) struct Learned {
    /// The frameworks on the way.
    pub(crate) web: Web,
    /// What each number stands for.
    pub(crate) nodes: Vec<Node>,
    /// What to learn, and the circles.
    pub(crate) found: Prerequisites,
}

/// Finds what is learned before an outcome, at most so many steps back (0 for everything).
pub(crate) async fn prerequisites(
    store: &Store,
    snapshots: &Snapshots,
    framework: &FrameworkRef,
    id: Uuid,
    max_depth: u32,
) -> Result<Learned> {
    held(snapshots, framework, id).await?;
    let mut web = Web::default();
    web.add(snapshots, framework).await?;
    let asked = Key::Outcome(id);
    let mut missing: HashSet<FrameworkRef> = HashSet::new();
    loop {
        let reached = Reached::of(&web, &asked, max_depth);
        if reached.keys.len() > NEEDED {
            return Err(Failure::exhausted(
                Reason::LimitExceeded,
                "More is learned before this outcome than one call tells.",
            )
            .with("limit", NEEDED));
        }
        let next = reached.named(&web, framework).into_iter().find(|next| !missing.contains(next));
        let Some(next) = next else { return Ok(number(web, &reached.edges, &asked, max_depth)) };
        match web::current(store, &next).await? {
            Some(current) => web.add(snapshots, &current).await?,
            None => {
                missing.insert(next);
            }
        }
    }
}

/// What the frameworks at hand say precedes an outcome.
struct Reached {
    keys: HashSet<Key>,
    edges: Vec<(Key, Key)>,
}

impl Reached {
    fn of(web: &Web, asked: &Key, max_depth: u32) -> Self {
        let mut before: HashMap<Key, Vec<Key>> = HashMap::new();
        for link in web.snapshots().iter().flat_map(|snapshot| snapshot.links()) {
            if link.kind == AssociationType::Precedes
                && let (Some(origin), Some(destination)) =
                    (web::key(&link.origin), web::key(&link.destination))
            {
                before.entry(destination).or_default().push(origin);
            }
        }
        let mut keys = HashSet::from([asked.clone()]);
        let mut edges = Vec::new();
        let mut level = vec![asked.clone()];
        let mut depth = 0;
        while !level.is_empty() && (max_depth == 0 || depth < max_depth) {
            depth += 1;
            let mut next = Vec::new();
            for after in level {
                for origin in before.get(&after).into_iter().flatten() {
                    edges.push((origin.clone(), after.clone()));
                    if keys.insert(origin.clone()) {
                        next.push(origin.clone());
                    }
                }
            }
            level = next;
        }
        Self { keys, edges }
    }

    /// The frameworks that are said to hold what was reached and is not at hand.
    fn named(&self, web: &Web, asked: &FrameworkRef) -> Vec<FrameworkRef> {
        let mut named: Vec<FrameworkRef> = Vec::new();
        for link in web.snapshots().iter().flat_map(|snapshot| snapshot.links()) {
            if link.kind != AssociationType::Precedes {
                continue;
            }
            if web::key(&link.origin).is_some_and(|key| self.keys.contains(&key))
                && let Some(framework) = web::framework_of(&link.origin, &asked.district)
                && !web.holds(&framework)
            {
                named.push(framework);
            }
        }
        named.sort_by_key(|framework| framework.name().to_string());
        named
    }
}

/// Numbers what was reached: by framework and place, then what is held elsewhere.
fn number(web: Web, edges: &[(Key, Key)], asked: &Key, max_depth: u32) -> Learned {
    let labels = web.labels();
    let mut keys: Vec<&Key> = edges.iter().flat_map(|(before, after)| [before, after]).collect();
    keys.push(asked);
    keys.sort_by_key(|key| (web.find(key).is_none(), web.find(key), *key));
    keys.dedup();
    let numbers: HashMap<&Key, u32> = keys.iter().copied().zip(0..).collect();
    let numbered: Vec<(u32, u32)> =
        edges.iter().map(|(before, after)| (numbers[before], numbers[after])).collect();
    let found = prerequisites::prerequisites(&numbered, numbers[asked], max_depth);
    let nodes = keys
        .iter()
        .map(|key| match web.find(key) {
            Some((index, place)) => Node::Held(index, place),
            None => Node::Elsewhere(labels.get(key).cloned().unwrap_or_default()),
        })
        .collect();
    Learned { web, nodes, found }
}

impl Learned {
    /// What a node is called: its name, or the URI of what is held elsewhere.
    pub(crate) fn name(&self, node: u32) -> String {
        match &self.nodes[node as usize] {
            Node::Held(index, place) => self.web.name((*index, *place)),
            Node::Elsewhere(label) => label.name.clone(),
        }
    }
}
