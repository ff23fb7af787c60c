//! Values of the domain as columns keep them.

use jiff::civil::Date;
use sea_orm::JsonValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use trellis_kernel::{Failure, Result};

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<JsonValue> {
    serde_json::to_value(value).map_err(Failure::internal)
}

pub(super) fn of_json<T: DeserializeOwned>(value: JsonValue) -> Result<T> {
    serde_json::from_value(value).map_err(Failure::internal)
}

pub(super) fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

pub(super) fn of_day(text: &str) -> Result<Date> {
    text.parse().map_err(|error: jiff::Error| Failure::internal(error))
}

pub(super) fn maybe_day(text: Option<&str>) -> Result<Option<Date>> {
    text.map(of_day).transpose()
}
