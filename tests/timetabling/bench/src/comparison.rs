//! Who got what they asked for, beside what taking turns would have given, in words.

use std::fmt::Write as _;

use trellis_timetable::{Comparison, Fairness};

/// In how many random orders learners choose.
pub(crate) const DRAWS: u32 = 20;

/// A line for the plan and for each way of taking turns, and one for each group, by its name.
pub(crate) fn lines(comparison: &Comparison, group_name: impl Fn(u32) -> String) -> String {
    let Comparison { plan, first_come, random_order } = comparison;
    let mut text = String::new();
    for (name, told) in [("the plan", plan), ("first come", first_come), ("random order", random_order)] {
        // Writing to a string cannot fail; nor can it below.
        let _ = writeln!(text, "  {name:<13} {}", line(told));
    }
    let groups = plan.groups.iter().zip(&first_come.groups).zip(&random_order.groups);
    for ((of_plan, in_turn), by_lot) in groups {
        let name = group_name(of_plan.group);
        // The same groups are suppressed in each.
        let _ = match (of_plan.figures, in_turn.figures, by_lot.figures) {
            (Some(of_plan), Some(in_turn), Some(by_lot)) => writeln!(
                text,
                "  {name:<13} regret {} of 1000, first come {}, random order {}; first choice {:.1} %, {:.1} %, {:.1} %; {} learners",
                of_plan.mean_regret,
                in_turn.mean_regret,
                by_lot.mean_regret,
                of_plan.first_choice.ratio() * 100.0,
                in_turn.first_choice.ratio() * 100.0,
                by_lot.first_choice.ratio() * 100.0,
                of_plan.learners
            ),
            _ => writeln!(text, "  {name:<13} not told: too few learners"),
        };
    }
    text
}

fn line(told: &Fairness) -> String {
    format!(
        "first choice {:.1} %, top three {:.1} %, unplaced {:.1} %; satisfaction at least {}, a tenth below {}, mean {} of 1000",
        told.first_choice.ratio() * 100.0,
        told.top_three.ratio() * 100.0,
        told.unplaced.ratio() * 100.0,
        told.minimum,
        told.tenth_percentile,
        told.mean
    )
}
