//! Who sits where: the sections that every request got, and what that costs.

use super::{Spot, State};
use crate::cost::Delta;
use crate::model::{NONE, Problem, Weight};

/// The most components of a configuration.
pub(crate) const MOST_COMPONENTS: usize = 16;

/// The largest table of where sections are in the rows of others: of four thousand.
const MOST_CELLS: usize = 16_000_000;

/// What a request gets: one of its options and a section of each component of it, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The place of the option among those of the request.
    pub(crate) option: u32,
    pub(crate) width: u32,
    pub(crate) sections: [u32; MOST_COMPONENTS],
}

impl Ticket {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self { option: NONE, width: 0, sections: [NONE; MOST_COMPONENTS] };

    pub(crate) const fn of(option: u32) -> Self {
        Self { option, ..Self::NOTHING }
    }

    pub(crate) const fn push(&mut self, section: u32) {
        self.sections[self.width as usize] = section;
        self.width += 1;
    }

    #[inline]
    pub(crate) fn sections(&self) -> &[u32] {
        &self.sections[..self.width as usize]
    }

    #[inline]
    pub(crate) fn has(&self, section: u32) -> bool {
        self.sections().contains(&section)
    }
}

/// Who sits where.
#[derive(Clone, Debug)]
pub(crate) struct Seats {
    tickets: Vec<Ticket>,
    /// The requests that sit in each section.
    members: Vec<Vec<u32>>,
    /// With which others each section has learners in common, and how many.
    joint: Vec<Vec<(u32, u32)>>,
    /// Where each section is in the row of each other, and one more; empty where that would be too large.
    places: Vec<u16>,
    any_closed: bool,
}

/// How many more than it takes a section has.
fn over(problem: &Problem, section: u32, count: usize) -> i64 {
    let capacity = problem.sections.capacity[section as usize];
    i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(i64::from(capacity)).max(0)
}

/// What it costs that a section has so many.
fn crowd(problem: &Problem, section: u32, count: usize) -> Delta {
    let (least, weight) = problem.sections.least[section as usize];
    let lacking = if count == 0 { 0 } else { least.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX)) };
    let mut cost = Delta::of(weight, lacking);
    cost.hard += over(problem, section, count);
    cost
}

#[inline]
fn collide(problem: &Problem, a: &Spot, b: &Spot) -> bool {
    !a.pattern.apart(&b.pattern, problem.travel(a.space, b.space))
}

impl Seats {
    pub(super) fn new(problem: &Problem) -> Self {
        Self {
            tickets: vec![Ticket::NOTHING; problem.requests()],
            members: vec![Vec::new(); problem.sections()],
            joint: vec![Vec::new(); problem.sections()],
            places: match problem.sections().pow(2) {
                cells if problem.requests() > 0 && cells <= MOST_CELLS => vec![0; cells],
                _ => Vec::new(),
            },
            any_closed: problem.learners.iter().any(|learner| !learner.closed.is_empty()),
        }
    }

    /// What it costs that nobody sits anywhere.
    pub(super) fn empty_cost(problem: &Problem) -> Delta {
        let mut sum = Delta::default();
        for learner in &problem.learners {
            for request in &learner.requests {
                sum += Delta::of(request.unplaced, 1);
            }
        }
        sum
    }

    #[inline]
    pub(crate) fn ticket(&self, request: u32) -> &Ticket {
        &self.tickets[request as usize]
    }

    /// What every request got.
    pub(super) fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// The requests that sit in a section.
    pub(crate) fn members(&self, section: u32) -> &[u32] {
        &self.members[section as usize]
    }

    /// What it makes of the clashes of learners that a section goes elsewhere.
    #[inline]
    pub(super) fn delta(&self, problem: &Problem, spots: &[Spot], section: u32, new: &Spot) -> Delta {
        let old = &spots[section as usize];
        let moved = old.time != new.time || (problem.has_travel() && old.space != new.space);
        let joint = &self.joint[section as usize];
        if !moved || (joint.is_empty() && !self.any_closed) {
            return Delta::default();
        }
        let mut clashes = 0;
        for (other, learners) in joint {
            let other = &spots[*other as usize];
            let change = i64::from(collide(problem, new, other)) - i64::from(collide(problem, old, other));
            clashes += change * i64::from(*learners);
        }
        if self.any_closed && old.time != new.time {
            for request in &self.members[section as usize] {
                let closed = &problem.learners[problem.asker[*request as usize] as usize].closed;
                for away in closed {
                    clashes +=
                        i64::from(away.overlaps(&new.pattern)) - i64::from(away.overlaps(&old.pattern));
                }
            }
        }
        clash_cost(problem, clashes)
    }
}

#[inline]
fn clash_cost(problem: &Problem, clashes: i64) -> Delta {
    match problem.clash {
        Weight::Hard => Delta { hard: clashes, soft: 0 },
        Weight::Soft(cost) => Delta { hard: 0, soft: clashes * i64::from(cost) },
    }
}

/// What a ticket costs by itself.
fn regret(problem: &Problem, request: u32, ticket: &Ticket) -> Delta {
    let asked = problem.request(request);
    match asked.options.get(ticket.option as usize) {
        Some((_, penalty)) => Delta { hard: 0, soft: i64::from(*penalty) },
        None => Delta::of(asked.unplaced, 1),
    }
}

impl State<'_> {
    /// The sections of a learner but those of one request.
    pub(crate) fn each_other_section(&self, request: u32, mut with: impl FnMut(u32)) {
        let learner = self.problem.asker[request as usize];
        for other in self.problem.requests_of(learner).filter(|other| *other != request) {
            self.seats.ticket(other).sections().iter().for_each(|section| with(*section));
        }
    }

    /// Whether one learner could not attend both.
    pub(crate) fn collides(&self, one: &Ticket, other: &Ticket) -> bool {
        let spot = |section: &u32| &self.spots[*section as usize];
        let with = |section: &u32| {
            one.sections().iter().any(|own| own != section && collide(self.problem, spot(own), spot(section)))
        };
        other.sections().iter().any(with)
    }

    /// How often the sections of a ticket collide with other sections of the learner and with each other,
    /// less those that the learner has either way.
    fn clashes(&self, request: u32, ticket: &Ticket, besides: &Ticket) -> i64 {
        let (problem, spots) = (self.problem, &self.spots);
        let mut clashes = 0;
        let closed = &problem.learners[problem.asker[request as usize] as usize].closed;
        for (number, section) in ticket.sections().iter().enumerate() {
            let spot = &spots[*section as usize];
            for before in &ticket.sections()[..number] {
                clashes += i64::from(collide(problem, spot, &spots[*before as usize]));
            }
            if !besides.has(*section) {
                self.each_other_section(request, |other| {
                    clashes += i64::from(collide(problem, spot, &spots[other as usize]));
                });
                clashes += closed.iter().map(|away| i64::from(away.overlaps(&spot.pattern))).sum::<i64>();
            }
        }
        clashes
    }

    /// What a request would cost with another ticket, but for how full sections are.
    pub(crate) fn exchange_delta(&self, request: u32, ticket: &Ticket) -> Delta {
        let old = self.seats.ticket(request);
        let mut delta =
            clash_cost(self.problem, self.clashes(request, ticket, old) - self.clashes(request, old, ticket));
        if old.option != ticket.option {
            delta += regret(self.problem, request, ticket);
            delta -= regret(self.problem, request, old);
        }
        delta += self.learner_delta(request, ticket);
        if let Some(anchor) = &self.anchor {
            delta.soft += anchor.reseated(request, old, ticket);
        }
        delta
    }

    /// What another ticket for a request would cost, without giving it.
    pub(crate) fn seat_delta(&self, request: u32, ticket: &Ticket) -> Delta {
        let old = self.seats.ticket(request);
        let mut delta = self.exchange_delta(request, ticket);
        for section in ticket.sections().iter().filter(|section| !old.has(**section)) {
            let count = self.seats.members(*section).len();
            delta += crowd(self.problem, *section, count + 1);
            delta -= crowd(self.problem, *section, count);
        }
        for section in old.sections().iter().filter(|section| !ticket.has(**section)) {
            let count = self.seats.members(*section).len();
            delta += crowd(self.problem, *section, count - 1);
            delta -= crowd(self.problem, *section, count);
        }
        delta
    }

    /// Gives a request another ticket, whose [`Self::seat_delta`] is known.
    pub(crate) fn seat(&mut self, request: u32, ticket: &Ticket, delta: Delta) {
        let old = *self.seats.ticket(request);
        let mut others = Vec::with_capacity(32);
        self.each_other_section(request, |section| others.push(section));
        self.seats.count_pairs(&old, ticket, &others, false);
        self.seats.count_pairs(ticket, &old, &others, true);
        for section in old.sections().iter().filter(|section| !ticket.has(**section)) {
            let members = &mut self.seats.members[*section as usize];
            if let Some(place) = members.iter().position(|member| *member == request) {
                members.swap_remove(place);
            }
        }
        for section in ticket.sections().iter().filter(|section| !old.has(**section)) {
            self.seats.members[*section as usize].push(request);
        }
        self.learners.apply(self.problem, request, &old, ticket);
        self.seats.tickets[request as usize] = *ticket;
        self.cost += delta;
    }
}

impl Seats {
    /// Counts the pairs of a ticket with other sections of the learner and with each other, less those that
    /// the other ticket has too.
    fn count_pairs(&mut self, ticket: &Ticket, besides: &Ticket, others: &[u32], more: bool) {
        for (number, section) in ticket.sections().iter().enumerate() {
            let kept = besides.has(*section);
            if !kept {
                for other in others {
                    self.count_pair(*section, *other, more);
                }
            }
            for before in &ticket.sections()[..number] {
                if !(kept && besides.has(*before)) {
                    self.count_pair(*section, *before, more);
                }
            }
        }
    }

    /// Where a section is in the row of another.
    fn place(&self, row: u32, section: u32) -> Option<usize> {
        if self.places.is_empty() {
            return self.joint[row as usize].iter().position(|(other, _)| *other == section);
        }
        usize::from(self.places[row as usize * self.members.len() + section as usize]).checked_sub(1)
    }

    /// Notes where a section is in the row of another, and one more; or nothing.
    fn note(&mut self, row: u32, section: u32, place: usize) {
        if !self.places.is_empty() {
            let cell = row as usize * self.members.len() + section as usize;
            // A row is no longer than there are sections, whose square is within the bound.
            self.places[cell] = u16::try_from(place).unwrap_or(u16::MAX);
        }
    }

    fn count_pair(&mut self, one: u32, other: u32, more: bool) {
        for (a, b) in [(one, other), (other, one)] {
            let place = self.place(a, b);
            let row = &mut self.joint[a as usize];
            match place {
                Some(place) if more => row[place].1 += 1,
                Some(place) if row[place].1 > 1 => row[place].1 -= 1,
                Some(place) => {
                    row.swap_remove(place);
                    let moved = row.get(place).map(|(section, _)| *section);
                    self.note(a, b, 0);
                    if let Some(moved) = moved {
                        self.note(a, moved, place + 1);
                    }
                }
                None => {
                    row.push((b, 1));
                    let length = row.len();
                    self.note(a, b, length);
                }
            }
        }
    }
}
