//! Rules of several sections together.

use super::Spot;
use crate::cost::Delta;
use crate::model::{Kind, NONE, Pattern, Problem, Rule, RuleId, Weight};

/// What the rules of several sections together cost.
#[derive(Clone, Debug)]
pub(super) struct Together {
    /// Of each rule of days of the week, how many it uses; of rules of spaces likewise; of those of single
    /// days, the breaches.
    levels: Vec<u32>,
    /// Of each rule of days of the week, how many sections it has on each; of rules of spaces, in each; of
    /// rules of loads, how many slots on each day of each week.
    counts: Vec<Vec<u16>>,
}

/// What so many breaches of a rule cost. Those of single days count by their mean over the weeks.
pub(crate) fn cost_of(problem: &Problem, rule: &Rule, breaches: u32) -> Delta {
    let Weight::Soft(penalty) = rule.weight else { return Delta::of(rule.weight, breaches) };
    let sum = i64::from(penalty) * i64::from(breaches);
    let weeks = if rule.kind.is_of_days() { i64::from(problem.horizon.weeks()) } else { 1 };
    Delta { hard: 0, soft: sum / weeks * i64::from(problem.rule_factor) }
}

impl Together {
    pub(super) fn new(problem: &Problem, spots: &[Spot]) -> Self {
        let mut this = Self { levels: Vec::new(), counts: Vec::new() };
        for rule in &problem.rules {
            let mut counts = match rule.kind {
                Kind::MaxDays(_) | Kind::MinDays(_) => vec![0; problem.horizon.days() as usize],
                Kind::FewSpaces => vec![0; problem.spaces.count],
                Kind::MaxDayLoad(_) => vec![0; (problem.horizon.days() * problem.horizon.weeks()) as usize],
                _ => Vec::new(),
            };
            for section in &rule.sections {
                count(&mut counts, rule.kind, &spots[section.index()], problem.horizon.weeks(), true);
            }
            this.levels.push(if rule.kind.is_of_days() {
                of_days(problem, rule, spots, None)
            } else {
                counts.iter().map(|count| u32::from(*count > 0)).sum()
            });
            this.counts.push(counts);
        }
        this
    }

    pub(super) fn cost(&self, problem: &Problem) -> Delta {
        let mut sum = Delta::default();
        for (rule, level) in problem.rules.iter().zip(&self.levels) {
            sum += cost_of(problem, rule, breaches(rule.kind, *level));
        }
        sum
    }

    #[inline]
    pub(super) fn delta(&self, problem: &Problem, spots: &[Spot], section: u32, new: &Spot) -> Delta {
        let mut sum = Delta::default();
        for id in problem.together.row(section) {
            let rule = problem.rule(*id);
            let before = self.levels[id.index()];
            let after = self.after(problem, *id, spots, section, new);
            if after != before {
                sum += cost_of(problem, rule, breaches(rule.kind, after));
                sum -= cost_of(problem, rule, breaches(rule.kind, before));
            }
        }
        sum
    }

    /// The level of a rule when a section is elsewhere.
    #[inline]
    fn after(&self, problem: &Problem, id: RuleId, spots: &[Spot], section: u32, new: &Spot) -> u32 {
        let (rule, old) = (problem.rule(id), &spots[section as usize]);
        let before = self.levels[id.index()];
        let counts = &self.counts[id.index()];
        match rule.kind {
            Kind::FewSpaces if old.space == new.space => before,
            Kind::FewSpaces => {
                let gone = |space: u32| i32::from(space != NONE && counts[space as usize] == 1);
                let come = |space: u32| i32::from(space != NONE && counts[space as usize] == 0);
                before.saturating_add_signed(come(new.space) - gone(old.space))
            }
            _ if old.time == new.time => before,
            Kind::MaxDays(_) | Kind::MinDays(_) => {
                let (left, taken) =
                    (old.pattern.days() & !new.pattern.days(), new.pattern.days() & !old.pattern.days());
                let mut change = 0;
                for (day, count) in (0_u32..).zip(counts) {
                    change -= i32::from(left >> day & 1 == 1 && *count == 1);
                    change += i32::from(taken >> day & 1 == 1 && *count == 0);
                }
                before.saturating_add_signed(change)
            }
            Kind::MaxDayLoad(most) => {
                let change = load_change(counts, most, problem.horizon.weeks(), &old.pattern, &new.pattern);
                before.saturating_add_signed(change)
            }
            _ => of_days(problem, rule, spots, Some((section, &new.pattern))),
        }
    }

    pub(super) fn apply(&mut self, problem: &Problem, spots: &[Spot], section: u32, new: &Spot) {
        for id in problem.together.row(section) {
            let kind = problem.rule(*id).kind;
            self.levels[id.index()] = self.after(problem, *id, spots, section, new);
            let counts = &mut self.counts[id.index()];
            count(counts, kind, &spots[section as usize], problem.horizon.weeks(), false);
            count(counts, kind, new, problem.horizon.weeks(), true);
        }
    }
}

/// The breaches of a rule at a level.
const fn breaches(kind: Kind, level: u32) -> u32 {
    match kind {
        Kind::MaxDays(days) => level.saturating_sub(days),
        Kind::MinDays(days) => days.saturating_sub(level),
        Kind::FewSpaces => level.saturating_sub(1),
        _ => level,
    }
}

fn count(counts: &mut [u16], kind: Kind, spot: &Spot, weeks: u32, more: bool) {
    let change = |count: &mut u16| if more { *count += 1 } else { *count -= 1 };
    match kind {
        Kind::MaxDays(_) | Kind::MinDays(_) => {
            let on = |day: u32| spot.pattern.days() >> day & 1 == 1;
            (0_u32..).zip(counts).filter(|(day, _)| on(*day)).for_each(|(_, count)| change(count));
        }
        Kind::MaxDayLoad(_) => each_day(&spot.pattern, |day, week| {
            let load = &mut counts[(day * weeks + week) as usize];
            let length = spot.pattern.length();
            *load = if more { *load + length } else { *load - length };
        }),
        Kind::FewSpaces if spot.space != NONE => change(&mut counts[spot.space as usize]),
        _ => {}
    }
}

/// Tells of each day of each week of a pattern.
#[inline]
fn each_day(pattern: &Pattern, mut tell: impl FnMut(u32, u32)) {
    let mut days = pattern.days();
    while days != 0 {
        let day = days.trailing_zeros();
        days &= days - 1;
        let mut weeks = pattern.weeks();
        while weeks != 0 {
            tell(day, weeks.trailing_zeros());
            weeks &= weeks - 1;
        }
    }
}

/// By how much more slots days are over a load when a section has gone from one pattern to another.
fn load_change(loads: &[u16], most: u16, weeks: u32, old: &Pattern, new: &Pattern) -> i32 {
    let over = |load: u16| i32::from(load.saturating_sub(most));
    let mut change = 0;
    each_day(old, |day, week| {
        let load = loads[(day * weeks + week) as usize];
        let stays = if new.on(week, day) { new.length() } else { 0 };
        change += over(load - old.length() + stays) - over(load);
    });
    each_day(new, |day, week| {
        if !old.on(week, day) {
            let load = loads[(day * weeks + week) as usize];
            change += over(load + new.length()) - over(load);
        }
    });
    change
}

/// The breaches of a rule of single days, perhaps with one section elsewhere.
fn of_days(problem: &Problem, rule: &Rule, spots: &[Spot], elsewhere: Option<(u32, &Pattern)>) -> u32 {
    let mut placed = Vec::with_capacity(rule.sections.len());
    placed.extend(rule.sections.iter().map(|section| match elsewhere {
        Some((moved, pattern)) if moved == section.0 => *pattern,
        _ => spots[section.index()].pattern,
    }));
    rule.kind.breaches(problem.horizon, &placed, 0)
}
