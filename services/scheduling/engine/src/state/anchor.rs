//! A published timetable that should change little.

use super::{Place, Ticket};
use crate::model::Problem;

/// What a change of time counts for each learner of a section, beside a change of space or facilitator.
const TIME: i64 = 4;
/// What it counts that a learner gets other sections.
const SEAT: i64 = 8;

/// A published timetable, and what it costs to change it.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    places: Vec<Place>,
    tickets: Vec<Ticket>,
    /// How much it matters that a section stays: one, and how many learners it has.
    learners: Vec<i64>,
    /// What the smallest change costs.
    unit: i64,
}

impl Anchor {
    pub(crate) fn new(problem: &Problem, places: Vec<Place>, tickets: Vec<Ticket>, unit: i64) -> Self {
        let mut learners = vec![1; problem.sections()];
        for section in tickets.iter().flat_map(Ticket::sections) {
            learners[*section as usize] += 1;
        }
        Self { places, tickets, learners, unit }
    }

    fn distance(&self, section: u32, place: Place) -> i64 {
        let known = self.places[section as usize];
        let changes = TIME * i64::from(known.time != place.time)
            + i64::from(known.space != place.space)
            + i64::from(known.led != place.led);
        changes * self.learners[section as usize] * self.unit
    }

    /// The most that the change of one section or request costs.
    pub(crate) fn most(&self) -> i64 {
        let sections = self.learners.iter().max().copied().unwrap_or(1) * (TIME + 2);
        sections.max(SEAT) * self.unit
    }

    /// What it costs more that a section goes from one place to another.
    pub(super) fn moved(&self, section: u32, from: Place, to: Place) -> i64 {
        self.distance(section, to) - self.distance(section, from)
    }

    /// What it costs more that a request gets another ticket.
    pub(super) fn reseated(&self, request: u32, old: &Ticket, new: &Ticket) -> i64 {
        let Some(known) = self.tickets.get(request as usize).filter(|known| **known != Ticket::NOTHING)
        else {
            return 0;
        };
        let differs = |ticket: &Ticket| i64::from(ticket != known);
        SEAT * self.unit * (differs(new) - differs(old))
    }

    /// What it costs to be somewhere else.
    pub(super) fn cost(&self, places: &[Place], tickets: &[Ticket]) -> i64 {
        let moved: i64 = (0..).zip(places).map(|(section, place)| self.distance(section, *place)).sum();
        let reseated: i64 = (0_u32..)
            .zip(tickets)
            .filter_map(|(request, ticket)| {
                let known = self.tickets.get(request as usize)?;
                Some(self.reseated(request, known, ticket))
            })
            .sum();
        moved + reseated
    }
}
