use proptest::prelude::*;

use super::*;

const PROBLEM: &str = "\
Name: A small one
Courses: 3
Rooms: 2
Days: 2
Periods_per_day: 3
Curricula: 1
Constraints: 1

COURSES:
art ms-lee 2 2 30
music ms-lee 1 1 10
dance mr-fox 1 1 10

ROOMS:
hall 25
studio 40

CURRICULA:
arts 2 art dance

UNAVAILABILITY_CONSTRAINTS:
music 1 2

END.
";

fn score(solution: &str) -> Score {
    Problem::read(PROBLEM).expect("a problem").score(solution).expect("a solution")
}

/// The points of the hard rules, of the soft ones, and what is missing.
fn points(solution: &str) -> ([u64; 3], [u64; 4], u64) {
    let Score { hard, soft, missing } = score(solution);
    let of = |parts: Vec<Part>| parts.into_iter().map(|part| part.points).collect::<Vec<_>>();
    (of(hard).try_into().expect("three"), of(soft).try_into().expect("four"), missing)
}

#[test]
fn what_stands_as_it_should_costs_nothing() {
    let solution = "art studio 0 0\nart studio 1 0\nmusic hall 0 2\ndance hall 0 1\n";
    // The second lecture of art stands alone in its curriculum.
    assert_eq!(points(solution), ([0; 3], [0, 0, 2, 0], 0));
    assert!(score(solution).is_feasible());
    assert_eq!(score(solution).cost(), 2);
}

#[test]
fn every_rule_that_is_broken_is_counted() {
    // One teacher in two lectures; one curriculum in two: three of a time are three pairs, of which music and
    // dance have nothing in common.
    let together = "art studio 0 0\nart studio 1 0\nmusic hall 0 0\ndance hall 0 0\n";
    assert_eq!(points(together).0, [2, 0, 1]);
    let twice = "art studio 0 0\nart hall 0 0\nmusic hall 1 0\ndance hall 1 1\n";
    assert_eq!(points(twice).0, [1, 0, 0]);
    assert_eq!(points("music hall 1 2\n").0, [0, 1, 0]);
    assert_eq!(points("music hall 1 1\nart\n").2, 3, "what is not told of is missing, too");
}

#[test]
fn every_wish_that_is_not_met_costs_its_weight() {
    // Both lectures of art on one day, with a gap between them; one of them in a room for 25.
    let solution = "art hall 0 0\nart studio 0 2\nmusic hall 0 1\ndance hall 1 1\n";
    assert_eq!(points(solution).1, [5, 5, 6, 1]);
}

#[test]
fn what_is_no_problem_or_no_solution_of_it_is_told_of_with_its_line() {
    let line = |text: &str| Problem::read(text).expect_err("no problem").line;
    for (from, to, at) in [
        ("Rooms: 2", "Rooms: two", 3),
        ("Rooms: 2", "Rooms: 3", 19),
        ("Days: 2", "Days: 0", 7),
        ("music ms-lee", "art ms-lee", 11),
        ("arts 2 art dance", "arts 2 art drama", 19),
        ("music 1 2", "music 2 2", 22),
        ("END.", "", 22),
        ("END.", "END.\nmore", 25),
    ] {
        assert_eq!(line(&PROBLEM.replacen(from, to, 1)), at, "{to}");
    }
    let problem = Problem::read(PROBLEM).expect("a problem");
    for (solution, line) in [
        ("drama hall 0 0\n", 1),
        ("\nart cellar 0 0\n", 2),
        ("art hall 0 0\nart hall 2 0\n", 2),
        ("music hall 0 0\nmusic hall 0 1\n", 2),
        ("music hall 0\n", 1),
        ("music hall 0 0 0\n", 1),
    ] {
        assert_eq!(problem.score(solution).expect_err("no solution").line, line, "{solution}");
    }
}

proptest! {
    #[test]
    fn nothing_that_is_sent_breaks_the_reader(cut in 0..PROBLEM.len(), text in "[a-zA-Z0-9 :.\n_-]{0,40}") {
        let torn = format!("{}{text}{}", &PROBLEM[..cut], &PROBLEM[cut..]);
        let _ = Problem::read(&torn);
        let _ = Problem::read(PROBLEM).expect("a problem").score(&text);
    }
}
