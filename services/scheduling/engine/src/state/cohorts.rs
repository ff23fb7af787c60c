//! The days of cohorts: in which slots they are busy, and what that costs.

use super::Spot;
use crate::model::{Pattern, Problem};

/// The days of all cohorts.
#[derive(Clone, Debug)]
pub(super) struct Cohorts {
    days: usize,
    slots: usize,
    /// How many sections each has in a slot of a day in which it has several; elsewhere it says nothing.
    counts: Vec<u8>,
    /// The slots of each day of each.
    busy: Vec<Day>,
}

/// The slots of a day in which a cohort has any section, and in which it has several.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    any: u32,
    several: u32,
}

/// The slots that a pattern takes on its days.
#[inline]
fn slots_of(pattern: &Pattern) -> u32 {
    ((1_u32 << pattern.length()) - 1) << pattern.start()
}

impl Cohorts {
    pub(super) fn new(problem: &Problem, spots: &[Spot]) -> Self {
        let count = problem.cohorts.len();
        let (days, width) = (problem.horizon.days() as usize, usize::from(problem.horizon.slots()));
        // Without cohorts there may be more slots than a shape has.
        let table = if count == 0 { 0 } else { count * days * width };
        let mut this =
            Self { days, slots: width, counts: vec![0; table], busy: vec![Day::default(); count * days] };
        for (number, cohort) in problem.cohorts.iter().enumerate() {
            for section in &cohort.sections {
                this.enter(number, &spots[section.index()].pattern);
            }
        }
        this
    }

    pub(super) fn cost(&self, problem: &Problem) -> i64 {
        let mut sum = 0;
        for (number, cohort) in problem.cohorts.iter().enumerate() {
            let shape = &problem.shapes[cohort.shape];
            let days = &self.busy[number * self.days..(number + 1) * self.days];
            sum +=
                days.iter().map(|day| i64::from(shape.cost(day.any))).sum::<i64>() * i64::from(cohort.weight);
        }
        sum
    }

    #[inline]
    pub(super) fn delta(&self, problem: &Problem, section: u32, old: &Pattern, new: &Pattern) -> i64 {
        let members = problem.attended.row(section);
        // Without cohorts a pattern may take more slots than a shape has.
        if members.is_empty() {
            return 0;
        }
        let (left, taken) = (slots_of(old), slots_of(new));
        let mut sum = 0;
        let mut days = old.days() | new.days();
        while days != 0 {
            let day = days.trailing_zeros();
            days &= days - 1;
            let left = if old.days() >> day & 1 == 1 { left } else { 0 };
            let taken = if new.days() >> day & 1 == 1 { taken } else { 0 };
            for member in members {
                let busy = self.busy[member.cohort as usize * self.days + day as usize];
                let before = busy.any;
                let after = (before & !(left & !busy.several)) | taken;
                let costs = &problem.shapes[member.shape as usize];
                let change = i64::from(costs.cost(after)) - i64::from(costs.cost(before));
                sum += change * i64::from(member.weight);
            }
        }
        sum
    }

    pub(super) fn apply(&mut self, problem: &Problem, section: u32, old: &Pattern, new: &Pattern) {
        for member in problem.attended.row(section) {
            self.leave(member.cohort as usize, old);
            self.enter(member.cohort as usize, new);
        }
    }

    fn enter(&mut self, cohort: usize, pattern: &Pattern) {
        let taken = slots_of(pattern);
        self.each(cohort, pattern, |day, counts| {
            let again = taken & day.any;
            day.any |= taken;
            each_slot(again, |slot, bit| {
                let count = &mut counts[slot];
                *count = if day.several & bit == 0 { 2 } else { *count + 1 };
            });
            day.several |= again;
        });
    }

    fn leave(&mut self, cohort: usize, pattern: &Pattern) {
        let taken = slots_of(pattern);
        self.each(cohort, pattern, |day, counts| {
            let shared = taken & day.several;
            day.any &= !taken | shared;
            each_slot(shared, |slot, bit| {
                counts[slot] -= 1;
                if counts[slot] == 1 {
                    day.several &= !bit;
                }
            });
        });
    }

    /// The days of a pattern, each with how many sections a cohort has in its slots.
    #[inline]
    fn each(&mut self, cohort: usize, pattern: &Pattern, mut with: impl FnMut(&mut Day, &mut [u8])) {
        let mut days = pattern.days();
        while days != 0 {
            let row = cohort * self.days + days.trailing_zeros() as usize;
            days &= days - 1;
            with(&mut self.busy[row], &mut self.counts[row * self.slots..(row + 1) * self.slots]);
        }
    }
}

#[inline]
fn each_slot(slots: u32, mut with: impl FnMut(usize, u32)) {
    let mut left = slots;
    while left != 0 {
        with(left.trailing_zeros() as usize, left & left.wrapping_neg());
        left &= left - 1;
    }
}
