//! How much of a framework is covered by another.

use std::collections::BTreeMap;

use super::tree::Tree;

/// How many outcomes are covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The outcomes.
    pub(crate) outcomes: u32,
    /// Those that are covered.
    pub(crate) covered: u32,
}

/// How much of what stands below an outcome is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Subtree {
    /// The outcome, by its place.
    pub(crate) place: u32,
    /// What stands below it, not itself.
    pub(crate) below: Coverage,
}

/// How much of a framework is covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Analysis {
    /// The whole.
    pub(crate) total: Coverage,
    /// Each level of the tree by its depth.
    pub(crate) levels: BTreeMap<u32, Coverage>,
    /// Each outcome with something below it, in reading order.
    pub(crate) subtrees: Vec<Subtree>,
}

/// Counts what is covered; `covered` says it of each place of the tree.
pub(crate) fn analyze(tree: &Tree, covered: &[bool]) -> Analysis {
    let mut analysis = Analysis::default();
    // How many are covered before each place: a range is the difference of two.
    let mut before: Vec<u32> = vec![0];
    for (branch, covered) in tree.branches().iter().zip(covered) {
        let level = analysis.levels.entry(branch.depth).or_default();
        for coverage in [level, &mut analysis.total] {
            coverage.outcomes += 1;
            coverage.covered += u32::from(*covered);
        }
        before.push(analysis.total.covered);
    }
    for (place, _) in (0_u32..).zip(tree.branches()) {
        let range = tree.below(Some(place));
        if !range.is_empty() {
            let outcomes = u32::try_from(range.len()).unwrap_or(u32::MAX);
            let below = Coverage { outcomes, covered: before[range.end] - before[range.start] };
            analysis.subtrees.push(Subtree { place, below });
        }
    }
    analysis
}

#[cfg(test)]
mod tests {
    use trellis_kernel::Uuid;

    use super::*;
    use crate::domain::graph::Standing;

    #[test]
    fn the_whole_each_level_and_each_subtree_are_counted() {
        let stand = |own: u128, parent: Option<u128>| Standing {
            id: Uuid::from_u128(own),
            parent: parent.map(Uuid::from_u128),
            order: 0,
        };
        let tree = Tree::new(&[
            stand(1, None),
            stand(2, Some(1)),
            stand(3, Some(1)),
            stand(4, Some(3)),
            stand(5, None),
        ]);
        let analysis = analyze(&tree, &[true, false, true, true, false]);
        let of = |outcomes, covered| Coverage { outcomes, covered };
        assert_eq!(analysis.total, of(5, 3));
        assert_eq!(analysis.levels, BTreeMap::from([(1, of(2, 1)), (2, of(2, 1)), (3, of(1, 1))]));
        assert_eq!(
            analysis.subtrees,
            [Subtree { place: 0, below: of(3, 2) }, Subtree { place: 2, below: of(1, 1) }]
        );
    }
}
