//! Who sits where: requests get other tickets, alone or with those who are in the way.

use super::Annealer;
use crate::cost::Delta;
use crate::model::{Weight, number};
use crate::search::tickets;
use crate::state::Ticket;

/// Of a thousand changes of seats, how many only take one away, while any hard rule is broken: nothing else mends a
/// section that has more than it takes where nobody can go elsewhere.
const UNSEAT: u32 = 50;

/// How many tickets are looked at for who must make room.
const INSTEAD: u32 = 4;

impl Annealer<'_> {
    /// Gives a request another ticket, or exchanges two.
    pub(super) fn reseat(&mut self) {
        let problem = self.state.problem;
        let request = self.dice.below(problem.all_requests().end);
        let old = *self.state.seats.ticket(request);
        if self.state.cost.hard > 0 && !old.sections().is_empty() && self.dice.happens(UNSEAT) {
            self.moves += 1;
            let delta = self.state.seat_delta(request, &Ticket::NOTHING);
            if self.accepts(delta) {
                self.state.seat(request, &Ticket::NOTHING, delta);
            }
            return;
        }
        let near = !old.sections().is_empty() && self.dice.happens(900);
        let ticket = if near {
            tickets::near(&self.state, request, &mut self.dice)
        } else {
            tickets::any(&self.state, request, &mut self.dice)
        };
        let Some(ticket) = ticket.filter(|ticket| *ticket != old) else { return };
        self.moves += 1;
        if near && self.dice.happens(500) {
            self.exchange(request, &ticket);
            return;
        }
        let delta = self.state.seat_delta(request, &ticket);
        // Where hard rules are broken that cannot all be kept, one more is hardly ever let in either.
        let breaks = !self.weights.strict && self.weights.soft > 0 && delta.hard > 0;
        if breaks || self.forbids(self.state.cost.hard, delta) {
            self.bump(request, &ticket);
        } else if self.accepts(delta) {
            self.state.seat(request, &ticket, delta);
        }
    }

    /// Gives a request a ticket that others are in the way of, and those something else or nothing: what its
    /// learner has at the time, and of each full section one of those who sit there.
    fn bump(&mut self, request: u32, ticket: &Ticket) {
        let problem = self.state.problem;
        let asker = problem.asker[request as usize];
        let mut bumped: Vec<u32> = Vec::new();
        if problem.clash == Weight::Hard {
            let own = problem.requests_of(asker).filter(|other| *other != request);
            bumped.extend(own.filter(|other| self.state.collides(ticket, self.state.seats.ticket(*other))));
        }
        for section in ticket.sections() {
            let members = self.state.seats.members(*section);
            let is_full = members.len() >= problem.sections.capacity[*section as usize] as usize;
            // What another request of the same learner may have changes with what this one gets.
            let makes_room = |other: &u32| *other == request || bumped.contains(other);
            if is_full && !members.is_empty() && !members.iter().any(makes_room) {
                let other = self.dice.one_of(members);
                if problem.asker[other as usize] == asker {
                    return;
                }
                bumped.push(other);
            }
        }
        if !bumped.is_empty() {
            self.seat_all((request, ticket), &bumped);
        }
    }

    /// Gives a request a ticket and those who are in its way others that are not, if that goes.
    fn seat_all(&mut self, (request, ticket): (u32, &Ticket), bumped: &[u32]) {
        let before = self.state.cost.hard;
        let mut delta = Delta::default();
        let mut undo: Vec<(u32, Ticket)> = Vec::with_capacity(bumped.len() + 2);
        // Up first, so that somebody else can sit there.
        let old = *self.state.seats.ticket(request);
        delta += self.reseated(request, &Ticket::NOTHING, &mut undo);
        for other in bumped {
            let instead = self.instead(*other, (request, ticket), &old);
            delta += self.reseated(*other, &instead, &mut undo);
        }
        delta += self.reseated(request, ticket, &mut undo);
        if !self.accepts_after(before, delta) {
            for (request, old) in undo.into_iter().rev() {
                let back = self.state.seat_delta(request, &old);
                self.state.seat(request, &old, back);
            }
        }
    }

    /// Of nothing, what another request leaves and a few tickets that are not in the way of what that one gets, the
    /// one that costs a request least.
    fn instead(&mut self, other: u32, (request, ticket): (u32, &Ticket), left: &Ticket) -> Ticket {
        let problem = self.state.problem;
        let own = problem.asker[other as usize] == problem.asker[request as usize];
        let mut best = (self.state.seat_delta(other, &Ticket::NOTHING), Ticket::NOTHING);
        let offering = problem.offering(request, left.option);
        let option = problem.options(other).iter().position(|(id, _)| Some(*id) == offering);
        let option = option.map(number).filter(|option| !tickets::is_taken(&self.state, other, *option));
        let mut next = option.map(|option| Ticket { option, ..*left });
        for _ in 0..=INSTEAD {
            let any = next.take().or_else(|| tickets::any(&self.state, other, &mut self.dice));
            let Some(any) = any else { continue };
            let is_in_the_way = any.sections().iter().any(|section| ticket.has(*section));
            // The request does not have its ticket yet, so that its learner's others could still take the same.
            let same = problem.offering(other, any.option) == problem.offering(request, ticket.option);
            if is_in_the_way || (own && (same || self.state.collides(ticket, &any))) {
                continue;
            }
            let delta = self.state.seat_delta(other, &any);
            if (delta.hard, delta.soft) < (best.0.hard, best.0.soft) {
                best = (delta, any);
            }
        }
        best.1
    }

    /// Gives a request another ticket, and notes the one that it had.
    fn reseated(&mut self, request: u32, ticket: &Ticket, undo: &mut Vec<(u32, Ticket)>) -> Delta {
        undo.push((request, *self.state.seats.ticket(request)));
        let delta = self.state.seat_delta(request, ticket);
        self.state.seat(request, ticket, delta);
        delta
    }

    /// Gives two requests other tickets, if that goes.
    fn seat_both(&mut self, one: (u32, &Ticket), other: (u32, &Ticket)) {
        let old = *self.state.seats.ticket(one.0);
        let first = self.state.seat_delta(one.0, one.1);
        self.state.seat(one.0, one.1, first);
        let second = self.state.seat_delta(other.0, other.1);
        let mut delta = first;
        delta += second;
        if self.accepts_after(self.state.cost.hard - first.hard, delta) {
            self.state.seat(other.0, other.1, second);
        } else {
            self.state.seat(one.0, &old, -first);
        }
    }

    /// Exchanges the tickets of two requests for the same offering.
    fn exchange(&mut self, request: u32, wanted: &Ticket) {
        let problem = self.state.problem;
        let old = *self.state.seats.ticket(request);
        let Some(section) = wanted.sections().iter().copied().find(|section| !old.has(*section)) else {
            return;
        };
        let members = self.state.seats.members(section);
        if members.is_empty() {
            return;
        }
        let other = self.dice.one_of(members);
        let theirs = *self.state.seats.ticket(other);
        let (mine, offering) =
            (problem.offering(request, old.option), problem.offering(other, theirs.option));
        if mine != offering || problem.asker[other as usize] == problem.asker[request as usize] {
            return;
        }
        let get = Ticket { option: old.option, ..theirs };
        let give = Ticket { option: theirs.option, ..old };
        if problem.ties_learners() {
            self.seat_both((request, &get), (other, &give));
            return;
        }
        let mut delta = self.state.exchange_delta(request, &get);
        delta += self.state.exchange_delta(other, &give);
        if self.accepts(delta) {
            let first = self.state.seat_delta(request, &get);
            self.state.seat(request, &get, first);
            let second = self.state.seat_delta(other, &give);
            self.state.seat(other, &give, second);
        }
    }
}
