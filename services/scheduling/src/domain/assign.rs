//! Who gets a place in what.
//!
//! 1. What is required comes first. The learners are drawn into an order by the seed; in that order
//!    each is given what is required for them, in the order of the offerings' ids.
//! 2. Then rank by rank, first choices before second ones. The learners who ask for something at that
//!    rank are drawn anew: those who have got fewer of their ranked requests so far come before those
//!    who have got more, and among equals the seed decides. In that order each is given the place,
//!    unless it meets at the same time as one that they have, or all its places are taken.
//!
//! So a place is never given to someone while it is refused to another for whom it is required or who
//! ranked it higher; nobody is refused a place that is still free at the end and that they could take;
//! and whoever drew badly in one round draws better in the next. The outcome depends on the seed and on
//! what was asked, not on the order in which it was asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use trellis_kernel::{Failure, Result, Uuid};

use super::blocks::Meeting;
use super::draw::Draw;
use super::request::Kind;

/// An offering, as far as places go.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    pub(crate) offering: Uuid,
    pub(crate) capacity: u32,
    pub(crate) meeting: Meeting,
}

/// That a learner asks for an offering, or that it is required for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Demand {
    pub(crate) learner: Uuid,
    pub(crate) kind: Kind,
    pub(crate) offering: Uuid,
}

/// What came of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The learner has the place by this demand.
    Placed,
    /// The learner has the place already, by a demand that came before.
    Held,
    /// All places are taken.
    Full,
    /// It meets at the same time as this offering, in which the learner has a place.
    Clash(Uuid),
}

/// A demand and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) demand: Demand,
    pub(crate) verdict: Verdict,
}

/// Decides on every demand. The decisions come in the order of learners, kinds and ranks, offerings.
pub(crate) fn assign(offerings: &[Seats], demands: &[Demand], seed: i64) -> Result<Vec<Decision>> {
    let mut hall = Hall::open(offerings);
    let demands: BTreeSet<Demand> = demands.iter().copied().collect();
    let mut rounds: BTreeMap<Kind, BTreeMap<Uuid, Vec<Demand>>> = BTreeMap::new();
    for demand in demands {
        rounds.entry(demand.kind).or_default().entry(demand.learner).or_default().push(demand);
    }
    let mut won: HashMap<Uuid, u32> = HashMap::new();
    let mut decisions = Vec::new();
    for (kind, round) in rounds {
        let mut learners: Vec<(Uuid, Vec<Demand>)> = round.into_iter().collect();
        Draw::new(seed, u32::from(kind.rank())).shuffle(&mut learners);
        learners.sort_by_key(|(learner, _)| won.get(learner).copied().unwrap_or(0));
        for (learner, demands) in learners {
            for demand in demands {
                let verdict = hall.seat(&demand)?;
                if verdict == Verdict::Placed && kind != Kind::Required {
                    *won.entry(learner).or_default() += 1;
                }
                decisions.push(Decision { demand, verdict });
            }
        }
    }
    decisions.sort_by_key(|decision| decision.demand);
    Ok(decisions)
}

/// Which places are taken, and by whom.
struct Hall {
    offerings: HashMap<Uuid, (Meeting, u32)>,
    held: HashMap<Uuid, Vec<(Uuid, Meeting)>>,
}

impl Hall {
    fn open(offerings: &[Seats]) -> Self {
        let offerings =
            offerings.iter().map(|seats| (seats.offering, (seats.meeting, seats.capacity))).collect();
        Self { offerings, held: HashMap::new() }
    }

    fn seat(&mut self, demand: &Demand) -> Result<Verdict> {
        let (meeting, free) = self
            .offerings
            .get_mut(&demand.offering)
            .ok_or_else(|| Failure::internal("a request asks for an offering that its timetable lacks"))?;
        let held = self.held.entry(demand.learner).or_default();
        if held.iter().any(|(offering, _)| *offering == demand.offering) {
            return Ok(Verdict::Held);
        }
        if let Some((other, _)) = held.iter().find(|(_, other)| meeting.clashes(other)) {
            return Ok(Verdict::Clash(*other));
        }
        if *free == 0 {
            return Ok(Verdict::Full);
        }
        *free -= 1;
        held.push((demand.offering, *meeting));
        Ok(Verdict::Placed)
    }
}

#[cfg(test)]
mod tests;
