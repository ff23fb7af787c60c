//! What schools ask beside: who comes first, what a learner's day may be, who sits with whom, and that nobody
//! is left behind.

use super::ids::{LearnerId, OfferingId};
use super::rule::Weight;
use super::time::Pattern;

/// How much a request matters: a higher one takes the seat of a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Anything would do.
    Open,
    /// Asked for by the learner.
    Requested,
    /// Support that the learner needs.
    Support,
    /// Set by an educator.
    Priority,
    /// Must be.
    Required,
}

impl Priority {
    /// What it means not to be placed: of each twenty times as much as of the one below, so that one of a
    /// higher gives way for no few of a lower.
    pub const fn unplaced(self) -> Weight {
        match self {
            Self::Open => Weight::Soft(100),
            Self::Requested => Weight::Soft(2_000),
            Self::Support => Weight::Soft(40_000),
            Self::Priority => Weight::Soft(800_000),
            Self::Required => Weight::Hard,
        }
    }
}

/// A rule of each learner's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRule {
    /// What it allows.
    pub limit: DayLimit,
    /// What each breach means, on each day of each week.
    pub weight: Weight,
}

/// What a rule allows on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayLimit {
    /// So many slots of sections; each more is a breach.
    Load(u16),
    /// So many free slots in a row somewhere from a slot up to another. Not to have them is a breach.
    Break {
        /// The first slot in which it may be.
        from: u16,
        /// The slot after the last.
        until: u16,
        /// How many slots it has.
        length: u16,
    },
}

impl DayLimit {
    pub(crate) fn breaches<'p>(self, day: impl Iterator<Item = &'p Pattern>) -> u32 {
        match self {
            Self::Load(most) => {
                let load: u32 = day.map(|pattern| u32::from(pattern.length())).sum();
                load.saturating_sub(u32::from(most))
            }
            Self::Break { from, until, length } => {
                let mut busy: Vec<(u16, u16)> = day.map(|pattern| (pattern.start(), pattern.end())).collect();
                busy.sort_unstable();
                let mut free = from;
                for (start, end) in busy {
                    if start.min(until) >= free.saturating_add(length) {
                        return 0;
                    }
                    free = free.max(end);
                }
                u32::from(free.saturating_add(length) > until)
            }
        }
    }
}

/// Who should sit with whom, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one.
    pub one: LearnerId,
    /// The other.
    pub other: LearnerId,
    /// What is wished for.
    pub wish: PairWish,
    /// What each breach means.
    pub weight: Weight,
}

/// What is wished for two learners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairWish {
    /// Where both have this offering, they have the same sections of it.
    With(OfferingId),
    /// They have no section in common: each that they have is a breach.
    Apart,
}

/// What a learner's company means, seen from one of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Company {
    pub(crate) other: u32,
    /// The offering in which they should be together; none where they should be apart.
    pub(crate) offering: Option<OfferingId>,
    pub(crate) weight: Weight,
}

/// How much it costs that some get less than others.
///
/// A learner's regret is what the options that were got and the requests that were not cost together, beyond what
/// is [spared](super::Learner::spared).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Equity {
    /// By what the square of each learner's regret is multiplied: two who regret a little cost less than one who
    /// regrets much.
    pub spread: u32,
    /// By what the difference between the groups of the greatest and the least mean regret is multiplied.
    pub gap: u32,
}
