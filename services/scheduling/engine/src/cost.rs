//! What a timetable costs: breaches of what must be kept first, then everything else.

use std::ops::{AddAssign, Neg, SubAssign};

/// What a timetable costs. The less, the better; of two, that with fewer hard breaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost {
    /// How often something is broken that must be kept. A timetable with none is feasible.
    pub hard: u64,
    /// What everything else costs.
    pub soft: u64,
}

/// The difference between two costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) hard: i64,
    pub(crate) soft: i64,
}

impl Delta {
    /// The cost that so much above nothing is.
    pub(crate) fn cost(self) -> Cost {
        let positive = |part: i64| u64::try_from(part).unwrap_or(0);
        Cost { hard: positive(self.hard), soft: positive(self.soft) }
    }
}

impl AddAssign for Delta {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.hard += other.hard;
        self.soft += other.soft;
    }
}

impl SubAssign for Delta {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        self.hard -= other.hard;
        self.soft -= other.soft;
    }
}

impl Neg for Delta {
    type Output = Self;

    fn neg(self) -> Self {
        Self { hard: -self.hard, soft: -self.soft }
    }
}
