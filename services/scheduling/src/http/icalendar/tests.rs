//! The calendar as others read it: by an independent parser, and to the letter.

use std::collections::BTreeSet;

use icalendar::Component as _;
use icalendar::parser::{Component, read_calendar, unfold};
use jiff::civil::{date, time};
use jiff::tz;
use trellis_kernel::Uuid;

use super::*;
use crate::domain::calendar::Zone;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn engagement(title: &str, zone: &str, days: &[i32], first: Date, skipped: &[Date]) -> Engagement {
    Engagement {
        uid: Uuid::from_u128(7),
        title: title.to_owned(),
        timetable: "Flex, autumn".to_owned(),
        zone: Zone::parse(zone).expect("a zone"),
        series: Series {
            first,
            last: date(2026, 12, 18),
            days: days.iter().map(|day| Day::from_iso(*day).expect("a day")).collect(),
            start: time(9, 0, 0, 0),
            end: time(10, 30, 0, 0),
            skipped: skipped.to_vec(),
        },
        published: at("2026-08-20T12:00:00.5Z"),
    }
}

fn autumn() -> Engagement {
    let skipped = [date(2026, 11, 11), date(2026, 11, 25)];
    engagement("Bridges; beams, and \\ \"loads\"", "America/Chicago", &[1, 3], date(2026, 9, 2), &skipped)
}

fn property<'a>(component: &'a Component<'_>, name: &str) -> &'a str {
    let found = component.properties.iter().find(|property| property.name.as_ref() == name);
    found.unwrap_or_else(|| panic!("no {name}")).val.as_str()
}

/// What a program makes of the text: the moments at which the one event of it begins.
fn beginnings(text: &str) -> BTreeSet<Timestamp> {
    let unfolded = unfold(text);
    let calendar = read_calendar(&unfolded).expect("an iCalendar");
    let events: Vec<_> = calendar.components.iter().filter(|c| c.name.as_ref() == "VEVENT").collect();
    let [event] = events[..] else { panic!("{} events", events.len()) };
    let zone = calendar.components.iter().find(|c| c.name.as_ref() == "VTIMEZONE").expect("a zone");
    let rule: std::collections::BTreeMap<&str, &str> =
        property(event, "RRULE").split(';').filter_map(|part| part.split_once('=')).collect();
    assert_eq!(rule["FREQ"], "WEEKLY");
    let until = DateTime::strptime("%Y%m%dT%H%M%SZ", rule["UNTIL"]).expect("UTC");
    let until = tz::Offset::UTC.to_timestamp(until).expect("a moment");
    let days: Vec<&str> = rule["BYDAY"].split(',').collect();
    let skipped: Vec<DateTime> = event
        .properties
        .iter()
        .filter(|property| property.name.as_ref() == "EXDATE")
        .flat_map(|property| property.val.as_str().split(',').map(civil).collect::<Vec<_>>())
        .collect();
    let mut found = BTreeSet::new();
    let mut local = civil(property(event, "DTSTART"));
    loop {
        let moment = resolve(zone, local);
        if moment > until {
            return found;
        }
        let day = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
            [usize::try_from(Day::of(local.date()).iso() - 1).expect("a day")];
        if days.contains(&day) && !skipped.contains(&local) {
            found.insert(moment);
        }
        local = local.tomorrow().expect("a day");
    }
}

fn civil(text: &str) -> DateTime {
    DateTime::strptime("%Y%m%dT%H%M%S", text).expect("a local time")
}

/// A local time by the rules that the file itself carries, without any other knowledge of zones.
fn resolve(zone: &Component<'_>, local: DateTime) -> Timestamp {
    let begun = zone.components.iter().filter(|rule| civil(property(rule, "DTSTART")) <= local);
    let rule = begun.max_by_key(|rule| civil(property(rule, "DTSTART"))).expect("a rule that has begun");
    let text = property(rule, "TZOFFSETTO");
    let (hours, minutes): (i32, i32) =
        (text[1..3].parse().expect("hours"), text[3..5].parse().expect("minutes"));
    let seconds = (hours * 60 + minutes) * 60 * if text.starts_with('-') { -1 } else { 1 };
    let offset = tz::Offset::from_seconds(seconds).expect("an offset");
    offset.to_timestamp(local).expect("a moment")
}

#[test]
fn a_program_finds_every_meeting_at_its_local_time_on_both_sides_of_a_clock_change() {
    let text = render(&[autumn()]).expect("a calendar");
    let rules = TimeZone::get("America/Chicago").expect("a zone");
    let expected: BTreeSet<Timestamp> = date(2026, 9, 2)
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= date(2026, 12, 18))
        .filter(|day| [1, 3].contains(&Day::of(*day).iso()))
        .filter(|day| ![date(2026, 11, 11), date(2026, 11, 25)].contains(day))
        .map(|day| rules.to_timestamp(day.at(9, 0, 0, 0)).expect("a moment"))
        .collect();
    assert_eq!(expected.len(), 29);
    assert_eq!(beginnings(&text), expected);
    // 14:00 UTC in summer, 15:00 in winter: the change of 1 November is in the file.
    assert!(expected.contains(&at("2026-10-28T14:00:00Z")) && expected.contains(&at("2026-11-02T15:00:00Z")));
}

#[test]
fn zones_of_every_kind_carry_their_rules() {
    for zone in ["Etc/UTC", "America/Phoenix", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham"] {
        let text = render(&[engagement("x", zone, &[1, 3], date(2026, 9, 2), &[])]).expect("a calendar");
        let rules = TimeZone::get(zone).expect("a zone");
        for beginning in beginnings(&text) {
            let local = rules.to_datetime(beginning);
            assert_eq!(local.time(), time(9, 0, 0, 0), "{zone} {local}");
        }
        assert_eq!(beginnings(&text).len(), 31, "{zone}");
    }
}

#[test]
fn an_independent_parser_reads_the_texts_back() {
    let text = render(&[autumn()]).expect("a calendar");
    let calendar: icalendar::Calendar = text.parse().expect("an iCalendar");
    let event = calendar.components.iter().find_map(|component| component.as_event()).expect("an event");
    assert_eq!(event.get_summary(), Some("Bridges; beams, and \\ \"loads\""));
    assert_eq!(event.get_description(), Some("Flex, autumn"));
    assert_eq!(event.get_uid(), Some("00000000-0000-0000-0000-000000000007@trellis"));
}

#[test]
fn the_calendar_is_this_to_the_letter() {
    let text = render(&[autumn()]).expect("a calendar");
    assert_eq!(text.replace("\r\n", "\n"), include_str!("autumn.ics"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn long_lines_are_folded_between_characters() {
    let title = "Brücken über die Donau – ".repeat(20);
    let text =
        render(&[engagement(&title, "Europe/Vienna", &[1], date(2026, 9, 7), &[])]).expect("a calendar");
    assert!(text.split("\r\n").all(|line| line.len() <= WIDTH));
    assert!(unfold(&text).contains(title.trim_end()));
}

#[test]
fn an_empty_calendar_holds_a_component_and_no_event() {
    let text = render(&[]).expect("a calendar");
    assert!(text.contains("BEGIN:VTIMEZONE") && !text.contains("BEGIN:VEVENT"));
    assert!(read_calendar(&unfold(&text)).is_ok());
}

#[test]
fn a_title_cannot_break_out_of_its_line() {
    let title = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\u{7}";
    let text = render(&[engagement(title, "Etc/UTC", &[1], date(2026, 9, 7), &[])]).expect("a calendar");
    assert_eq!(text.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
    assert!(text.contains("SUMMARY:x\\nEND:VEVENT\\nBEGIN:VEVENT\r\n"));
}
