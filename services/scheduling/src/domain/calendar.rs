//! When a school meets: days, blocks of the week, days without school.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Result, Uuid};

use super::Stamps;

/// The longest time that a calendar may span, in days.
pub(crate) const LONGEST: i32 = 800;

/// A calendar as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Calendar {
    pub(crate) id: Uuid,
    pub(crate) stamps: Stamps,
    /// The organisation whose calendar it is.
    pub(crate) organization: Uuid,
    pub(crate) title: String,
    pub(crate) term: Term,
}

/// What a calendar says, in itself consistent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Term {
    pub(crate) zone: Zone,
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) blocks: Vec<Block>,
    pub(crate) exceptions: Vec<Exception>,
}

/// A zone of the IANA time zone database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone(String);

/// A piece of the school week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block {
    /// What offerings call it.
    pub(crate) id: String,
    pub(crate) title: String,
    /// The days on which it is, each once, in the order of the week.
    pub(crate) days: Vec<Day>,
    pub(crate) start: Time,
    pub(crate) end: Time,
}

/// A day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Day(i8);

/// A day without school.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exception {
    pub(crate) date: Date,
    pub(crate) title: String,
}

/// The meetings of one block: once on each of its days of the week, but for the days without school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// The first day on which it really meets.
    pub(crate) first: Date,
    /// The last day on which it may meet.
    pub(crate) last: Date,
    pub(crate) days: Vec<Day>,
    pub(crate) start: Time,
    pub(crate) end: Time,
    /// The days after the first on which it would meet and does not.
    pub(crate) skipped: Vec<Date>,
}

impl Zone {
    /// Reads the name of a zone.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        TimeZone::get(name)
            .ok()
            .and_then(|zone| zone.iana_name().map(|name| Self(name.to_owned())))
            .ok_or_else(|| {
                Failure::field(
                    "calendar.time_zone",
                    "must be a zone of the IANA time zone database, such as America/Chicago",
                )
            })
    }

    /// Its name in the database.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Its rules.
    pub(crate) fn rules(&self) -> Result<TimeZone> {
        TimeZone::get(&self.0).map_err(Failure::internal)
    }
}

impl Day {
    /// The day with this ISO number.
    pub(crate) fn from_iso(number: i32) -> Option<Self> {
        i8::try_from(number).ok().filter(|n| (1..=7).contains(n)).map(Self)
    }

    /// Its ISO number.
    pub(crate) fn iso(self) -> i32 {
        i32::from(self.0)
    }

    /// The day of the week of a date.
    pub(crate) fn of(date: Date) -> Self {
        Self(Weekday::to_monday_one_offset(date.weekday()))
    }
}

impl Block {
    /// Whether the two ever take place at the same time.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end
            && other.start < self.end
            && self.days.iter().any(|day| other.days.contains(day))
    }
}

impl Term {
    /// Refuses what is not consistent; the paths are those of a request that carries a calendar.
    pub(crate) fn new(
        zone: Zone,
        first: Date,
        last: Date,
        mut blocks: Vec<Block>,
        mut exceptions: Vec<Exception>,
    ) -> Result<Self> {
        if last < first {
            return Err(Failure::field("calendar.last_date", "must not be before first_date"));
        }
        if days_between(first, last)? > LONGEST {
            return Err(Failure::field("calendar.last_date", "must be at most 800 days after first_date"));
        }
        let mut ids = BTreeSet::new();
        for (index, block) in blocks.iter_mut().enumerate() {
            if !ids.insert(block.id.clone()) {
                return Err(Failure::field(
                    format!("calendar.blocks[{index}].id"),
                    "must be unique in its calendar",
                ));
            }
            if block.end <= block.start {
                return Err(Failure::field(
                    format!("calendar.blocks[{index}].end_time"),
                    "must be later than start_time on the same day",
                ));
            }
            block.days.sort_unstable();
            block.days.dedup();
        }
        let mut dates = BTreeSet::new();
        for (index, exception) in exceptions.iter().enumerate() {
            let path = || format!("calendar.exceptions[{index}].date");
            if exception.date < first || last < exception.date {
                return Err(Failure::field(path(), "must lie between first_date and last_date"));
            }
            if !dates.insert(exception.date) {
                return Err(Failure::field(path(), "must be unique in its calendar"));
            }
        }
        exceptions.sort_by_key(|exception| exception.date);
        Ok(Self { zone, first, last, blocks, exceptions })
    }

    /// The block with this id.
    pub(crate) fn block(&self, id: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == id)
    }

    /// The meetings of a block from one day to another, both included; none when it never meets.
    pub(crate) fn series(&self, block: &Block, from: Date, until: Date) -> Option<Series> {
        let closed = self.closed();
        let last = self.last.min(until);
        let mut meetings = self.days_of(block, from, until);
        let first = meetings.find(|date| !closed.contains(date))?;
        let skipped = meetings.filter(|date| closed.contains(date)).collect();
        let Block { days, start, end, .. } = block;
        Some(Series { first, last, days: days.clone(), start: *start, end: *end, skipped })
    }

    /// The days on which a block really is from one day to another, both included.
    pub(crate) fn meetings(&self, block: &Block, from: Date, until: Date) -> impl Iterator<Item = Date> {
        let closed = self.closed();
        self.days_of(block, from, until).filter(move |date| !closed.contains(date))
    }

    fn closed(&self) -> BTreeSet<Date> {
        self.exceptions.iter().map(|exception| exception.date).collect()
    }

    /// The days of a block, with or without school.
    fn days_of(&self, block: &Block, from: Date, until: Date) -> impl Iterator<Item = Date> {
        let (from, last) = (self.first.max(from), self.last.min(until));
        from.series(jiff::Span::new().days(1))
            .take_while(move |date| *date <= last)
            .filter(|date| block.days.contains(&Day::of(*date)))
    }
}

fn days_between(first: Date, last: Date) -> Result<i32> {
    first.until(last).map(|span| span.get_days()).map_err(Failure::internal)
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::{date, time};

    use super::*;

    pub(crate) fn block(id: &str, days: &[i32], start: (i8, i8), end: (i8, i8)) -> Block {
        Block {
            id: id.to_owned(),
            title: id.to_owned(),
            days: days.iter().map(|n| Day::from_iso(*n).expect("a day")).collect(),
            start: time(start.0, start.1, 0, 0),
            end: time(end.0, end.1, 0, 0),
        }
    }

    pub(crate) fn term(blocks: Vec<Block>, closed: &[Date]) -> Result<Term> {
        let exceptions = closed.iter().map(|date| Exception { date: *date, title: String::new() }).collect();
        let zone = Zone::parse("America/Chicago").expect("a zone");
        Term::new(zone, date(2026, 8, 31), date(2026, 12, 18), blocks, exceptions)
    }

    fn path(refused: Result<Term>) -> String {
        refused.expect_err("refused").violations()[0].field.clone()
    }

    #[test]
    fn a_calendar_that_contradicts_itself_is_refused_with_the_path() {
        let a = || block("a", &[1], (9, 0), (10, 0));
        assert_eq!(path(term(vec![a(), a()], &[])), "calendar.blocks[1].id");
        let backwards = block("b", &[1], (10, 0), (10, 0));
        assert_eq!(path(term(vec![a(), backwards], &[])), "calendar.blocks[1].end_time");
        let day = date(2026, 9, 7);
        assert_eq!(path(term(vec![a()], &[day, day])), "calendar.exceptions[1].date");
        assert_eq!(path(term(vec![a()], &[date(2027, 1, 1)])), "calendar.exceptions[0].date");
        let zone = Zone::parse("Europe/Vienna").expect("a zone");
        let (first, last) = (date(2026, 9, 1), date(2026, 8, 31));
        assert_eq!(path(Term::new(zone.clone(), first, last, vec![], vec![])), "calendar.last_date");
        let last = date(2028, 11, 10);
        assert!(Term::new(zone.clone(), first, last, vec![], vec![]).is_err());
        assert!(Term::new(zone, first, date(2028, 11, 9), vec![], vec![]).is_ok());
        assert!(Zone::parse("Europe/Nowhere").is_err());
        assert!(Zone::parse("").is_err());
    }

    #[test]
    fn blocks_overlap_only_on_a_common_day_and_for_at_least_a_minute() {
        let a = block("a", &[1, 3], (9, 0), (10, 0));
        assert!(a.overlaps(&block("b", &[3], (9, 59), (11, 0))));
        assert!(!a.overlaps(&block("b", &[3], (10, 0), (11, 0))));
        assert!(!a.overlaps(&block("b", &[2, 4], (9, 0), (10, 0))));
        assert!(a.overlaps(&a));
    }

    #[test]
    fn a_series_begins_on_the_first_real_meeting_and_names_the_days_it_skips() {
        let a = block("a", &[1, 2], (9, 0), (10, 0));
        let closed = [date(2026, 8, 31), date(2026, 9, 7), date(2026, 9, 9)];
        let term = term(vec![a.clone()], &closed).expect("consistent");
        let series = |from, until| term.series(&a, from, until);
        let all = series(date(2020, 1, 1), date(2030, 1, 1)).expect("it meets");
        assert_eq!((all.first, all.last), (date(2026, 9, 1), date(2026, 12, 18)));
        assert_eq!(all.skipped, [date(2026, 9, 7)]);
        let week = series(date(2026, 9, 7), date(2026, 9, 13)).expect("it meets on the 8th");
        assert_eq!((week.first, week.last), (date(2026, 9, 8), date(2026, 9, 13)));
        assert!(week.skipped.is_empty());
        assert!(series(date(2026, 9, 7), date(2026, 9, 7)).is_none());
        assert!(series(date(2027, 1, 1), date(2027, 6, 1)).is_none());
    }
}
