//! JSON whose keys stay in the order in which they were written.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A value that is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    /// As it came.
    Plain(Value),
    /// An object, its keys in order.
    Object(Vec<(String, Json)>),
    /// An array.
    Array(Vec<Json>),
}

impl Json {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Plain(Value::String(text.into()))
    }

    /// Of an object, only the members whose keys `stays` wants.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&str) -> bool) {
        if let Self::Object(members) = self {
            members.retain(|(key, _)| stays(key));
        }
    }

    /// The values at a path, `licenseURI.title`: of a list those of each of its entries.
    pub(crate) fn values<'j>(&'j self, path: &str, found: &mut Vec<&'j Value>) {
        match self {
            Self::Plain(value) => plain(value, path, found),
            Self::Array(items) => items.iter().for_each(|item| item.values(path, found)),
            Self::Object(members) => {
                let (key, rest) = path.split_once('.').unwrap_or((path, ""));
                let member = members.iter().find(|(own, _)| own == key);
                if let Some((_, member)) = member {
                    member.values(rest, found);
                }
            }
        }
    }
}

fn plain<'j>(value: &'j Value, path: &str, found: &mut Vec<&'j Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| plain(item, path, found)),
        Value::Object(members) if !path.is_empty() => {
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(member) = members.get(key) {
                plain(member, rest, found);
            }
        }
        value if path.is_empty() => found.push(value),
        _ => {}
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values of JSON are always JSON: what fails is the writer.
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}
