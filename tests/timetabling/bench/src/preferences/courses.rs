//! The courses that are offered, with the times and seats of their sections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::sheet::{Column, Row, Sheet};

/// The days of a week, as the list names them.
const NAMES: [&str; 5] = ["Mon", "Tue", "Wed", "Thu", "Fri"];
/// How many days a week has.
pub(crate) const DAYS: u32 = 5;
/// How many minutes a day has.
pub(crate) const MINUTES: u16 = 24 * 60;
/// How many seats a section may have.
const MOST: u32 = 100_000;

/// A course.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// Its sections, in the order of the list.
    pub(crate) sections: Vec<Listed>,
}

/// A section.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The number by which answers score it: its place in the list.
    pub(crate) number: usize,
    /// The days, the first in the lowest bit.
    pub(crate) days: u32,
    /// The minute of the day at which it begins.
    pub(crate) start: u16,
    /// How many minutes it takes.
    pub(crate) length: u16,
    /// How many it takes.
    pub(crate) seats: u32,
}

/// A course, and what a section is called there, as [`plain`] has it.
pub(crate) type SectionName = (String, String);

/// The courses, and the number of each section by its name.
#[derive(Debug)]
pub(crate) struct Courses {
    pub(crate) courses: Vec<Course>,
    pub(crate) numbers: BTreeMap<SectionName, usize>,
}

/// What a section is called, without the zeros before it: the list and the questions need not agree on them.
pub(crate) fn plain(section: &str) -> String {
    section.trim().trim_start_matches('0').to_owned()
}

/// Reads the list of courses.
pub(crate) fn read(file: &Path) -> Result<Courses, String> {
    let sheet = Sheet::of_workbook(file)?;
    let columns =
        ["Catalog", "Section", "Enrl Capacity", "zc.days", "Mtg Time"].map(|name| sheet.column(name));
    let [catalogue, section, seats, days, time] = columns;
    let (catalogue, section, seats, days, time) = (catalogue?, section?, seats?, days?, time?);
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut courses: Vec<Course> = Vec::new();
    let mut numbers = BTreeMap::new();
    for (number, row) in sheet.rows().enumerate() {
        let (start, length) = time_of(row, time)?;
        let listed = Listed {
            number,
            days: days_of(row, days)?,
            start,
            length,
            seats: row.sure_number(seats, 0, MOST)?,
        };
        let name = row.text(catalogue);
        if name.is_empty() {
            return Err(row.expected(catalogue, "a course"));
        }
        if numbers.insert((name.to_owned(), plain(row.text(section))), number).is_some() {
            return Err(row.expected(section, "a section that the course does not have yet"));
        }
        let place = *places.entry(name.to_owned()).or_insert(courses.len());
        if place == courses.len() {
            courses.push(Course { sections: Vec::new() });
        }
        courses[place].sections.push(listed);
    }
    Ok(Courses { courses, numbers })
}

/// Days such as `Tue Thu`.
fn days_of(row: Row<'_>, column: Column) -> Result<u32, String> {
    let day = |word: &str| NAMES.iter().position(|name| *name == word).map(|day| 1_u32 << day);
    let days: Option<BTreeSet<u32>> = row.text(column).split_whitespace().map(day).collect();
    let days = days.map_or(0, |days| days.into_iter().sum());
    if days == 0 { Err(row.expected(column, "days such as Tue Thu")) } else { Ok(days) }
}

/// A time such as `01:00 PM - 02:15 PM`, as the minute at which it begins and how many it takes.
fn time_of(row: Row<'_>, column: Column) -> Result<(u16, u16), String> {
    let parts = row.text(column).split_once('-');
    let minutes = parts.and_then(|(start, end)| Some((minute(start)?, minute(end)?)));
    match minutes {
        Some((start, end)) if start < end => Ok((start, end - start)),
        _ => Err(row.expected(column, "a time such as 01:00 PM - 02:15 PM")),
    }
}

/// The minute of the day of a time such as `01:00 PM`.
fn minute(text: &str) -> Option<u16> {
    let (clock, half) = text.trim().split_once(' ')?;
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let after_noon = match half.trim() {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    let is_time = (1..=12).contains(&hour) && minute < 60;
    is_time.then_some((hour % 12 + after_noon) * 60 + minute)
}
