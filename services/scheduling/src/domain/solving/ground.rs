//! The problem as the engine knows it, and who is who in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use trellis_kernel::{Failure, Result, Timestamp, Uuid};
use trellis_timetable::{
    Builder, Component, Configuration, Cost, Equity, Horizon, Learner, LearnerId, OfferingId, Pattern, Plan,
    Problem, Request, Section, Weight,
};

use super::super::calendar::Term;
use super::super::decision::{Decision, Demand, Verdict};
use super::super::draw::Draw;
use super::super::offering::Offering;
use super::super::request::Kind;
use super::settle::settle;
use super::times::Weeks;
use super::{weight, weight_of};

/// An offering, as far as places go.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    pub(crate) offering: Uuid,
    pub(crate) capacity: u32,
    /// When it meets; nothing when it never does.
    pub(crate) times: Vec<Pattern>,
}

/// A demand, and when it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dated {
    pub(crate) demand: Demand,
    pub(crate) time: Timestamp,
}

/// What a plan is made of.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    horizon: Horizon,
    /// A time at which nothing meets.
    never: Pattern,
    offerings: Vec<Seats>,
    demands: Vec<Dated>,
}

impl Inputs {
    /// The requests for the offerings of a calendar, in whatever order they come.
    pub(crate) fn new(term: &Term, offerings: &[Offering], demands: Vec<Dated>) -> Result<Self> {
        let weeks = Weeks::of(term)?;
        let seats = |offering: &Offering| {
            let times = weeks.times(term, offering)?;
            Ok(Seats { offering: offering.id, capacity: offering.capacity, times })
        };
        let mut offerings = offerings.iter().map(seats).collect::<Result<Vec<_>>>()?;
        offerings.sort_by_key(|seats| seats.offering);
        Ok(Self { horizon: weeks.horizon(), never: weeks.never()?, offerings, demands })
    }

    /// Who asks.
    pub(crate) fn learners(&self) -> BTreeSet<Uuid> {
        self.demands.iter().map(|dated| dated.demand.learner).collect()
    }
}

/// The problem, and who is who in it.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) problem: Problem,
    pub(super) offerings: Vec<Seats>,
    /// The learners, in the order of the draw, as the problem has them.
    pub(super) askers: Vec<Asker>,
    /// The same, as the problem calls them.
    pub(super) ids: Vec<LearnerId>,
    /// What each of the problem's requests asks for, by whom.
    pub(super) wishes: Vec<Wish>,
}

/// A learner with requests.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) learner: Uuid,
    /// What was asked, required first and then in order; and the number of the wish that it became, which of
    /// an offering that is also required is that of the requirement.
    pub(super) demands: Vec<(Demand, usize)>,
    /// What of the learner's disappointment cannot be avoided.
    pub(super) spared: u32,
    /// When the learner first submitted a list.
    pub(super) since: Option<Timestamp>,
}

/// What one of the problem's requests asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// The number of the learner, and of the offering.
    pub(super) asker: usize,
    pub(super) offering: usize,
    pub(super) kind: Kind,
}

impl Ground {
    /// Lays out what is to be solved; the seed decides the order in which learners stand. Nothing when nobody
    /// asks for anything.
    pub(crate) fn lay(inputs: Inputs, seed: i64) -> Result<Option<Self>> {
        let Inputs { horizon, never, offerings, demands } = inputs;
        let mut builder = Builder::new(horizon);
        builder.equity(Equity { spread: 1, gap: 0 });
        let ids: Vec<OfferingId> =
            offerings.iter().map(|seats| offering(&mut builder, seats, never)).collect();
        let numbers: HashMap<Uuid, usize> =
            offerings.iter().enumerate().map(|(number, seats)| (seats.offering, number)).collect();
        let mut by_learner: BTreeMap<Uuid, Vec<Dated>> = BTreeMap::new();
        for dated in demands {
            by_learner.entry(dated.demand.learner).or_default().push(dated);
        }
        let mut order: Vec<(Uuid, Vec<Dated>)> = by_learner.into_iter().collect();
        Draw::new(seed, 0).shuffle(&mut order);
        let (mut askers, mut learners, mut wishes) =
            (Vec::with_capacity(order.len()), Vec::new(), Vec::new());
        for (learner, own) in order {
            let first = wishes.len();
            let asker = asker(learner, own, &numbers, &offerings, (askers.len(), &mut wishes))?;
            let requests = wishes[first..].iter().map(|wish| request(*wish, ids[wish.offering])).collect();
            let learner = Learner { requests, closed: Vec::new(), group: 0, spared: asker.spared };
            learners.push(builder.learner(learner));
            askers.push(asker);
        }
        if wishes.is_empty() {
            return Ok(None);
        }
        let problem = builder.build().map_err(Failure::internal)?;
        Ok(Some(Self { problem, offerings, askers, ids: learners, wishes }))
    }

    /// What is good enough to stop before: no more disappointment and inequality than so much beyond what cannot
    /// be avoided.
    pub(crate) fn enough(&self, cost: u64) -> Cost {
        let spared: u64 = self.askers.iter().map(|asker| u64::from(asker.spared)).sum();
        Cost { hard: 0, soft: spared.saturating_add(cost) }
    }

    /// Which wishes a plan of the engine meets.
    pub(super) fn met(plan: &Plan) -> Vec<bool> {
        plan.seats.iter().map(Option::is_some).collect()
    }

    /// What a plan of the engine means for each demand; in the order of learners, kinds and offerings.
    ///
    /// What a search that ended early left undone is done first: nobody is refused a place that is free and
    /// that they could take.
    pub(crate) fn decide(&self, plan: &Plan) -> Vec<Decision> {
        let mut met = Self::met(plan);
        let table = settle(self, &mut met);
        let decision = |(demand, wish): &(Demand, usize)| {
            let verdict = match met[*wish] {
                true if self.wishes[*wish].kind == demand.kind => Verdict::Placed,
                true => Verdict::Held,
                false => Verdict::Refused(table.refusal(*wish, demand.kind)),
            };
            Decision { demand: *demand, verdict }
        };
        let mut decisions: Vec<Decision> =
            self.askers.iter().flat_map(|asker| asker.demands.iter().map(decision)).collect();
        decisions.sort_by_key(|decision| decision.demand);
        decisions
    }

    /// The learners in the order in which they first submitted a list; those who never did come last.
    pub(super) fn by_time(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.askers.len()).collect();
        order.sort_by_key(|asker| {
            let Asker { since, learner, .. } = &self.askers[*asker];
            (since.is_none(), *since, *learner)
        });
        order
    }

    /// Whether a learner cannot be in both offerings.
    pub(super) fn clash(&self, one: usize, other: usize) -> bool {
        clash(&self.offerings[one], &self.offerings[other])
    }
}

fn clash(one: &Seats, other: &Seats) -> bool {
    one.times.iter().any(|time| other.times.iter().any(|against| time.overlaps(against)))
}

/// An offering is a section at each of its times, of which who has a place attends all.
fn offering(builder: &mut Builder, seats: &Seats, never: Pattern) -> OfferingId {
    let times = if seats.times.is_empty() { vec![never] } else { seats.times.clone() };
    let mut component = |time| {
        let section = builder.section(Section { capacity: seats.capacity, ..Section::at([time]) });
        Component { sections: vec![section] }
    };
    let components = times.into_iter().map(&mut component).collect();
    builder.offering(trellis_timetable::Offering { configurations: vec![Configuration { components }] })
}

fn request(wish: Wish, offering: OfferingId) -> Request {
    let unplaced = weight_of(wish.kind).map_or(Weight::Hard, Weight::Soft);
    Request { options: vec![(offering, 0)], unplaced }
}

/// Reads what one learner asks for, and adds the wishes that come of it.
fn asker(
    learner: Uuid,
    own: Vec<Dated>,
    numbers: &HashMap<Uuid, usize>,
    offerings: &[Seats],
    (number, wishes): (usize, &mut Vec<Wish>),
) -> Result<Asker> {
    let ranked = own.iter().filter(|dated| dated.demand.kind != Kind::Required);
    let since = ranked.map(|dated| dated.time).min();
    let own: BTreeSet<Demand> = own.into_iter().map(|dated| dated.demand).collect();
    let mut known: HashMap<Uuid, usize> = HashMap::new();
    let mut demands = Vec::with_capacity(own.len());
    // What the learner could have if nobody else asked for anything.
    let mut alone: Vec<usize> = Vec::new();
    let mut spared = 0;
    // Required first, then in the order of the list.
    for demand in own {
        let offering = *numbers
            .get(&demand.offering)
            .ok_or_else(|| Failure::internal("a request asks for an offering that its timetable lacks"))?;
        let wish = *known.entry(demand.offering).or_insert_with(|| {
            wishes.push(Wish { asker: number, offering, kind: demand.kind });
            wishes.len() - 1
        });
        demands.push((demand, wish));
        if wishes[wish].kind != demand.kind {
            continue;
        }
        if alone.iter().any(|other| clash(&offerings[*other], &offerings[offering])) {
            spared += weight_of(demand.kind).unwrap_or(0);
        } else {
            alone.push(offering);
        }
    }
    Ok(Asker { learner, demands, spared, since })
}

/// What a learner's ranked requests count that are not met: how many points of how many.
pub(super) fn disappointment(asker: &Asker, met: &[bool]) -> (u32, u32) {
    let mut of = (0, 0);
    for (demand, wish) in &asker.demands {
        if let Kind::Ranked(rank) = demand.kind {
            of.1 += weight(rank);
            of.0 += if met[*wish] { 0 } else { weight(rank) };
        }
    }
    of
}
