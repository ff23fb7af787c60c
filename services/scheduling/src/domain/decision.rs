//! What is asked for, and what comes of it.

use serde::{Deserialize, Serialize};
use trellis_kernel::Uuid;

use super::request::Kind;

/// That a learner asks for an offering, or that it is required for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Demand {
    pub(crate) learner: Uuid,
    pub(crate) kind: Kind,
    pub(crate) offering: Uuid,
}

/// What came of a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The learner has the place by this demand.
    Placed,
    /// The learner has the place already, since it is required.
    Held,
    /// The learner has no place.
    Refused(Refusal),
}

/// What is in the way of a place: at least one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// Who has the places, where all are taken and nothing else of the learner's would be in the way.
    pub(crate) holders: Option<Holders>,
    /// The offerings that meet at the same time and in which the learner has a place.
    pub(crate) clashes: Vec<Uuid>,
}

/// How many have the places of an offering, by how they asked beside one who has none. All are zero of a plan from
/// before they were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holders {
    /// It is required for them.
    pub(crate) required: u32,
    /// They ranked it higher.
    pub(crate) higher: u32,
    /// They ranked it the same.
    pub(crate) same: u32,
    /// They ranked it lower.
    pub(crate) lower: u32,
}

/// A demand and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) demand: Demand,
    pub(crate) verdict: Verdict,
}

impl Verdict {
    /// Whether the learner has a place in the offering.
    pub(crate) const fn is_met(&self) -> bool {
        matches!(self, Self::Placed | Self::Held)
    }
}

impl Holders {
    /// Those who hold places by `kinds`, beside one who asked by `kind`.
    pub(crate) fn beside(kind: Kind, kinds: impl Iterator<Item = Kind>) -> Self {
        let mut holders = Self::default();
        for other in kinds {
            let count = match other {
                Kind::Required => &mut holders.required,
                Kind::Ranked(_) if other < kind => &mut holders.higher,
                Kind::Ranked(_) if other == kind => &mut holders.same,
                Kind::Ranked(_) => &mut holders.lower,
            };
            *count += 1;
        }
        holders
    }
}
