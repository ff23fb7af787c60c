//! When sections meet: on some days of some weeks, always in the same slots.

use super::Fault;

/// How many weeks, days of a week and slots of a day there are.
///
/// A day of a week may as well be a day of a rotation, and a slot a block of a bell schedule or five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    weeks: u32,
    days: u32,
    slots: u16,
}

impl Horizon {
    /// # Errors
    ///
    /// When there is no week, day or slot, or more than 64 weeks, 32 days or 10,000 slots.
    pub const fn new(weeks: u32, days: u32, slots: u16) -> Result<Self, Fault> {
        if weeks == 0 || weeks > 64 || days == 0 || days > 32 || slots == 0 || slots > 10_000 {
            return Err(Fault::Horizon);
        }
        Ok(Self { weeks, days, slots })
    }

    /// How many weeks there are.
    pub const fn weeks(self) -> u32 {
        self.weeks
    }

    /// How many days a week has.
    pub const fn days(self) -> u32 {
        self.days
    }

    /// How many slots a day has.
    pub const fn slots(self) -> u16 {
        self.slots
    }

    const fn every_week(self) -> u64 {
        u64::MAX >> (64 - self.weeks)
    }

    const fn every_day(self) -> u32 {
        u32::MAX >> (32 - self.days)
    }

    /// A pattern of weeks and days, whose lowest bits are the first, from a slot for so many slots.
    ///
    /// # Errors
    ///
    /// When it meets never, or lies outside.
    pub const fn pattern(self, weeks: u64, days: u32, start: u16, length: u16) -> Result<Pattern, Fault> {
        let outside = weeks & !self.every_week() != 0 || days & !self.every_day() != 0;
        let never = weeks == 0 || days == 0 || length == 0;
        match start.checked_add(length) {
            Some(end) if end <= self.slots && !outside && !never => Ok(Pattern { weeks, days, start, end }),
            _ => Err(Fault::Pattern),
        }
    }

    /// A pattern of one day in every week.
    ///
    /// # Errors
    ///
    /// When it lies outside.
    pub const fn weekly(self, day: u32, start: u16, length: u16) -> Result<Pattern, Fault> {
        if day >= self.days {
            return Err(Fault::Pattern);
        }
        self.pattern(self.every_week(), 1 << day, start, length)
    }
}

/// When a section meets. Made by [`Horizon::pattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    weeks: u64,
    days: u32,
    start: u16,
    end: u16,
}

impl Pattern {
    /// The weeks, the first in the lowest bit.
    pub const fn weeks(&self) -> u64 {
        self.weeks
    }

    /// The days, the first in the lowest bit.
    pub const fn days(&self) -> u32 {
        self.days
    }

    /// The first slot.
    pub const fn start(&self) -> u16 {
        self.start
    }

    /// The slot after the last.
    pub const fn end(&self) -> u16 {
        self.end
    }

    /// How many slots a meeting takes.
    pub const fn length(&self) -> u16 {
        self.end - self.start
    }

    /// Whether two have a day of a week in common.
    #[expect(clippy::needless_bitwise_bool, reason = "a jump costs more than the comparison it saves")]
    pub(crate) const fn meets(&self, other: &Self) -> bool {
        (self.weeks & other.weeks != 0) & (self.days & other.days != 0)
    }

    /// Whether two are under way at once.
    #[expect(clippy::needless_bitwise_bool, reason = "a jump costs more than the comparison it saves")]
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.meets(other) & (self.start < other.end) & (other.start < self.end)
    }

    /// Whether so many slots lie between two wherever they are on one day.
    #[expect(clippy::needless_bitwise_bool, reason = "a jump costs more than the comparison it saves")]
    pub(crate) const fn apart(&self, other: &Self, slots: u16) -> bool {
        let (end, others) = (self.end as u32 + slots as u32, other.end as u32 + slots as u32);
        !self.meets(other) | (end <= other.start as u32) | (others <= self.start as u32)
    }

    /// The week and the day of the first meeting.
    pub(crate) const fn first(&self) -> (u32, u32) {
        (self.weeks.trailing_zeros(), self.days.trailing_zeros())
    }

    /// Whether it meets on this day of this week.
    pub(crate) const fn on(&self, week: u32, day: u32) -> bool {
        (self.weeks >> week) & 1 == 1 && (self.days >> day) & 1 == 1
    }
}
