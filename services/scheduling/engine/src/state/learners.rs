//! What learners' days, company and disappointments cost, beside their clashes.

use super::{Spot, State, Ticket};
use crate::cost::Delta;
use crate::model::{Company, DayRule, Pattern, Problem, Weight};

/// What is known of learners.
#[derive(Clone, Debug)]
pub(super) struct Learners {
    /// What each learner's requests cost beyond what cannot be avoided: how much less than could be was got.
    regrets: Vec<i64>,
    /// The sum of them in each group.
    groups: Vec<i64>,
}

/// What a ticket costs by itself, as far as it can be weighed.
fn regret(problem: &Problem, request: u32, ticket: &Ticket) -> i64 {
    let asked = problem.request(request);
    match (asked.options.get(ticket.option as usize), asked.unplaced) {
        (Some((_, penalty)), _) => i64::from(*penalty),
        (None, Weight::Soft(cost)) => i64::from(cost),
        (None, Weight::Hard) => 0,
    }
}

/// So much for the square of a regret, up to what a sum of costs can hold.
pub(crate) fn squared(spread: i64, regret: i64) -> i64 {
    let regret = regret.max(0);
    spread.saturating_mul(regret).saturating_mul(regret).min(MOST)
}

/// The most that one learner's regret may cost: of a million learners the sum can still be told.
const MOST: i64 = i64::MAX >> 20;

impl Learners {
    pub(super) fn new(problem: &Problem) -> Self {
        let mut this =
            Self { regrets: vec![0; problem.learners.len()], groups: vec![0; problem.group_sizes.len()] };
        for (number, learner) in problem.learners.iter().enumerate() {
            this.regrets[number] -= i64::from(learner.spared);
            this.groups[problem.group_of[number] as usize] -= i64::from(learner.spared);
        }
        for request in problem.all_requests() {
            this.add(problem, request, regret(problem, request, &Ticket::NOTHING));
        }
        this
    }

    fn add(&mut self, problem: &Problem, request: u32, regret: i64) {
        let learner = problem.asker[request as usize] as usize;
        self.regrets[learner] += regret;
        self.groups[problem.group_of[learner] as usize] += regret;
    }

    /// What all of it costs while nobody sits anywhere.
    pub(super) fn cost(&self, problem: &Problem) -> i64 {
        let spread = i64::from(problem.equity.spread);
        let squares = self.regrets.iter().map(|regret| squared(spread, *regret));
        squares.sum::<i64>() + self.gap(problem, u32::MAX, 0)
    }

    /// What the gap between groups costs when the sum of one changes.
    fn gap(&self, problem: &Problem, group: u32, change: i64) -> i64 {
        let weight = i64::from(problem.equity.gap);
        if weight == 0 || self.groups.is_empty() {
            return 0;
        }
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for ((number, sum), size) in (0_u32..).zip(&self.groups).zip(&problem.group_sizes) {
            let sum = if number == group { sum + change } else { *sum };
            let mean = sum * 1000 / i64::from(*size);
            (least, most) = (least.min(mean), most.max(mean));
        }
        weight * (most - least).max(0) / 1000
    }

    /// What another ticket makes of equity.
    pub(super) fn delta(&self, problem: &Problem, request: u32, old: &Ticket, new: &Ticket) -> i64 {
        if problem.equity.spread == 0 && problem.equity.gap == 0 {
            return 0;
        }
        let change = regret(problem, request, new) - regret(problem, request, old);
        if change == 0 {
            return 0;
        }
        let learner = problem.asker[request as usize] as usize;
        let (spread, before) = (i64::from(problem.equity.spread), self.regrets[learner]);
        let group = problem.group_of[learner];
        squared(spread, before + change) - squared(spread, before) + self.gap(problem, group, change)
            - self.gap(problem, group, 0)
    }

    pub(super) fn apply(&mut self, problem: &Problem, request: u32, old: &Ticket, new: &Ticket) {
        self.add(problem, request, regret(problem, request, new) - regret(problem, request, old));
    }
}

/// How often a learner whose sections meet so breaks a rule of days.
pub(crate) fn breaches(problem: &Problem, rule: &DayRule, patterns: &[Pattern]) -> u32 {
    let mut sum = 0;
    for day in 0..problem.horizon.days() {
        for week in 0..problem.horizon.weeks() {
            sum += rule.limit.breaches(patterns.iter().filter(|pattern| pattern.on(week, day)));
        }
    }
    sum
}

/// What a learner's days cost.
fn days(problem: &Problem, patterns: &[Pattern]) -> Delta {
    let mut sum = Delta::default();
    for rule in &problem.day_rules {
        sum += Delta::of(rule.weight, breaches(problem, rule, patterns));
    }
    sum
}

impl State<'_> {
    /// When a learner's sections meet, but for those of a request.
    fn other_patterns(&self, request: u32, patterns: &mut Vec<Pattern>) {
        self.each_other_section(request, |section| patterns.push(self.spots[section as usize].pattern));
    }

    /// What another ticket makes of a learner's days, company and disappointments.
    pub(super) fn learner_delta(&self, request: u32, ticket: &Ticket) -> Delta {
        let problem = self.problem;
        let old = self.seats.ticket(request);
        let mut delta = Delta { hard: 0, soft: self.learners.delta(problem, request, old, ticket) };
        if !problem.day_rules.is_empty() {
            let mut patterns = Vec::with_capacity(32);
            self.other_patterns(request, &mut patterns);
            let others = patterns.len();
            for (ticket, sign) in [(ticket, 1), (old, -1)] {
                patterns.truncate(others);
                patterns
                    .extend(ticket.sections().iter().map(|section| self.spots[*section as usize].pattern));
                let cost = days(problem, &patterns);
                if sign > 0 { delta += cost } else { delta -= cost }
            }
        }
        for company in problem.company_of.row(problem.asker[request as usize]) {
            delta += Delta::of(company.weight, self.company(request, ticket, company));
            delta -= Delta::of(company.weight, self.company(request, old, company));
        }
        delta
    }

    /// How often a ticket goes against what company its learner should have.
    pub(crate) fn company(&self, request: u32, ticket: &Ticket, company: &Company) -> u32 {
        let problem = self.problem;
        let mut breaches = 0;
        for other in problem.requests_of(company.other) {
            let theirs = self.seats.ticket(other);
            breaches += match company.offering {
                None => ticket.sections().iter().map(|section| u32::from(theirs.has(*section))).sum(),
                Some(offering) => {
                    let both = problem.offering(request, ticket.option) == Some(offering)
                        && problem.offering(other, theirs.option) == Some(offering);
                    u32::from(both && ticket.sections() != theirs.sections())
                }
            };
        }
        breaches
    }

    /// What it makes of the days of its learners that a section goes elsewhere.
    pub(super) fn days_delta(&self, section: u32, new: &Spot) -> Delta {
        let problem = self.problem;
        let old = self.spots[section as usize].pattern;
        let mut delta = Delta::default();
        if problem.day_rules.is_empty() || old == new.pattern {
            return delta;
        }
        let mut patterns = Vec::with_capacity(32);
        for request in self.seats.members(section) {
            patterns.clear();
            self.other_patterns(*request, &mut patterns);
            let own = self.seats.ticket(*request).sections().iter().filter(|own| **own != section);
            patterns.extend(own.map(|own| self.spots[*own as usize].pattern));
            patterns.push(new.pattern);
            delta += days(problem, &patterns);
            patterns.pop();
            patterns.push(old);
            delta -= days(problem, &patterns);
        }
        delta
    }
}
