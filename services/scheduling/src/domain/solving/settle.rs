//! What is still to be had when a search has ended.

use std::cmp::Reverse;

use super::super::decision::{Holders, Refusal};
use super::super::request::Kind;
use super::ground::Ground;
use super::weight_of;

/// Who has which place.
pub(super) struct Table<'g> {
    ground: &'g Ground,
    /// The wishes that have the places of each offering.
    holders: Vec<Vec<usize>>,
    /// The wishes of each learner that are met.
    held: Vec<Vec<usize>>,
}

/// Takes back what cannot be, where not every requirement can be met: what is required stays before what is ranked.
/// Then gives whoever could do better by it what is free, for as long as there is something: nobody loses a place by
/// that but to someone for whom it is required.
pub(super) fn settle<'g>(ground: &'g Ground, met: &mut [bool]) -> Table<'g> {
    let mut table = Table {
        ground,
        holders: vec![Vec::new(); ground.offerings.len()],
        held: vec![Vec::new(); ground.askers.len()],
    };
    let mut wishes: Vec<usize> = (0..met.len()).collect();
    wishes.sort_by_key(|wish| ground.wishes[*wish].kind);
    for wish in &wishes {
        if met[*wish] && !table.is_full(ground.wishes[*wish].offering) && table.clashes(*wish).is_empty() {
            table.take(*wish);
        } else {
            met[*wish] = false;
        }
    }
    let mut is_settled = false;
    while !is_settled {
        is_settled = true;
        for wish in &wishes {
            if !met[*wish] && table.claim(*wish, met) {
                is_settled = false;
            }
        }
    }
    table
}

impl Table<'_> {
    fn take(&mut self, wish: usize) {
        let this = self.ground.wishes[wish];
        self.holders[this.offering].push(wish);
        self.held[this.asker].push(wish);
    }

    fn leave(&mut self, wish: usize) {
        let this = self.ground.wishes[wish];
        self.holders[this.offering].retain(|other| *other != wish);
        self.held[this.asker].retain(|other| *other != wish);
    }

    fn is_full(&self, offering: usize) -> bool {
        self.holders[offering].len() >= self.ground.offerings[offering].capacity as usize
    }

    /// The places of the same learner that meet at the same time as what is wished for.
    fn clashes(&self, wish: usize) -> Vec<usize> {
        let this = self.ground.wishes[wish];
        let held = self.held[this.asker].iter().copied();
        held.filter(|other| self.ground.clash(this.offering, self.ground.wishes[*other].offering)).collect()
    }

    /// Gives a place, where one is free or must be and it is worth more than what must be given up for it.
    fn claim(&mut self, wish: usize, met: &mut [bool]) -> bool {
        let this = self.ground.wishes[wish];
        let mut given_up = self.clashes(wish);
        if !self.is_worth(this.kind, &given_up) {
            return false;
        }
        if self.is_full(this.offering) {
            let Some(bumped) = self.weakest(this.offering).filter(|_| this.kind == Kind::Required) else {
                return false;
            };
            given_up.push(bumped);
        }
        for other in given_up {
            self.leave(other);
            met[other] = false;
        }
        self.take(wish);
        met[wish] = true;
        true
    }

    /// Whether a place counts more than those that must be given up for it.
    fn is_worth(&self, kind: Kind, given_up: &[usize]) -> bool {
        let weights = given_up.iter().map(|other| weight_of(self.ground.wishes[*other].kind));
        match (weight_of(kind), weights.sum::<Option<u32>>()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(won), Some(lost)) => won > lost,
        }
    }

    /// Of those who have a place that is not required, one to whom it means least.
    fn weakest(&self, offering: usize) -> Option<usize> {
        let ranked = |wish: &usize| self.ground.wishes[*wish].kind != Kind::Required;
        let holders = self.holders[offering].iter().copied().filter(ranked);
        holders.min_by_key(|wish| Reverse((self.ground.wishes[*wish].kind, *wish)))
    }

    /// What is in the way of a wish that is not met.
    pub(super) fn refusal(&self, wish: usize, kind: Kind) -> Refusal {
        let this = self.ground.wishes[wish];
        let clashing = self.clashes(wish);
        let kinds = self.holders[this.offering].iter().map(|other| self.ground.wishes[*other].kind);
        let is_full = self.is_full(this.offering) && self.is_worth(this.kind, &clashing);
        let holders = is_full.then(|| Holders::beside(kind, kinds));
        let id = |wish: usize| self.ground.offerings[self.ground.wishes[wish].offering].offering;
        let mut clashes: Vec<_> = clashing.into_iter().map(id).collect();
        clashes.sort_unstable();
        Refusal { holders, clashes }
    }
}
