//! The best of what was found, in an order that is the same everywhere, and what all of it is.

use std::collections::BinaryHeap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::fields::ORDER;
use crate::domain::traits::{Counts, Trait};

/// Collects the best, and counts all if that is asked for.
pub(super) struct Best {
    /// How many.
    pub(super) limit: usize,
    /// Whether all is counted by what it is.
    pub(super) count: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The best, best first.
    pub(super) hits: Vec<Hit>,
    /// How many there are in all.
    pub(super) total: usize,
    /// What all of it is.
    pub(super) counts: Counts,
}

/// One that was found. The greater is the worse, so that a heap lets go of it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    worse: std::cmp::Reverse<u32>,
    order: [u64; 3],
    address: DocAddress,
}

impl Hit {
    /// What it counted.
    pub(super) const fn points(&self) -> u32 {
        self.worse.0
    }

    /// Where it is.
    pub(super) const fn address(&self) -> DocAddress {
        self.address
    }
}

/// Collects in one segment.
pub(super) struct Segment {
    ordinal: SegmentOrdinal,
    limit: usize,
    order: [Column<u64>; 3],
    best: BinaryHeap<Hit>,
    total: usize,
    traits: Vec<Tally>,
}

/// Counts the values of a trait.
struct Tally {
    own: Trait,
    values: StrColumn,
    counts: Vec<u32>,
}

impl Collector for Best {
    type Fruit = Found;
    type Child = Segment;

    fn for_segment(&self, ordinal: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<Segment> {
        let [code, high, low] = ORDER;
        let columns = reader.fast_fields();
        let mut traits = Vec::new();
        for own in Trait::ALL.into_iter().filter(|_| self.count) {
            if let Some(values) = columns.str(own.as_str())? {
                let counts = vec![0; values.num_terms()];
                traits.push(Tally { own, values, counts });
            }
        }
        Ok(Segment {
            ordinal,
            limit: self.limit,
            order: [columns.u64(code)?, columns.u64(high)?, columns.u64(low)?],
            best: BinaryHeap::with_capacity(self.limit + 1),
            total: 0,
            traits,
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, parts: Vec<Found>) -> tantivy::Result<Found> {
        let mut found = Found::default();
        for part in parts {
            found.hits.extend(part.hits);
            found.total += part.total;
            for (own, values) in part.counts.0 {
                for (value, count) in values {
                    found.counts.add(own, value, count);
                }
            }
        }
        found.hits.sort_unstable();
        found.hits.truncate(self.limit);
        Ok(found)
    }
}

impl SegmentCollector for Segment {
    type Fruit = Found;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        for tally in &mut self.traits {
            for value in tally.values.term_ords(doc) {
                if let Some(count) = usize::try_from(value).ok().and_then(|value| tally.counts.get_mut(value))
                {
                    *count += 1;
                }
            }
        }
        let points = as_points(score);
        let full = self.best.len() >= self.limit;
        if full && self.best.peek().is_none_or(|worst| points < worst.points()) {
            return;
        }
        let [code, high, low] = &self.order;
        let first = |column: &Column<u64>| column.first(doc).unwrap_or_default();
        let order = [first(code), first(high), first(low)];
        let address = DocAddress::new(self.ordinal, doc);
        self.best.push(Hit { worse: std::cmp::Reverse(points), order, address });
        if self.best.len() > self.limit {
            self.best.pop();
        }
    }

    fn harvest(self) -> Found {
        let mut counts = Counts::default();
        for Tally { own, values, counts: tally } in self.traits {
            for (ordinal, count) in (0_u64..).zip(tally).filter(|(_, count)| *count > 0) {
                let mut value = String::new();
                // A value that cannot be read is not told; the outcomes are.
                if values.ord_to_str(ordinal, &mut value).is_ok_and(|read| read) {
                    counts.add(own, value, count);
                }
            }
        }
        Found { hits: self.best.into_vec(), total: self.total, counts }
    }
}

/// The points that a score stands for: the scores are sums of whole numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number below 2^24")]
fn as_points(score: Score) -> u32 {
    score as u32
}
