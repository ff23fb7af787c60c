//! How well requests were met, beside what would have come of taking turns.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result};
use trellis_timetable::{LearnerId, Plan, in_order};

use super::super::decision::Decision;
use super::super::draw::Draw;
use super::super::request::Kind;
use super::ground::{Ground, disappointment};

/// How many orders by lot are looked at.
const DRAWS: u32 = 20;

/// How well learners' ranked requests were met. Learners without any are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// How many learners have a list.
    pub(crate) learners: u32,
    /// How many of them have the first of their list.
    pub(crate) first_choice: u32,
    /// How many of them have at least one of the first three.
    pub(crate) top_three: u32,
    /// The satisfaction of the learner who has least, in thousandths of what they could have if they were alone.
    pub(crate) least: u32,
    /// That which a tenth of the learners do not exceed, by nearest rank.
    pub(crate) tenth: u32,
    /// The mean.
    pub(crate) mean: u32,
}

/// A plan beside what taking turns would have given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fairness {
    pub(crate) plan: Figures,
    /// If the learners had chosen in the order in which they submitted their lists.
    pub(crate) first_come: Figures,
    /// If they had chosen in an order by lot: every figure is its mean over several orders.
    pub(crate) random_order: Figures,
}

/// What a plan costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Price {
    /// What ranked requests that are not met count together, beyond what cannot be avoided.
    pub(crate) disappointment: i64,
    /// What it counts that some lack more than others.
    pub(crate) inequality: i64,
}

impl Price {
    /// Both together.
    pub(crate) const fn sum(self) -> i64 {
        self.disappointment + self.inequality
    }
}

impl Ground {
    /// What a plan costs, by its decisions.
    pub(crate) fn price(&self, decisions: &[Decision]) -> Price {
        let met = self.met_by(decisions);
        let mut price = Price::default();
        for asker in &self.askers {
            let regret = i64::from(disappointment(asker, &met).0.saturating_sub(asker.spared));
            price.disappointment += regret;
            price.inequality += regret * regret;
        }
        price
    }

    /// How fair a plan is, by its decisions. `plan` is where sections are.
    pub(crate) fn fairness(&self, plan: &Plan, decisions: &[Decision], seed: i64) -> Result<Fairness> {
        let by_time = self.by_time();
        let mut drawn = Vec::new();
        for draw in 1..=DRAWS {
            let mut order: Vec<usize> = (0..self.askers.len()).collect();
            Draw::new(seed, draw).shuffle(&mut order);
            drawn.push(self.in_turn(plan, &order)?);
        }
        Ok(Fairness {
            plan: self.figures(&self.met_by(decisions)),
            first_come: self.in_turn(plan, &by_time)?,
            random_order: mean(&drawn),
        })
    }

    fn in_turn(&self, plan: &Plan, order: &[usize]) -> Result<Figures> {
        let order: Vec<LearnerId> = order.iter().map(|asker| self.ids[*asker]).collect();
        let plan = in_order(&self.problem, plan, &order).map_err(Failure::internal)?;
        Ok(self.figures(&Self::met(&plan)))
    }

    /// Which wishes are met, by the decisions on the demands.
    fn met_by(&self, decisions: &[Decision]) -> Vec<bool> {
        let mut met = vec![false; self.wishes.len()];
        for asker in &self.askers {
            for (demand, wish) in &asker.demands {
                let at = decisions.binary_search_by_key(demand, |decision| decision.demand);
                met[*wish] |= at.is_ok_and(|at| decisions[at].verdict.is_met());
            }
        }
        met
    }

    fn figures(&self, met: &[bool]) -> Figures {
        let mut figures = Figures::default();
        let mut all: Vec<u32> = Vec::new();
        for asker in &self.askers {
            let (lost, most) = disappointment(asker, met);
            if most == 0 {
                continue;
            }
            let has = |best: u16| {
                let among = |kind: Kind| matches!(kind, Kind::Ranked(rank) if rank <= best);
                asker.demands.iter().any(|(demand, wish)| among(demand.kind) && met[*wish])
            };
            figures.first_choice += u32::from(has(1));
            figures.top_three += u32::from(has(3));
            let could = most.saturating_sub(asker.spared).max(1);
            all.push((1000 * (most - lost) / could).min(1000));
        }
        all.sort_unstable();
        figures.learners = u32::try_from(all.len()).unwrap_or(u32::MAX);
        figures.least = all.first().copied().unwrap_or(0);
        figures.tenth = all.get(all.len().div_ceil(10).saturating_sub(1)).copied().unwrap_or(0);
        figures.mean = rounded(all.iter().copied());
        figures
    }
}

/// The mean of figures of the same learners.
fn mean(all: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> u32| rounded(all.iter().map(figure));
    Figures {
        learners: of(|one| one.learners),
        first_choice: of(|one| one.first_choice),
        top_three: of(|one| one.top_three),
        least: of(|one| one.least),
        tenth: of(|one| one.tenth),
        mean: of(|one| one.mean),
    }
}

/// The mean, rounded to the nearest and halves up; zero of none.
fn rounded(figures: impl Iterator<Item = u32>) -> u32 {
    let (sum, count) =
        figures.fold((0, 0), |(sum, count): (u64, u64), figure| (sum + u64::from(figure), count + 1));
    u32::try_from((2 * sum + count) / (2 * count).max(1)).unwrap_or(u32::MAX)
}
