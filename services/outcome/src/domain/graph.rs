//! The graph that associations make: the tree of a framework, and circles that must not be.

use std::collections::{HashMap, HashSet, VecDeque};

use trellis_kernel::Uuid;

/// How many steps of a circle are told.
const TOLD_STEPS: usize = 20;

/// An edge that closes a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Circle {
    /// Its place in the list of edges.
    pub(crate) edge: usize,
    /// The circle, from the edge's origin by its destination back to the origin; only the beginning
    /// of a long one.
    pub(crate) path: Vec<Uuid>,
}

/// Finds the edges without which the graph has no circle: one walk in depth, in the order of the
/// edges, and every edge that leads back onto the way that led there.
pub(crate) fn circles(edges: &[(Uuid, Uuid)]) -> Vec<Circle> {
    let mut leaving: HashMap<Uuid, Vec<usize>> = HashMap::new();
    for (index, (origin, _)) in edges.iter().enumerate() {
        leaving.entry(*origin).or_default().push(index);
    }
    let mut done: HashSet<Uuid> = HashSet::new();
    let mut found = Vec::new();
    for (start, _) in edges {
        if done.contains(start) {
            continue;
        }
        let mut way: Vec<(Uuid, usize)> = vec![(*start, 0)];
        let mut on_way: HashMap<Uuid, usize> = HashMap::from([(*start, 0)]);
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            let Some(&edge) = leaving.get(&node).and_then(|out| out.get(*next)) else {
                done.insert(node);
                on_way.remove(&node);
                way.pop();
                continue;
            };
            *next += 1;
            let to = edges[edge].1;
            if let Some(place) = on_way.get(&to) {
                let around = way[*place..].iter().map(|(node, _)| *node);
                let path = std::iter::once(node).chain(around).take(TOLD_STEPS).collect();
                found.push(Circle { edge, path });
            } else if !done.contains(&to) {
                on_way.insert(to, way.len());
                way.push((to, 0));
            }
        }
    }
    found
}

/// The shortest circle that a new edge would close: from its origin by its destination back to the
/// origin. None when it closes none.
pub(crate) fn closes(edges: &[(Uuid, Uuid)], origin: Uuid, destination: Uuid) -> Option<Vec<Uuid>> {
    if origin == destination {
        return Some(vec![origin, origin]);
    }
    let mut leaving: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (from, to) in edges {
        leaving.entry(*from).or_default().push(*to);
    }
    let mut came_from: HashMap<Uuid, Uuid> = HashMap::from([(destination, origin)]);
    let mut open = VecDeque::from([destination]);
    while let Some(node) = open.pop_front() {
        for next in leaving.get(&node).into_iter().flatten() {
            if *next == origin {
                return Some(way_back(&came_from, origin, node, destination));
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, node);
                open.push_back(*next);
            }
        }
    }
    None
}

/// The way from `origin` by `destination` to `last`, and back to the origin.
fn way_back(came_from: &HashMap<Uuid, Uuid>, origin: Uuid, last: Uuid, destination: Uuid) -> Vec<Uuid> {
    let mut path = vec![origin, last];
    let mut at = last;
    while at != destination {
        let Some(before) = came_from.get(&at) else { break };
        at = *before;
        path.push(at);
    }
    path.push(origin);
    path.reverse();
    path
}

/// Where an outcome stands: what is above it, and its place among its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The outcome.
    pub(crate) id: Uuid,
    /// The outcome above it; none at the top.
    pub(crate) parent: Option<Uuid>,
    /// Its place among its siblings.
    pub(crate) order: i32,
}

/// A place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The outcome.
    pub(crate) id: Uuid,
    /// What it stands directly below; none for the framework.
    pub(crate) parent: Option<Uuid>,
    /// How far below the root of the walk, from 1.
    pub(crate) depth: i32,
}

/// Everything below `root` (none for the framework), each before those below it, siblings by their
/// order and then by identity.
pub(crate) fn descendants(standings: &[Standing], root: Option<Uuid>) -> Vec<Place> {
    let held: HashSet<Uuid> = standings.iter().map(|standing| standing.id).collect();
    let mut below: HashMap<Option<Uuid>, Vec<&Standing>> = HashMap::new();
    for standing in standings {
        let parent = standing.parent.filter(|parent| held.contains(parent));
        below.entry(parent).or_default().push(standing);
    }
    for siblings in below.values_mut() {
        siblings.sort_by_key(|standing| std::cmp::Reverse((standing.order, standing.id)));
    }
    let mut places = Vec::with_capacity(standings.len());
    let mut open: Vec<(Option<Uuid>, i32)> = vec![(root, 0)];
    let mut waiting: Vec<Place> = Vec::new();
    while let Some((node, depth)) = open.pop() {
        // Siblings are in reverse, so that the first is taken from the end of the stack first.
        let children = below.remove(&node).unwrap_or_default();
        waiting.extend(children.iter().map(|child| Place { id: child.id, parent: node, depth: depth + 1 }));
        if let Some(next) = waiting.pop() {
            places.push(next);
            open.push((Some(next.id), next.depth));
        }
    }
    places
}

/// What goes with `root` when it goes, `root` first: everything below it that stands below nothing else.
/// The edges lead up; they have no circle.
pub(crate) fn going(edges: &[(Uuid, Uuid)], root: Uuid) -> Vec<Uuid> {
    let mut below: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    let mut ways: HashMap<Uuid, usize> = HashMap::new();
    for (child, parent) in edges {
        below.entry(*parent).or_default().push(*child);
        *ways.entry(*child).or_default() += 1;
    }
    let mut going = vec![root];
    let mut next = 0;
    while let Some(parent) = going.get(next).copied() {
        next += 1;
        for child in below.remove(&parent).unwrap_or_default() {
            let Some(left) = ways.get_mut(&child) else { continue };
            *left -= 1;
            if *left == 0 && child != root {
                going.push(child);
            }
        }
    }
    going
}

/// One way up from an outcome: an association by which it stands below something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WayUp {
    /// The outcome above; none for the framework.
    pub(crate) parent: Option<Uuid>,
    /// The sequence number of the association.
    pub(crate) sequence: Option<i32>,
    /// The association.
    pub(crate) association: Uuid,
}

impl WayUp {
    /// Of two ways up, the one by which an outcome stands in the tree: that of the lower sequence
    /// number, then of the lower identity.
    #[must_use]
    pub(crate) fn first_of(self, other: Self) -> Self {
        let rank = |way: &Self| (way.sequence.unwrap_or(i32::MAX), way.association);
        if rank(&other) < rank(&self) { other } else { self }
    }
}

/// Of several ways up, the one by which an outcome stands in the tree.
pub(crate) fn first_way(ways: &[WayUp]) -> Option<WayUp> {
    ways.iter().copied().reduce(WayUp::first_of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u8) -> Uuid {
        Uuid::from_u128(u128::from(number))
    }

    fn edges(pairs: &[(u8, u8)]) -> Vec<(Uuid, Uuid)> {
        pairs.iter().map(|(from, to)| (id(*from), id(*to))).collect()
    }

    #[test]
    fn the_path_of_a_circle_goes_around_it_once() {
        let edges = edges(&[(1, 2), (2, 3), (3, 4), (2, 9)]);
        assert_eq!(closes(&edges, id(4), id(1)), Some(vec![id(4), id(1), id(2), id(3), id(4)]));
        assert_eq!(closes(&edges, id(1), id(4)), None);
        assert_eq!(closes(&edges, id(7), id(7)), Some(vec![id(7), id(7)]));
    }

    #[test]
    fn the_tree_is_read_from_above_and_by_order() {
        let stand =
            |number, parent: Option<u8>, order| Standing { id: id(number), parent: parent.map(id), order };
        let tree = [
            stand(1, None, 2),
            stand(2, None, 1),
            stand(3, Some(1), 5),
            stand(4, Some(1), 5),
            stand(5, Some(4), 1),
            stand(6, Some(77), 9),
        ];
        let read: Vec<(Uuid, i32)> =
            descendants(&tree, None).iter().map(|place| (place.id, place.depth)).collect();
        assert_eq!(
            read,
            [(id(2), 1), (id(1), 1), (id(3), 2), (id(4), 2), (id(5), 3), (id(6), 1)],
            "an outcome whose parent is not here stands at the top"
        );
        let below: Vec<Uuid> = descendants(&tree, Some(id(1))).iter().map(|place| place.id).collect();
        assert_eq!(below, [id(3), id(4), id(5)]);
    }

    #[test]
    fn what_stands_elsewhere_too_does_not_go_along() {
        // 2 and 3 below 1, 4 below 2 and 3, 5 below 3 and the framework (9).
        let all = edges(&[(1, 9), (2, 1), (3, 1), (4, 2), (4, 3), (5, 3), (5, 9)]);
        assert_eq!(going(&all, id(1)), [1, 2, 3, 4].map(id));
        assert_eq!(going(&all, id(2)), [id(2)]);
        assert_eq!(going(&all, id(7)), [id(7)]);
    }

    proptest! {
        #[test]
        fn without_the_edges_that_close_circles_there_is_none(
            pairs in prop::collection::vec((0_u8..12, 0_u8..12), 0..60)
        ) {
            let all = edges(&pairs);
            let closing: HashSet<usize> = circles(&all).iter().map(|circle| circle.edge).collect();
            let mut kept: Vec<(Uuid, Uuid)> = Vec::new();
            for (index, edge) in all.iter().enumerate() {
                if !closing.contains(&index) {
                    prop_assert!(closes(&kept, edge.0, edge.1).is_none());
                    kept.push(*edge);
                }
            }
        }

        #[test]
        fn a_graph_without_a_circle_loses_no_edge(
            pairs in prop::collection::vec((0_u8..30, 1_u8..20), 0..60)
        ) {
            let upwards: Vec<(u8, u8)> = pairs.iter().map(|(from, by)| (*from, from + by)).collect();
            prop_assert!(circles(&edges(&upwards)).is_empty());
        }

        #[test]
        fn the_tree_holds_every_outcome_once(parents in prop::collection::vec(prop::option::of(0_u8..40), 1..40)) {
            let standings: Vec<Standing> = parents
                .iter()
                .enumerate()
                .map(|(index, parent)| {
                    let own = u8::try_from(index).expect("fewer than forty");
                    // Only what came before can be above: a tree.
                    Standing { id: id(own), parent: parent.filter(|p| *p < own).map(id), order: 0 }
                })
                .collect();
            let read: Vec<Uuid> = descendants(&standings, None).iter().map(|place| place.id).collect();
            let unique: HashSet<Uuid> = read.iter().copied().collect();
            prop_assert_eq!(read.len(), standings.len());
            prop_assert_eq!(unique.len(), standings.len());
        }
    }
}
