//! What a solution is worth.

use std::fmt;

/// How often one rule is broken, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The rule, as its competition calls it.
    pub rule: &'static str,
    /// The points, each breach counted by its weight.
    pub points: u64,
}

/// What a solution is worth: the less, the better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The rules that a timetable must keep.
    pub hard: Vec<Part>,
    /// Those that it should keep.
    pub soft: Vec<Part>,
    /// What is not in the timetable: students of events without a place (2007, track 2), lectures or classes
    /// without one.
    pub missing: u64,
}

impl Score {
    /// Whether everything has a place and no rule is broken that must be kept.
    pub fn is_feasible(&self) -> bool {
        self.missing == 0 && total(&self.hard) == 0
    }

    /// The points of the rules that should be kept, by which feasible timetables are compared.
    pub fn cost(&self) -> u64 {
        total(&self.soft)
    }
}

fn total(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.points).sum()
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Part { rule, points } in self.hard.iter().chain(&self.soft) {
            writeln!(f, "{rule:<28} {points:>8}")?;
        }
        writeln!(f, "{:<28} {:>8}", "without a place", self.missing)?;
        let feasible = if self.is_feasible() { "feasible" } else { "not feasible" };
        write!(f, "{feasible}, cost {}", self.cost())
    }
}
