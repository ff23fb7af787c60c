//! The tree of a framework in reading order: each outcome before those below it, so that what stands
//! below an outcome is one range.

use std::collections::HashMap;
use std::ops::Range;

use trellis_kernel::Uuid;

use super::graph::{self, Standing};

/// A place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    /// The outcome.
    pub(crate) id: Uuid,
    /// What it stands directly below, by its place; none at the top.
    pub(crate) parent: Option<u32>,
    /// How far below the framework: 1 at the top, 0 where it stands nowhere in the tree.
    pub(crate) depth: u32,
    /// The place after the last of what stands below it.
    end: u32,
}

/// The outcomes of a framework in reading order; those that stand nowhere in the tree come last.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    branches: Box<[Branch]>,
    /// How many stand in the tree.
    standing: usize,
    places: HashMap<Uuid, u32>,
}

impl Tree {
    /// The tree that outcomes make by where each stands.
    pub(crate) fn new(standings: &[Standing]) -> Self {
        let mut places: HashMap<Uuid, u32> = HashMap::with_capacity(standings.len());
        let mut branches: Vec<Branch> = Vec::with_capacity(standings.len());
        for place in graph::descendants(standings, None) {
            let own = position(branches.len());
            let parent = place.parent.and_then(|parent| places.get(&parent).copied());
            places.insert(place.id, own);
            branches.push(Branch { id: place.id, parent, depth: place.depth.unsigned_abs(), end: own + 1 });
        }
        let standing = branches.len();
        let mut nowhere: Vec<Uuid> =
            standings.iter().map(|own| own.id).filter(|id| !places.contains_key(id)).collect();
        nowhere.sort_unstable();
        for id in nowhere {
            let own = position(branches.len());
            places.insert(id, own);
            branches.push(Branch { id, parent: None, depth: 0, end: own + 1 });
        }
        // What is below comes after, so from the end each tells the one above how far it reaches.
        for own in (0..standing).rev() {
            if let Some(parent) = branches[own].parent {
                let end = branches[own].end;
                let above = &mut branches[parent as usize];
                above.end = above.end.max(end);
            }
        }
        Self { branches: branches.into(), standing, places }
    }

    /// Every outcome, in reading order.
    pub(crate) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The place of an outcome.
    pub(crate) fn place(&self, id: Uuid) -> Option<u32> {
        self.places.get(&id).copied()
    }

    /// The places of what stands below an outcome, or below the framework.
    pub(crate) fn below(&self, root: Option<u32>) -> Range<usize> {
        match root {
            None => 0..self.standing,
            Some(place) => place as usize + 1..self.branches[place as usize].end as usize,
        }
    }

    /// How many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        size_of_val(&*self.branches) + self.places.capacity() * (size_of::<(Uuid, u32)>() + 1)
    }
}

/// A framework holds fewer outcomes than this counts.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: usize) -> Uuid {
        Uuid::from_u128(number as u128)
    }

    #[test]
    fn who_stands_in_a_circle_is_held_and_stands_nowhere() {
        let stand = |own, parent| Standing { id: id(own), parent: Some(id(parent)), order: 0 };
        let tree = Tree::new(&[stand(1, 2), stand(2, 1), Standing { id: id(3), parent: None, order: 0 }]);
        assert_eq!(tree.below(None), 0..1);
        assert_eq!(
            tree.branches().iter().map(|b| (b.id, b.depth)).collect::<Vec<_>>(),
            [(id(3), 1), (id(1), 0), (id(2), 0)]
        );
        assert!(tree.below(tree.place(id(1))).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_below_is_one_range(parents in prop::collection::vec(prop::option::of(0_usize..40), 1..40)) {
            let standings: Vec<Standing> = parents
                .iter()
                .enumerate()
                .map(|(own, parent)| Standing { id: id(own), parent: parent.filter(|p| *p < own).map(id), order: 0 })
                .collect();
            let tree = Tree::new(&standings);
            for standing in &standings {
                let mut told: Vec<Uuid> =
                    graph::descendants(&standings, Some(standing.id)).iter().map(|place| place.id).collect();
                let range = tree.below(tree.place(standing.id));
                let own: Vec<Uuid> = tree.branches()[range].iter().map(|branch| branch.id).collect();
                prop_assert_eq!(&told, &own);
                told.sort();
                told.dedup();
                prop_assert_eq!(told.len(), own.len());
            }
        }
    }
}
