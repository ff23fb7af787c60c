//! How well requests were met, beside what would have come of taking turns.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result, Uuid};
use trellis_timetable::{LearnerId, Plan, in_order, withheld};

use super::super::decision::Decision;
use super::super::draw::Draw;
use super::super::request::Kind;
use super::ground::{Asker, Ground, disappointment};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fairness {
    pub(crate) plan: Figures,
    /// If the learners had chosen in the order in which they submitted their lists.
    pub(crate) first_come: Figures,
    /// If they had chosen in an order by lot: every figure is its mean over several orders.
    pub(crate) random_order: Figures,
    /// The same for each group that has learners with a list; none of a plan from before it was counted, or when
    /// nobody knew the groups.
    #[serde(default)]
    pub(crate) groups: Vec<GroupFairness>,
}

/// The grades of each learner that is known to have any.
pub(crate) type Grades = HashMap<Uuid, Vec<String>>;

/// How it is for learners who are in the same grades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupFairness {
    /// The grades; none of those who are not known to have any.
    pub(crate) grades: Vec<String>,
    /// The figures; nothing where they would tell of single learners.
    pub(crate) figures: Option<GroupFigures>,
}

/// The figures of learners who are in the same grades. A regret is what satisfaction lacks of 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupFigures {
    /// How many learners have a list.
    pub(crate) learners: u32,
    /// How many of them have the first of their list.
    pub(crate) first_choice: u32,
    /// The mean regret in the plan.
    pub(crate) regret: u32,
    /// The same if they had chosen in the order in which they submitted their lists.
    pub(crate) first_come: u32,
    /// The same in an order by lot, in the mean over several orders.
    pub(crate) random_order: u32,
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

    /// How fair a plan is, by its decisions, and for learners of one grade beside another if anyone knows the grades.
    /// `plan` is where sections are.
    pub(crate) fn fairness(
        &self,
        plan: &Plan,
        decisions: &[Decision],
        seed: i64,
        grades: Option<&Grades>,
    ) -> Result<Fairness> {
        let mut drawn = Vec::new();
        for draw in 1..=DRAWS {
            let mut order: Vec<usize> = (0..self.askers.len()).collect();
            Draw::new(seed, draw).shuffle(&mut order);
            drawn.push(self.in_turn(plan, &order)?);
        }
        let of_plan = self.gains(&self.met_by(decisions));
        let first_come = self.in_turn(plan, &self.by_time())?;
        let groups = grades.map(|grades| self.groups(grades, &of_plan, &first_come, &drawn));
        let drawn: Vec<Figures> = drawn.iter().map(|gains| figures(gains)).collect();
        Ok(Fairness {
            plan: figures(&of_plan),
            first_come: figures(&first_come),
            random_order: mean(&drawn),
            groups: groups.unwrap_or_default(),
        })
    }

    /// What each group's figures are, of those that are told.
    fn groups(
        &self,
        grades: &Grades,
        of_plan: &[Gain],
        first_come: &[Gain],
        drawn: &[Vec<Gain>],
    ) -> Vec<GroupFairness> {
        let mut groups: BTreeMap<&[String], Vec<usize>> = BTreeMap::new();
        for (place, gain) in of_plan.iter().enumerate() {
            let grades = grades.get(&self.askers[gain.asker].learner);
            groups.entry(grades.map_or(&[], Vec::as_slice)).or_default().push(place);
        }
        let withheld = withheld(groups.iter().map(|(grades, own)| (*grades, count(own.len()))));
        let regret = |gains: &[Gain], own: &[usize]| {
            rounded(own.iter().map(|place| 1000 - gains[*place].satisfaction))
        };
        let told = |own: &[usize]| GroupFigures {
            learners: count(own.len()),
            first_choice: count(own.iter().filter(|place| of_plan[**place].first_choice).count()),
            regret: regret(of_plan, own),
            first_come: regret(first_come, own),
            random_order: rounded(drawn.iter().map(|gains| regret(gains, own))),
        };
        let group = |(grades, own): (&&[String], &Vec<usize>)| GroupFairness {
            grades: grades.to_vec(),
            figures: (!withheld.contains(grades)).then(|| told(own)),
        };
        groups.iter().map(group).collect()
    }

    fn in_turn(&self, plan: &Plan, order: &[usize]) -> Result<Vec<Gain>> {
        let order: Vec<LearnerId> = order.iter().map(|asker| self.ids[*asker]).collect();
        let plan = in_order(&self.problem, plan, &order).map_err(Failure::internal)?;
        Ok(self.gains(&Self::met(&plan)))
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

    /// What each learner with a list gains, in their order.
    fn gains(&self, met: &[bool]) -> Vec<Gain> {
        let gain = |(number, asker): (usize, &Asker)| {
            let (lost, most) = disappointment(asker, met);
            let has = |best: u16| {
                let among = |kind: Kind| matches!(kind, Kind::Ranked(rank) if rank <= best);
                asker.demands.iter().any(|(demand, wish)| among(demand.kind) && met[*wish])
            };
            let could = most.saturating_sub(asker.spared).max(1);
            let satisfaction = (1000 * (most - lost) / could).min(1000);
            let gain = Gain { asker: number, first_choice: has(1), top_three: has(3), satisfaction };
            (most > 0).then_some(gain)
        };
        self.askers.iter().enumerate().filter_map(gain).collect()
    }
}

/// What one learner gains, who has a list.
#[derive(Clone, Copy, Debug)]
struct Gain {
    /// The number of the learner.
    asker: usize,
    /// Whether they have the first of their list.
    first_choice: bool,
    /// Whether they have one of the first three.
    top_three: bool,
    /// What they have in thousandths of what they could have alone.
    satisfaction: u32,
}

fn figures(gains: &[Gain]) -> Figures {
    let mut all: Vec<u32> = gains.iter().map(|gain| gain.satisfaction).collect();
    all.sort_unstable();
    Figures {
        learners: count(all.len()),
        first_choice: count(gains.iter().filter(|gain| gain.first_choice).count()),
        top_three: count(gains.iter().filter(|gain| gain.top_three).count()),
        least: all.first().copied().unwrap_or(0),
        tenth: all.get(all.len().div_ceil(10).saturating_sub(1)).copied().unwrap_or(0),
        mean: rounded(all.iter().copied()),
    }
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
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
