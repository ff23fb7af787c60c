//! A solution: where and when every class is, and who attends it.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Placed;
use super::times::Time;
use super::{Class, Problem};
use crate::score::{Part, Score};
use crate::text::Fault;
use crate::xml::Element;

/// A solution.
pub(super) struct Plan<'p> {
    /// The classes that have a place.
    placed: BTreeMap<&'p str, Place<'p>>,
    /// The classes of each student.
    attended: BTreeMap<&'p str, Vec<&'p str>>,
}

struct Place<'p> {
    time: &'p Time,
    room: Option<&'p str>,
    /// What time and room cost.
    time_penalty: u64,
    room_penalty: u64,
    students: usize,
}

impl<'p> Plan<'p> {
    pub(super) fn read(problem: &'p Problem, root: &Element) -> Result<Self, Fault> {
        if root.name != "solution" {
            return Err(root.fault("the element solution is expected"));
        }
        let mut plan = Self { placed: BTreeMap::new(), attended: BTreeMap::new() };
        for told in root.each("class") {
            let id = told.text("id")?;
            let (id, class) = problem
                .classes
                .get_key_value(id)
                .ok_or_else(|| told.fault("there is no class of this id"))?;
            let mut place = place(problem, class, told)?;
            for student in told.each("student") {
                let found = problem.students.get_key_value(student.text("id")?);
                let (found, _) = found.ok_or_else(|| student.fault("there is no student of this id"))?;
                plan.attended.entry(found).or_default().push(id);
                place.students += 1;
            }
            if plan.placed.insert(id, place).is_some() {
                return Err(told.fault("the class has a place already"));
            }
        }
        Ok(plan)
    }

    pub(super) fn score(&self, problem: &Problem) -> Score {
        let part = |rule, points| Part { rule, points };
        let (mut broken, mut distribution) = (0, 0);
        for rule in &problem.rules {
            let placed: Vec<Placed<'_>> = rule
                .classes
                .iter()
                .filter_map(|class| self.placed.get(class.as_str()))
                .map(|place| Placed { time: place.time, room: place.room })
                .collect();
            let calendar = &problem.calendar;
            let breaches = rule.breaches(calendar, &placed, |from, to| problem.travel(from, to));
            match rule.penalty {
                None => broken += breaches,
                Some(penalty) => distribution += rule.cost(calendar, breaches, penalty),
            }
        }
        let over = self.placed.iter().map(|(id, place)| {
            place.students.saturating_sub(problem.classes.get(*id).map_or(0, |class| class.limit)) as u64
        });
        let hard = vec![
            part("required distributions", broken),
            part("rooms with two classes", self.crowds()),
            part("rooms that are closed", self.closures(problem)),
            part("students over limits", over.sum()),
            part("students in wrong classes", self.strays(problem)),
        ];
        let sum = |of: fn(&Place<'_>) -> u64| self.placed.values().map(of).sum::<u64>();
        let weights = &problem.weights;
        let soft = vec![
            part("time", weights.time * sum(|place| place.time_penalty)),
            part("room", weights.room * sum(|place| place.room_penalty)),
            part("distribution", weights.distribution * distribution),
            part("student", weights.student * self.conflicts(problem)),
        ];
        Score { hard, soft, missing: (problem.classes.len() - self.placed.len()) as u64 }
    }

    /// Pairs of classes of one room that are under way at once.
    fn crowds(&self) -> u64 {
        let mut rooms: BTreeMap<&str, Vec<&Time>> = BTreeMap::new();
        for place in self.placed.values() {
            if let Some(room) = place.room {
                rooms.entry(room).or_default().push(place.time);
            }
        }
        rooms.values().map(|times| pairs(times, |one, other| one.overlaps(other))).sum()
    }

    fn closures(&self, problem: &Problem) -> u64 {
        let closed = |place: &&Place<'_>| {
            let room = place.room.and_then(|room| problem.rooms.get(room));
            room.is_some_and(|room| room.closed.iter().any(|closed| closed.overlaps(place.time)))
        };
        self.placed.values().filter(closed).count() as u64
    }

    /// Pairs of a student's classes of which both cannot be attended.
    fn conflicts(&self, problem: &Problem) -> u64 {
        let mut conflicts = 0;
        for classes in self.attended.values() {
            let places: Vec<&Place<'_>> = classes.iter().filter_map(|class| self.placed.get(class)).collect();
            conflicts += pairs(&places, |one, other| {
                !one.time.apart(other.time, problem.travel(one.room, other.room))
            });
        }
        conflicts
    }

    /// Students and courses of which a student does not attend just one class of every subpart of one
    /// configuration, with the parents of these; and students in classes that are none of their courses'.
    fn strays(&self, problem: &Problem) -> u64 {
        let mut strays = 0;
        for (student, courses) in &problem.students {
            let attended: BTreeSet<&str> =
                self.attended.get(student.as_str()).into_iter().flatten().copied().collect();
            let mut rest = attended.clone();
            for course in courses {
                let configurations = problem.courses.get(course).map(Vec::as_slice).unwrap_or_default();
                let own: BTreeSet<&str> =
                    configurations.iter().flatten().flatten().map(String::as_str).collect();
                let taken: BTreeSet<&str> = attended.intersection(&own).copied().collect();
                rest = &rest - &own;
                let fits = configurations.iter().any(|subparts| is_whole(problem, subparts, &taken));
                strays += u64::from(!fits);
            }
            strays += rest.len() as u64;
        }
        strays
    }
}

/// Whether these are just one class of every subpart, with their parents.
fn is_whole(problem: &Problem, subparts: &[Vec<String>], taken: &BTreeSet<&str>) -> bool {
    let one =
        |subpart: &Vec<String>| subpart.iter().filter(|class| taken.contains(class.as_str())).count() == 1;
    let parent = |class: &&str| problem.classes.get(*class).and_then(|class| class.parent.as_deref());
    taken.len() == subparts.len()
        && subparts.iter().all(one)
        && taken.iter().filter_map(parent).all(|parent| taken.contains(parent))
}

/// The place of a class, which must be one of those that it may have.
fn place<'p>(problem: &'p Problem, class: &'p Class, told: &Element) -> Result<Place<'p>, Fault> {
    let begins = problem.calendar.beginning(told)?;
    let found = class.times.iter().find(|(time, _)| Time { length: 0, ..*time } == begins);
    let (time, time_penalty) = found.ok_or_else(|| told.fault("the class may not be at this time"))?;
    let (room, room_penalty) = match (&class.rooms, told.maybe("room")) {
        (None, None) => (None, 0),
        (Some(rooms), Some(room)) => {
            let found = rooms.get_key_value(room);
            let (room, penalty) = found.ok_or_else(|| told.fault("the class may not be in this room"))?;
            (Some(room.as_str()), *penalty)
        }
        (None, Some(_)) => return Err(told.fault("the class has no room")),
        (Some(_), None) => return Err(told.fault("the class needs a room")),
    };
    Ok(Place { time, room, time_penalty: *time_penalty, room_penalty, students: 0 })
}

/// How many pairs there are of which this is true.
fn pairs<T>(all: &[T], is: impl Fn(&T, &T) -> bool) -> u64 {
    let before =
        |(number, other): (usize, &T)| all[..number].iter().filter(|one| is(one, other)).count() as u64;
    all.iter().enumerate().map(before).sum()
}
