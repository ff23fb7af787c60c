//! A timetable as it goes out and comes in, and what it costs, counted plainly.
//!
//! The search counts differences and never the whole; this counts the whole, by the words of the rules, and
//! shares with the search only what a single rule says of a single pair or day.

use std::collections::BTreeMap;

use crate::cost::{Cost, Delta};
use crate::model::{
    FacilitatorId, Fault, Kind, NONE, OfferingId, Pattern, Problem, Rule, SectionId, SpaceId, Weight, number,
};
use crate::state::{Kept, MOST_COMPONENTS, Place, Ticket, day_breaches, squared};

/// When, where and by whom a section is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// When.
    pub time: Pattern,
    /// Where, if it needs a space.
    pub space: Option<SpaceId>,
    /// By whom, if it needs someone.
    pub facilitator: Option<FacilitatorId>,
}

/// What a request got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Which of its options.
    pub offering: OfferingId,
    /// A section of each component of one of its configurations.
    pub sections: Vec<SectionId>,
}

/// A timetable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Of each section, in the order in which they were added.
    pub placements: Vec<Placement>,
    /// Of each request, those of the first learner first; nothing where it is unplaced.
    pub seats: Vec<Option<Seat>>,
}

impl Plan {
    pub(crate) fn of(problem: &Problem, kept: &Kept) -> Self {
        let placement = |(section, place): (u32, &Place)| {
            let spot = problem.spot(section, *place);
            Placement {
                time: spot.pattern,
                space: (spot.space != NONE).then_some(SpaceId(spot.space)),
                facilitator: (spot.led != NONE).then_some(FacilitatorId(spot.led)),
            }
        };
        let seat = |(request, ticket): (u32, &Ticket)| {
            let (offering, _) = problem.options(request).get(ticket.option as usize)?;
            let sections = ticket.sections().iter().map(|section| SectionId(*section)).collect();
            Some(Seat { offering: *offering, sections })
        };
        Self {
            placements: (0..).zip(&kept.places).map(placement).collect(),
            seats: (0..).zip(&kept.tickets).map(seat).collect(),
        }
    }

    /// Whether a learner has the same offering by two requests.
    fn has_an_offering_twice(&self, problem: &Problem) -> bool {
        (0..number(problem.learners.len())).any(|learner| {
            let seats =
                problem.requests_of(learner).filter_map(|request| self.seats[request as usize].as_ref());
            let mut held: Vec<OfferingId> = seats.map(|seat| seat.offering).collect();
            held.sort_unstable();
            held.windows(2).any(|pair| pair[0] == pair[1])
        })
    }

    /// The plan by the choices of its sections and requests.
    ///
    /// # Errors
    ///
    /// When a section is where it cannot be, or a request has what it did not ask for.
    pub(crate) fn kept(&self, problem: &Problem) -> Result<(Vec<Place>, Vec<Ticket>), Fault> {
        if self.placements.len() != problem.sections() || self.seats.len() != problem.requests() {
            return Err(Fault::Unknown("section or request"));
        }
        let places = (0..).zip(&self.placements).map(|(section, placement)| {
            let time = problem.patterns.binary_search(&placement.time);
            let time = time.ok().and_then(|time| problem.time_choice(section, u32::try_from(time).ok()?));
            let space = problem.space_choice(section, placement.space.map_or(NONE, |id| id.0));
            let led = problem.led_choice(section, placement.facilitator.map_or(NONE, |id| id.0));
            match (time, space, led) {
                (Some(time), Some(space), Some(led)) => Ok(Place { time, space, led }),
                _ => Err(Fault::NotThere(SectionId(section))),
            }
        });
        let tickets = (0..).zip(&self.seats).map(|(request, seat)| match seat {
            Some(seat) => problem.ticket(request, seat).ok_or(Fault::Unknown("seat")),
            None => Ok(Ticket::NOTHING),
        });
        let (places, tickets) = (places.collect::<Result<_, _>>()?, tickets.collect::<Result<_, _>>()?);
        if self.has_an_offering_twice(problem) { Err(Fault::Unknown("seat")) } else { Ok((places, tickets)) }
    }
}

impl Problem {
    /// The ticket that a seat is, where the request may have it.
    pub(crate) fn ticket(&self, request: u32, seat: &Seat) -> Option<Ticket> {
        let option = self.options(request).iter().position(|(id, _)| *id == seat.offering)?;
        if seat.sections.len() > MOST_COMPONENTS || !self.is_whole(seat) {
            return None;
        }
        let mut ticket = Ticket::of(u32::try_from(option).ok()?);
        seat.sections.iter().for_each(|section| ticket.push(section.0));
        Some(ticket)
    }

    /// Whether the sections of a seat are one of each component of a configuration, each with its parent.
    fn is_whole(&self, seat: &Seat) -> bool {
        let has = |section: u32| seat.sections.contains(&SectionId(section));
        let parents = seat.sections.iter().all(|section| {
            self.sections.parent.get(section.index()).is_some_and(|parent| *parent == NONE || has(*parent))
        });
        let configurations = self.offerings.configurations.row(seat.offering.0);
        let whole = configurations.iter().any(|configuration| {
            let components = self.offerings.components.row(*configuration);
            let one = |component: &u32| {
                self.offerings.sections.row(*component).iter().filter(|section| has(**section)).count() == 1
            };
            components.len() == seat.sections.len() && components.iter().all(one)
        });
        parents && whole
    }

    /// What a plan costs, counted plainly.
    ///
    /// # Errors
    ///
    /// When a section is where it cannot be, or a request has what it did not ask for.
    pub fn cost_of(&self, plan: &Plan) -> Result<Cost, Fault> {
        let (places, tickets) = plan.kept(self)?;
        let mut sum = Delta::default();
        for (section, place) in (0..).zip(&places) {
            sum.soft += self.penalty(section, *place);
            sum.hard += i64::from(!self.is_open(&self.spot(section, *place)));
        }
        sum.hard += shared(plan);
        for rule in &self.rules {
            sum += self.broken(plan, rule);
        }
        sum.hard -= self.counted_twice(plan);
        for cohort in &self.cohorts {
            sum.soft += self.days_of(plan, &cohort.sections, cohort.shape) * i64::from(cohort.weight);
        }
        for (request, ticket) in (0..).zip(&tickets) {
            let asked = self.request(request);
            match asked.options.get(ticket.option as usize) {
                Some((_, penalty)) => sum.soft += i64::from(*penalty),
                None => sum += Delta::of(asked.unplaced, 1),
            }
        }
        sum += self.seated(plan);
        sum += self.schooled(plan, &tickets);
        Ok(sum.cost())
    }

    fn broken(&self, plan: &Plan, rule: &Rule) -> Delta {
        let placed: Vec<Placement> = rule.sections.iter().map(|id| plan.placements[id.index()]).collect();
        let factor = |delta: Delta| Delta { soft: delta.soft * i64::from(self.rule_factor), ..delta };
        if rule.kind.is_of_pairs() {
            let breach = |(a, b): (&Placement, &Placement)| {
                let one_space = a.space == b.space;
                let number = |space: Option<SpaceId>| space.map_or(NONE, |id| id.0);
                !rule.kind.keeps(&a.time, &b.time, one_space, self.travel(number(a.space), number(b.space)))
            };
            let breaches = pairs(&placed).filter(|pair| breach(*pair)).count();
            return factor(Delta::of(rule.weight, u32::try_from(breaches).unwrap_or(u32::MAX)));
        }
        let times: Vec<Pattern> = placed.iter().map(|placement| placement.time).collect();
        let mut spaces: Vec<SpaceId> = placed.iter().filter_map(|placement| placement.space).collect();
        spaces.sort_unstable();
        spaces.dedup();
        let spaces = u32::try_from(spaces.len()).unwrap_or(u32::MAX);
        let breaches = rule.kind.breaches(self.horizon, &times, spaces);
        match rule.weight {
            Weight::Soft(penalty) if rule.kind.is_of_days() => {
                let mean = i64::from(penalty) * i64::from(breaches) / i64::from(self.horizon.weeks());
                factor(Delta { hard: 0, soft: mean })
            }
            weight => factor(Delta::of(weight, breaches)),
        }
    }

    /// Pairs that several hard rules of the same meaning keep apart count once.
    fn counted_twice(&self, plan: &Plan) -> i64 {
        let mut seen: Vec<(SectionId, SectionId)> = Vec::new();
        for rule in self.rules.iter().filter(|rule| self.is_exclusive(rule)) {
            for (a, b) in pairs(&rule.sections) {
                if plan.placements[a.index()].time.overlaps(&plan.placements[b.index()].time) {
                    seen.push((*a.min(b), *a.max(b)));
                }
            }
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        i64::try_from(all - seen.len()).unwrap_or(i64::MAX)
    }

    /// Whether a rule says no more than that no two of its sections overlap, ever.
    pub(crate) fn is_exclusive(&self, rule: &Rule) -> bool {
        let apart = rule.kind == Kind::NotOverlap || (rule.kind == Kind::SameAttendees && !self.has_travel());
        rule.weight == Weight::Hard && apart
    }

    fn days_of(&self, plan: &Plan, sections: &[SectionId], shape: usize) -> i64 {
        let mut sum = 0;
        for day in 0..self.horizon.days() {
            let mut busy = 0;
            for section in sections {
                let time = plan.placements[section.index()].time;
                for slot in (time.start()..time.end()).filter(|_| time.days() >> day & 1 == 1) {
                    busy |= 1_u32 << slot;
                }
            }
            sum += i64::from(self.shapes[shape].cost(busy));
        }
        sum
    }

    /// What learners' clashes and crowded or empty sections cost.
    fn seated(&self, plan: &Plan) -> Delta {
        let mut sum = Delta::default();
        let mut counts = vec![0_u32; self.sections()];
        let mut clashes = 0;
        for (number, learner) in (0..).zip(&self.learners) {
            let seats = self.requests_of(number).filter_map(|request| plan.seats[request as usize].as_ref());
            let sections: Vec<SectionId> = seats.flat_map(|seat| seat.sections.iter().copied()).collect();
            for section in &sections {
                counts[section.index()] += 1;
                let time = plan.placements[section.index()].time;
                clashes += learner.closed.iter().filter(|away| away.overlaps(&time)).count();
            }
            clashes += pairs(&sections)
                .filter(|(a, b)| {
                    let (a, b) = (plan.placements[a.index()], plan.placements[b.index()]);
                    let number = |space: Option<SpaceId>| space.map_or(NONE, |id| id.0);
                    !a.time.apart(&b.time, self.travel(number(a.space), number(b.space)))
                })
                .count();
        }
        sum += Delta::of(self.clash, u32::try_from(clashes).unwrap_or(u32::MAX));
        for (section, count) in counts.iter().enumerate() {
            sum.hard += i64::from(count.saturating_sub(self.sections.capacity[section]));
            let (least, weight) = self.sections.least[section];
            sum += Delta::of(weight, if *count == 0 { 0 } else { least.saturating_sub(*count) });
        }
        sum
    }
}

impl Problem {
    /// What learners' days, company and disappointments cost.
    fn schooled(&self, plan: &Plan, tickets: &[Ticket]) -> Delta {
        let mut sum = Delta::default();
        let mut groups: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
        let sections = |learner: u32| -> Vec<SectionId> {
            let seats = self.requests_of(learner).filter_map(|request| plan.seats[request as usize].as_ref());
            seats.flat_map(|seat| seat.sections.iter().copied()).collect()
        };
        for (number, learner) in (0..).zip(&self.learners) {
            let own = sections(number);
            let patterns: Vec<Pattern> = own.iter().map(|id| plan.placements[id.index()].time).collect();
            for rule in &self.day_rules {
                sum += Delta::of(rule.weight, day_breaches(self, rule, &patterns));
            }
            let mut regret = -i64::from(learner.spared);
            for request in self.requests_of(number) {
                let asked = self.request(request);
                let option = asked.options.get(tickets[request as usize].option as usize);
                regret += match (option, asked.unplaced) {
                    (Some((_, penalty)), _) => i64::from(*penalty),
                    (None, Weight::Soft(cost)) => i64::from(cost),
                    (None, Weight::Hard) => 0,
                };
            }
            sum.soft += squared(i64::from(self.equity.spread), regret);
            let group = groups.entry(learner.group).or_default();
            *group = (group.0 + regret, group.1 + 1);
            for company in self.company_of.row(number).iter().filter(|company| company.other > number) {
                let breaches = match company.offering {
                    None => own.iter().filter(|id| sections(company.other).contains(id)).count(),
                    Some(offering) => {
                        let of = |learner: u32| {
                            let mut seats =
                                self.requests_of(learner).filter_map(|r| plan.seats[r as usize].as_ref());
                            seats.find(|seat| seat.offering == offering)
                        };
                        usize::from(matches!((of(number), of(company.other)), (Some(a), Some(b)) if a != b))
                    }
                };
                sum += Delta::of(company.weight, u32::try_from(breaches).unwrap_or(u32::MAX));
            }
        }
        let means = groups.values().map(|(sum, count)| sum * 1000 / count);
        let gap = means.clone().max().unwrap_or(0) - means.min().unwrap_or(0);
        sum.soft += i64::from(self.equity.gap) * gap / 1000;
        sum
    }
}

/// How many pairs have a space or a facilitator at once.
fn shared(plan: &Plan) -> i64 {
    pairs(&plan.placements)
        .map(|(a, b)| {
            let space = a.space.is_some() && a.space == b.space;
            let led = a.facilitator.is_some() && a.facilitator == b.facilitator;
            (i64::from(space) + i64::from(led)) * i64::from(a.time.overlaps(&b.time))
        })
        .sum()
}

fn pairs<T>(all: &[T]) -> impl Iterator<Item = (&T, &T)> {
    all.iter()
        .enumerate()
        .flat_map(move |(place, one)| all[place + 1..].iter().map(move |other| (one, other)))
}
