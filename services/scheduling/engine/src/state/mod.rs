//! A timetable in the making: where every section is and every learner sits, what that costs, and what a
//! change would cost.
//!
//! Every part of the cost has a monitor that knows its share and tells what a change makes of it without
//! making it.

mod anchor;
mod cohorts;
mod kept;
mod learners;
mod links;
mod occupancy;
mod seats;
mod together;

pub(crate) use self::anchor::Anchor;
use self::cohorts::Cohorts;
pub(crate) use self::kept::Kept;
use self::learners::Learners;
pub(crate) use self::learners::{breaches as day_breaches, squared};
use self::links::broken;
pub(crate) use self::occupancy::{Blocks, Occupancy};
pub(crate) use self::seats::{MOST_COMPONENTS, Seats, Ticket};
use self::together::Together;
use crate::cost::Delta;
use crate::model::{Link, NONE, Pattern, Problem, Weight};

/// Where a section is, by its own choices: which of its times, of its spaces and of its facilitators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) time: u32,
    pub(crate) space: u32,
    pub(crate) led: u32,
}

/// A section that goes elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) section: u32,
    pub(crate) to: Place,
}

/// When, where and by whom a section is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) pattern: Pattern,
    /// The number of the pattern.
    pub(crate) time: u32,
    pub(crate) space: u32,
    pub(crate) led: u32,
}

/// A timetable in the making.
#[derive(Clone, Debug)]
pub(crate) struct State<'p> {
    pub(crate) problem: &'p Problem,
    places: Vec<Place>,
    spots: Vec<Spot>,
    pub(crate) occupancy: Occupancy,
    together: Together,
    cohorts: Cohorts,
    pub(crate) seats: Seats,
    learners: Learners,
    /// The published timetable that should change little, if there is one.
    anchor: Option<Anchor>,
    /// Whether only hard rules are looked at; what the rest costs is then not known.
    blind: bool,
    /// What all of it costs.
    pub(crate) cost: Delta,
}

impl Problem {
    /// When, where and by whom a section would be held.
    #[inline]
    pub(crate) fn spot(&self, section: u32, place: Place) -> Spot {
        let time = self.sections.times.row(section)[place.time as usize].id;
        Spot {
            pattern: self.patterns[time as usize],
            time,
            space: self.sections.spaces.row(section)[place.space as usize].id,
            led: self.sections.facilitators.row(section)[place.led as usize].id,
        }
    }

    /// Whether the space and the facilitator of a spot are there at its time.
    #[inline]
    pub(crate) fn is_open(&self, spot: &Spot) -> bool {
        !self.spaces.is_closed(spot.space, spot.time) && !self.facilitators.is_closed(spot.led, spot.time)
    }

    /// What the choices of a section cost by themselves.
    #[inline]
    pub(crate) fn penalty(&self, section: u32, place: Place) -> i64 {
        i64::from(self.sections.times.row(section)[place.time as usize].penalty)
            + i64::from(self.sections.spaces.row(section)[place.space as usize].penalty)
            + i64::from(self.sections.facilitators.row(section)[place.led as usize].penalty)
    }
}

impl<'p> State<'p> {
    /// Everything at the given places, and no learner seated.
    pub(crate) fn new(problem: &'p Problem, places: Vec<Place>) -> Self {
        let spots: Vec<Spot> =
            (0_u32..).zip(&places).map(|(section, place)| problem.spot(section, *place)).collect();
        let mut cost = Delta::default();
        for (section, place) in (0_u32..).zip(&places) {
            cost.soft += problem.penalty(section, *place);
            // Each pair is met from both sides, and counted from that which stands first.
            for link in problem.links.row(section).iter().filter(|link| !link.after) {
                cost += broken(problem, *link, &spots[section as usize], &spots[link.other as usize]);
            }
        }
        let occupancy = Occupancy::new(problem, &spots);
        cost.hard += occupancy.conflicts(problem, &spots);
        let together = Together::new(problem, &spots);
        cost += together.cost(problem);
        let cohorts = Cohorts::new(problem, &spots);
        cost.soft += cohorts.cost(problem);
        let seats = Seats::new(problem);
        cost += Seats::empty_cost(problem);
        let learners = Learners::new(problem);
        cost.soft += learners.cost(problem);
        Self {
            problem,
            places,
            spots,
            occupancy,
            together,
            cohorts,
            seats,
            learners,
            anchor: None,
            blind: false,
            cost,
        }
    }

    /// Counts from now on what it costs to be elsewhere than published.
    pub(crate) fn anchor(&mut self, anchor: Anchor) {
        self.cost.soft += anchor.cost(&self.places, self.seats.tickets());
        self.anchor = Some(anchor);
    }

    /// Looks from now on only at hard rules, which is quicker.
    pub(crate) const fn blind(&mut self) {
        self.blind = true;
    }

    #[inline]
    pub(crate) fn place(&self, section: u32) -> Place {
        self.places[section as usize]
    }

    #[inline]
    pub(crate) fn spot(&self, section: u32) -> &Spot {
        &self.spots[section as usize]
    }

    /// What a change would cost, without making it.
    #[inline]
    pub(crate) fn delta(&self, change: Change) -> Delta {
        let mut delta = self.hard_delta(change);
        delta += self.rest_delta(change);
        delta
    }

    /// What a change would cost in sections that exclude each other, which is quick to tell.
    #[inline]
    pub(crate) fn hard_delta(&self, change: Change) -> Delta {
        let Change { section, to } = change;
        let (old, new) = (self.spot(section), self.problem.spot(section, to));
        Delta { hard: self.occupancy.delta(self.problem, &self.spots, section, old, &new), soft: 0 }
    }

    /// What a change would cost in all but [`Self::hard_delta`].
    #[inline]
    pub(crate) fn rest_delta(&self, change: Change) -> Delta {
        let Change { section, to } = change;
        let problem = self.problem;
        let (old, new) = (self.spot(section), &problem.spot(section, to));
        let mut delta = Delta {
            hard: 0,
            soft: problem.penalty(section, to) - problem.penalty(section, self.places[section as usize]),
        };
        delta += links::delta(problem, &self.spots, section, old, new);
        delta += self.together.delta(problem, &self.spots, section, new);
        if old.time != new.time && !self.blind {
            delta.soft += self.cohorts.delta(problem, section, &old.pattern, &new.pattern);
        }
        delta += self.seats.delta(problem, &self.spots, section, new);
        delta += self.days_delta(section, new);
        if let Some(anchor) = &self.anchor {
            delta.soft += anchor.moved(section, self.places[section as usize], to);
        }
        delta
    }

    /// Makes a change, whose [`Self::delta`] is known.
    pub(crate) fn apply(&mut self, change: Change, delta: Delta) {
        let Change { section, to } = change;
        let (old, new) = (*self.spot(section), self.problem.spot(section, to));
        self.together.apply(self.problem, &self.spots, section, &new);
        self.occupancy.apply(section, &old, &new);
        if old.time != new.time && !self.blind {
            self.cohorts.apply(self.problem, section, &old.pattern, &new.pattern);
        }
        self.places[section as usize] = to;
        self.spots[section as usize] = new;
        self.cost += delta;
    }

    /// Whether a section breaks a hard rule of two.
    pub(crate) fn breaks(&self, section: u32, link: &Link) -> bool {
        self.would_break(link, self.spot(section))
    }

    /// Whether a section would break a hard rule of two somewhere, where the other is now.
    pub(crate) fn would_break(&self, link: &Link, spot: &Spot) -> bool {
        link.weight == Weight::Hard && broken(self.problem, *link, spot, self.spot(link.other)).hard > 0
    }

    /// What keeps a section from being where another is.
    pub(crate) fn ties(&self, section: u32, other: u32) -> Ties {
        let problem = self.problem;
        let links = problem.links.row(section).iter();
        Ties {
            other: *self.spot(other),
            exclusive: problem.exclusive.row(section).binary_search(&other).is_ok(),
            links: links.filter(|link| link.other == other && link.weight == Weight::Hard).copied().collect(),
        }
    }

    /// Makes a change and says what it cost.
    pub(crate) fn make(&mut self, change: Change) -> Delta {
        let delta = self.delta(change);
        self.apply(change, delta);
        delta
    }
}

/// What keeps a section from being where another is: hard rules, spaces and facilitators.
#[derive(Debug)]
pub(crate) struct Ties {
    other: Spot,
    exclusive: bool,
    links: Vec<Link>,
}

impl Ties {
    /// Whether they allow a section to be somewhere.
    pub(crate) fn allow(&self, problem: &Problem, spot: &Spot) -> bool {
        let there = &self.other;
        let shared =
            (spot.space != NONE && spot.space == there.space) || (spot.led != NONE && spot.led == there.led);
        let apart = !(shared || self.exclusive) || !spot.pattern.overlaps(&there.pattern);
        apart && self.links.iter().all(|link| broken(problem, *link, spot, there).hard == 0)
    }
}

impl Delta {
    /// What so many breaches of something cost.
    #[inline]
    pub(crate) fn of(weight: Weight, breaches: u32) -> Self {
        match weight {
            Weight::Hard => Self { hard: i64::from(breaches), soft: 0 },
            Weight::Soft(cost) => Self { hard: 0, soft: i64::from(cost) * i64::from(breaches) },
        }
    }
}

#[cfg(test)]
mod tests;
