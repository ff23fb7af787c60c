//! When classes take place: on some days of some weeks, always in the same slots.

use crate::text::Fault;
use crate::xml::Element;

/// How many weeks, days and slots there are.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// How many weeks there are.
    pub weeks: u32,
    /// How many days a week has.
    pub days: u32,
    /// How many slots a day has.
    pub slots: u32,
}

/// When a class takes place. The first week and day are the lowest bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// The weeks.
    pub weeks: u64,
    /// The days.
    pub days: u64,
    /// The slot in which it starts.
    pub start: u32,
    /// How many slots it takes.
    pub length: u32,
}

impl Calendar {
    pub(super) fn read(root: &Element) -> Result<Self, Fault> {
        Ok(Self {
            weeks: match root.number("nrWeeks", 64)? {
                0 => return Err(root.fault("nrWeeks must be 1 at least")),
                weeks => weeks,
            },
            days: root.number("nrDays", 64)?,
            slots: root.number("slotsPerDay", 100_000)?,
        })
    }

    /// The time of an element.
    pub(super) fn time(&self, element: &Element) -> Result<Time, Fault> {
        Ok(Time { length: element.number("length", self.slots)?, ..self.beginning(element)? })
    }

    /// The same without its length, which solutions do not tell.
    pub(super) fn beginning(&self, element: &Element) -> Result<Time, Fault> {
        Ok(Time {
            weeks: bits(element, "weeks", self.weeks)?,
            days: bits(element, "days", self.days)?,
            start: element.number("start", self.slots)?,
            length: 0,
        })
    }
}

fn bits(element: &Element, name: &str, count: u32) -> Result<u64, Fault> {
    let text = element.text(name)?;
    if text.len() != count as usize || text.bytes().any(|digit| !matches!(digit, b'0' | b'1')) {
        return Err(element.fault(format!("{name} must be {count} zeros and ones")));
    }
    Ok(text.bytes().rev().fold(0, |bits, digit| (bits << 1) | u64::from(digit == b'1')))
}

impl Time {
    pub(super) const fn end(&self) -> u32 {
        self.start + self.length
    }

    /// Whether two have a day of a week in common.
    pub(super) const fn meets(&self, other: &Self) -> bool {
        self.weeks & other.weeks != 0 && self.days & other.days != 0
    }

    /// Whether two are under way at once.
    pub(super) const fn overlaps(&self, other: &Self) -> bool {
        self.meets(other) && self.start < other.end() && other.start < self.end()
    }

    /// Whether there are so many slots between two wherever they are on one day.
    pub(super) const fn apart(&self, other: &Self, slots: u32) -> bool {
        !self.meets(other) || self.end() + slots <= other.start || other.end() + slots <= self.start
    }

    /// The week and the day of its first meeting.
    pub(super) const fn first(&self) -> (u32, u32) {
        (self.weeks.trailing_zeros(), self.days.trailing_zeros())
    }
}
