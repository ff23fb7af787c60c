//! People who attend the same sections, and what their days should look like.

use super::Fault;
use super::ids::SectionId;

/// The most slots of a day that have a shape.
pub(crate) const MOST_SLOTS: u16 = 16;

/// What each way of spending a day costs: a table over the slots in which one is busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayShape {
    slots: u16,
    costs: Vec<u32>,
}

impl DayShape {
    /// Asks what each way costs. The first slot is the lowest bit of what `cost` is given.
    ///
    /// # Errors
    ///
    /// When a day has more than sixteen slots.
    pub fn new(slots: u16, cost: impl Fn(u32) -> u32) -> Result<Self, Fault> {
        if slots > MOST_SLOTS {
            return Err(Fault::Shape);
        }
        Ok(Self { slots, costs: (0..1_u32 << slots).map(cost).collect() })
    }

    pub(crate) const fn slots(&self) -> u16 {
        self.slots
    }

    #[inline]
    pub(crate) fn cost(&self, busy: u32) -> u32 {
        self.costs[busy as usize]
    }
}

/// People who attend the same sections, all of them.
///
/// That nobody can be in two at once is a [`Rule`](super::Rule) of its own. Weeks are not told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// What they attend.
    pub sections: Vec<SectionId>,
    /// The shape that their days should have, by its place among those that were added.
    pub shape: usize,
    /// By what its cost is multiplied: how many people they are, or how much they matter.
    pub weight: u32,
}
