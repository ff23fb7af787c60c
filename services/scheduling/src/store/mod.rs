//! The tables of scheduling, and every query on them.

pub(crate) mod calendars;
pub(crate) mod feeds;
pub(crate) mod migrations;
pub(crate) mod offerings;
pub(crate) mod outcomes;
pub(crate) mod plans;
pub(crate) mod promises;
pub(crate) mod requests;
pub(crate) mod solves;
pub(crate) mod timetables;

use jiff::civil::Date;
use trellis_kernel::{Failure, Reason, Result};
use trellis_store::instant;

use crate::domain::Stamps;

/// The stamps of a row, from its three columns.
fn stamps(create_time: i64, update_time: i64, version: i64) -> Result<Stamps> {
    Ok(Stamps { created: instant(create_time)?, updated: instant(update_time)?, version })
}

/// A civil date, from its column.
fn civil(text: &str) -> Result<Date> {
    text.parse().map_err(Failure::internal)
}

/// A number that a column keeps in a wider or signed type.
fn narrow<T: TryFrom<i32>>(number: i32) -> Result<T> {
    T::try_from(number).map_err(|_| Failure::internal("a column holds a number out of its range"))
}

/// A number for a column of 32 bits with a sign.
fn wide(number: u32) -> Result<i32> {
    i32::try_from(number).map_err(Failure::internal)
}

/// Refuses when a change touched no row: another change came first.
fn changed(rows: u64) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(overtaken()) }
}

/// A row of ours that is there already means that another change came first, too.
fn inserted(done: Result<()>) -> Result<()> {
    done.map_err(|failure| if failure.reason() == Reason::ResourceExists { overtaken() } else { failure })
}

fn overtaken() -> Failure {
    Failure::aborted(
        Reason::EtagMismatch,
        "The resource was changed meanwhile: read it again, then repeat the change.",
    )
}
