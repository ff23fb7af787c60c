//! Values of the domain as columns keep them.

use jiff::civil::Date;
use trellis_kernel::{Failure, Result};

pub(super) fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

pub(super) fn of_day(text: &str) -> Result<Date> {
    text.parse().map_err(|error: jiff::Error| Failure::internal(error))
}

pub(super) fn maybe_day(text: Option<&str>) -> Result<Option<Date>> {
    text.map(of_day).transpose()
}
