//! When offerings meet, as the engine knows it: by weeks, days of the week and minutes.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use trellis_kernel::{Failure, Reason, Result};
use trellis_timetable::{Horizon, Pattern};

use super::super::calendar::{Block, Day, Term};
use super::super::offering::{MOST_TIMES, Offering};

/// The minutes of a day.
const MINUTES: u16 = 24 * 60;
/// The days of the week, and one more for what never meets.
const DAYS: u32 = 8;
/// How many weeks the engine tells apart; of a longer calendar it takes several for one.
const WEEKS: u32 = 64;

/// The weeks of a calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weeks {
    horizon: Horizon,
    /// The day that the first week begins on.
    monday: Date,
    /// How many weeks the engine takes for one.
    folded: u32,
}

impl Weeks {
    /// Those of a calendar.
    pub(crate) fn of(term: &Term) -> Result<Self> {
        let monday = term.first.checked_sub(jiff::Span::new().days(Day::of(term.first).iso() - 1));
        let monday = monday.map_err(Failure::internal)?;
        let count = week(monday, term.last)? + 1;
        let folded = count.div_ceil(WEEKS);
        let horizon = Horizon::new(count.div_ceil(folded), DAYS, MINUTES).map_err(Failure::internal)?;
        Ok(Self { horizon, monday, folded })
    }

    /// Weeks, days and minutes.
    pub(crate) const fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// When an offering meets: on the days that are its own and the calendar's. Nothing when it never does.
    ///
    /// Where these are of more shapes than a place may have, it is taken to meet in all weeks from its first
    /// to its last.
    pub(crate) fn times(&self, term: &Term, offering: &Offering) -> Result<Vec<Pattern>> {
        let mut exact: BTreeMap<(u64, u16, u16), u32> = BTreeMap::new();
        for id in &offering.blocks {
            let block = term.block(id);
            let block = block
                .ok_or_else(|| Failure::internal("an offering is in a block that its calendar lacks"))?;
            let (start, length) = minutes(block);
            for (day, weeks) in self.weeks_of(term, block, offering)? {
                *exact.entry((weeks, start, length)).or_default() |= 1 << (day.iso() - 1);
            }
        }
        let mut rough: BTreeMap<(u64, u16, u16), u32> = BTreeMap::new();
        if exact.len() > MOST_TIMES {
            let weeks = exact.keys().fold(0, |all, (weeks, ..)| all | weeks);
            for ((_, start, length), days) in exact {
                *rough.entry((weeks, start, length)).or_default() |= days;
            }
        } else {
            rough = exact;
        }
        if rough.len() > MOST_TIMES {
            let text = "An offering meets at more times of day than a plan can be made of.";
            return Err(Failure::exhausted(Reason::LimitExceeded, text).with("limit", MOST_TIMES));
        }
        let pattern = |((weeks, start, length), days)| self.horizon.pattern(weeks, days, start, length);
        rough.into_iter().map(pattern).collect::<Result<_, _>>().map_err(Failure::internal)
    }

    /// On which days of the week, and in which weeks, a block of an offering really is.
    fn weeks_of(&self, term: &Term, block: &Block, offering: &Offering) -> Result<BTreeMap<Day, u64>> {
        let mut weeks: BTreeMap<Day, u64> = BTreeMap::new();
        let particulars = &offering.particulars;
        for date in term.meetings(block, particulars.first, particulars.last) {
            *weeks.entry(Day::of(date)).or_default() |= 1 << (week(self.monday, date)? / self.folded);
        }
        Ok(weeks)
    }

    /// A time that overlaps none at which anything meets.
    pub(crate) fn never(&self) -> Result<Pattern> {
        self.horizon.weekly(DAYS - 1, 0, 1).map_err(Failure::internal)
    }
}

fn week(monday: Date, date: Date) -> Result<u32> {
    let days = monday.until(date).map_err(Failure::internal)?.get_days();
    u32::try_from(days / 7).map_err(Failure::internal)
}

/// When a block begins and how long it is, in minutes: seconds at either end are a minute.
fn minutes(block: &Block) -> (u16, u16) {
    let minute =
        |time: Time| u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs());
    let start = minute(block.start);
    let end = minute(block.end) + u16::from(block.end.second() > 0 || block.end.subsec_nanosecond() > 0);
    (start, end.saturating_sub(start).max(1))
}
