//! The days of cohorts: in which slots they are busy, and what that costs.

use super::Spot;
use crate::model::{Pattern, Problem};

/// The days of all cohorts.
#[derive(Clone, Debug)]
pub(super) struct Cohorts {
    days: usize,
    slots: usize,
    /// How many sections each has in a slot of a day.
    counts: Vec<u8>,
    /// The slots of each day in which each has any.
    busy: Vec<u16>,
}

impl Cohorts {
    pub(super) fn new(problem: &Problem, spots: &[Spot]) -> Self {
        let count = problem.cohorts.len();
        let (days, slots) = (problem.horizon.days() as usize, usize::from(problem.horizon.slots()));
        // Without cohorts there may be more slots than a shape has.
        let cells = if count == 0 { 0 } else { count * days * slots };
        let mut this = Self { days, slots, counts: vec![0; cells], busy: vec![0; count * days] };
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
            sum += days.iter().map(|busy| i64::from(shape.cost(u32::from(*busy)))).sum::<i64>()
                * i64::from(cohort.weight);
        }
        sum
    }

    #[inline]
    pub(super) fn delta(&self, problem: &Problem, section: u32, old: &Pattern, new: &Pattern) -> i64 {
        let mut sum = 0;
        for cohort in problem.cohorts_of.row(section) {
            let number = cohort.index();
            let cohort = &problem.cohorts[number];
            let shape = &problem.shapes[cohort.shape];
            let mut change = 0;
            let mut days = old.days() | new.days();
            while days != 0 {
                let day = days.trailing_zeros();
                days &= days - 1;
                let busy = u32::from(self.busy[number * self.days + day as usize]);
                let after = self.after(number, day, busy, old, new);
                change += i64::from(shape.cost(after)) - i64::from(shape.cost(busy));
            }
            sum += change * i64::from(cohort.weight);
        }
        sum
    }

    /// The busy slots of a day when a section has gone from one pattern to another.
    #[inline]
    fn after(&self, cohort: usize, day: u32, busy: u32, old: &Pattern, new: &Pattern) -> u32 {
        let mut after = busy;
        if old.days() >> day & 1 == 1 {
            let first = (cohort * self.days + day as usize) * self.slots;
            for slot in old.start()..old.end() {
                after &= !(u32::from(self.counts[first + usize::from(slot)] == 1) << slot);
            }
        }
        if new.days() >> day & 1 == 1 {
            for slot in new.start()..new.end() {
                after |= 1 << slot;
            }
        }
        after
    }

    pub(super) fn apply(&mut self, problem: &Problem, section: u32, old: &Pattern, new: &Pattern) {
        for cohort in problem.cohorts_of.row(section) {
            self.leave(cohort.index(), old);
            self.enter(cohort.index(), new);
        }
    }

    fn enter(&mut self, cohort: usize, pattern: &Pattern) {
        self.each(cohort, pattern, |count, busy, slot| {
            *count += 1;
            *busy |= 1 << slot;
        });
    }

    fn leave(&mut self, cohort: usize, pattern: &Pattern) {
        self.each(cohort, pattern, |count, busy, slot| {
            *count -= 1;
            if *count == 0 {
                *busy &= !(1 << slot);
            }
        });
    }

    fn each(&mut self, cohort: usize, pattern: &Pattern, mut with: impl FnMut(&mut u8, &mut u16, u16)) {
        for day in (0..self.days).filter(|day| pattern.days() >> day & 1 == 1) {
            let row = cohort * self.days + day;
            for slot in pattern.start()..pattern.end() {
                let count = &mut self.counts[row * self.slots + usize::from(slot)];
                with(count, &mut self.busy[row], slot);
            }
        }
    }
}
