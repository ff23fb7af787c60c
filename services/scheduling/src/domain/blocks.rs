//! Sets of blocks, and which blocks of a calendar overlap.

use super::calendar::Term;

/// How many blocks a calendar may have, and so how large a set may be.
pub(crate) const MOST: usize = 256;

/// A set of blocks of one calendar, by their places in its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocks([u64; MOST / 64]);

impl Blocks {
    /// The set with the block at `place` in it too; places beyond the most are not kept.
    #[must_use]
    pub(crate) fn with(mut self, place: usize) -> Self {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
        self
    }

    /// What is in either.
    #[must_use]
    pub(crate) fn union(mut self, other: Self) -> Self {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        self
    }

    /// Whether the two have a block in common.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(word, more)| word & more != 0)
    }

    /// Whether the block at `place` is in it.
    pub(crate) fn contains(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }
}

/// The blocks in which something takes place, and all those that they overlap (themselves too).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meeting {
    pub(crate) blocks: Blocks,
    pub(crate) reach: Blocks,
}

impl Meeting {
    /// Whether the two ever take place at the same time.
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        self.blocks.meets(&other.reach)
    }
}

/// Which blocks of a calendar overlap which.
#[derive(Clone, Debug)]
pub(crate) struct Overlaps(Vec<Blocks>);

impl Overlaps {
    /// Those of a calendar.
    pub(crate) fn of(term: &Term) -> Self {
        let reach = |block: &super::calendar::Block| {
            term.blocks
                .iter()
                .enumerate()
                .filter(|(_, other)| block.overlaps(other))
                .fold(Blocks::default(), |set, (place, _)| set.with(place))
        };
        Self(term.blocks.iter().map(reach).collect())
    }

    /// The meeting in the blocks at these places.
    pub(crate) fn meeting(&self, places: impl IntoIterator<Item = usize>) -> Meeting {
        let mut meeting = Meeting::default();
        for place in places {
            meeting.blocks = meeting.blocks.with(place);
            meeting.reach = meeting.reach.union(self.0.get(place).copied().unwrap_or_default());
        }
        meeting
    }

    /// The first of the places whose block overlaps that of an earlier one.
    pub(crate) fn first_conflict(&self, places: &[usize]) -> Option<usize> {
        (0..places.len()).find(|later| {
            let reach = self.0.get(places[*later]).copied().unwrap_or_default();
            places[..*later].iter().any(|earlier| reach.contains(*earlier))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::tests::{block, term};
    use super::*;

    #[test]
    fn meetings_clash_where_a_block_of_one_overlaps_a_block_of_the_other() {
        let term = term(
            vec![
                block("morning", &[1, 2], (9, 0), (12, 0)),
                block("early", &[1], (9, 0), (10, 0)),
                block("late", &[1], (10, 0), (12, 0)),
                block("friday", &[5], (9, 0), (12, 0)),
            ],
            &[],
        )
        .expect("consistent");
        let overlaps = Overlaps::of(&term);
        let [morning, early, late] = [[0], [1], [2]].map(|places| overlaps.meeting(places));
        assert!(morning.clashes(&early) && early.clashes(&morning));
        assert!(!early.clashes(&late) && !late.clashes(&early));
        assert!(overlaps.meeting([2, 3]).clashes(&morning));
        assert!(!overlaps.meeting([3]).clashes(&morning));
        assert_eq!(overlaps.first_conflict(&[1, 2, 0]), Some(2));
        assert_eq!(overlaps.first_conflict(&[1, 2, 3]), None);
    }

    #[test]
    fn a_set_keeps_the_last_place_that_a_calendar_may_have() {
        let set = Blocks::default().with(MOST - 1);
        assert!(set.contains(MOST - 1) && !set.contains(MOST - 2));
        assert!(set.meets(&Blocks::default().with(MOST - 1)));
    }
}
