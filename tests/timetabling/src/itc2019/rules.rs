//! Rules between classes: the nineteen kinds of distribution constraint.

use super::times::{Calendar, Time};
use crate::text::Fault;
use crate::xml::Element;

/// A rule between classes.
#[derive(Debug)]
pub struct Rule {
    /// What it asks.
    pub kind: Kind,
    /// What a breach costs; none where there must be none.
    pub penalty: Option<u64>,
    /// The classes, in the order that the rule gives them.
    pub classes: Vec<String>,
}

/// What a rule asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They start in one slot.
    SameStart,
    /// One takes slots within those of the other.
    SameTime,
    /// They take no slot of the day in common.
    DifferentTime,
    /// The days of one are among those of the other.
    SameDays,
    /// They have no day in common.
    DifferentDays,
    /// The weeks of one are among those of the other.
    SameWeeks,
    /// They have no week in common.
    DifferentWeeks,
    /// They are under way at once.
    Overlap,
    /// They are not.
    NotOverlap,
    /// They are in one room.
    SameRoom,
    /// They are not.
    DifferentRoom,
    /// One can attend both.
    SameAttendees,
    /// The first has met before the second does.
    Precedence,
    /// Those of a day lie within so many slots.
    WorkDay(u32),
    /// Those of a day have so many slots between them.
    MinGap(u32),
    /// They take so many days at most.
    MaxDays(u32),
    /// They take so many slots of a day at most.
    MaxDayLoad(u32),
    /// So many breaks, each longer than so many slots.
    MaxBreaks(u32, u32),
    /// Slots of a block, whose classes are no more than so many slots apart.
    MaxBlock(u32, u32),
}

/// Where and when a class of a rule is.
#[derive(Clone, Copy)]
pub(super) struct Placed<'p> {
    pub(super) time: &'p Time,
    pub(super) room: Option<&'p str>,
}

impl Kind {
    fn read(text: &str) -> Option<Self> {
        let (name, numbers) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')')?),
            None => (text, ""),
        };
        let numbers: Vec<u32> = numbers
            .split(',')
            .filter(|n| !n.is_empty())
            .map(|n| n.trim().parse().ok())
            .collect::<Option<_>>()?;
        Some(match (name, &numbers[..]) {
            ("SameStart", []) => Self::SameStart,
            ("SameTime", []) => Self::SameTime,
            ("DifferentTime", []) => Self::DifferentTime,
            ("SameDays", []) => Self::SameDays,
            ("DifferentDays", []) => Self::DifferentDays,
            ("SameWeeks", []) => Self::SameWeeks,
            ("DifferentWeeks", []) => Self::DifferentWeeks,
            ("Overlap", []) => Self::Overlap,
            ("NotOverlap", []) => Self::NotOverlap,
            ("SameRoom", []) => Self::SameRoom,
            ("DifferentRoom", []) => Self::DifferentRoom,
            ("SameAttendees", []) => Self::SameAttendees,
            ("Precedence", []) => Self::Precedence,
            ("WorkDay", [slots]) => Self::WorkDay(*slots),
            ("MinGap", [slots]) => Self::MinGap(*slots),
            ("MaxDays", [days]) => Self::MaxDays(*days),
            ("MaxDayLoad", [slots]) => Self::MaxDayLoad(*slots),
            ("MaxBreaks", [breaks, slots]) => Self::MaxBreaks(*breaks, *slots),
            ("MaxBlock", [length, slots]) => Self::MaxBlock(*length, *slots),
            _ => return None,
        })
    }

    /// Whether two classes, the first standing before the second in the rule, keep it.
    fn keeps(self, one: Placed<'_>, other: Placed<'_>, travel: u32) -> bool {
        let (a, b) = (one.time, other.time);
        let within = |one: u64, other: u64| one | other == one || one | other == other;
        match self {
            Self::SameStart => a.start == b.start,
            Self::SameTime => {
                (a.start <= b.start && b.end() <= a.end()) || (b.start <= a.start && a.end() <= b.end())
            }
            Self::DifferentTime => a.end() <= b.start || b.end() <= a.start,
            Self::SameDays => within(a.days, b.days),
            Self::DifferentDays => a.days & b.days == 0,
            Self::SameWeeks => within(a.weeks, b.weeks),
            Self::DifferentWeeks => a.weeks & b.weeks == 0,
            Self::Overlap => a.overlaps(b),
            Self::NotOverlap => !a.overlaps(b),
            Self::SameRoom => one.room == other.room,
            Self::DifferentRoom => one.room != other.room,
            Self::SameAttendees => a.apart(b, travel),
            Self::Precedence => (a.first(), a.end()) <= (b.first(), b.start),
            Self::WorkDay(slots) => !a.meets(b) || a.end().max(b.end()) - a.start.min(b.start) <= slots,
            Self::MinGap(slots) => a.apart(b, slots),
            Self::MaxDays(_) | Self::MaxDayLoad(_) | Self::MaxBreaks(..) | Self::MaxBlock(..) => true,
        }
    }

    /// How far classes of one day are over what the rule allows.
    fn over(self, day: &[&Time]) -> u64 {
        match self {
            Self::MaxDayLoad(slots) => {
                let load: u32 = day.iter().map(|time| time.length).sum();
                u64::from(load.saturating_sub(slots))
            }
            Self::MaxBreaks(breaks, slots) => {
                let parts = blocks(day, slots).len() as u64;
                parts.saturating_sub(1).saturating_sub(u64::from(breaks))
            }
            Self::MaxBlock(length, slots) => {
                let long = |(count, from, to): &(usize, u32, u32)| *count > 1 && to - from > length;
                blocks(day, slots).iter().filter(|block| long(block)).count() as u64
            }
            _ => 0,
        }
    }
}

/// The blocks of a day, whose classes are no more than so many slots apart: how many classes each has, where
/// it begins and where it ends.
fn blocks(day: &[&Time], slots: u32) -> Vec<(usize, u32, u32)> {
    let mut spans: Vec<(u32, u32)> = day.iter().map(|time| (time.start, time.end())).collect();
    spans.sort_unstable();
    let mut blocks: Vec<(usize, u32, u32)> = Vec::new();
    for (start, end) in spans {
        match blocks.last_mut().filter(|(_, _, to)| to.saturating_add(slots) >= start) {
            Some((count, _, to)) => {
                *count += 1;
                *to = end.max(*to);
            }
            None => blocks.push((1, start, end)),
        }
    }
    blocks
}

impl Rule {
    pub(super) fn read(rule: &Element, is_class: impl Fn(&str) -> bool) -> Result<Self, Fault> {
        let kind =
            Kind::read(rule.text("type")?).ok_or_else(|| rule.fault("there is no rule of this type"))?;
        let mut classes = Vec::new();
        for class in rule.each("class") {
            let id = class.text("id")?;
            if !is_class(id) {
                return Err(class.fault("there is no class of this id"));
            }
            classes.push(id.to_owned());
        }
        let penalty = match rule.maybe("required") {
            Some("true") => None,
            _ => Some(u64::from(rule.number("penalty", super::MOST)?)),
        };
        Ok(Self { kind, penalty, classes })
    }

    /// What breaches cost of which each costs this. Those of single days count by their mean over the weeks.
    pub(super) fn cost(&self, calendar: &Calendar, breaches: u64, penalty: u64) -> u64 {
        match self.kind {
            Kind::MaxDayLoad(_) | Kind::MaxBreaks(..) | Kind::MaxBlock(..) => {
                penalty * breaches / u64::from(calendar.weeks)
            }
            _ => penalty * breaches,
        }
    }

    /// How often the classes that have a place break the rule: pairs of them, or what is over, day by day.
    pub(super) fn breaches(
        &self,
        calendar: &Calendar,
        placed: &[Placed<'_>],
        travel: impl Fn(Option<&str>, Option<&str>) -> u32,
    ) -> u64 {
        match self.kind {
            Kind::MaxDays(days) => {
                let all = placed.iter().fold(0, |all, class| all | class.time.days);
                u64::from(all.count_ones().saturating_sub(days))
            }
            Kind::MaxDayLoad(_) | Kind::MaxBreaks(..) | Kind::MaxBlock(..) => {
                days(calendar).map(|day| self.kind.over(&on(placed, day))).sum()
            }
            kind => {
                let mut pairs = 0;
                for (number, other) in placed.iter().enumerate() {
                    let broken = |one: &&Placed<'_>| !kind.keeps(**one, *other, travel(one.room, other.room));
                    pairs += placed[..number].iter().filter(broken).count() as u64;
                }
                pairs
            }
        }
    }
}

/// Every week and day.
fn days(calendar: &Calendar) -> impl Iterator<Item = (u32, u32)> {
    let days = calendar.days;
    (0..calendar.weeks).flat_map(move |week| (0..days).map(move |day| (week, day)))
}

/// The classes of a day of a week.
fn on<'p>(placed: &[Placed<'p>], (week, day): (u32, u32)) -> Vec<&'p Time> {
    let there = |time: &&Time| (time.weeks >> week) & (time.days >> day) & 1 == 1;
    placed.iter().map(|class| class.time).filter(there).collect()
}
