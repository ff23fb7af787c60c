//! iCalendar (RFC 5545), as far as a timetable needs it: one event for each block of each offering,
//! repeated by the week, in the local time of the school, with the zone's own rules beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use trellis_kernel::{Failure, Result};

use crate::domain::calendar::{Day, Series};
use crate::domain::schedule::Engagement;

/// How often a program should look again.
const REFRESH: &str = "PT1H";

/// Writes the calendar.
pub(super) fn render(engagements: &[Engagement]) -> Result<String> {
    let mut lines = Lines::default();
    lines.line("BEGIN", "VCALENDAR");
    lines.line("VERSION", "2.0");
    lines.line("PRODID", "-//Trellis//Scheduling//EN");
    lines.line("CALSCALE", "GREGORIAN");
    lines.line("NAME", "School timetable");
    lines.line("X-WR-CALNAME", "School timetable");
    lines.line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    lines.line("X-PUBLISHED-TTL", REFRESH);
    for (zone, (first, last)) in zones(engagements) {
        self::zone(&mut lines, zone, first, last)?;
    }
    for engagement in engagements {
        event(&mut lines, engagement)?;
    }
    lines.line("END", "VCALENDAR");
    Ok(lines.0)
}

/// The zones in use, each with the days it is used on. A calendar holds at least one component
/// (section 3.6), so an empty one holds the zone that is always the same.
fn zones(engagements: &[Engagement]) -> BTreeMap<&str, (Date, Date)> {
    let mut zones: BTreeMap<&str, (Date, Date)> = BTreeMap::new();
    for Engagement { zone, series, .. } in engagements {
        let (first, last) = zones.entry(zone.name()).or_insert((series.first, series.last));
        *first = (*first).min(series.first);
        *last = (*last).max(series.last);
    }
    if zones.is_empty() {
        let day = Date::constant(2000, 1, 1);
        zones.insert("Etc/UTC", (day, day));
    }
    zones
}

/// The rules of a zone from one day to another: what held on the first, and each change since
/// (section 3.6.5).
fn zone(lines: &mut Lines, name: &str, first: Date, last: Date) -> Result<()> {
    let rules = TimeZone::get(name).map_err(Failure::internal)?;
    let from = moment(&rules, first, Time::midnight())?;
    let until = moment(&rules, last, Time::MAX)?;
    lines.line("BEGIN", "VTIMEZONE");
    lines.line("TZID", name);
    let before = rules.preceding(from).next().map(|change| change.timestamp());
    if let Some(change) = before {
        observance(lines, &rules, change)?;
    } else {
        let (start, offset) = (Date::constant(1970, 1, 1).at(0, 0, 0, 0), rules.to_offset(from));
        steady(lines, start, offset, offset, "STANDARD", name);
    }
    // One that happens at this very moment has not happened before it.
    for change in rules.following(from - SignedDuration::from_nanos(1)) {
        if change.timestamp() > until {
            break;
        }
        observance(lines, &rules, change.timestamp())?;
    }
    lines.line("END", "VTIMEZONE");
    Ok(())
}

fn observance(lines: &mut Lines, rules: &TimeZone, change: Timestamp) -> Result<()> {
    let just_before = change.checked_sub(SignedDuration::from_nanos(1)).map_err(Failure::internal)?;
    let (from, to) = (rules.to_offset(just_before), rules.to_offset_info(change));
    let kind = if to.dst().is_dst() { "DAYLIGHT" } else { "STANDARD" };
    steady(lines, from.to_datetime(change), from, to.offset(), kind, to.abbreviation());
    Ok(())
}

fn steady(lines: &mut Lines, start: DateTime, from: Offset, to: Offset, kind: &str, abbreviation: &str) {
    lines.line("BEGIN", kind);
    lines.line("DTSTART", &local(start));
    lines.line("TZOFFSETFROM", &offset(from));
    lines.line("TZOFFSETTO", &offset(to));
    lines.text("TZNAME", abbreviation);
    lines.line("END", kind);
}

fn event(lines: &mut Lines, engagement: &Engagement) -> Result<()> {
    let Engagement { uid, title, timetable, zone, series, published } = engagement;
    let Series { first, last, days, start, end, skipped } = series;
    let rules = zone.rules()?;
    let tzid = format!(";TZID={}", zone.name());
    let days: Vec<&str> = days.iter().map(|day| weekday(*day)).collect();
    // In UTC, since the start is in a zone (section 3.3.10).
    let until = utc(moment(&rules, *last, Time::constant(23, 59, 59, 0))?);
    lines.line("BEGIN", "VEVENT");
    lines.line("UID", &format!("{uid}@trellis"));
    lines.line("DTSTAMP", &utc(*published));
    lines.line(&format!("DTSTART{tzid}"), &local(first.to_datetime(*start)));
    lines.line(&format!("DTEND{tzid}"), &local(first.to_datetime(*end)));
    lines.line("RRULE", &format!("FREQ=WEEKLY;UNTIL={until};BYDAY={}", days.join(",")));
    if !skipped.is_empty() {
        let skipped: Vec<String> = skipped.iter().map(|day| local(day.to_datetime(*start))).collect();
        lines.line(&format!("EXDATE{tzid}"), &skipped.join(","));
    }
    lines.text("SUMMARY", title);
    lines.text("DESCRIPTION", timetable);
    lines.line("CLASS", "PRIVATE");
    lines.line("END", "VEVENT");
    Ok(())
}

/// A local time as a moment. One that the clocks skip counts as the moment they skip to.
fn moment(rules: &TimeZone, date: Date, time: Time) -> Result<Timestamp> {
    rules.to_timestamp(date.to_datetime(time)).map_err(Failure::internal)
}

fn local(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let mut text = format!("{sign}{hours:02}{minutes:02}");
    if rest != 0 {
        write!(text, "{rest:02}").expect("writing to a string");
    }
    text
}

fn weekday(day: Day) -> &'static str {
    match day.iso() {
        1 => "MO",
        2 => "TU",
        3 => "WE",
        4 => "TH",
        5 => "FR",
        6 => "SA",
        _ => "SU",
    }
}

/// Content lines (section 3.1).
#[derive(Default)]
struct Lines(String);

/// The most octets of a line, without its end.
const WIDTH: usize = 75;

impl Lines {
    /// A line whose value is text: what has a meaning in the format is escaped (section 3.3.11), and
    /// control characters, which it cannot hold, are left out.
    fn text(&mut self, name: &str, text: &str) {
        let mut value = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '\\' | ';' | ',' => value.extend(['\\', character]),
                '\n' => value.push_str("\\n"),
                _ if character.is_control() => {}
                _ => value.push(character),
            }
        }
        self.line(name, &value);
    }

    /// A line, folded where it is too long; never within a character.
    fn line(&mut self, name: &str, value: &str) {
        let mut width = 0;
        for character in name.chars().chain([':']).chain(value.chars()) {
            if width + character.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(character);
            width += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests;
