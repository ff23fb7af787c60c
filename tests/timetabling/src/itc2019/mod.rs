//! The International Timetabling Competition 2019: classes of courses in times and rooms, rules between
//! them, and students who are put into classes.
//!
//! Source: Müller, Rudová, Müllerová, *University course timetabling and International Timetabling
//! Competition 2019*, PATAT 2018, and the format's page <https://www.itc2019.org/format>.

mod plan;
mod rules;
mod times;

use std::collections::BTreeMap;

pub use self::rules::{Kind, Rule};
pub use self::times::{Calendar, Time};
use crate::score::Score;
use crate::text::Fault;
use crate::xml::Element;

/// The largest number that is read anywhere.
const MOST: u32 = 1_000_000;

/// What is to be timetabled.
#[derive(Debug)]
pub struct Problem {
    /// How many weeks, days and slots there are.
    pub calendar: Calendar,
    /// What a point of each sort counts.
    pub weights: Weights,
    /// The rooms by their names.
    pub rooms: BTreeMap<String, Room>,
    /// The classes by their names.
    pub classes: BTreeMap<String, Class>,
    /// The courses by their names: the subparts of each configuration, each a list of classes.
    pub courses: BTreeMap<String, Vec<Vec<Vec<String>>>>,
    /// The rules between classes.
    pub rules: Vec<Rule>,
    /// The courses of each student.
    pub students: BTreeMap<String, Vec<String>>,
}

/// What a point of each sort counts.
#[derive(Debug)]
pub struct Weights {
    /// Of the times of classes.
    pub time: u64,
    /// Of their rooms.
    pub room: u64,
    /// Of rules between classes.
    pub distribution: u64,
    /// Of students who cannot attend two of their classes.
    pub student: u64,
}

/// A room.
#[derive(Debug)]
pub struct Room {
    /// How long it takes to get to others, in slots; to those that are not named none.
    pub travel: BTreeMap<String, u32>,
    /// When it cannot be used.
    pub closed: Vec<Time>,
}

/// A class.
#[derive(Debug)]
pub struct Class {
    /// How many students it takes.
    pub limit: usize,
    /// The class that its students attend too.
    pub parent: Option<String>,
    /// The rooms that it may be in, with what each costs; none where it needs no room.
    pub rooms: Option<BTreeMap<String, u64>>,
    /// When it may take place, with what that costs.
    pub times: Vec<(Time, u64)>,
}

impl Problem {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let root = Element::read(text)?;
        if root.name != "problem" {
            return Err(root.fault("the element problem is expected"));
        }
        let calendar = Calendar::read(&root)?;
        let weights = root.one("optimization")?;
        let weight = |name| weights.number(name, MOST).map(u64::from);
        let mut problem = Self {
            calendar,
            weights: Weights {
                time: weight("time")?,
                room: weight("room")?,
                distribution: weight("distribution")?,
                student: weight("student")?,
            },
            rooms: BTreeMap::new(),
            classes: BTreeMap::new(),
            courses: BTreeMap::new(),
            rules: Vec::new(),
            students: BTreeMap::new(),
        };
        for room in root.one("rooms")?.each("room") {
            let read = Room {
                travel: room.each("travel").map(read_travel).collect::<Result<_, _>>()?,
                closed: room.each("unavailable").map(|time| calendar.time(time)).collect::<Result<_, _>>()?,
            };
            if problem.rooms.insert(room.text("id")?.to_owned(), read).is_some() {
                return Err(room.fault("there is a room of this id already"));
            }
        }
        for course in root.one("courses")?.each("course") {
            problem.read_course(course)?;
        }
        for rule in root.one("distributions")?.each("distribution") {
            let rule = Rule::read(rule, |class| problem.classes.contains_key(class))?;
            problem.rules.push(rule);
        }
        problem.check_parents(&root)?;
        for student in root.each("students").flat_map(|students| students.each("student")) {
            problem.read_student(student)?;
        }
        Ok(problem)
    }

    fn read_course(&mut self, course: &Element) -> Result<(), Fault> {
        let mut configurations = Vec::new();
        for configuration in course.each("config") {
            let mut subparts = Vec::new();
            for subpart in configuration.each("subpart") {
                let mut classes = Vec::new();
                for class in subpart.each("class") {
                    let id = class.text("id")?.to_owned();
                    let read = self.class(class)?;
                    if self.classes.insert(id.clone(), read).is_some() {
                        return Err(class.fault("there is a class of this id already"));
                    }
                    classes.push(id);
                }
                subparts.push(classes);
            }
            configurations.push(subparts);
        }
        if self.courses.insert(course.text("id")?.to_owned(), configurations).is_some() {
            return Err(course.fault("there is a course of this id already"));
        }
        Ok(())
    }

    fn class(&self, class: &Element) -> Result<Class, Fault> {
        let penalty = |element: &Element| element.number("penalty", MOST).map(u64::from);
        let mut rooms = BTreeMap::new();
        for room in class.each("room") {
            let id = room.text("id")?;
            if !self.rooms.contains_key(id) {
                return Err(room.fault("there is no room of this id"));
            }
            rooms.insert(id.to_owned(), penalty(room)?);
        }
        let time = |time| Ok((self.calendar.time(time)?, penalty(time)?));
        Ok(Class {
            limit: match class.maybe("limit") {
                Some(_) => class.number("limit", MOST)? as usize,
                None => usize::MAX,
            },
            parent: class.maybe("parent").map(str::to_owned),
            rooms: (class.maybe("room") != Some("false")).then_some(rooms),
            times: class.each("time").map(time).collect::<Result<_, _>>()?,
        })
    }

    fn check_parents(&self, root: &Element) -> Result<(), Fault> {
        let mut parents = self.classes.values().filter_map(|class| class.parent.as_ref());
        match parents.find(|parent| !self.classes.contains_key(*parent)) {
            Some(parent) => Err(root.fault(format!("the parent {parent} is no class"))),
            None => Ok(()),
        }
    }

    fn read_student(&mut self, student: &Element) -> Result<(), Fault> {
        let mut courses = Vec::new();
        for course in student.each("course") {
            let id = course.text("id")?;
            if !self.courses.contains_key(id) {
                return Err(course.fault("there is no course of this id"));
            }
            courses.push(id.to_owned());
        }
        if self.students.insert(student.text("id")?.to_owned(), courses).is_some() {
            return Err(student.fault("there is a student of this id already"));
        }
        Ok(())
    }

    /// How long it takes from one room to another; none where there is no room.
    fn travel(&self, from: Option<&str>, to: Option<&str>) -> u32 {
        let (Some(from), Some(to)) = (from, to) else { return 0 };
        let way = |from: &str, to: &str| self.rooms.get(from).and_then(|room| room.travel.get(to)).copied();
        way(from, to).or_else(|| way(to, from)).unwrap_or_default()
    }

    pub(crate) fn score(&self, solution: &str) -> Result<Score, Fault> {
        Ok(plan::Plan::read(self, &Element::read(solution)?)?.score(self))
    }
}

fn read_travel(travel: &Element) -> Result<(String, u32), Fault> {
    Ok((travel.text("room")?.to_owned(), travel.number("value", MOST)?))
}

#[cfg(test)]
mod tests;
