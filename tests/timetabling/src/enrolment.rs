//! Track 2, post-enrolment course timetabling: 45 slots on five days of nine, and students who have chosen
//! their events.
//!
//! Source: the competition's pages on input, output and the problem model,
//! <https://www.eeecs.qub.ac.uk/itc2007/postenrolcourse/course_post_index.htm>.

use crate::score::{Part, Score};
use crate::text::{Fault, Words};

const DAYS: usize = 5;
/// How many slots a day has.
const HOURS: usize = 9;
const SLOTS: usize = DAYS * HOURS;

/// The most events, rooms, features or students that are read.
const MOST: usize = 5_000;
/// The most entries of a table of events that is read.
const LARGEST: usize = 25_000_000;

/// What is to be timetabled.
#[derive(Debug)]
pub struct Problem {
    /// How many students attend each event.
    pub sizes: Vec<u64>,
    /// The events of each student.
    pub chosen: Vec<Vec<usize>>,
    /// Of each event, whether each room is large enough and has what it needs.
    pub suitable: Vec<Vec<bool>>,
    /// Of each event, whether it may take place in each slot.
    pub open: Vec<Vec<bool>>,
    /// Pairs of events of which the first takes place in an earlier slot.
    pub before: Vec<(usize, usize)>,
}

/// The slot and room of an event; none where it has no place.
type Place = Option<(usize, usize)>;

impl Problem {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let mut words = Words::new(text);
        let events = words.count("the number of events", MOST)?;
        let rooms = words.count("the number of rooms", MOST)?;
        let features = words.count("the number of features", MOST)?;
        let students = words.count("the number of students", MOST)?;
        if [events, students].iter().any(|side| side.saturating_mul(events) > LARGEST) {
            return Err(words.fault("there are more events than are read"));
        }
        let mut seats = Vec::with_capacity(rooms);
        for _ in 0..rooms {
            seats.push(words.number("the size of a room", 0, 1_000_000)?);
        }
        let attends = table(&mut words, "whether a student attends an event", students, events)?;
        let has = table(&mut words, "whether a room has a feature", rooms, features)?;
        let needs = table(&mut words, "whether an event needs a feature", events, features)?;
        let open = table(&mut words, "whether an event may take place in a slot", events, SLOTS)?;
        let before = orders(&mut words, events)?;
        words.end()?;
        let chosen: Vec<Vec<usize>> = attends.iter().map(|row| places(row)).collect();
        let mut sizes = vec![0; events];
        for event in chosen.iter().flatten() {
            sizes[*event] += 1;
        }
        let fits = |event: usize, room: usize| {
            i64::try_from(sizes[event]).is_ok_and(|size| size <= seats[room])
                && needs[event].iter().zip(&has[room]).all(|(needs, has)| *has || !needs)
        };
        let suitable = (0..events).map(|event| (0..rooms).map(|room| fits(event, room)).collect()).collect();
        Ok(Self { sizes, chosen, suitable, open, before })
    }

    pub(crate) fn score(&self, solution: &str) -> Result<Score, Fault> {
        let plan = self.plan(solution)?;
        let placed = || plan.iter().enumerate().filter_map(|(event, place)| Some((event, (*place)?)));
        let part = |rule, points| Part { rule, points };
        let hard = vec![
            part("students in two places", self.clashes(&plan)),
            part("rooms with two events", double(placed().map(|(_, place)| place).collect())),
            part(
                "rooms that do not suit",
                count(placed().filter(|(event, (_, room))| !self.suitable[*event][*room])),
            ),
            part(
                "slots that are not open",
                count(placed().filter(|(event, (slot, _))| !self.open[*event][*slot])),
            ),
            part("events in the wrong order", self.disorders(&plan)),
        ];
        let (mut last, mut rows, mut alone) = (0, 0, 0);
        for events in &self.chosen {
            let mut busy = [false; SLOTS];
            for (slot, _) in events.iter().filter_map(|event| plan[*event]) {
                busy[slot] = true;
            }
            for day in busy.chunks(HOURS) {
                last += u64::from(day.last() == Some(&true));
                // Of a row of so many, each beyond the second is one too many.
                rows += count(day.windows(3).filter(|hours| hours.iter().all(|busy| *busy)));
                alone += u64::from(day.iter().filter(|busy| **busy).count() == 1);
            }
        }
        let soft = vec![
            part("last slots of days", last),
            part("more than two in a row", rows),
            part("single events of days", alone),
        ];
        let missing = plan.iter().zip(&self.sizes).filter(|(place, _)| place.is_none()).map(|(_, size)| size);
        Ok(Score { hard, soft, missing: missing.sum() })
    }

    /// Reads where every event is: slot and room, or twice -1.
    fn plan(&self, solution: &str) -> Result<Vec<Place>, Fault> {
        let mut words = Words::new(solution);
        let rooms = self.suitable.first().map_or(0, Vec::len);
        let most = |count: usize| i64::try_from(count).unwrap_or(i64::MAX) - 1;
        let mut plan = Vec::with_capacity(self.sizes.len());
        for _ in &self.sizes {
            let slot = words.number("a slot", -1, most(SLOTS))?;
            let room = words.number("a room", -1, most(rooms))?;
            plan.push(match (usize::try_from(slot), usize::try_from(room)) {
                (Ok(slot), Ok(room)) => Some((slot, room)),
                (Err(_), Err(_)) => None,
                _ => return Err(words.fault("an event has a slot and a room, or neither")),
            });
        }
        words.end()?;
        Ok(plan)
    }

    /// Of each student, how many events of one slot are too many.
    fn clashes(&self, plan: &[Place]) -> u64 {
        let of = |events: &Vec<usize>| {
            double(events.iter().filter_map(|event| plan[*event]).map(|(slot, _)| slot).collect())
        };
        self.chosen.iter().map(of).sum()
    }

    fn disorders(&self, plan: &[Place]) -> u64 {
        let wrong = |(first, second): &&(usize, usize)| match (plan[*first], plan[*second]) {
            (Some((first, _)), Some((second, _))) => first >= second,
            _ => false,
        };
        count(self.before.iter().filter(wrong))
    }
}

/// Reads a table of zeros and ones, row by row.
fn table(words: &mut Words<'_>, what: &str, rows: usize, columns: usize) -> Result<Vec<Vec<bool>>, Fault> {
    let mut table = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut row = Vec::with_capacity(columns);
        for _ in 0..columns {
            row.push(words.count(what, 1)? == 1);
        }
        table.push(row);
    }
    Ok(table)
}

/// Reads what of two events comes first: 1 where that of the row does, -1 where that of the column does.
fn orders(words: &mut Words<'_>, events: usize) -> Result<Vec<(usize, usize)>, Fault> {
    let mut before = Vec::new();
    for row in 0..events {
        for column in 0..events {
            match words.number("which of two events comes first", -1, 1)? {
                1 => before.push((row, column)),
                -1 => before.push((column, row)),
                _ => {}
            }
        }
    }
    before.sort_unstable();
    before.dedup();
    Ok(before)
}

/// The places of a row that hold a one.
fn places(row: &[bool]) -> Vec<usize> {
    row.iter().enumerate().filter(|(_, held)| **held).map(|(place, _)| place).collect()
}

/// How many of these are one too many.
fn double<T: Ord>(mut all: Vec<T>) -> u64 {
    let before = all.len();
    all.sort_unstable();
    all.dedup();
    (before - all.len()) as u64
}

fn count(all: impl Iterator) -> u64 {
    all.count() as u64
}

#[cfg(test)]
mod tests;
