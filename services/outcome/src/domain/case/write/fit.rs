//! Fitting what a source says into what CASE allows.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use trellis_kernel::{Timestamp, Uuid};

use super::json::Json;
use super::shape::{Kind, Version};
use crate::domain::association::AssociationType;
use crate::domain::case::fields::{guid, guid_at_end};

/// What of a value CASE allows.
pub(super) struct Fitted {
    pub(super) json: Json,
    /// Whether it is the whole of it; else the original is to be kept beside it.
    pub(super) whole: bool,
}

impl Fitted {
    fn whole(value: &Value) -> Self {
        Self { json: Json::Plain(value.clone()), whole: true }
    }

    fn text(text: String, whole: bool) -> Self {
        Self { json: Json::text(text), whole }
    }
}

/// Fits a value of a simple kind; none when nothing of it can stand there.
pub(super) fn fit(kind: &Kind, value: &Value, version: Version) -> Option<Fitted> {
    match kind {
        Kind::Id => value.as_str().and_then(|text| {
            let id = guid(text)?.to_string();
            let whole = id == text;
            Some(Fitted::text(id, whole))
        }),
        Kind::Text => text(value),
        Kind::Texts => list(value, text),
        Kind::Version => (value == "1.1").then(|| Fitted::whole(value)),
        Kind::AssociationType => association_type(value.as_str()?, version),
        Kind::Number => number(value, |_| true),
        Kind::Whole => number(value, |number| number.fract() == 0.0),
        Kind::Day => day(value.as_str()?),
        Kind::Instant => instant(value.as_str()?),
        Kind::Link => link(value),
        Kind::Links => list(value, link),
        Kind::End => end(value, version),
        Kind::Extensions => value.is_object().then(|| Fitted::whole(value)),
        Kind::ExtensionList => {
            let objects = value.as_array().is_some_and(|list| list.iter().all(Value::is_object));
            objects.then(|| Fitted::whole(value))
        }
        Kind::Parts(_) => None,
    }
}

fn text(value: &Value) -> Option<Fitted> {
    match value {
        Value::String(_) => Some(Fitted::whole(value)),
        Value::Number(_) | Value::Bool(_) => Some(Fitted::text(value.to_string(), false)),
        _ => None,
    }
}

/// A list of what fits; what is none is a list of one.
fn list(value: &Value, fit: fn(&Value) -> Option<Fitted>) -> Option<Fitted> {
    let Value::Array(values) = value else {
        let Fitted { json, whole: _ } = fit(value)?;
        return Some(Fitted { json: Json::Array(vec![json]), whole: false });
    };
    let fitted: Vec<Fitted> = values.iter().filter_map(fit).collect();
    let whole = fitted.len() == values.len() && fitted.iter().all(|fitted| fitted.whole);
    Some(Fitted { json: Json::Array(fitted.into_iter().map(|fitted| fitted.json).collect()), whole })
}

/// CASE 1.0 knows neither translations nor types of others' making: they are relations there.
fn association_type(text: &str, version: Version) -> Option<Fitted> {
    let own = |text: &str| {
        let name = text.strip_prefix("ext:").unwrap_or_default();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        !name.is_empty() && !name.starts_with('-') && name.chars().all(legal)
    };
    let known = AssociationType::from_case(text).filter(|kind| *kind != AssociationType::Extension);
    let since_1p1 = known.is_none() || known == Some(AssociationType::TranslationOf);
    if known.is_none() && !own(text) {
        return None;
    }
    if version == Version::V1p0 && since_1p1 {
        return Some(Fitted::text(AssociationType::RelatedTo.as_str().to_owned(), false));
    }
    Some(Fitted::text(text.to_owned(), true))
}

fn number(value: &Value, fits: fn(f64) -> bool) -> Option<Fitted> {
    match value {
        Value::Number(number) => number.as_f64().filter(|n| fits(*n)).map(|_| Fitted::whole(value)),
        Value::String(text) => {
            let text = text.trim();
            let number = match text.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => Value::from(text.parse::<f64>().ok().filter(|n| n.is_finite() && fits(*n))?),
            };
            Some(Fitted { json: Json::Plain(number), whole: false })
        }
        _ => None,
    }
}

fn day(text: &str) -> Option<Fitted> {
    let whole = text.len() == 10;
    let date: Date = if whole { text.parse() } else { text.get(..10)?.parse() }.ok()?;
    let day = date.to_string();
    (day.len() == 10).then(|| Fitted::text(day, whole))
}

fn instant(text: &str) -> Option<Fitted> {
    if let Ok(at) = text.parse::<Timestamp>() {
        let whole = is_rfc_3339(text);
        return Some(Fitted::text(if whole { text.to_owned() } else { at.to_string() }, whole));
    }
    let local = text.parse::<DateTime>().ok()?;
    Some(Fitted::text(TimeZone::UTC.to_timestamp(local).ok()?.to_string(), false))
}

/// Whether a text that is an instant is spelt as JSON schemas want it (RFC 3339, section 5.6).
fn is_rfc_3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|bytes| bytes.iter().all(u8::is_ascii_digit))
    };
    let at = |index: usize, byte: u8| bytes.get(index) == Some(&byte);
    let date = digits(0..4) && at(4, b'-') && digits(5..7) && at(7, b'-') && digits(8..10) && at(10, b'T');
    let time = digits(11..13) && at(13, b':') && digits(14..16) && at(16, b':') && digits(17..19);
    if !date || !time || bytes.get(17..19) == Some(b"60") {
        return false;
    }
    let mut rest = &bytes[19..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    match rest {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// A reference: its identifier is a GUID, found at the end of its URI or made from it where it has none.
fn link(value: &Value) -> Option<Fitted> {
    let (map, bare) = object_or_uri(value)?;
    let part = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let (title, identifier, uri) = (part("title"), part("identifier"), part("uri"));
    let found = guid(identifier).or_else(|| guid_at_end(uri));
    let id = match found {
        Some(id) => id,
        None if uri.is_empty() => return None,
        None => Uuid::new_v5(&Uuid::NAMESPACE_URL, uri.as_bytes()),
    };
    let id = id.to_string();
    let whole =
        !bare && map.len() == 3 && has_texts(&map, &["title", "identifier", "uri"]) && id == identifier;
    Some(Fitted { json: reference(title, &id, uri), whole })
}

/// An end of an association: its identifier is whatever its makers call it.
fn end(value: &Value, version: Version) -> Option<Fitted> {
    let (map, bare) = object_or_uri(value)?;
    let part = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or_default();
    let (title, identifier, uri) = (part("title"), part("identifier"), part("uri"));
    if identifier.is_empty() && uri.is_empty() {
        return None;
    }
    let Json::Object(mut members) = reference(title, identifier, uri) else { return None };
    let target = map.get("targetType");
    let legal = target.and_then(Value::as_str).filter(|text| is_target(text));
    if let Some(legal) = legal.filter(|_| version > Version::V1p0) {
        members.push(("targetType".to_owned(), Json::text(legal)));
    }
    let keys = 3 + usize::from(target.is_some());
    let whole = !bare
        && map.len() == keys
        && has_texts(&map, &["title", "identifier", "uri"])
        && legal.is_some() == target.is_some();
    Some(Fitted { json: Json::Object(members), whole })
}

fn is_target(text: &str) -> bool {
    text == "CASE"
        || text.strip_prefix("ext:").is_some_and(|name| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        })
}

/// A reference as CASE writes it.
pub(super) fn reference(title: &str, identifier: &str, uri: &str) -> Json {
    let member = |key: &str, text: &str| (key.to_owned(), Json::text(text));
    Json::Object(vec![member("title", title), member("identifier", identifier), member("uri", uri)])
}

fn object_or_uri(value: &Value) -> Option<(Map<String, Value>, bool)> {
    match value {
        Value::Object(map) => Some((map.clone(), false)),
        Value::String(uri) => Some((Map::from_iter([("uri".to_owned(), Value::from(uri.as_str()))]), true)),
        _ => None,
    }
}

fn has_texts(map: &Map<String, Value>, keys: &[&str]) -> bool {
    keys.iter().all(|key| map.get(*key).is_some_and(Value::is_string))
}
