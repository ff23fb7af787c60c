//! Problems of 2007, track 3, as the engine takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use trellis_timetable::{
    Builder, Cohort, DayShape, Fault, Horizon, Kind, Placement, Problem, Section, SectionId, SpaceId, Weight,
};
use trellis_timetabling::curricula;

/// What a day costs a curriculum: two for each lecture with none before or after it.
fn day(busy: u32) -> u32 {
    (busy & !(busy << 1) & !(busy >> 1)).count_ones() * 2
}

fn small<T: TryFrom<usize> + Default>(number: usize) -> T {
    T::try_from(number).unwrap_or_default()
}

/// The problem, whose sections are the lectures of the courses one after the other.
pub(crate) fn problem(read: &curricula::Problem) -> Result<Problem, Fault> {
    let horizon = Horizon::new(1, small(read.days), small(read.periods))?;
    let mut builder = Builder::new(horizon);
    let rooms: Vec<(SpaceId, u64)> =
        read.rooms.values().map(|seats| (builder.space(Vec::new()), *seats)).collect();
    let mut lectures: Vec<Vec<SectionId>> = Vec::new();
    for (number, course) in read.courses.iter().enumerate() {
        let mut times = Vec::new();
        for day in 0..read.days {
            for period in (0..read.periods).filter(|period| !read.closed.contains(&(number, (day, *period))))
            {
                times.push(horizon.weekly(small(day), small(period), 1)?);
            }
        }
        let missing = |seats: u64| u32::try_from(course.students.saturating_sub(seats)).unwrap_or(u32::MAX);
        let spaces: Vec<_> = rooms.iter().map(|(room, seats)| (*room, missing(*seats))).collect();
        let section = Section { spaces, ..Section::at(times) };
        lectures.push((0..course.lectures).map(|_| builder.section(section.clone())).collect());
    }
    let mut teachers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (number, course) in read.courses.iter().enumerate() {
        teachers.entry(&course.teacher).or_default().insert(number);
    }
    let all = |courses: &BTreeSet<usize>| -> Vec<SectionId> {
        courses.iter().flat_map(|course| lectures[*course].clone()).collect()
    };
    let mut pairs = BTreeSet::new();
    for courses in teachers.values().chain(&read.curricula) {
        let sections = all(courses);
        for (place, one) in sections.iter().enumerate() {
            pairs.extend(sections[place + 1..].iter().map(|other| (*one, *other)));
        }
    }
    for (one, other) in pairs {
        builder.rule(Kind::NotOverlap, Weight::Hard, vec![one, other]);
    }
    for (course, sections) in read.courses.iter().zip(&lectures) {
        builder.rule(Kind::MinDays(small(course.least_days)), Weight::Soft(5), sections.clone());
        builder.rule(Kind::FewSpaces, Weight::Soft(1), sections.clone());
    }
    let shape = builder.shape(DayShape::new(horizon.slots(), day)?);
    for courses in &read.curricula {
        builder.cohort(Cohort { sections: all(courses), shape, weight: 1 });
    }
    builder.build()
}

/// The solution, a line for each lecture: course, room, day and period.
pub(crate) fn solution(read: &curricula::Problem, placed: &[Placement]) -> String {
    let mut names = vec![""; read.courses.len()];
    for (name, number) in &read.named {
        names[*number] = name;
    }
    let rooms: Vec<&String> = read.rooms.keys().collect();
    let lectures =
        read.courses.iter().zip(names).flat_map(|(course, name)| (0..course.lectures).map(move |_| name));
    let mut text = String::new();
    for (name, Placement { time, space, .. }) in lectures.zip(placed) {
        let room = space.map_or("", |room| rooms[room.index()]);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name} {room} {} {}", time.days().trailing_zeros(), time.start());
    }
    text
}
