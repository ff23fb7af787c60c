//! What students answered, and which section each question is about.

use std::collections::BTreeMap;
use std::path::Path;

use super::courses::{Course, Courses, SectionName, plain};
use crate::sheet::{Column, Sheet};

/// The least score of interest; what is below is of none.
pub(crate) const INTERESTED: u32 = 2;
/// The greatest score: needed for a degree.
const NEEDED: u32 = 8;
/// How many courses a student may want to have.
const MOST: u32 = 8;
/// The last of the years that students are in.
const LAST_YEAR: u32 = 6;

/// What a student said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The year, from one.
    pub(crate) year: u32,
    /// How many courses the student wants to have.
    pub(crate) wanted: usize,
    /// How the student scored sections, by number. Those that were not asked about are not in it.
    pub(crate) scores: BTreeMap<usize, u32>,
}

/// What students said about courses.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) courses: Vec<Course>,
    /// Of those who ask for something.
    pub(crate) answers: Vec<Answer>,
    /// How many answers name no year or no number of courses.
    pub(crate) silent: usize,
    /// How many ask for no course that is listed.
    pub(crate) content: usize,
    /// About how many sections students were asked that are not listed.
    pub(crate) unlisted: usize,
}

/// Reads answers to questions about sections.
pub(crate) fn read(answers: &Path, questions: &Path, courses: Courses) -> Result<Survey, String> {
    let Courses { courses, numbers } = courses;
    let sheet = Sheet::of_csv(answers)?;
    let (year, wanted) = (sheet.column("1")?, sheet.column("3")?);
    let mut asked: Vec<(Column, usize)> = Vec::new();
    let mut unlisted = 0;
    for (question, section) in about(questions)? {
        let column = sheet.column(&question)?;
        match numbers.get(&section) {
            Some(number) => asked.push((column, *number)),
            None => unlisted += 1,
        }
    }
    let mut survey = Survey { courses, answers: Vec::new(), silent: 0, content: 0, unlisted };
    for row in sheet.rows() {
        let mut scores = BTreeMap::new();
        for (column, number) in &asked {
            scores.extend(row.number(*column, 1, NEEDED)?.map(|score| (*number, score)));
        }
        let (year, wanted) = (row.number(year, 1, LAST_YEAR)?, row.number(wanted, 0, MOST)?);
        let (Some(year), Some(wanted)) = (year, wanted) else {
            survey.silent += 1;
            continue;
        };
        if wanted == 0 || scores.values().all(|score| *score < INTERESTED) {
            survey.content += 1;
        } else {
            survey.answers.push(Answer { year, wanted: wanted as usize, scores });
        }
    }
    Ok(survey)
}

/// The questions that are about a section, each with the course and what the section is called there.
fn about(questions: &Path) -> Result<Vec<(String, SectionName)>, String> {
    let sheet = Sheet::of_bars(questions)?;
    let (question, description) = (sheet.column("question")?, sheet.column("description")?);
    let mut found = Vec::new();
    for row in sheet.rows() {
        let Some((_, text)) = row.text(description).split_once("Course:") else { continue };
        let section = section(text);
        let section = section.ok_or_else(|| row.expected(description, "a section such as DEPT 101-01"))?;
        found.push((row.text(question).to_owned(), section));
    }
    if found.is_empty() {
        return Err(format!("{}: no question is about a course", questions.display()));
    }
    Ok(found)
}

/// The course and section of a text such as `&nbsp;</strong>DEPT 101-01,02 &nbsp; <strong>`: the first where there
/// are several, as in the list, and the first of the course where none is named.
fn section(text: &str) -> Option<SectionName> {
    let (_, text) = text.split_once("</strong>")?;
    let (name, _) = text.split_once('&')?;
    let name = name.split_whitespace().nth(1)?;
    let (course, sections) = name.split_once('-').unwrap_or((name, "1"));
    let section = sections.split(',').next()?;
    Some((course.to_owned(), plain(section)))
}
