//! Rules between sections.
//!
//! Source: Müller, Rudová, Müllerová, *University course timetabling and International Timetabling Competition
//! 2019*, PATAT 2018, whose nineteen kinds of distribution constraint come first; the two after them are of
//! *Curriculum-based Course Timetabling (Track 3)*, International Timetabling Competition 2007.

use super::ids::SectionId;
use super::time::{Horizon, Pattern};

/// What breaking a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It must not happen.
    Hard,
    /// Each breach costs so much.
    Soft(u32),
}

/// A rule between sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it asks.
    pub kind: Kind,
    /// What breaking it means.
    pub weight: Weight,
    /// The sections, in the order that [`Kind::Precedence`] goes by.
    pub sections: Vec<SectionId>,
}

/// What a rule asks of its sections: of any two, up to [`Kind::MinGap`], and of all together after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Any two start in the same slot.
    SameStart,
    /// Of any two, one takes slots within those of the other.
    SameTime,
    /// No two take a slot of the day in common, whatever the day.
    DifferentTime,
    /// Of any two, the days of one are among those of the other.
    SameDays,
    /// No two have a day in common.
    DifferentDays,
    /// Of any two, the weeks of one are among those of the other.
    SameWeeks,
    /// No two have a week in common.
    DifferentWeeks,
    /// Any two are under way at once.
    Overlap,
    /// No two are under way at once.
    NotOverlap,
    /// Any two are in the same space. Those that need none count as being in one.
    SameRoom,
    /// No two are in the same space. Those that need none count as being in one.
    DifferentRoom,
    /// Someone attends any two: they do not overlap, and there is time to get from one to the other.
    SameAttendees,
    /// The first meeting of each has ended before the first meeting of those after it starts.
    Precedence,
    /// Any two on one day lie within so many slots.
    WorkDay(u16),
    /// Any two on one day have so many slots between them.
    MinGap(u16),
    /// All together take so many days of the week at most.
    MaxDays(u32),
    /// All together take so many slots of any day at most.
    MaxDayLoad(u16),
    /// There are so many breaks on any day at most, each longer than so many slots.
    MaxBreaks(u16, u16),
    /// No more than so many slots in a row, where sections are in a row that have no more than so many slots
    /// between them.
    MaxBlock(u16, u16),
    /// All together take so many days of the week at least: each that lacks is a breach.
    MinDays(u32),
    /// All are in one space: each further space is a breach.
    FewSpaces,
}

/// What a day is, for a rule: where sections start and end on it.
type Stretch = (u16, u16);

impl Kind {
    /// Whether it is a matter of any two sections.
    pub const fn is_of_pairs(self) -> bool {
        !matches!(
            self,
            Self::MaxDays(_)
                | Self::MaxDayLoad(_)
                | Self::MaxBreaks(..)
                | Self::MaxBlock(..)
                | Self::MinDays(_)
                | Self::FewSpaces
        )
    }

    /// Whether it counts by single days, so that a soft breach costs its mean over the weeks.
    pub(crate) const fn is_of_days(self) -> bool {
        matches!(self, Self::MaxDayLoad(_) | Self::MaxBreaks(..) | Self::MaxBlock(..))
    }

    /// Whether two sections keep it, of which `a` stands before `b` in the rule.
    #[inline]
    pub(crate) fn keeps(self, a: &Pattern, b: &Pattern, one_space: bool, travel: u16) -> bool {
        match self {
            Self::SameStart => a.start() == b.start(),
            Self::SameTime => {
                (a.start() <= b.start() && b.end() <= a.end())
                    || (b.start() <= a.start() && a.end() <= b.end())
            }
            Self::DifferentTime => a.end() <= b.start() || b.end() <= a.start(),
            Self::SameDays => a.days() | b.days() == a.days() || a.days() | b.days() == b.days(),
            Self::DifferentDays => a.days() & b.days() == 0,
            Self::SameWeeks => a.weeks() | b.weeks() == a.weeks() || a.weeks() | b.weeks() == b.weeks(),
            Self::DifferentWeeks => a.weeks() & b.weeks() == 0,
            Self::Overlap => a.overlaps(b),
            Self::NotOverlap => !a.overlaps(b),
            Self::SameRoom => one_space,
            Self::DifferentRoom => !one_space,
            Self::SameAttendees => a.apart(b, travel),
            Self::Precedence => (a.first(), a.end()) <= (b.first(), b.start()),
            Self::WorkDay(slots) => !a.meets(b) || a.end().max(b.end()) - a.start().min(b.start()) <= slots,
            Self::MinGap(slots) => a.apart(b, slots),
            Self::MaxDays(_)
            | Self::MaxDayLoad(_)
            | Self::MaxBreaks(..)
            | Self::MaxBlock(..)
            | Self::MinDays(_)
            | Self::FewSpaces => true,
        }
    }

    /// How often sections that meet so break it together; `spaces` in how many spaces they are.
    pub(crate) fn breaches(self, horizon: Horizon, placed: &[Pattern], spaces: u32) -> u32 {
        match self {
            Self::MaxDays(days) => days_of(placed).saturating_sub(days),
            Self::MinDays(days) => days.saturating_sub(days_of(placed)),
            Self::FewSpaces => spaces.saturating_sub(1),
            _ => {
                let mut day = Vec::with_capacity(placed.len());
                let mut sum = 0;
                for number in (0..horizon.days()).filter(|day| days_in(placed) >> day & 1 == 1) {
                    for week in 0..horizon.weeks() {
                        day.clear();
                        day.extend(
                            placed.iter().filter(|p| p.on(week, number)).map(|p| (p.start(), p.end())),
                        );
                        sum += self.over(&mut day);
                    }
                }
                sum
            }
        }
    }

    /// How far a day is over what it allows.
    fn over(self, day: &mut [Stretch]) -> u32 {
        match self {
            Self::MaxDayLoad(slots) => {
                let load: u32 = day.iter().map(|(start, end)| u32::from(end - start)).sum();
                load.saturating_sub(u32::from(slots))
            }
            Self::MaxBreaks(breaks, slots) => {
                let mut blocks = 0_u32;
                each_block(day, slots, |_, _, _| blocks += 1);
                blocks.saturating_sub(1).saturating_sub(u32::from(breaks))
            }
            Self::MaxBlock(length, slots) => {
                let mut long = 0;
                each_block(day, slots, |count, from, to| long += u32::from(count > 1 && to - from > length));
                long
            }
            _ => 0,
        }
    }
}

fn days_in(placed: &[Pattern]) -> u32 {
    placed.iter().fold(0, |days, pattern| days | pattern.days())
}

fn days_of(placed: &[Pattern]) -> u32 {
    days_in(placed).count_ones()
}

/// Tells of each block of a day, whose sections are no more than so many slots apart: how many there are, and
/// from where to where it goes.
fn each_block(day: &mut [Stretch], slots: u16, mut tell: impl FnMut(usize, u16, u16)) {
    day.sort_unstable();
    let mut block: Option<(usize, u16, u16)> = None;
    for &(start, end) in &*day {
        block = Some(match block {
            Some((count, from, to)) if start <= to.saturating_add(slots) => (count + 1, from, to.max(end)),
            Some((count, from, to)) => {
                tell(count, from, to);
                (1, start, end)
            }
            None => (1, start, end),
        });
    }
    if let Some((count, from, to)) = block {
        tell(count, from, to);
    }
}
