//! Problems of ITC 2019, as the engine takes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use trellis_timetable::{
    Builder, Component, Configuration, Fault, Horizon, Kind, Learner, Offering, OfferingId, Pattern, Problem,
    Request, Section, SectionId, Solution, SpaceId, Weight,
};
use trellis_timetabling::itc2019::{self, Kind as Told, Time};

fn small<T: TryFrom<u64> + Default>(number: impl Into<u64>) -> T {
    T::try_from(number.into()).unwrap_or_default()
}

fn pattern(horizon: Horizon, time: &Time) -> Result<Pattern, Fault> {
    horizon.pattern(time.weeks, small(time.days), small(time.start), small(time.length))
}

/// The problem, whose sections are the classes in the order of their names.
pub(crate) fn problem(read: &itc2019::Problem) -> Result<Problem, Fault> {
    let calendar = &read.calendar;
    let horizon = Horizon::new(calendar.weeks, calendar.days, small(calendar.slots))?;
    let mut builder = Builder::new(horizon);
    let weights = &read.weights;
    builder.weigh_rules(small(weights.distribution));
    builder.clash(Weight::Soft(small(weights.student)));
    let mut rooms: BTreeMap<&str, SpaceId> = BTreeMap::new();
    for (name, room) in &read.rooms {
        let closed = room.closed.iter().map(|time| pattern(horizon, time)).collect::<Result<_, _>>()?;
        rooms.insert(name, builder.space(closed));
    }
    for (name, room) in &read.rooms {
        for (other, slots) in &room.travel {
            if let Some(id) = rooms.get(other.as_str()) {
                builder.travel(rooms[name.as_str()], *id, small(*slots));
            }
        }
    }
    let numbers: BTreeMap<&str, SectionId> = numbered(read, &mut builder, horizon, &rooms)?;
    for rule in &read.rules {
        let weight = rule.penalty.map_or(Weight::Hard, |penalty| Weight::Soft(small(penalty)));
        let sections = rule.classes.iter().map(|class| numbers[class.as_str()]).collect();
        builder.rule(kind(rule.kind), weight, sections);
    }
    let mut courses: BTreeMap<&str, OfferingId> = BTreeMap::new();
    for (name, configurations) in &read.courses {
        let component = |classes: &Vec<String>| Component {
            sections: classes.iter().map(|class| numbers[class.as_str()]).collect(),
        };
        let configurations = configurations
            .iter()
            .map(|parts| Configuration { components: parts.iter().map(component).collect() })
            .collect();
        courses.insert(name, builder.offering(Offering { configurations }));
    }
    for asked in read.students.values() {
        let request = |course: &String| Request {
            options: vec![(courses[course.as_str()], 0)],
            unplaced: Weight::Hard,
        };
        let requests = asked.iter().map(request).collect();
        builder.learner(Learner { requests, closed: Vec::new(), group: 0, spared: 0 });
    }
    builder.build()
}

/// Adds the classes, whose parents must be known by then.
fn numbered<'r>(
    read: &'r itc2019::Problem,
    builder: &mut Builder,
    horizon: Horizon,
    rooms: &BTreeMap<&str, SpaceId>,
) -> Result<BTreeMap<&'r str, SectionId>, Fault> {
    let mut numbers: BTreeMap<&str, SectionId> = BTreeMap::new();
    let weights = &read.weights;
    let names: Vec<&str> = read.classes.keys().map(String::as_str).collect();
    for class in read.classes.values() {
        let mut times = Vec::new();
        for (time, penalty) in &class.times {
            times.push((pattern(horizon, time)?, small(penalty * weights.time)));
        }
        let spaces = class.rooms.iter().flatten();
        let spaces = spaces.map(|(name, penalty)| (rooms[name.as_str()], small(penalty * weights.room)));
        let section = Section {
            times,
            spaces: spaces.collect(),
            capacity: u32::try_from(class.limit).unwrap_or(u32::MAX),
            ..Section::at([])
        };
        let id = builder.section(section);
        numbers.insert(names[id.index()], id);
    }
    for (name, class) in &read.classes {
        if let Some(parent) = &class.parent {
            builder.parent(numbers[name.as_str()], numbers[parent.as_str()]);
        }
    }
    Ok(numbers)
}

fn kind(told: Told) -> Kind {
    match told {
        Told::SameStart => Kind::SameStart,
        Told::SameTime => Kind::SameTime,
        Told::DifferentTime => Kind::DifferentTime,
        Told::SameDays => Kind::SameDays,
        Told::DifferentDays => Kind::DifferentDays,
        Told::SameWeeks => Kind::SameWeeks,
        Told::DifferentWeeks => Kind::DifferentWeeks,
        Told::Overlap => Kind::Overlap,
        Told::NotOverlap => Kind::NotOverlap,
        Told::SameRoom => Kind::SameRoom,
        Told::DifferentRoom => Kind::DifferentRoom,
        Told::SameAttendees => Kind::SameAttendees,
        Told::Precedence => Kind::Precedence,
        Told::WorkDay(slots) => Kind::WorkDay(small(slots)),
        Told::MinGap(slots) => Kind::MinGap(small(slots)),
        Told::MaxDays(days) => Kind::MaxDays(days),
        Told::MaxDayLoad(slots) => Kind::MaxDayLoad(small(slots)),
        Told::MaxBreaks(breaks, slots) => Kind::MaxBreaks(small(breaks), small(slots)),
        Told::MaxBlock(length, slots) => Kind::MaxBlock(small(length), small(slots)),
    }
}

fn bits(bits: u64, count: u32) -> String {
    (0..count).map(|bit| if bits >> bit & 1 == 1 { '1' } else { '0' }).collect()
}

/// The solution: when and where each class is, and its students.
pub(crate) fn solution(read: &itc2019::Problem, name: &str, solution: &Solution, workers: usize) -> String {
    let plan = &solution.plan;
    let mut students: Vec<Vec<&str>> = vec![Vec::new(); plan.placements.len()];
    let askers = read.students.iter().flat_map(|(name, courses)| courses.iter().map(move |_| name.as_str()));
    for (student, seat) in askers.zip(&plan.seats) {
        for section in seat.iter().flat_map(|seat| &seat.sections) {
            students[section.index()].push(student);
        }
    }
    let rooms: Vec<&String> = read.rooms.keys().collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "<solution name=\"{}\" runtime=\"{}\" cores=\"{workers}\" technique=\"Simulated annealing\" author=\"Trellis\" institution=\"Trellis\" country=\"\">",
        escaped(name),
        solution.elapsed.as_secs()
    );
    for ((class, placement), students) in read.classes.keys().zip(&plan.placements).zip(students) {
        let time = placement.time;
        let days = bits(u64::from(time.days()), read.calendar.days);
        let weeks = bits(time.weeks(), read.calendar.weeks);
        let room = placement
            .space
            .map_or(String::new(), |room| format!(" room=\"{}\"", escaped(rooms[room.index()])));
        let _ = write!(
            text,
            "  <class id=\"{}\" days=\"{days}\" start=\"{}\" weeks=\"{weeks}\"{room}>",
            escaped(class),
            time.start()
        );
        for student in students {
            let _ = write!(text, "<student id=\"{}\"/>", escaped(student));
        }
        text.push_str("</class>\n");
    }
    text.push_str("</solution>\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
