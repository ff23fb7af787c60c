//! What is learned before an outcome, in an order in which it can be learned.

use std::collections::{HashMap, HashSet, VecDeque};

/// Something to learn before what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needed {
    /// The node.
    pub(crate) node: u32,
    /// 0 for what needs nothing, otherwise one more than the highest of what it needs. The members of a
    /// circle share a layer.
    pub(crate) layer: u32,
    /// How many steps before what was asked for, by the shortest way.
    pub(crate) distance: u32,
    /// What directly precedes it.
    pub(crate) needs: Vec<u32>,
}

/// What has to be known before something can be learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prerequisites {
    /// What to learn, each after everything that it needs; then in the order of the nodes.
    pub(crate) needed: Vec<Needed>,
    /// The circles, each from its lowest member back to it: the shortest that goes through that one.
    pub(crate) circles: Vec<Vec<u32>>,
}

/// Finds what precedes `asked`, at most `max_depth` steps back (0 for everything). An edge says that
/// its first node precedes its second. The order of the edges does not matter.
pub(crate) fn prerequisites(edges: &[(u32, u32)], asked: u32, max_depth: u32) -> Prerequisites {
    let mut preceding: HashMap<u32, Vec<u32>> = HashMap::new();
    for (before, after) in edges {
        preceding.entry(*after).or_default().push(*before);
    }
    for before in preceding.values_mut() {
        before.sort_unstable();
        before.dedup();
    }
    let distances = distances(&preceding, asked, max_depth);
    let graph = Reached { preceding: &preceding, distances: &distances, max_depth };
    let groups = graph.groups(asked);
    let mut group_of: HashMap<u32, usize> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        group_of.extend(group.iter().map(|node| (*node, index)));
    }
    let mut found = Prerequisites::default();
    let mut layers: Vec<u32> = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        // A group comes after all that precede it, so their layers are known.
        let before = group.iter().flat_map(|node| graph.needs(*node)).map(|node| group_of[node]);
        let layer = before.filter(|of| *of != index).map(|of| layers[of] + 1).max().unwrap_or(0);
        layers.push(layer);
        let lowest = group.iter().min().copied().unwrap_or(asked);
        if group.len() > 1 || graph.needs(lowest).contains(&lowest) {
            found.circles.push(graph.circle(lowest, group));
        }
        for node in group.iter().filter(|node| **node != asked) {
            let needs = graph.needs(*node).to_vec();
            found.needed.push(Needed { node: *node, layer, distance: distances[node], needs });
        }
    }
    found.needed.sort_by_key(|needed| (needed.layer, needed.node));
    found.circles.sort();
    found
}

/// How many steps before `asked` each node is that precedes it.
fn distances(preceding: &HashMap<u32, Vec<u32>>, asked: u32, max_depth: u32) -> HashMap<u32, u32> {
    let mut distances = HashMap::from([(asked, 0)]);
    let mut open = VecDeque::from([asked]);
    while let Some(node) = open.pop_front() {
        let distance = distances[&node];
        if max_depth != 0 && distance == max_depth {
            continue;
        }
        for before in preceding.get(&node).into_iter().flatten() {
            if !distances.contains_key(before) {
                distances.insert(*before, distance + 1);
                open.push_back(*before);
            }
        }
    }
    distances
}

/// The part of the graph that precedes what was asked for.
struct Reached<'a> {
    preceding: &'a HashMap<u32, Vec<u32>>,
    distances: &'a HashMap<u32, u32>,
    max_depth: u32,
}

impl Reached<'_> {
    /// What directly precedes a node; at the last step back nothing is looked at any more.
    fn needs(&self, node: u32) -> &[u32] {
        if self.max_depth != 0 && self.distances[&node] == self.max_depth {
            return &[];
        }
        self.preceding.get(&node).map_or(&[], Vec::as_slice)
    }

    /// The nodes in groups of those that precede each other, each group after those that precede it
    /// (Tarjan's algorithm, with a stack of its own: a chain may be as long as a framework).
    fn groups(&self, asked: u32) -> Vec<Vec<u32>> {
        let mut groups = Vec::new();
        let mut numbers: HashMap<u32, usize> = HashMap::from([(asked, 0)]);
        let mut lowest: HashMap<u32, usize> = HashMap::from([(asked, 0)]);
        let mut open: Vec<u32> = vec![asked];
        let mut is_open: HashSet<u32> = HashSet::from([asked]);
        let mut way: Vec<(u32, usize)> = vec![(asked, 0)];
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            if let Some(before) = self.needs(node).get(*next).copied() {
                *next += 1;
                if is_open.contains(&before) {
                    lower(&mut lowest, node, numbers[&before]);
                } else if !numbers.contains_key(&before) {
                    let number = numbers.len();
                    numbers.insert(before, number);
                    lowest.insert(before, number);
                    open.push(before);
                    is_open.insert(before);
                    way.push((before, 0));
                }
                continue;
            }
            way.pop();
            let reached = lowest[&node];
            if let Some((above, _)) = way.last() {
                lower(&mut lowest, *above, reached);
            }
            if reached == numbers[&node] {
                let start = open.iter().rposition(|other| *other == node).unwrap_or(0);
                let group = open.split_off(start);
                for member in &group {
                    is_open.remove(member);
                }
                groups.push(group);
            }
        }
        groups
    }

    /// The shortest circle through a node, along the precedence, within its group.
    fn circle(&self, start: u32, group: &[u32]) -> Vec<u32> {
        let members: HashSet<u32> = group.iter().copied().collect();
        let mut came_from: HashMap<u32, u32> = HashMap::new();
        let mut open = VecDeque::from([start]);
        while let Some(node) = open.pop_front() {
            for before in self.needs(node).iter().filter(|before| members.contains(before)) {
                if *before == start {
                    // The walk went against the precedence, so the way back is along it.
                    let mut path = vec![start, node];
                    let mut at = node;
                    while at != start {
                        at = came_from[&at];
                        path.push(at);
                    }
                    return path;
                }
                if !came_from.contains_key(before) {
                    came_from.insert(*before, node);
                    open.push_back(*before);
                }
            }
        }
        vec![start]
    }
}

fn lower(lowest: &mut HashMap<u32, usize>, node: u32, number: usize) {
    lowest.entry(node).and_modify(|known| *known = (*known).min(number)).or_insert(number);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_needed_comes_in_layers() {
        let found = prerequisites(&[(1, 3), (2, 3), (1, 2), (3, 9), (4, 9), (9, 5)], 9, 0);
        let told: Vec<(u32, u32, u32)> =
            found.needed.iter().map(|needed| (needed.node, needed.layer, needed.distance)).collect();
        assert_eq!(told, [(1, 0, 2), (4, 0, 1), (2, 1, 2), (3, 2, 1)]);
        assert_eq!(found.needed[3].needs, [1, 2]);
        assert!(found.circles.is_empty());
        let near = prerequisites(&[(1, 3), (3, 9)], 9, 1);
        assert_eq!(near.needed, [Needed { node: 3, layer: 0, distance: 1, needs: vec![] }]);
    }

    #[test]
    fn a_circle_is_told_as_a_path_along_the_precedence() {
        let found = prerequisites(&[(1, 2), (2, 3), (3, 1), (3, 9), (7, 7), (7, 9)], 9, 0);
        assert_eq!(found.circles, [vec![1, 2, 3, 1], vec![7, 7]]);
        assert_eq!(found.needed.iter().map(|needed| needed.node).collect::<Vec<_>>(), [1, 2, 3, 7]);
        let own = prerequisites(&[(9, 1), (1, 9)], 9, 0);
        assert_eq!(own.circles, [vec![1, 9, 1]]);
    }

    proptest! {
        #[test]
        fn each_comes_after_what_it_needs_unless_they_go_around(
            edges in prop::collection::vec((0_u32..14, 0_u32..14), 0..50), asked in 0_u32..14
        ) {
            let found = prerequisites(&edges, asked, 0);
            let layers: HashMap<u32, u32> = found.needed.iter().map(|n| (n.node, n.layer)).collect();
            for needed in &found.needed {
                for before in &needed.needs {
                    let Some(layer) = layers.get(before) else { continue };
                    let around = distances(&preceding(&edges), *before, 0).contains_key(&needed.node);
                    prop_assert!(*layer < needed.layer || (around && *layer == needed.layer));
                }
            }
            for circle in &found.circles {
                prop_assert_eq!(circle.first(), circle.last());
                for step in circle.windows(2) {
                    prop_assert!(edges.contains(&(step[0], step[1])));
                }
            }
            let mut backwards = edges.clone();
            backwards.reverse();
            prop_assert_eq!(prerequisites(&backwards, asked, 0), found);
        }
    }

    fn preceding(edges: &[(u32, u32)]) -> HashMap<u32, Vec<u32>> {
        let mut preceding: HashMap<u32, Vec<u32>> = HashMap::new();
        for (before, after) in edges {
            preceding.entry(*after).or_default().push(*before);
        }
        preceding
    }
}
