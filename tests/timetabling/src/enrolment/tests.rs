use proptest::prelude::*;

use super::*;

/// Three events, two rooms and two students: the first attends all, the second only the last. The first event
/// needs what only the first room has; the last may not be in slot 1; the first comes before the second.
fn problem() -> String {
    let mut numbers = vec![3, 2, 1, 2, 1, 5];
    let mut add = |all: &[i64]| numbers.extend(all);
    add(&[1, 1, 1, 0, 0, 1]);
    add(&[1, 0]);
    add(&[1, 0, 0]);
    let mut open = vec![1; 3 * SLOTS];
    open[2 * SLOTS + 1] = 0;
    add(&open);
    add(&[0, 1, 0, -1, 0, 0, 0, 0, 0]);
    let lines: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

fn score(solution: &str) -> Score {
    Problem::read(&problem()).expect("a problem").score(solution).expect("a solution")
}

/// The points of the hard rules, of the soft ones, and what is missing.
fn points(solution: &str) -> ([u64; 5], [u64; 3], u64) {
    let Score { hard, soft, missing } = score(solution);
    let of = |parts: Vec<Part>| parts.into_iter().map(|part| part.points).collect::<Vec<_>>();
    (of(hard).try_into().expect("five"), of(soft).try_into().expect("three"), missing)
}

#[test]
fn a_timetable_that_keeps_every_rule_costs_nothing_but_single_events() {
    // The first student has two events on the first day and one on the second, the second student one.
    assert_eq!(points("0 0\n2 1\n9 1\n"), ([0; 5], [0, 0, 2], 0));
    assert!(score("0 0\n2 1\n9 1\n").is_feasible());
}

#[test]
fn every_rule_that_is_broken_is_counted() {
    // Two events of one student in one slot: also out of order.
    assert_eq!(points("0 0\n0 1\n9 1\n").0, [1, 0, 0, 0, 1]);
    // Two events in one room at one time are of one student here too.
    assert_eq!(points("0 0\n3 1\n3 1\n").0, [1, 1, 0, 0, 0]);
    // The first event lacks what it needs in the second room, the last has two students for one seat.
    assert_eq!(points("0 1\n2 1\n4 0\n").0, [0, 0, 2, 0, 0]);
    assert_eq!(points("0 0\n2 1\n1 1\n").0, [0, 0, 0, 1, 0]);
    assert_eq!(points("5 0\n2 1\n9 1\n").0, [0, 0, 0, 0, 1]);
    // Without a place nothing else is broken: what is missing counts its students.
    assert_eq!(points("-1 -1\n2 1\n-1 -1\n"), ([0; 5], [0, 0, 1], 3));
    assert!(!score("-1 -1\n2 1\n-1 -1\n").is_feasible());
}

#[test]
fn rows_and_last_slots_of_days_cost() {
    // Slots 6 to 8 are the last three of the first day: a row for the first student, a last slot for both.
    assert_eq!(points("6 0\n7 1\n8 1\n").1, [2, 1, 1]);
    // A row does not go on over night.
    assert_eq!(points("7 0\n8 1\n9 1\n").1, [1, 0, 2]);
}

#[test]
fn what_is_no_problem_or_no_solution_of_it_is_told_of_with_its_line() {
    let line = |text: &str| Problem::read(text).expect_err("no problem").line;
    assert_eq!(line(""), 1);
    assert_eq!(line("3 2 1\n"), 1);
    assert_eq!(line(&problem().replacen("\n5\n", "\nfive\n", 1)), 6);
    assert_eq!(line(&format!("{}7\n", problem())), problem().lines().count() + 1);
    assert_eq!(line("9999999999 1 1 1"), 1);
    let problem = Problem::read(&problem()).expect("a problem");
    for (solution, line) in
        [("0 0\n", 1), ("0 0\n45 0\n", 2), ("0 -1\n", 1), ("0 2\n", 1), ("0 0 1 0 2 0\n3", 2)]
    {
        assert_eq!(problem.score(solution).expect_err("no solution").line, line, "{solution}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_breaks_the_reader(text in "[0-9 \n-]{0,200}") {
        if let Ok(problem) = Problem::read(&text) {
            let _ = problem.score(&text);
        }
    }

    #[test]
    fn what_has_no_place_takes_part_in_no_breach(slots in prop::array::uniform3(-1_i64..45), rooms in prop::array::uniform3(0_i64..2)) {
        let line = |(slot, room): (&i64, &i64)| if *slot < 0 { "-1 -1\n".to_owned() } else { format!("{slot} {room}\n") };
        let whole: String = slots.iter().zip(&rooms).map(line).collect();
        let less: String = whole.lines().skip(1).fold("-1 -1\n".to_owned(), |text, line| format!("{text}{line}\n"));
        let hard = |solution: &str| points(solution).0.iter().sum::<u64>();
        prop_assert!(hard(&less) <= hard(&whole));
    }
}
