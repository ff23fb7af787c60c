//! The engine and the checker, which share nothing, agree on small problems of every kind.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use trellis_timetable::{Aim, Effort, Round};

use super::*;

struct Chance(Xoshiro256PlusPlus);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.next_u64() % bound as u64).unwrap()
    }

    /// So many zeros and ones, of which one at least is a one.
    fn bits(&mut self, count: usize) -> String {
        let sure = self.below(count);
        (0..count).map(|bit| if bit == sure || self.below(3) == 0 { '1' } else { '0' }).collect()
    }
}

/// What a few epochs find, scored by the checker.
fn agree(text: &str, seed: u64) -> Result<(), TestCaseError> {
    let read = Read::read(text).unwrap();
    let problem = problem(&read).unwrap();
    let round = |aim| Round { aim, planned: 2, done: vec![2] };
    let effort = Effort { rounds: vec![round(Aim::Feasible), round(Aim::Survey), round(Aim::Descent)] };
    let options = Options { seed, budget: Budget::Effort(effort), ..Options::default() };
    let solution = trellis_timetable::solve(&problem, &options, |_| ControlFlow::Continue(())).unwrap();
    let (written, _) = written(&read, "any", &solution, 1);
    let score = read.score(&written).unwrap();
    prop_assert_eq!(score.cost(), solution.cost.soft, "{}\n{}", text, score);
    prop_assert_eq!(score.is_feasible(), solution.cost.hard == 0, "{}\n{}", text, score);
    Ok(())
}

fn enrolment(seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let (events, rooms, students) = (4 + chance.below(10), 1 + chance.below(3), 1 + chance.below(8));
    let mut text = format!("{events} {rooms} 1 {students}\n");
    (0..rooms).for_each(|_| text.push_str("9\n"));
    (0..students * events).for_each(|_| writeln!(text, "{}", u8::from(chance.below(3) == 0)).unwrap());
    (0..rooms).for_each(|room| writeln!(text, "{}", u8::from(room == 0)).unwrap());
    (0..events).for_each(|_| writeln!(text, "{}", u8::from(chance.below(4) == 0)).unwrap());
    (0..events * 45).for_each(|_| writeln!(text, "{}", u8::from(chance.below(3) > 0)).unwrap());
    let mut before = vec![vec![0; 64]; 64];
    if events > 2 && chance.below(2) == 0 {
        (before[0][1], before[1][0]) = (1, -1);
    }
    for row in &before[..events] {
        row[..events].iter().for_each(|order| writeln!(text, "{order}").unwrap());
    }
    text
}

fn curricula(seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let (courses, rooms, closed) = (2 + chance.below(5), 1 + chance.below(3), chance.below(4));
    let mut text = format!(
        "Name: any\nCourses: {courses}\nRooms: {rooms}\nDays: 3\nPeriods_per_day: 4\nCurricula: 2\nConstraints: {closed}\n\nCOURSES:\n"
    );
    for course in 0..courses {
        let (teacher, lectures, days) = (chance.below(3), 1 + chance.below(3), 1 + chance.below(3));
        writeln!(text, "c{course} t{teacher} {lectures} {days} {}", chance.below(40)).unwrap();
    }
    text.push_str("\nROOMS:\n");
    (0..rooms).for_each(|room| writeln!(text, "r{room} {}", 10 + chance.below(20)).unwrap());
    text.push_str("\nCURRICULA:\n");
    (0..2).for_each(|number| writeln!(text, "q{number} 2 c0 c{}", 1 + chance.below(courses - 1)).unwrap());
    text.push_str("\nUNAVAILABILITY_CONSTRAINTS:\n");
    for number in 0..closed {
        writeln!(text, "c{} {} {}", chance.below(courses), number % 3, chance.below(4)).unwrap();
    }
    text.push_str("\nEND.\n");
    text
}

const KINDS: [&str; 19] = [
    "SameStart",
    "SameTime",
    "DifferentTime",
    "SameDays",
    "DifferentDays",
    "SameWeeks",
    "DifferentWeeks",
    "Overlap",
    "NotOverlap",
    "SameRoom",
    "DifferentRoom",
    "SameAttendees",
    "Precedence",
    "WorkDay(6)",
    "MinGap(2)",
    "MaxDays(1)",
    "MaxDayLoad(3)",
    "MaxBreaks(0,1)",
    "MaxBlock(3,1)",
];

fn itc2019(seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let (weeks, days, slots, rooms) = (3, 3, 12, 3);
    let mut text = format!(
        "<problem name=\"any\" nrDays=\"{days}\" nrWeeks=\"{weeks}\" slotsPerDay=\"{slots}\"><optimization time=\"{}\" room=\"{}\" distribution=\"{}\" student=\"{}\"/><rooms>",
        chance.below(4),
        chance.below(4),
        chance.below(4),
        chance.below(4)
    );
    let when = |chance: &mut Chance| {
        let (start, length) = (chance.below(9), 1 + chance.below(3));
        format!(
            "days=\"{}\" weeks=\"{}\" start=\"{start}\" length=\"{length}\"",
            chance.bits(days),
            chance.bits(weeks)
        )
    };
    for room in 0..rooms {
        write!(text, "<room id=\"r{room}\" capacity=\"9\">").unwrap();
        for other in room + 1..rooms {
            write!(text, "<travel room=\"r{other}\" value=\"{}\"/>", chance.below(3)).unwrap();
        }
        if chance.below(3) == 0 {
            write!(text, "<unavailable {}/>", when(&mut chance)).unwrap();
        }
        text.push_str("</room>");
    }
    text.push_str("</rooms><courses>");
    let (courses, mut classes) = (1 + chance.below(3), Vec::new());
    for course in 0..courses {
        write!(text, "<course id=\"o{course}\"><config id=\"g{course}\">").unwrap();
        for part in 0..=chance.below(2) {
            write!(text, "<subpart id=\"s{course}{part}\">").unwrap();
            for number in 0..2 {
                let class = format!("k{course}{part}{number}");
                let parent = if part > 0 { format!(" parent=\"k{course}0{number}\"") } else { String::new() };
                let roomless = chance.below(4) == 0;
                let room = if roomless { " room=\"false\"" } else { "" };
                write!(text, "<class id=\"{class}\" limit=\"{}\"{parent}{room}>", chance.below(4)).unwrap();
                // One room more than any is closed, so that every class can be somewhere.
                for room in (0..=rooms).filter(|_| !roomless) {
                    write!(
                        text,
                        "<room id=\"{}\" penalty=\"{}\"/>",
                        ["r0", "r1", "r2", "open"][room],
                        chance.below(5)
                    )
                    .unwrap();
                }
                let mut told = BTreeSet::new();
                for _ in 0..=chance.below(4) {
                    let time = when(&mut chance);
                    // Two that differ only in length or penalty are one in a solution.
                    if told.insert(time.split(" length").next().unwrap().to_owned()) {
                        write!(text, "<time {time} penalty=\"{}\"/>", chance.below(5)).unwrap();
                    }
                }
                text.push_str("</class>");
                classes.push(class);
            }
            text.push_str("</subpart>");
        }
        text.push_str("</config></course>");
    }
    text = text.replace("</rooms>", "<room id=\"open\" capacity=\"9\"/></rooms>");
    text.push_str("</courses><distributions>");
    for _ in 0..chance.below(8) {
        let kind = KINDS[chance.below(19)];
        let weight = if chance.below(2) == 0 {
            "required=\"true\"".to_owned()
        } else {
            format!("penalty=\"{}\"", 1 + chance.below(5))
        };
        write!(text, "<distribution type=\"{kind}\" {weight}>").unwrap();
        let first = chance.below(classes.len() - 1);
        classes[first..]
            .iter()
            .take(2 + chance.below(3))
            .for_each(|class| write!(text, "<class id=\"{class}\"/>").unwrap());
        text.push_str("</distribution>");
    }
    text.push_str("</distributions><students>");
    for student in 0..chance.below(4) {
        write!(text, "<student id=\"u{student}\">").unwrap();
        (0..courses)
            .filter(|_| chance.below(3) > 0)
            .for_each(|course| write!(text, "<course id=\"o{course}\"/>").unwrap());
        text.push_str("</student>");
    }
    text.push_str("</students></problem>");
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn on_enrolment(seed: u64) {
        agree(&enrolment(seed), seed)?;
    }

    #[test]
    fn on_curricula(seed: u64) {
        agree(&curricula(seed), seed)?;
    }

    #[test]
    fn on_itc2019(seed: u64) {
        agree(&itc2019(seed), seed)?;
    }
}
