//! A timetable that is put aside.

use super::{Place, State, Ticket};
use crate::cost::Cost;
use crate::model::Problem;

/// A timetable that was put aside, by the choices of its sections and requests.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) cost: Cost,
    pub(crate) places: Vec<Place>,
    pub(crate) tickets: Vec<Ticket>,
}

impl<'p> State<'p> {
    /// Puts the timetable aside as it is.
    pub(crate) fn keep(&self) -> Kept {
        Kept { cost: self.cost.cost(), places: self.places.clone(), tickets: self.seats.tickets().to_vec() }
    }

    /// The same timetable, counted anew, where only hard rules were looked at.
    pub(crate) fn recounted(&self) -> Self {
        self.returned(&self.keep())
    }

    /// A timetable that was put aside, with the same published one as this.
    pub(crate) fn returned(&self, kept: &Kept) -> Self {
        let mut state = Self::restored(self.problem, kept);
        if let Some(anchor) = &self.anchor {
            state.anchor(anchor.clone());
        }
        state
    }

    /// A timetable that was put aside, counted anew.
    pub(crate) fn restored(problem: &'p Problem, kept: &Kept) -> Self {
        let mut state = Self::new(problem, kept.places.clone());
        for (request, ticket) in (0_u32..).zip(&kept.tickets) {
            if *ticket != Ticket::NOTHING {
                let delta = state.seat_delta(request, ticket);
                state.seat(request, ticket, delta);
            }
        }
        state
    }
}
