//! How well learners' requests were met, for all and for each group, and what taking turns would have given on
//! the same timetable.
//!
//! Satisfaction and regret are in thousandths. That of a request is 1000 with an option that costs nothing and
//! 0 where it is unplaced or has the worst that could be; that of a learner is the mean of the requests. Both
//! are rounded down, so that 1000 is only what could not be better. Means over learners or orders are rounded
//! to the nearest.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Fault, LearnerId, NONE, OfferingId, Pattern, Problem, Request, SectionId, Weight, number,
};
use crate::plan::{Placement, Plan, Seat};
use crate::search::Dice;
use crate::state::Ticket;

/// How many learners a group must have for its figures to be told: those of a few would tell of single
/// children.
///
/// Source: *Statistical Methods for Protecting Personally Identifiable Information in Aggregate Reporting*, NCES
/// 2011-603, by which ten is the least of most states of the USA (39 in 2010).
pub const MIN_CELL: u32 = 10;

/// How many sections are tried for a ticket of one configuration. Where many components clash there are more ways
/// than anyone could wait for.
const TRIED: u32 = 10_000;

/// How well learners' requests were met. Learners without requests are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fairness {
    /// How many learners have requests.
    pub learners: u32,
    /// How many requests they have.
    pub requests: u32,
    /// The requests that got the option that they name first.
    pub first_choice: Share,
    /// The requests that got one of the three options that they name first.
    pub top_three: Share,
    /// The requests that got nothing.
    pub unplaced: Share,
    /// The satisfaction of the learner who has least, in thousandths; zero where there are no learners.
    pub minimum: u32,
    /// The satisfaction, in thousandths, that a tenth of the learners do not exceed, by nearest rank; zero where
    /// there are no learners.
    pub tenth_percentile: u32,
    /// The mean satisfaction of the learners, in thousandths; zero where there are none.
    pub mean: u32,
    /// The groups that have learners with requests, by number.
    pub groups: Vec<GroupFairness>,
}

/// So many of so many requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many they are.
    pub count: u32,
    /// Of how many.
    pub of: u32,
}

impl Share {
    /// The part that they are, from 0 to 1; zero where there are none to be part of.
    pub fn ratio(self) -> f64 {
        f64::from(self.count) / f64::from(self.of.max(1))
    }
}

/// How well the requests of a group were met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupFairness {
    /// The group, as in [`Learner::group`](crate::Learner::group).
    pub group: u32,
    /// The figures; nothing where they are suppressed: the group has fewer than [`MIN_CELL`] learners, or what
    /// the other groups lack of the total would tell of one that has.
    pub figures: Option<GroupFigures>,
}

/// The figures of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupFigures {
    /// How many of its learners have requests.
    pub learners: u32,
    /// By how much its learners' satisfaction falls short of 1000 in the mean, in thousandths.
    pub mean_regret: u32,
    /// Its requests that got the option that they name first.
    pub first_choice: Share,
}

/// How well a plan met requests, beside what taking turns would have given on its timetable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Of the plan itself.
    pub plan: Fairness,
    /// Of [`first_come`].
    pub first_come: Fairness,
    /// Of [`random_order`]: every figure is its mean over several orders.
    pub random_order: Fairness,
}

/// How well a plan met learners' requests.
///
/// The worst that a request could get costs as much as its dearest option, or as being unplaced if that is more.
/// Where it must be placed, being unplaced counts as twice the dearest option. Totals are told however few
/// learners there are: those of fewer than [`MIN_CELL`] are not for everyone's eyes, nor is the minimum ever, which
/// is of a single learner.
///
/// # Errors
///
/// When a section is where it cannot be, or a request has what it did not ask for.
pub fn fairness(problem: &Problem, plan: &Plan) -> Result<Fairness, Fault> {
    let (_, tickets) = plan.kept(problem)?;
    let mut all = Tally::default();
    let mut groups: BTreeMap<u32, Tally> = BTreeMap::new();
    for (learner, asker) in (0..).zip(&problem.learners).filter(|(_, asker)| !asker.requests.is_empty()) {
        let own = problem.requests_of(learner);
        let met = Tally::of_learner(&asker.requests, &tickets[own.start as usize..own.end as usize]);
        groups.entry(asker.group).or_default().add(&met);
        all.add(&met);
    }
    all.satisfactions.sort_unstable();
    let sizes = groups.iter().map(|(group, tally)| (*group, number(tally.satisfactions.len())));
    let withheld = withheld(sizes);
    let told = |(group, tally): (&u32, &Tally)| GroupFairness {
        group: *group,
        figures: (!withheld.contains(group)).then(|| tally.figures()),
    };
    let share = |count| Share { count, of: all.requests };
    let ranked = |rank: usize| all.satisfactions.get(rank.saturating_sub(1)).copied().unwrap_or(0);
    Ok(Fairness {
        learners: number(all.satisfactions.len()),
        requests: all.requests,
        first_choice: share(all.first),
        top_three: share(all.top_three),
        unplaced: share(all.unplaced),
        minimum: ranked(1),
        tenth_percentile: ranked(all.satisfactions.len().div_ceil(10)),
        mean: rounded_mean(all.satisfactions.iter().copied()),
        groups: groups.iter().map(told).collect(),
    })
}

/// What some learners got.
#[derive(Debug, Default)]
struct Tally {
    satisfactions: Vec<u32>,
    requests: u32,
    first: u32,
    top_three: u32,
    unplaced: u32,
}

impl Tally {
    /// Of one learner, who has requests.
    fn of_learner(requests: &[Request], tickets: &[Ticket]) -> Self {
        let count = |got: fn(u32) -> bool| number(tickets.iter().filter(|ticket| got(ticket.option)).count());
        let each = requests.iter().zip(tickets).map(|(request, ticket)| satisfaction(request, ticket.option));
        Self {
            satisfactions: vec![each.sum::<u32>() / number(requests.len())],
            requests: number(requests.len()),
            first: count(|option| option == 0),
            top_three: count(|option| option < 3),
            unplaced: count(|option| option == NONE),
        }
    }

    fn add(&mut self, other: &Self) {
        self.satisfactions.extend(&other.satisfactions);
        self.requests += other.requests;
        self.first += other.first;
        self.top_three += other.top_three;
        self.unplaced += other.unplaced;
    }

    fn figures(&self) -> GroupFigures {
        GroupFigures {
            learners: number(self.satisfactions.len()),
            mean_regret: rounded_mean(self.satisfactions.iter().map(|satisfaction| 1000 - satisfaction)),
            first_choice: Share { count: self.first, of: self.requests },
        }
    }
}

/// The satisfaction of a request that got an option.
fn satisfaction(request: &Request, option: u32) -> u32 {
    let Some((_, penalty)) = request.options.get(option as usize) else { return 0 };
    let dearest = request.options.iter().map(|(_, penalty)| u64::from(*penalty)).max().unwrap_or(0);
    let worst = match request.unplaced {
        Weight::Soft(cost) => dearest.max(u64::from(cost)),
        Weight::Hard => 2 * dearest,
    };
    let worst = worst.max(1);
    u32::try_from(1000 * (worst - u64::from(*penalty)) / worst).unwrap_or(1000)
}

/// The mean of some figures, rounded to the nearest and halves up; zero of none.
fn rounded_mean(figures: impl Iterator<Item = u32>) -> u32 {
    let (sum, count) =
        figures.fold((0, 0), |(sum, count): (u64, u64), figure| (sum + u64::from(figure), count + 1));
    u32::try_from((2 * sum + count) / (2 * count).max(1)).unwrap_or(u32::MAX)
}

/// The groups, of so many learners each, whose figures are not told: those of fewer than [`MIN_CELL`] and, the
/// smallest first, so many more that they have so many learners together, since what the others lack of the total is
/// theirs.
pub fn withheld<G: Ord>(groups: impl IntoIterator<Item = (G, u32)>) -> BTreeSet<G> {
    let mut by_size: Vec<(u32, G)> = groups.into_iter().map(|(group, size)| (size, group)).collect();
    by_size.sort_unstable();
    let (mut withheld, mut learners) = (BTreeSet::new(), 0);
    for (size, group) in by_size {
        let is_needed = (1..MIN_CELL).contains(&learners);
        if size < MIN_CELL || is_needed {
            withheld.insert(group);
            learners += size;
        }
    }
    withheld
}

/// What learners would have if they chose one after the other in the order in which they were added: first come,
/// first served.
///
/// Sections stay where the plan has them, and seats are given anew. First everyone in turn gets what they must
/// have, then the rest. Each learner in turn gets for each request, in their order, the option of least penalty that
/// can still be had and that no earlier request got: a section of each component of a configuration, with parents.
/// Each has a free place, and none clashes with another that the learner has (there is time to get from one to the
/// other) or with when the learner cannot attend.
///
/// Nobody clashes even where clashes only have a price. Rules of days, company and least numbers are not looked
/// at, as whoever chooses does not. A section that the plan does not place takes nobody, and a configuration is
/// passed over when ten thousand sections have been tried for it.
pub fn first_come(problem: &Problem, plan: &Plan) -> Plan {
    in_turn(problem, plan, &(0..number(problem.learners.len())).collect::<Vec<_>>())
}

/// What learners would have if they chose one after the other, as in [`first_come`], but in this order.
///
/// # Errors
///
/// When there is no such learner, or one comes twice.
pub fn in_order(problem: &Problem, plan: &Plan, order: &[LearnerId]) -> Result<Plan, Fault> {
    let known: BTreeSet<u32> = order.iter().map(|learner| learner.0).collect();
    if known.len() != order.len() || known.iter().any(|id| *id >= number(problem.learners.len())) {
        return Err(Fault::Unknown("learner, or not once"));
    }
    Ok(in_turn(problem, plan, &order.iter().map(|learner| learner.0).collect::<Vec<_>>()))
}

/// What learners would have if they chose one after the other, as in [`first_come`], but in an order by lot, which
/// is the same for the same seed.
///
/// Source: Abdulkadiroğlu, Sönmez, *Random Serial Dictatorship and the Core from Random Endowments in House
/// Allocation Problems*, Econometrica 66(3), 1998.
pub fn random_order(problem: &Problem, plan: &Plan, seed: u64) -> Plan {
    drawn(problem, plan, seed, 0)
}

/// The order of a draw, of which the first is that of [`random_order`].
fn drawn(problem: &Problem, plan: &Plan, seed: u64, draw: u64) -> Plan {
    let mut order: Vec<u32> = (0..number(problem.learners.len())).collect();
    Dice::new(seed, 0, draw).shuffle(&mut order);
    in_turn(problem, plan, &order)
}

/// Compares how well a plan met requests with what taking turns would have given, by lot in the mean over so many
/// orders, at least one. The same groups are suppressed in each.
///
/// # Errors
///
/// When a section is where it cannot be, or a request has what it did not ask for.
pub fn compare(problem: &Problem, plan: &Plan, draws: u32, seed: u64) -> Result<Comparison, Fault> {
    let of_plan = fairness(problem, plan)?;
    let orders =
        (0..u64::from(draws.max(1))).map(|draw| fairness(problem, &drawn(problem, plan, seed, draw)));
    let orders: Vec<Fairness> = orders.collect::<Result<_, _>>()?;
    Ok(Comparison {
        first_come: fairness(problem, &first_come(problem, plan))?,
        random_order: mean(&of_plan, &orders),
        plan: of_plan,
    })
}

/// The mean of some figures of one problem, of which `like` has what is the same in all.
fn mean(like: &Fairness, all: &[Fairness]) -> Fairness {
    let of = |figure: &dyn Fn(&Fairness) -> u32| rounded_mean(all.iter().map(figure));
    let share = |count| Share { count, of: like.requests };
    let group = |(place, group): (usize, &GroupFairness)| {
        let of = |figure: &dyn Fn(&GroupFigures) -> u32| {
            rounded_mean(all.iter().filter_map(|one| one.groups[place].figures.as_ref()).map(figure))
        };
        let figures = group.figures.map(|figures| GroupFigures {
            mean_regret: of(&|figures| figures.mean_regret),
            first_choice: Share { count: of(&|figures| figures.first_choice.count), ..figures.first_choice },
            ..figures
        });
        GroupFairness { figures, ..*group }
    };
    Fairness {
        first_choice: share(of(&|one| one.first_choice.count)),
        top_three: share(of(&|one| one.top_three.count)),
        // Rounded as those that got something are, so that both still add up to all.
        unplaced: share(like.requests - of(&|one| one.requests - one.unplaced.count)),
        minimum: of(&|one| one.minimum),
        tenth_percentile: of(&|one| one.tenth_percentile),
        mean: of(&|one| one.mean),
        groups: like.groups.iter().enumerate().map(group).collect(),
        ..like.clone()
    }
}

fn in_turn(problem: &Problem, plan: &Plan, order: &[u32]) -> Plan {
    let mut desk = Desk {
        problem,
        placements: &plan.placements,
        free: problem.sections.capacity.clone(),
        seats: vec![None; problem.requests()],
    };
    for must in [true, false] {
        for learner in order {
            desk.serve(*learner, must);
        }
    }
    Plan { placements: plan.placements.clone(), seats: desk.seats }
}

/// Where learners stand in line for seats.
#[derive(Debug)]
struct Desk<'p> {
    problem: &'p Problem,
    placements: &'p [Placement],
    /// How many more learners each section takes.
    free: Vec<u32>,
    seats: Vec<Option<Seat>>,
}

impl Desk<'_> {
    /// Gives a learner what must be had, or what else is asked for.
    fn serve(&mut self, learner: u32, must: bool) {
        let problem = self.problem;
        let closed = &problem.learners[learner as usize].closed;
        let own = problem.requests_of(learner);
        let has = own.clone().filter_map(|request| self.seats[request as usize].as_ref());
        let mut taken: Vec<OfferingId> = has.clone().map(|seat| seat.offering).collect();
        let mut held: Vec<u32> = has.flat_map(|seat| seat.sections.iter().map(|section| section.0)).collect();
        for request in own.filter(|request| (problem.request(*request).unplaced == Weight::Hard) == must) {
            let mut options = problem.options(request).to_vec();
            options.sort_by_key(|(_, penalty)| *penalty);
            let mut left = options.iter().map(|(offering, _)| *offering).filter(|one| !taken.contains(one));
            let found = left.find_map(|offering| Some((offering, self.ticket(offering, closed, &held)?)));
            if let Some((offering, sections)) = found {
                for section in &sections {
                    self.free[*section as usize] -= 1;
                }
                held.extend(&sections);
                taken.push(offering);
                let sections = sections.into_iter().map(SectionId).collect();
                self.seats[request as usize] = Some(Seat { offering, sections });
            }
        }
    }

    /// The sections of an offering that a learner can have beside others.
    fn ticket(&self, offering: OfferingId, closed: &[Pattern], held: &[u32]) -> Option<Vec<u32>> {
        let laid = &self.problem.offerings;
        let takes = |section: &u32| {
            let is_away = |time: &Pattern| closed.iter().any(|away| away.overlaps(time));
            self.free[*section as usize] > 0
                && self.placements.get(*section as usize).is_some_and(|at| !is_away(&at.time))
                && held.iter().all(|other| self.are_apart(*section, *other))
        };
        laid.configurations.row(offering.0).iter().find_map(|configuration| {
            let sections = |component: &u32| laid.sections.row(*component).iter().copied().filter(takes);
            let components = laid.components.row(*configuration).iter();
            let open: Vec<Vec<u32>> = components.map(|component| sections(component).collect()).collect();
            let (mut ticket, mut tries) = (Vec::new(), TRIED);
            self.extend(&open, &mut ticket, &mut tries).then_some(ticket)
        })
    }

    /// Completes a ticket by a section of each component that is left, of those that go with what it has.
    fn extend(&self, open: &[Vec<u32>], ticket: &mut Vec<u32>, tries: &mut u32) -> bool {
        let Some((component, rest)) = open.split_first() else { return true };
        for section in component {
            let Some(left) = tries.checked_sub(1) else { return false };
            *tries = left;
            let goes = |other: &u32| self.goes_with(*section, *other);
            let open: Vec<Vec<u32>> =
                rest.iter().map(|row| row.iter().copied().filter(goes).collect()).collect();
            ticket.push(*section);
            if open.iter().all(|row| !row.is_empty()) && self.extend(&open, ticket, tries) {
                return true;
            }
            ticket.pop();
        }
        false
    }

    /// Whether a section of a component goes with one of a later component.
    fn goes_with(&self, section: u32, later: u32) -> bool {
        let component = |section: u32| self.problem.offerings.component_of[section as usize];
        let parent = self.problem.sections.parent[later as usize];
        let is_child_of_another =
            parent != NONE && parent != section && component(parent) == component(section);
        !is_child_of_another && self.are_apart(section, later)
    }

    /// Whether someone can attend both of two sections that the plan places.
    fn are_apart(&self, one: u32, other: u32) -> bool {
        let (one, other) = (&self.placements[one as usize], &self.placements[other as usize]);
        // A space that the problem does not know is no way from any other.
        let space = |at: &Placement| {
            at.space.map(|space| space.0).filter(|space| (*space as usize) < self.problem.spaces())
        };
        let travel = self.problem.travel(space(one).unwrap_or(NONE), space(other).unwrap_or(NONE));
        one.time.apart(&other.time, travel)
    }
}

#[cfg(test)]
mod tests;
