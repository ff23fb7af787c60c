//! Calendars.

use jiff::civil::{Date, Time};
use trellis_contracts::scheduling as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Failure, Result};

use crate::api::read;
use crate::app::calendars::Draft;
use crate::domain::calendar::{Block, Calendar, Day, Exception, Term, Zone};
use crate::domain::{Stamps, names};

/// What a client says of a new calendar.
pub(crate) fn draft(district: &District, calendar: proto::Calendar) -> Result<Draft> {
    let proto::Calendar {
        name: _,
        uid: _,
        create_time: _,
        update_time: _,
        etag: _,
        organization,
        title,
        time_zone,
        first_date,
        last_date,
        blocks,
        exceptions,
    } = calendar;
    let organization = read::id(district, "calendar.organization", &organization, &["organizations"])?;
    let zone = Zone::parse(&time_zone)?;
    let first = date("calendar.first_date", &first_date)?;
    let last = date("calendar.last_date", &last_date)?;
    let blocks = blocks.into_iter().enumerate().map(|(index, block)| self::block(index, block));
    let exceptions = exceptions.into_iter().enumerate().map(|(index, exception)| {
        let proto::CalendarException { date, title } = exception;
        let date = self::date(format!("calendar.exceptions[{index}].date"), &date)?;
        Ok(Exception { date, title })
    });
    let (blocks, exceptions) = (blocks.collect::<Result<_>>()?, exceptions.collect::<Result<_>>()?);
    Ok(Draft { organization, title, term: Term::new(zone, first, last, blocks, exceptions)? })
}

fn block(index: usize, block: proto::Block) -> Result<Block> {
    let proto::Block { id, title, weekdays, start_time, end_time } = block;
    let path = |field: &str| format!("calendar.blocks[{index}].{field}");
    let days = weekdays.into_iter().map(|number| {
        Day::from_iso(number).ok_or_else(|| Failure::field(path("weekdays"), "must be days of the week"))
    });
    let days = days.collect::<Result<_>>()?;
    let start = time(path("start_time"), &start_time)?;
    Ok(Block { id, title, days, start, end: time(path("end_time"), &end_time)? })
}

fn date(field: impl Into<String>, text: &str) -> Result<Date> {
    text.parse().map_err(|_| Failure::field(field, "must be a day of the calendar, YYYY-MM-DD"))
}

fn time(field: impl Into<String>, text: &str) -> Result<Time> {
    text.parse().map_err(|_| Failure::field(field, "must be a time of day, HH:MM"))
}

/// A calendar as clients see it.
pub(crate) fn message(district: &District, calendar: Calendar) -> proto::Calendar {
    let Calendar { id, stamps, organization, title, term } = calendar;
    let Term { zone, first, last, blocks, exceptions } = term;
    let Stamps { created, updated, version: _ } = stamps;
    proto::Calendar {
        name: names::calendar(district, id).to_string(),
        uid: id.to_string(),
        create_time: Some(timestamp(created)),
        update_time: Some(timestamp(updated)),
        etag: stamps.etag().to_string(),
        organization: names::organization(district, organization).to_string(),
        title,
        time_zone: zone.name().to_owned(),
        first_date: first.to_string(),
        last_date: last.to_string(),
        blocks: blocks.into_iter().map(block_message).collect(),
        exceptions: exceptions
            .into_iter()
            .map(|Exception { date, title }| proto::CalendarException { date: date.to_string(), title })
            .collect(),
    }
}

fn block_message(block: Block) -> proto::Block {
    let Block { id, title, days, start, end } = block;
    proto::Block {
        id,
        title,
        weekdays: days.into_iter().map(Day::iso).collect(),
        start_time: start.strftime("%H:%M").to_string(),
        end_time: end.strftime("%H:%M").to_string(),
    }
}
