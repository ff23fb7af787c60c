//! Why a request got what it got: for everything else that it could have, what stands in the way, and what it
//! would cost.

use crate::cost::Delta;
use crate::model::{Fault, LearnerId, OfferingId, Pattern, Problem, RequestId, SectionId, Weight};
use crate::plan::{Plan, Seat};
use crate::search::each_ticket;
use crate::state::{Kept, State, Ticket, day_breaches};

/// How many ways of each option are looked at.
const LOOKED_AT: usize = 2_000;
/// How many ways of each option are told, the easiest first.
const TOLD: usize = 3;

/// Why a request got what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it got; nothing where it is unplaced.
    pub got: Option<Seat>,
    /// What it could have instead: of each option, in the order of the request, the three ways that are easiest.
    pub ways: Vec<Way>,
}

/// A seat that a request could have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The seat.
    pub seat: Seat,
    /// What must not be and would be. Nothing where it could be had at a price, or for nothing.
    pub obstacles: Vec<Obstacle>,
    /// How many more hard breaches there would be; negative where there would be fewer.
    pub hard: i64,
    /// How much more everything else would cost; negative where it would cost less.
    pub soft: i64,
}

/// What stands in the way of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    /// Another request of the learner has this offering already.
    Taken {
        /// The request that has it.
        by: RequestId,
    },
    /// The section has all the learners that it takes.
    Full {
        /// The section.
        section: SectionId,
        /// How many it takes.
        capacity: u32,
    },
    /// The learner is in another section at the time, or could not get there from it.
    Clash {
        /// The section.
        section: SectionId,
        /// What the learner has then.
        with: SectionId,
    },
    /// The learner cannot attend at the time.
    Away {
        /// The section.
        section: SectionId,
        /// When the learner cannot.
        time: Pattern,
    },
    /// The section would have some learners, but fewer than it must.
    TooFew {
        /// The section.
        section: SectionId,
        /// How many it must have.
        least: u32,
    },
    /// The section that the request has would keep some learners, but fewer than it must.
    Left {
        /// The section.
        section: SectionId,
        /// How many it must have.
        least: u32,
    },
    /// The learner's day would not be as it must.
    Day {
        /// The rule, by its place among those that were added.
        rule: usize,
    },
    /// The learner would sit with someone from whom to be apart, or apart from someone with whom to be.
    Company {
        /// The other.
        other: LearnerId,
    },
}

/// Explains a plan.
#[derive(Debug)]
pub struct Explainer<'p> {
    state: State<'p>,
}

impl<'p> Explainer<'p> {
    /// # Errors
    ///
    /// When the plan is none of this problem.
    pub fn new(problem: &'p Problem, plan: &Plan) -> Result<Self, Fault> {
        let (places, tickets) = plan.kept(problem)?;
        let kept = Kept { cost: crate::Cost::default(), places, tickets };
        Ok(Self { state: State::restored(problem, &kept) })
    }

    /// Why a request got what it got.
    ///
    /// # Errors
    ///
    /// When there is no such request.
    pub fn request(&self, request: RequestId) -> Result<Explanation, Fault> {
        let problem = self.state.problem;
        if request.index() >= problem.requests() {
            return Err(Fault::Unknown("request"));
        }
        let got = *self.state.seats.ticket(request.0);
        let mut ways = Vec::new();
        for (option, (offering, _)) in (0..).zip(problem.options(request.0)) {
            let mut found: Vec<(Delta, Ticket)> = Vec::new();
            let mut seen = 0;
            each_ticket(problem, option, *offering, &mut |ticket| {
                if *ticket != got {
                    found.push((self.state.seat_delta(request.0, ticket), *ticket));
                }
                seen += 1;
                seen < LOOKED_AT
            });
            found.sort_by_key(|(delta, _)| (delta.hard, delta.soft));
            found.truncate(TOLD);
            ways.extend(found.iter().map(|(delta, ticket)| self.way(request.0, *offering, ticket, *delta)));
        }
        Ok(Explanation { got: seat(problem, request.0, &got), ways })
    }

    fn way(&self, request: u32, offering: OfferingId, ticket: &Ticket, delta: Delta) -> Way {
        let mut obstacles = Vec::new();
        self.taken(request, offering, &mut obstacles);
        self.seats(request, ticket, &mut obstacles);
        self.clashes(request, ticket, &mut obstacles);
        self.learner(request, ticket, &mut obstacles);
        let sections = ticket.sections().iter().map(|section| SectionId(*section)).collect();
        Way { seat: Seat { offering, sections }, obstacles, hard: delta.hard, soft: delta.soft }
    }

    /// Another request of the learner that has the offering.
    fn taken(&self, request: u32, offering: OfferingId, obstacles: &mut Vec<Obstacle>) {
        let problem = self.state.problem;
        let mut others =
            problem.requests_of(problem.asker[request as usize]).filter(|other| *other != request);
        let holds =
            |other: &u32| problem.offering(*other, self.state.seats.ticket(*other).option) == Some(offering);
        obstacles.extend(others.find(holds).map(|by| Obstacle::Taken { by: RequestId(by) }));
    }

    /// Sections that are full, or would have too few: those of the ticket, and those that are left for it.
    fn seats(&self, request: u32, ticket: &Ticket, obstacles: &mut Vec<Obstacle>) {
        let sections = &self.state.problem.sections;
        let got = self.state.seats.ticket(request);
        for section in ticket.sections().iter().filter(|section| !got.has(**section)) {
            let count = self.state.seats.members(*section).len();
            let (capacity, least) = (sections.capacity[*section as usize], sections.least[*section as usize]);
            let id = SectionId(*section);
            if count >= capacity as usize {
                obstacles.push(Obstacle::Full { section: id, capacity });
            }
            if least.1 == Weight::Hard && count + 1 < least.0 as usize {
                obstacles.push(Obstacle::TooFew { section: id, least: least.0 });
            }
        }
        for section in got.sections().iter().filter(|section| !ticket.has(**section)) {
            let count = self.state.seats.members(*section).len();
            let (least, weight) = sections.least[*section as usize];
            if weight == Weight::Hard && count > 1 && count <= least as usize {
                obstacles.push(Obstacle::Left { section: SectionId(*section), least });
            }
        }
    }

    /// What the learner has or cannot attend at the same time.
    fn clashes(&self, request: u32, ticket: &Ticket, obstacles: &mut Vec<Obstacle>) {
        let problem = self.state.problem;
        if problem.clash != Weight::Hard {
            return;
        }
        for (place, section) in ticket.sections().iter().enumerate() {
            let spot = self.state.spot(*section);
            let mut others = ticket.sections()[..place].to_vec();
            self.state.each_other_section(request, |other| others.push(other));
            for other in others {
                let with = self.state.spot(other);
                if !spot.pattern.apart(&with.pattern, problem.travel(spot.space, with.space)) {
                    obstacles.push(Obstacle::Clash { section: SectionId(*section), with: SectionId(other) });
                }
            }
            let closed = &problem.learners[problem.asker[request as usize] as usize].closed;
            let away = closed.iter().filter(|time| time.overlaps(&spot.pattern));
            obstacles.extend(away.map(|time| Obstacle::Away { section: SectionId(*section), time: *time }));
        }
    }

    /// What must not be of the learner's days and company.
    fn learner(&self, request: u32, ticket: &Ticket, obstacles: &mut Vec<Obstacle>) {
        let problem = self.state.problem;
        let mut patterns = Vec::new();
        self.state.each_other_section(request, |other| patterns.push(self.state.spot(other).pattern));
        let others = patterns.len();
        let mut count = |rule, ticket: &Ticket| {
            patterns.truncate(others);
            patterns.extend(ticket.sections().iter().map(|section| self.state.spot(*section).pattern));
            day_breaches(problem, rule, &patterns)
        };
        let got = self.state.seats.ticket(request);
        for (number, rule) in
            problem.day_rules.iter().enumerate().filter(|(_, rule)| rule.weight == Weight::Hard)
        {
            if count(rule, ticket) > count(rule, got) {
                obstacles.push(Obstacle::Day { rule: number });
            }
        }
        for company in problem.company_of.row(problem.asker[request as usize]) {
            let breaches = |ticket: &Ticket| self.state.company(request, ticket, company);
            if company.weight == Weight::Hard && breaches(ticket) > breaches(got) {
                obstacles.push(Obstacle::Company { other: LearnerId(company.other) });
            }
        }
    }
}

fn seat(problem: &Problem, request: u32, ticket: &Ticket) -> Option<Seat> {
    let offering = problem.offering(request, ticket.option)?;
    Some(Seat { offering, sections: ticket.sections().iter().map(|section| SectionId(*section)).collect() })
}

#[cfg(test)]
mod tests;
