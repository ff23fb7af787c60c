//! What students said about courses, made a problem: how fair a plan is to real wishes.

mod answers;
mod courses;

use std::ops::ControlFlow;
use std::path::Path;

use trellis_timetable::{
    Builder, Component, Configuration, Fault, Horizon, Learner, Offering, OfferingId, Options, Plan,
    Priority, Problem, Request, Section, SectionId, Weight, compare,
};

use crate::chance::Chance;
use crate::comparison::{self, DRAWS};
use answers::{Answer, INTERESTED, Survey};
use courses::{Course, DAYS, MINUTES};

/// What a survey is read from.
const FILES: [&str; 3] = ["survey_data.csv", "survey_column_mapping.csv", "anonymized_courses.xlsx"];

/// The years that students may be in, from the first.
const YEARS: [&str; 6] = ["freshmen", "sophomores", "juniors", "seniors", "master's", "doctoral"];

/// Reads a survey from the files in a folder.
pub(crate) fn read(folder: &Path) -> Result<Survey, String> {
    let [answers, questions, courses] = FILES.map(|name| folder.join(name));
    let courses = courses::read(&courses)?;
    answers::read(&answers, &questions, courses)
}

/// A course that an answer asks for, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    course: usize,
    score: u32,
}

/// The courses that an answer asks for, the most wanted first and by lot where it wants them alike. A course is
/// wanted as much as that of its sections that is wanted most.
fn ranked(answer: &Answer, courses: &[Course], chance: &mut Chance) -> Vec<Wish> {
    let score = |course: &Course| {
        let sections = course.sections.iter();
        sections.filter_map(|section| answer.scores.get(&section.number)).max().copied()
    };
    let scores = courses.iter().map(|course| score(course).unwrap_or(0)).enumerate();
    let wanted = scores.filter(|(_, score)| *score >= INTERESTED);
    let mut wishes: Vec<Wish> = wanted.map(|(course, score)| Wish { course, score }).collect();
    chance.shuffle(&mut wishes);
    wishes.sort_by_key(|wish| std::cmp::Reverse(wish.score));
    wishes
}

/// One request for each course that a student wants to have: it names one of those that are wanted most, and then
/// all that are not named first by any.
///
/// An option costs what it lacks of the worth of the first, as a part of what getting nothing costs; a course is
/// worth what its score is above that of no interest. What is not named first costs one at least, so that of
/// equals too that is given which is named first. Each request weighs the same, so that who scores higher gets no
/// more.
fn requests(wishes: &[Wish], wanted: usize, offerings: &[OfferingId]) -> Vec<Request> {
    let nothing = Priority::Requested.unplaced();
    // What is only requested has a price.
    let Weight::Soft(dearest) = nothing else { return Vec::new() };
    let (firsts, others) = wishes.split_at(wanted.min(wishes.len()));
    let worth = |wish: &Wish| wish.score + 1 - INTERESTED;
    let request = |first: &Wish| {
        let lacks = |wish: &Wish| (dearest * (worth(first) - worth(wish)) / worth(first)).max(1);
        let others = others.iter().map(|wish| (offerings[wish.course], lacks(wish)));
        Request {
            options: std::iter::once((offerings[first.course], 0)).chain(others).collect(),
            unplaced: nothing,
        }
    };
    firsts.iter().map(request).collect()
}

/// The problem: every section at its time with so many hundredths of its seats, rounded up, and a learner for each
/// answer. Ties are broken by the seed.
fn problem(survey: &Survey, seats: u32, seed: u64) -> Result<Problem, Fault> {
    let horizon = Horizon::new(1, DAYS, MINUTES)?;
    let mut builder = Builder::new(horizon);
    let mut offerings = Vec::new();
    for course in &survey.courses {
        let mut sections = Vec::new();
        for section in &course.sections {
            let time = horizon.pattern(1, section.days, section.start, section.length)?;
            let capacity = scaled(section.seats, seats);
            sections.push(builder.section(Section { capacity, ..Section::at([time]) }));
        }
        let components = vec![Component { sections }];
        offerings.push(builder.offering(Offering { configurations: vec![Configuration { components }] }));
    }
    let mut chance = Chance::new(seed);
    for answer in &survey.answers {
        let wishes = ranked(answer, &survey.courses, &mut chance);
        let requests = requests(&wishes, answer.wanted, &offerings);
        builder.learner(Learner { requests, closed: Vec::new(), group: answer.year, spared: 0 });
    }
    builder.build()
}

/// So many hundredths of seats, rounded up.
fn scaled(seats: u32, hundredths: u32) -> u32 {
    (seats * hundredths).div_ceil(100)
}

/// How many seats of a plan are in a section that its learner scored lower than another of the course, and how many
/// of those in one of no interest. Sections of an offering are alike to the engine.
fn in_lesser(survey: &Survey, problem: &Problem, plan: &Plan) -> (usize, usize) {
    // They were added in this order.
    let sections: Vec<(usize, usize)> = survey
        .courses
        .iter()
        .enumerate()
        .flat_map(|(course, of)| of.sections.iter().map(move |section| (course, section.number)))
        .collect();
    let (mut lesser, mut of_no_interest) = (0, 0);
    for (request, seat) in plan.seats.iter().enumerate() {
        let scores = &survey.answers[problem.learner_of(request)].scores;
        for section in seat.iter().flat_map(|seat| &seat.sections).map(|id: &SectionId| id.index()) {
            let (course, number) = sections[section];
            let got = scores.get(&number).copied().unwrap_or(0);
            let others = survey.courses[course].sections.iter();
            let best = others.filter_map(|other| scores.get(&other.number)).max().copied().unwrap_or(0);
            lesser += usize::from(got < best);
            of_no_interest += usize::from(got < INTERESTED);
        }
    }
    (lesser, of_no_interest)
}

/// What a year is called.
fn year(group: u32) -> String {
    let place = usize::try_from(group).ok().and_then(|group| group.checked_sub(1));
    place.and_then(|place| YEARS.get(place)).map_or_else(|| group.to_string(), |name| (*name).to_owned())
}

/// What a run shows.
pub(crate) fn show(survey: &Survey, seats: u32, options: &Options) -> Result<(), String> {
    print!("{}", run(survey, seats, options).map_err(|fault| format!("what students said: {fault}"))?);
    Ok(())
}

/// The words that a run ends with.
fn run(survey: &Survey, seats: u32, options: &Options) -> Result<String, Fault> {
    let problem = problem(survey, seats, options.seed)?;
    let solution = trellis_timetable::solve(&problem, options, |_| ControlFlow::Continue(()))?;
    let sections = survey.courses.iter().flat_map(|course| &course.sections);
    let all: u64 = sections.map(|section| u64::from(scaled(section.seats, seats))).sum();
    let (lesser, of_no_interest) = in_lesser(survey, &problem, &solution.plan);
    let had = solution.plan.seats.iter().flatten().count();
    let comparison = compare(&problem, &solution.plan, DRAWS, options.seed)?;
    Ok(format!(
        "{} learners, {} requests, {} offerings, {} sections, {all} seats ({seats} %)\n  left out: {} answers without year or number of courses, {} that ask for nothing that is listed, {} sections that are not listed\n  cost {:?}, {} epochs in {:.1} s\n{}  {had} seats are taken, {lesser} of them in a section that was wanted less than another of its course, of which {of_no_interest} not at all\n",
        problem.learners().len(),
        problem.requests(),
        survey.courses.len(),
        problem.sections(),
        survey.silent,
        survey.content,
        survey.unlisted,
        solution.cost,
        solution.effort.epochs(),
        solution.elapsed.as_secs_f64(),
        comparison::lines(&comparison, year)
    ))
}

#[cfg(test)]
mod tests;
