//! Track 3, curriculum-based course timetabling: the lectures of courses in periods and rooms, where
//! courses of one curriculum, or of one teacher, exclude each other.
//!
//! Source: L. Di Gaspero, B. `McCollum`, A. Schaerf, *The Second International Timetabling Competition (ITC-2007):
//! Curriculum-based Course Timetabling (Track 3)*, 2007.

use std::collections::{BTreeMap, BTreeSet};

use crate::score::{Part, Score};
use crate::text::{Fault, Words};

/// The most courses, rooms, curricula, days or periods of a day that are read.
const MOST: usize = 5_000;
/// The most conditions that are read.
const MANY: usize = 1_000_000;

/// What a day below the least number of days costs.
const DAY: u64 = 5;
/// What a lecture costs that stands alone in its curriculum.
const ALONE: u64 = 2;

/// What is to be timetabled.
#[derive(Debug)]
pub struct Problem {
    /// How many days there are.
    pub days: usize,
    /// How many periods a day has.
    pub periods: usize,
    /// The courses.
    pub courses: Vec<Course>,
    /// The courses by their names.
    pub named: BTreeMap<String, usize>,
    /// How many seats each room has.
    pub rooms: BTreeMap<String, u64>,
    /// The courses of each curriculum.
    pub curricula: Vec<BTreeSet<usize>>,
    /// Course, day and period in which it may not be.
    pub closed: BTreeSet<(usize, Time)>,
}

/// A course.
#[derive(Debug)]
pub struct Course {
    /// Who gives it.
    pub teacher: String,
    /// How many lectures it has.
    pub lectures: usize,
    /// On how many days they should be at least.
    pub least_days: usize,
    /// How many students it has.
    pub students: u64,
}

/// A day, and a period of it.
pub type Time = (usize, usize);

/// A lecture that has a place.
struct Lecture<'s> {
    course: usize,
    room: &'s str,
    time: Time,
}

impl Problem {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let mut words = Words::new(text);
        expect(&mut words, "Name:")?;
        // A name may have several words or none, and says nothing.
        while words.next("Courses:")? != "Courses:" {}
        let courses = words.count("the number of courses", MOST)?;
        let mut head = |key: &str, most| expect(&mut words, key).and_then(|()| words.count(key, most));
        let rooms = head("Rooms:", MOST)?;
        let days = head("Days:", MOST)?;
        let periods = head("Periods_per_day:", MOST)?;
        let curricula = head("Curricula:", MOST)?;
        let conditions = head("Constraints:", MANY)?;
        if days == 0 || periods == 0 {
            return Err(words.fault("a week has days, and a day has periods"));
        }
        let mut problem = Self {
            days,
            periods,
            courses: Vec::new(),
            named: BTreeMap::new(),
            rooms: BTreeMap::new(),
            curricula: Vec::new(),
            closed: BTreeSet::new(),
        };
        problem.read_courses(&mut words, courses)?;
        problem.read_rooms(&mut words, rooms)?;
        problem.read_curricula(&mut words, curricula)?;
        problem.read_conditions(&mut words, conditions)?;
        expect(&mut words, "END.")?;
        words.end()?;
        Ok(problem)
    }

    fn read_courses(&mut self, words: &mut Words<'_>, count: usize) -> Result<(), Fault> {
        expect(words, "COURSES:")?;
        for number in 0..count {
            let name = words.next("a course")?.to_owned();
            if self.named.insert(name, number).is_some() {
                return Err(words.fault("there is a course of this name already"));
            }
            self.courses.push(Course {
                teacher: words.next("a teacher")?.to_owned(),
                lectures: words.count("the number of lectures", MOST)?,
                least_days: words.count("the least number of days", MOST)?,
                students: words.count("the number of students", MANY)? as u64,
            });
        }
        Ok(())
    }

    fn read_rooms(&mut self, words: &mut Words<'_>, count: usize) -> Result<(), Fault> {
        expect(words, "ROOMS:")?;
        for _ in 0..count {
            let name = words.next("a room")?.to_owned();
            let seats = words.count("the size of a room", MANY)? as u64;
            if self.rooms.insert(name, seats).is_some() {
                return Err(words.fault("there is a room of this name already"));
            }
        }
        Ok(())
    }

    fn read_curricula(&mut self, words: &mut Words<'_>, count: usize) -> Result<(), Fault> {
        expect(words, "CURRICULA:")?;
        for _ in 0..count {
            words.next("a curriculum")?;
            let members = words.count("the number of courses", MOST)?;
            let mut courses = BTreeSet::new();
            for _ in 0..members {
                courses.insert(self.course(words)?);
            }
            self.curricula.push(courses);
        }
        Ok(())
    }

    fn read_conditions(&mut self, words: &mut Words<'_>, count: usize) -> Result<(), Fault> {
        expect(words, "UNAVAILABILITY_CONSTRAINTS:")?;
        for _ in 0..count {
            let course = self.course(words)?;
            let time = self.time(words)?;
            self.closed.insert((course, time));
        }
        Ok(())
    }

    fn course(&self, words: &mut Words<'_>) -> Result<usize, Fault> {
        let name = words.next("a course")?;
        self.named.get(name).copied().ok_or_else(|| words.fault("there is no course of this name"))
    }

    fn time(&self, words: &mut Words<'_>) -> Result<Time, Fault> {
        let day = words.count("a day", self.days - 1)?;
        Ok((day, words.count("a period", self.periods - 1)?))
    }

    pub(crate) fn score(&self, solution: &str) -> Result<Score, Fault> {
        let plan = self.plan(solution)?;
        let part = |rule, points| Part { rule, points };
        let hard = vec![
            part("conflicts", self.conflicts(&plan)),
            part("availability", self.closures(&plan)),
            part("room occupancy", crowds(&plan)),
        ];
        let soft = vec![
            part("room capacity", self.standing(&plan)),
            part("minimum working days", self.days_missing(&plan)),
            part("curriculum compactness", self.lonely(&plan)),
            part("room stability", moves(&plan)),
        ];
        let lectures: usize = self.courses.iter().map(|course| course.lectures).sum();
        Ok(Score { hard, soft, missing: (lectures - plan.len()) as u64 })
    }

    /// Reads where every lecture is, a line for each: course, room, day and period, or the course alone where
    /// it has no place.
    fn plan<'s>(&self, solution: &'s str) -> Result<Vec<Lecture<'s>>, Fault> {
        let mut told = vec![0; self.courses.len()];
        let mut plan = Vec::new();
        for (number, line) in (1..).zip(solution.lines()).filter(|(_, line)| !line.trim().is_empty()) {
            let mut words = Words::at(number, line);
            let course = self.course(&mut words)?;
            told[course] += 1;
            if told[course] > self.courses[course].lectures {
                return Err(words.fault("the course has no more lectures"));
            }
            if words.is_over() {
                continue;
            }
            let room = words.next("a room")?;
            if !self.rooms.contains_key(room) {
                return Err(words.fault("there is no room of this name"));
            }
            let time = self.time(&mut words)?;
            words.end()?;
            plan.push(Lecture { course, room, time });
        }
        Ok(plan)
    }

    /// Pairs of lectures of one time that exclude each other.
    fn conflicts(&self, plan: &[Lecture<'_>]) -> u64 {
        let mut pairs = 0;
        for (number, one) in plan.iter().enumerate() {
            let others = plan[..number].iter().filter(|other| other.time == one.time);
            pairs += others.filter(|other| self.exclude(one.course, other.course)).count() as u64;
        }
        pairs
    }

    fn exclude(&self, one: usize, other: usize) -> bool {
        one == other
            || self.courses[one].teacher == self.courses[other].teacher
            || self.curricula.iter().any(|courses| courses.contains(&one) && courses.contains(&other))
    }

    fn closures(&self, plan: &[Lecture<'_>]) -> u64 {
        plan.iter().filter(|lecture| self.closed.contains(&(lecture.course, lecture.time))).count() as u64
    }

    /// Students without a seat.
    fn standing(&self, plan: &[Lecture<'_>]) -> u64 {
        let of = |lecture: &Lecture<'_>| {
            let seats = self.rooms.get(lecture.room).copied().unwrap_or_default();
            self.courses[lecture.course].students.saturating_sub(seats)
        };
        plan.iter().map(of).sum()
    }

    fn days_missing(&self, plan: &[Lecture<'_>]) -> u64 {
        let mut days = vec![BTreeSet::new(); self.courses.len()];
        for lecture in plan {
            days[lecture.course].insert(lecture.time.0);
        }
        let missing =
            |(course, days): (&Course, &BTreeSet<usize>)| course.least_days.saturating_sub(days.len());
        DAY * self.courses.iter().zip(&days).map(missing).sum::<usize>() as u64
    }

    /// Lectures that no other of their curriculum stands beside, on the same day.
    fn lonely(&self, plan: &[Lecture<'_>]) -> u64 {
        let mut alone = 0;
        for courses in &self.curricula {
            let times: Vec<Time> = plan
                .iter()
                .filter(|lecture| courses.contains(&lecture.course))
                .map(|lecture| lecture.time)
                .collect();
            let taken: BTreeSet<&Time> = times.iter().collect();
            let beside = |(day, period): &Time| {
                period.checked_sub(1).is_some_and(|before| taken.contains(&(*day, before)))
                    || taken.contains(&(*day, period + 1))
            };
            alone += times.iter().filter(|time| !beside(time)).count() as u64;
        }
        ALONE * alone
    }
}

/// Lectures beyond the first in one room at one time.
fn crowds(plan: &[Lecture<'_>]) -> u64 {
    let taken: BTreeSet<(&str, Time)> = plan.iter().map(|lecture| (lecture.room, lecture.time)).collect();
    (plan.len() - taken.len()) as u64
}

/// Rooms of a course beyond its first.
fn moves(plan: &[Lecture<'_>]) -> u64 {
    let rooms: BTreeSet<(usize, &str)> = plan.iter().map(|lecture| (lecture.course, lecture.room)).collect();
    let courses: BTreeSet<usize> = plan.iter().map(|lecture| lecture.course).collect();
    (rooms.len() - courses.len()) as u64
}

fn expect(words: &mut Words<'_>, word: &str) -> Result<(), Fault> {
    if words.next(word)? == word { Ok(()) } else { Err(words.fault(format!("{word} is expected"))) }
}

#[cfg(test)]
mod tests;
