use proptest::prelude::*;

use super::*;

/// Two weeks of two days of 20 slots. Course `c1` has one configuration of a lecture and, below it, one of two
/// labs; course `c2` has a class without a room. `rules` stand between the classes.
fn problem(rules: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<problem name="small" nrDays="2" slotsPerDay="20" nrWeeks="2">
<optimization time="1" room="2" distribution="3" student="4"/>
<rooms>
<room id="1" capacity="9"><travel room="2" value="3"/><unavailable days="01" start="0" length="20" weeks="11"/></room>
<room id="2" capacity="9"/>
</rooms>
<courses>
<course id="c1"><config id="k1">
<subpart id="p1"><class id="lecture" limit="2">
<room id="1" penalty="0"/><room id="2" penalty="5"/>
<time days="10" start="0" length="4" weeks="11" penalty="0"/><time days="01" start="0" length="4" weeks="11" penalty="7"/>
</class></subpart>
<subpart id="p2">
<class id="lab1" parent="lecture" limit="1"><room id="1" penalty="0"/><room id="2" penalty="0"/>
<time days="10" start="4" length="4" weeks="11" penalty="0"/><time days="10" start="2" length="4" weeks="10" penalty="0"/></class>
<class id="lab2" limit="2"><room id="2" penalty="0"/>
<time days="11" start="10" length="6" weeks="01" penalty="1"/></class>
</subpart>
</config></course>
<course id="c2"><config id="k2"><subpart id="p3"><class id="talk" room="false" limit="5">
<time days="10" start="6" length="2" weeks="11" penalty="0"/><time days="10" start="10" length="2" weeks="10" penalty="0"/>
</class></subpart></config></course>
</courses>
<distributions>{rules}</distributions>
<students><student id="s1"><course id="c1"/><course id="c2"/></student><student id="s2"><course id="c1"/></student></students>
</problem>"#
    )
}

/// A class of a solution: its id, days, start, weeks, room (empty: none) and students.
type Told<'t> = (&'t str, &'t str, u32, &'t str, &'t str, &'t [&'t str]);

fn solution(classes: &[Told<'_>]) -> String {
    let class = |(id, days, start, weeks, room, students): &Told<'_>| {
        let students: Vec<String> = students.iter().map(|id| format!(r#"<student id="{id}"/>"#)).collect();
        let students = students.concat();
        let room = if room.is_empty() { String::new() } else { format!(r#" room="{room}""#) };
        format!(
            "<class id=\"{id}\" days=\"{days}\" start=\"{start}\" weeks=\"{weeks}\"{room}>{students}</class>\n"
        )
    };
    format!(
        "<solution name=\"small\">\n{}</solution>",
        classes.iter().map(class).collect::<Vec<_>>().concat()
    )
}

const LECTURE: Told<'static> = ("lecture", "10", 0, "11", "1", &["s1", "s2"]);
const LAB1: Told<'static> = ("lab1", "10", 4, "11", "1", &["s2"]);
const LAB2: Told<'static> = ("lab2", "11", 10, "01", "2", &["s1"]);
const TALK: Told<'static> = ("talk", "10", 6, "11", "", &["s1"]);

fn score(rules: &str, classes: &[Told<'_>]) -> Score {
    Problem::read(&problem(rules)).expect("a problem").score(&solution(classes)).expect("a solution")
}

/// The points of the hard rules, of the soft ones, and what is missing.
fn points(rules: &str, classes: &[Told<'_>]) -> ([u64; 5], [u64; 4], u64) {
    let Score { hard, soft, missing } = score(rules, classes);
    let of = |parts: Vec<Part>| parts.into_iter().map(|part| part.points).collect::<Vec<_>>();
    (of(hard).try_into().expect("five"), of(soft).try_into().expect("four"), missing)
}

use crate::score::Part;

#[test]
fn times_and_rooms_cost_by_their_weights() {
    let all = [LECTURE, LAB1, LAB2, TALK];
    assert_eq!(points("", &all), ([0; 5], [1, 0, 0, 0], 0));
    assert!(score("", &all).is_feasible());
    let other = ("lecture", "01", 0, "11", "2", LECTURE.5);
    assert_eq!(points("", &[other, LAB1, LAB2, TALK]).1, [8, 10, 0, 0]);
    assert_eq!(points("", &[LECTURE, LAB1]).2, 2);
}

#[test]
fn rooms_and_limits_and_courses_are_kept_or_counted() {
    let same = ("lab1", "10", 2, "10", "1", LAB1.5);
    assert_eq!(points("", &[LECTURE, same, LAB2, TALK]).0, [0, 1, 0, 0, 0]);
    let closed = ("lecture", "01", 0, "11", "1", LECTURE.5);
    assert_eq!(points("", &[closed, LAB1, LAB2, TALK]).0, [0, 0, 1, 0, 0]);
    // Two in a lab for one, so none in the other.
    let full: Told<'_> = ("lab1", "10", 4, "11", "1", &["s1", "s2"]);
    let empty: Told<'_> = ("lab2", "11", 10, "01", "2", &[]);
    assert_eq!(points("", &[LECTURE, full, empty, TALK]).0, [0, 0, 0, 1, 0]);
    // The second student is in no lab; then in a class that is none of theirs.
    let none: Told<'_> = ("lab1", "10", 4, "11", "1", &[]);
    assert_eq!(points("", &[LECTURE, none, LAB2, TALK]).0, [0, 0, 0, 0, 1]);
    let stranger: Told<'_> = ("talk", "10", 6, "11", "", &["s1", "s2"]);
    assert_eq!(points("", &[LECTURE, LAB1, LAB2, stranger]).0, [0, 0, 0, 0, 1]);
    // A lab below a lecture that is not attended; and the lecture is missing.
    let lecture: Told<'_> = ("lecture", "10", 0, "11", "1", &["s1"]);
    assert_eq!(points("", &[lecture, LAB1, LAB2, TALK]).0, [0, 0, 0, 0, 1]);
}

#[test]
fn a_student_cannot_be_in_two_classes_at_once_or_too_far_away() {
    // The talk begins before the lab of the first student ends.
    let lab: Told<'_> = ("lab1", "10", 4, "11", "1", &["s1"]);
    let other: Told<'_> = ("lab2", "11", 10, "01", "2", &["s2"]);
    assert_eq!(points("", &[LECTURE, lab, other, TALK]).1[3], 4);
    // Three slots from the second room to the first, and none between lecture and lab.
    let away = ("lecture", "10", 0, "11", "2", LECTURE.5);
    assert_eq!(points("", &[away, LAB1, LAB2, TALK]).1[3], 4);
}

/// What a rule between all four classes counts, where each breach costs one.
fn breaches(kind: &str) -> u64 {
    let ids = ["lecture", "lab1", "lab2", "talk"];
    let classes: Vec<String> = ids.iter().map(|id| format!(r#"<class id="{id}"/>"#)).collect();
    let classes = classes.concat();
    let rule = |more: &str| format!(r#"<distribution type="{kind}" {more}>{classes}</distribution>"#);
    let all = [LECTURE, LAB1, LAB2, TALK];
    let soft = points(&rule(r#"penalty="1""#), &all).1[2] / 3;
    let hard = points(&rule(r#"required="true""#), &all).0[0];
    // What is told of each day costs the mean of the two weeks.
    assert!(soft == hard || soft == hard / 2, "{kind}: {soft} and {hard}");
    soft
}

#[test]
fn each_of_the_nineteen_rules_counts_what_breaks_it() {
    // Day 1: lecture 0 to 4, lab1 4 to 8 (room 1), talk 6 to 8; and in the second week lab2 10 to 16 in room 2,
    // on both days.
    for (kind, expected) in [
        ("SameStart", 6),
        // The talk is within the lab.
        ("SameTime", 5),
        ("DifferentTime", 1),
        // All days of the others are days of lab2.
        ("SameDays", 0),
        ("DifferentDays", 6),
        ("SameWeeks", 0),
        ("DifferentWeeks", 6),
        ("Overlap", 5),
        ("NotOverlap", 1),
        // Lecture and lab1 alone have one room.
        ("SameRoom", 5),
        ("DifferentRoom", 1),
        // From room 1 to room 2 there is time enough for the lecture, and two slots for lab1.
        ("SameAttendees", 2),
        // The talk begins before lab1 ends, and comes a week before lab2, behind which it stands.
        ("Precedence", 2),
        ("WorkDay(8)", 3),
        ("WorkDay(16)", 0),
        ("MinGap(2)", 2),
        ("MaxDays(1)", 1),
        ("MaxDays(2)", 0),
        // 10 slots in the first week, 16 and 6 in the second.
        ("MaxDayLoad(9)", 4),
        ("MaxDayLoad(16)", 0),
        // In the second week there is a break of two slots.
        ("MaxBreaks(0,1)", 0),
        ("MaxBreaks(0,2)", 0),
        // Lecture, lab and talk make a block of eight in both weeks.
        ("MaxBlock(7,1)", 1),
        ("MaxBlock(8,1)", 0),
        ("MaxBlock(8,2)", 0),
    ] {
        assert_eq!(breaches(kind), expected, "{kind}");
    }
}

#[test]
fn what_is_broken_on_one_day_of_many_is_broken() {
    let rule = r#"<distribution type="MaxBreaks(0,1)" required="true"><class id="lab1"/><class id="lab2"/></distribution>"#;
    let score = score(rule, &[LECTURE, LAB1, LAB2, TALK]);
    assert_eq!(score.hard[0].points, 1);
    assert!(!score.is_feasible());
}

#[test]
fn what_is_no_problem_or_no_solution_of_it_is_told_of_with_its_line() {
    let whole = problem("");
    let line = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        Problem::read(&whole.replacen(from, to, 1)).expect_err("no problem").line
    };
    assert_eq!(line("<problem", "<solution"), whole.lines().count());
    assert_eq!(line("nrWeeks=\"2\"", "nrWeeks=\"0\""), 2);
    assert_eq!(line("<optimization", "<optimisation"), 2);
    assert_eq!(line("days=\"01\"", "days=\"2\""), 5);
    assert_eq!(line("<room id=\"2\" capacity", "<room id=\"1\" capacity"), 6);
    assert_eq!(line("penalty=\"5\"", "penalty=\"-5\""), 11);
    assert_eq!(line("id=\"lab2\"", "id=\"lab1\""), 17);
    assert_eq!(line("<course id=\"c2\"/>", "<course id=\"c3\"/>"), 26);
    assert_eq!(line("</problem>", ""), whole.lines().count());
    let kind = problem(r#"<distribution type="Nearby" penalty="1"/>"#);
    assert_eq!(Problem::read(&kind).expect_err("no rule").line, 25);

    let problem = Problem::read(&whole).expect("a problem");
    for (told, line) in [
        (("seminar", "10", 0, "11", "1", LAB1.5), 2),
        (("lecture", "10", 1, "11", "1", LAB1.5), 2),
        (("lecture", "10", 0, "11", "3", LAB1.5), 2),
        (("lecture", "10", 0, "11", "", LAB1.5), 2),
        (("talk", "10", 6, "11", "1", LAB1.5), 2),
    ] {
        assert_eq!(problem.score(&solution(&[told])).expect_err("no solution").line, line, "{told:?}");
    }
    assert_eq!(problem.score(&solution(&[LECTURE, LECTURE])).expect_err("twice").line, 3);
    assert_eq!(problem.score("<solution><class").expect_err("cut off").line, 1);
    let deep = "<a>".repeat(100_000);
    assert_eq!(Problem::read(&deep).expect_err("too deep").line, 1);
}

proptest! {
    #[test]
    fn nothing_that_is_sent_breaks_the_reader(cut in 0_usize..1_000, text in "[a-z0-9<>/\"= -]{0,30}") {
        let whole = problem("");
        let torn = format!("{}{text}{}", &whole[..cut], &whole[cut..]);
        let _ = Problem::read(&torn);
        let _ = Problem::read(&whole).expect("a problem").score(&torn);
    }
}
