//! Problems of 2007, track 2, as the engine takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use trellis_timetable::{
    Builder, Cohort, DayShape, Fault, Horizon, Kind, Placement, Problem, Section, SectionId, SpaceId, Weight,
};
use trellis_timetabling::enrolment;

const DAYS: u32 = 5;
const HOURS: u16 = 9;

/// What a day costs a student: one in the last slot, each beyond the second in a row, and one alone.
fn day(busy: u32) -> u32 {
    let last = busy >> (HOURS - 1) & 1;
    let rows = (busy & busy >> 1 & busy >> 2).count_ones();
    last + rows + u32::from(busy.is_power_of_two())
}

/// The problem, whose sections are the events.
pub(crate) fn problem(read: &enrolment::Problem) -> Result<Problem, Fault> {
    let horizon = Horizon::new(1, DAYS, HOURS)?;
    let mut builder = Builder::new(horizon);
    let rooms = read.suitable.first().map_or(0, Vec::len);
    let rooms: Vec<SpaceId> = (0..rooms).map(|_| builder.space(Vec::new())).collect();
    let mut events: Vec<SectionId> = Vec::new();
    for (open, suitable) in read.open.iter().zip(&read.suitable) {
        let mut times = Vec::new();
        for (slot, _) in (0_u16..).zip(open).filter(|(_, open)| **open) {
            times.push(horizon.weekly(u32::from(slot / HOURS), slot % HOURS, 1)?);
        }
        let spaces = rooms.iter().zip(suitable).filter(|(_, suits)| **suits).map(|(room, _)| (*room, 0));
        events.push(builder.section(Section { spaces: spaces.collect(), ..Section::at(times) }));
    }
    let mut groups: BTreeMap<Vec<SectionId>, u32> = BTreeMap::new();
    let mut pairs = BTreeSet::new();
    for chosen in &read.chosen {
        let chosen: Vec<SectionId> = chosen.iter().map(|event| events[*event]).collect();
        for (place, one) in chosen.iter().enumerate() {
            pairs.extend(chosen[place + 1..].iter().map(|other| (*one, *other)));
        }
        *groups.entry(chosen).or_default() += 1;
    }
    for (one, other) in pairs {
        builder.rule(Kind::NotOverlap, Weight::Hard, vec![one, other]);
    }
    for (one, other) in &read.before {
        builder.rule(Kind::Precedence, Weight::Hard, vec![events[*one], events[*other]]);
    }
    let shape = builder.shape(DayShape::new(HOURS, day)?);
    for (sections, weight) in groups {
        builder.cohort(Cohort { sections, shape, weight });
    }
    builder.build()
}

/// The solution, a line for each event: its slot and its room.
pub(crate) fn solution(placed: &[Placement]) -> String {
    let mut text = String::new();
    for Placement { time, space, .. } in placed {
        let slot = time.days().trailing_zeros() * u32::from(HOURS) + u32::from(time.start());
        let room = space.map_or(0, SpaceId::index);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{slot} {room}");
    }
    text
}
