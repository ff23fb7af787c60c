//! Reading the fields of an entry leniently: what is of the wrong type or too long is left out with
//! an issue, and stays in the entry's source.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use trellis_kernel::{Timestamp, Uuid};

use super::issues::Issues;
use super::kept;
use super::{Digest, Spot};
use crate::domain::decimal::Decimal;
use crate::domain::text::CaseIdentity;
use crate::domain::transfer::Severity;

/// The longest text that a resource holds, in characters.
pub(super) const LONG: usize = 20_000;
/// The longest line.
pub(super) const LINE: usize = 500;

/// An entry whose fields are being read.
pub(super) struct Fields<'e, 'a> {
    pub(super) map: Map<String, Value>,
    issues: &'e mut Issues<'a>,
    pointer: String,
    offset: usize,
}

/// A reference as CASE writes it (`LinkURI`, `LinkGenURI`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LinkUri {
    pub(super) title: String,
    pub(super) identifier: String,
    pub(super) uri: String,
    pub(super) target_type: String,
}

impl<'e, 'a> Fields<'e, 'a> {
    /// Reads an entry; none, with an issue, when it is no object.
    pub(super) fn read(text: &str, section: &str, spot: Spot, issues: &'e mut Issues<'a>) -> Option<Self> {
        Self::open(text, format!("/{section}/{}", spot.index), spot.offset, issues)
    }

    /// Reads an entry that was read before.
    pub(super) fn again(text: &str, issues: &'e mut Issues<'a>) -> Option<Self> {
        Self::open(text, String::new(), 0, issues)
    }

    /// Reads what stands at a pointer; none, with an issue, when it is no object.
    pub(super) fn open(
        text: &str,
        pointer: String,
        offset: usize,
        issues: &'e mut Issues<'a>,
    ) -> Option<Self> {
        let (code, text) = match serde_json::from_str::<Object>(text) {
            Ok(Object { mut map, repeated }) => {
                kept::unpack(&mut map);
                let mut fields = Self { map, issues, pointer, offset };
                if repeated {
                    let text = "A key stands twice in the entry.";
                    let repair = "What stands last is read; the entry's source keeps both.";
                    fields.say("", Severity::Warning, "KEY_REPEATED", text, repair);
                }
                return Some(fields);
            }
            Err(_) if text.starts_with('{') => {
                ("JSON_MALFORMED", "The entry holds a text or a number that no JSON can hold.")
            }
            Err(_) => ("TYPE_WRONG", "An object is expected here."),
        };
        issues.add(offset, pointer, Severity::Error, code, text, "The entry is left out.");
        None
    }

    /// The entries within the entry, such as the criteria of a rubric: each with its place among them. None, with an issue, when the field is no list.
    pub(super) fn parts(&mut self, key: &str) -> Option<Vec<(usize, Map<String, Value>)>> {
        let values = match self.value(key) {
            None => return Some(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(_) => {
                let repair = "Nothing is made of the entry; it is kept as it came.";
                self.say(key, Severity::Warning, "TYPE_WRONG", "A list is expected here.", repair);
                return None;
            }
        };
        let count = values.len();
        let objects = values.into_iter().filter_map(|value| match value {
            Value::Object(map) => Some(map),
            _ => None,
        });
        let parts: Vec<_> = objects.enumerate().collect();
        if parts.len() < count {
            self.ignore(key, "Not every entry of the list is an object.");
        }
        Some(parts)
    }

    /// Reads an entry within this one.
    pub(super) fn within(&mut self, key: &str, index: usize, map: Map<String, Value>) -> Fields<'_, 'a> {
        let pointer = format!("{}/{key}/{index}", self.pointer);
        Fields { map, issues: self.issues, pointer, offset: self.offset }
    }

    /// A digest of what the entry says.
    pub(super) fn digest(&self) -> Digest {
        // Keys in order, so that the order in the document does not matter.
        let ordered: std::collections::BTreeMap<_, _> = self.map.iter().collect();
        Digest::of(&serde_json::to_vec(&ordered).unwrap_or_default())
    }

    /// Says something about a field, or about the entry when the key is empty.
    pub(super) fn say(&mut self, key: &str, severity: Severity, code: &str, text: &str, repair: &str) {
        let pointer = if key.is_empty() { self.pointer.clone() } else { format!("{}/{key}", self.pointer) };
        self.issues.add(self.offset, pointer, severity, code, text, repair);
    }

    /// Refuses the entry.
    pub(super) fn refuse(&mut self, key: &str, code: &str, text: &str) {
        self.say(key, Severity::Error, code, text, "The entry is left out.");
    }

    fn ignore(&mut self, key: &str, text: &str) {
        self.say(
            key,
            Severity::Warning,
            "FIELD_IGNORED",
            text,
            "The field is left out; the entry's source keeps it.",
        );
    }

    /// The value of a field; none when it is absent or null.
    fn value(&self, key: &str) -> Option<Value> {
        self.map.get(key).filter(|value| !value.is_null()).cloned()
    }

    /// Whether a field is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    /// A text; empty when it is absent, of another type or longer than `max` characters.
    pub(super) fn text(&mut self, key: &str, max: usize) -> String {
        match self.value(key) {
            None => String::new(),
            Some(Value::String(text)) if text.chars().count() > max => {
                self.ignore(key, "The text is longer than the field takes.");
                String::new()
            }
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => {
                self.say(
                    key,
                    Severity::Note,
                    "FIELD_CONVERTED",
                    "A text is expected, and a number found.",
                    "It is read as a text.",
                );
                number.to_string()
            }
            Some(_) => {
                self.ignore(key, "A text is expected here.");
                String::new()
            }
        }
    }

    /// A list of short texts; a single text is a list of one.
    pub(super) fn list(&mut self, key: &str, max: usize) -> Vec<String> {
        let values = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(Value::String(text)) => vec![Value::String(text)],
            Some(_) => {
                self.ignore(key, "A list of texts is expected here.");
                return Vec::new();
            }
        };
        let (count, mut texts) = (values.len(), Vec::new());
        for value in values {
            if let Value::String(text) = value
                && !text.is_empty()
                && text.chars().count() <= max
                && texts.len() < 100
            {
                texts.push(text);
            }
        }
        if texts.len() < count {
            self.ignore(key, "Not every entry of the list is a text of a length that the field takes.");
        }
        texts
    }

    /// A whole number from 0.
    pub(super) fn number(&mut self, key: &str) -> Option<i32> {
        let value = self.value(key)?;
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.and_then(|number| i32::try_from(number).ok()).filter(|number| *number >= 0);
        if number.is_none() {
            self.ignore(key, "A whole number from 0 is expected here.");
        }
        number
    }

    /// A number with as many digits as are kept.
    pub(super) fn decimal(&mut self, key: &str) -> Option<Decimal> {
        let value = self.value(key)?;
        let number = match &value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Decimal::parse(&whole.to_string()),
                None => number.as_f64().and_then(|number| Decimal::parse(&number.to_string())),
            },
            Value::String(text) => Decimal::parse(text.trim()),
            _ => None,
        };
        if number.is_none() {
            self.ignore(key, "A number below a thousand million with at most six decimals is expected here.");
        }
        number
    }

    /// A day; of an instant its day.
    pub(super) fn date(&mut self, key: &str) -> Option<Date> {
        let text = self.text(key, LINE);
        if text.is_empty() {
            return None;
        }
        let date = text.parse::<Date>().ok().or_else(|| text.get(..10)?.parse().ok());
        if date.is_none() {
            self.ignore(key, "A day, YYYY-MM-DD, is expected here.");
        }
        date
    }

    /// An instant; one without an offset is in UTC.
    pub(super) fn instant(&mut self, key: &str) -> Option<Timestamp> {
        let text = self.text(key, LINE);
        if text.is_empty() {
            return None;
        }
        let instant = text.parse::<Timestamp>().ok().or_else(|| {
            let local = text.parse::<DateTime>().ok()?;
            TimeZone::UTC.to_timestamp(local).ok()
        });
        if instant.is_none() {
            self.ignore(key, "A date and time is expected here.");
        }
        instant
    }

    /// A language tag.
    pub(super) fn language(&mut self, key: &str) -> String {
        let tag = self.text(key, LINE);
        let mut parts = tag.split('-');
        let first = parts.next().is_some_and(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        let rest = parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if tag.is_empty() || (first && rest && tag.len() <= 35) {
            return tag;
        }
        self.ignore(key, "A language tag (BCP 47) is expected here.");
        String::new()
    }

    /// A reference; a bare text is a URI.
    pub(super) fn link(&mut self, key: &str) -> Option<LinkUri> {
        match self.value(key)? {
            Value::String(uri) => {
                self.say(
                    key,
                    Severity::Note,
                    "LINK_CONVERTED",
                    "A reference is an object with title, identifier and uri.",
                    "The text is read as its uri.",
                );
                Some(LinkUri { uri: limited(&uri, 2000), ..LinkUri::default() })
            }
            Value::Object(map) => {
                let part =
                    |key: &str, max| limited(map.get(key).and_then(Value::as_str).unwrap_or_default(), max);
                Some(LinkUri {
                    title: part("title", 2000),
                    identifier: part("identifier", 512),
                    uri: part("uri", 2000),
                    target_type: part("targetType", 200),
                })
            }
            _ => {
                self.ignore(key, "A reference is expected here.");
                None
            }
        }
    }

    /// The identity of the entry: its GUID, or one made from what it has when it has none. Made so
    /// that the same entry is given the same identity again.
    pub(super) fn identity(&mut self, framework: Uuid, otherwise: impl FnOnce() -> String) -> Uuid {
        let written = self.text("identifier", LINE);
        if let Some(id) = guid(&written) {
            if id.to_string() != written {
                self.say(
                    "identifier",
                    Severity::Note,
                    "IDENTIFIER_RESPELT",
                    "The identifier is a GUID, but not in lower case with hyphens.",
                    "It is read as the same GUID.",
                );
            }
            return id;
        }
        let text = "The entry has no GUID as its identifier.";
        let uri = self.map.get("uri").and_then(Value::as_str).unwrap_or_default();
        if let Some(id) = guid_at_end(uri) {
            self.say(
                "identifier",
                Severity::Warning,
                "IDENTIFIER_DERIVED",
                text,
                "The GUID at the end of its uri is taken.",
            );
            return id;
        }
        self.say(
            "identifier",
            Severity::Warning,
            "IDENTIFIER_DERIVED",
            text,
            "One is made from its content.",
        );
        let seed = if written.is_empty() { otherwise() } else { written };
        Uuid::new_v5(&framework, seed.as_bytes())
    }

    /// What the entry is called in CASE.
    pub(super) fn case_identity(&mut self) -> CaseIdentity {
        let identifier = self.map.get("identifier").and_then(Value::as_str).unwrap_or_default();
        CaseIdentity {
            identifier: limited(identifier, LINE),
            uri: limited(self.map.get("uri").and_then(Value::as_str).unwrap_or_default(), 2000),
            last_change: self.instant("lastChangeDateTime"),
        }
    }
}

/// An object, and whether a key stands in it twice.
struct Object {
    map: Map<String, Value>,
    repeated: bool,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut entries: M) -> Result<Object, M::Error> {
                let (mut map, mut repeated) = (Map::new(), false);
                while let Some((key, value)) = entries.next_entry()? {
                    repeated |= map.insert(key, value).is_some();
                }
                Ok(Object { map, repeated })
            }
        }
        json.deserialize_map(Keys)
    }
}

/// A text cut to a number of characters.
fn limited(text: &str, max: usize) -> String {
    text.chars().take(max).collect()
}

fn whole(number: f64) -> Option<i64> {
    let text = format!("{number}");
    text.parse().ok()
}

/// A GUID in any of its usual spellings.
pub(crate) fn guid(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.trim()).ok().filter(|id| !id.is_nil())
}

/// The GUID at the end of a URI.
pub(crate) fn guid_at_end(uri: &str) -> Option<Uuid> {
    guid(uri.trim_end_matches('/').rsplit(['/', ':', '#', '=']).next()?)
}
