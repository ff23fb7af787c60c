//! What stands above an outcome, by every way up that there is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something above the outcome that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Above {
    /// Its place.
    pub(crate) place: u32,
    /// How far above, by the shortest way.
    pub(crate) depth: u32,
    /// Those directly below it that lead to what was asked for, or are it.
    pub(crate) below: Vec<u32>,
}

/// Everything above `from` to a depth (0 for everything), nearest first and then in reading order.
///
/// `parents` says what a place stands directly below. Each place is visited once, so that circles and
/// diamonds cost no more than chains.
pub(crate) fn ancestors<'a>(from: u32, max_depth: u32, parents: impl Fn(u32) -> &'a [u32]) -> Vec<Above> {
    let mut depths: HashMap<u32, u32> = HashMap::from([(from, 0)]);
    let mut below: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    let mut level = vec![from];
    let mut depth = 0;
    while !level.is_empty() && (max_depth == 0 || depth < max_depth) {
        depth += 1;
        let mut next = Vec::new();
        for place in level {
            for parent in parents(place) {
                if *parent == from {
                    continue;
                }
                below.entry(*parent).or_default().insert(place);
                if !depths.contains_key(parent) {
                    depths.insert(*parent, depth);
                    next.push(*parent);
                }
            }
        }
        level = next;
    }
    let mut found: Vec<Above> = below
        .into_iter()
        .map(|(place, below)| Above { place, depth: depths[&place], below: below.into_iter().collect() })
        .collect();
    found.sort_by_key(|above| (above.depth, above.place));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(edges: &[(u32, &[u32])], max_depth: u32) -> Vec<(u32, u32, Vec<u32>)> {
        let found = ancestors(9, max_depth, |place| {
            edges.iter().find(|(own, _)| *own == place).map_or(&[][..], |(_, parents)| parents)
        });
        found.into_iter().map(|above| (above.place, above.depth, above.below)).collect()
    }

    #[test]
    fn every_way_up_is_told_once_and_the_nearest_first() {
        let edges: &[(u32, &[u32])] = &[(9, &[4, 5]), (4, &[2]), (5, &[2, 1]), (2, &[1])];
        let all = [(4, 1, vec![9]), (5, 1, vec![9]), (1, 2, vec![2, 5]), (2, 2, vec![4, 5])];
        assert_eq!(told(edges, 0), all);
        assert_eq!(told(edges, 1), all[..2]);
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(told(&[(9, &[4]), (4, &[5]), (5, &[4, 9])], 0), [(4, 1, vec![5, 9]), (5, 2, vec![4])]);
    }
}
