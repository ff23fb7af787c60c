//! Writing one entry: what its source says, made to fit, and what does not fit kept beside it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trellis_kernel::{Timestamp, Uuid};

use super::fit::{Fitted, fit};
use super::json::Json;
use super::shape::{Field, Kind, Shape, Version};
use crate::domain::case::kept::KEPT;
use crate::domain::case::rubric::part_id;

/// What an entry is given where its source does not say it.
pub(super) struct Given {
    /// Its identity.
    pub(super) id: Uuid,
    /// Its URI.
    pub(super) uri: String,
    /// When it was last changed.
    pub(super) changed: Timestamp,
    /// What else is known of it though its source does not say it so, by key.
    pub(super) known: Option<(&'static str, String)>,
}

/// Writes an entry of a shape. `first` stands before its own keys.
pub(super) fn write(
    shape: &Shape,
    mut source: Map<String, Value>,
    given: &Given,
    version: Version,
    first: Option<(&str, Json)>,
) -> Json {
    let mut members: Vec<(String, Json)> =
        first.map(|(key, json)| (key.to_owned(), json)).into_iter().collect();
    source.retain(|_, value| !value.is_null());
    let mut extensions = Beside::of(&mut source);
    for field in shape.fields.iter().filter(|field| !is_extensions(field)) {
        let value = source.remove(field.key);
        let fitted = value.as_ref().and_then(|value| one(field, value, given, version));
        let (json, whole) = match fitted {
            Some(Fitted { json, whole }) => (Some(json), whole),
            None if field.required => (Some(otherwise(field, given, version)), value.is_none()),
            None => (None, value.is_none()),
        };
        if let Some(value) = value.filter(|_| !whole) {
            extensions.kept.insert(field.key.to_owned(), value);
        }
        if let Some(json) = json.filter(|_| field.since <= version) {
            members.push((field.key.to_owned(), json));
        }
    }
    extensions.kept.extend(source);
    let own = shape.fields.iter().find(|field| is_extensions(field));
    if let Some(field) = own.filter(|field| field.since <= version)
        && let Some(value) = extensions.value(&field.kind)
    {
        members.push((field.key.to_owned(), Json::Plain(value)));
    }
    Json::Object(members)
}

fn is_extensions(field: &Field) -> bool {
    matches!(field.kind, Kind::Extensions | Kind::ExtensionList)
}

/// What of the source's value for a field can stand there.
fn one(field: &Field, value: &Value, given: &Given, version: Version) -> Option<Fitted> {
    match (field.key, &field.kind) {
        ("identifier", _) => {
            let id = given.id.to_string();
            let whole = value.as_str() == Some(&id);
            Some(Fitted { json: Json::text(id), whole })
        }
        // A URI that is empty names nothing.
        ("uri", _) if value.as_str() == Some("") => None,
        (_, Kind::Parts(shape)) => parts(shape, value, given, version),
        (_, kind) => fit(kind, value, version),
    }
}

/// What a required field says that the source does not say.
fn otherwise(field: &Field, given: &Given, version: Version) -> Json {
    if let Some((_, text)) = given.known.as_ref().filter(|(key, _)| *key == field.key)
        && let Some(Fitted { json, whole: _ }) = fit(&field.kind, &Value::from(text.as_str()), version)
    {
        return json;
    }
    match field.key {
        "identifier" => Json::text(given.id.to_string()),
        "uri" => Json::text(given.uri.clone()),
        "lastChangeDateTime" => Json::text(given.changed.to_string()),
        _ => Json::text(""),
    }
}

/// The entries within an entry, such as the criteria of a rubric. Each keeps beside it what does not fit.
fn parts(shape: &Shape, value: &Value, given: &Given, version: Version) -> Option<Fitted> {
    let list = value.as_array()?;
    let objects: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
    let whole = objects.len() == list.len();
    let written = objects.into_iter().enumerate().map(|(index, object)| {
        let id = part_id(given.id, index, object);
        let given = Given { id, uri: format!("{}#{id}", given.uri), changed: given.changed, known: None };
        write(shape, object.clone(), &given, version, None)
    });
    Some(Fitted { json: Json::Array(written.collect()), whole })
}

/// What stands beside the fields of an entry: the extensions of others, and what is kept.
struct Beside {
    others: Option<Value>,
    kept: BTreeMap<String, Value>,
}

impl Beside {
    /// Takes the extensions out of a source. What an earlier package kept there is kept on.
    fn of(source: &mut Map<String, Value>) -> Self {
        let mut kept = BTreeMap::new();
        let others = match source.remove("extensions") {
            Some(Value::Object(mut extensions)) => {
                kept.extend(take_kept(&mut extensions));
                Some(Value::Object(extensions))
            }
            Some(Value::Array(mut list)) if list.iter().all(Value::is_object) => {
                for extensions in list.iter_mut().filter_map(Value::as_object_mut) {
                    kept.extend(take_kept(extensions));
                }
                list.retain(|extensions| extensions.as_object().is_some_and(|map| !map.is_empty()));
                Some(Value::Array(list))
            }
            other => other,
        };
        Self { others, kept }
    }

    /// The extensions as they are written; none when there are none.
    fn value(mut self, kind: &Kind) -> Option<Value> {
        let listed = matches!(kind, Kind::ExtensionList);
        let fits = match &self.others {
            None => true,
            Some(Value::Object(_)) => !listed,
            Some(Value::Array(list)) => listed && list.iter().all(Value::is_object),
            Some(_) => false,
        };
        if !fits && let Some(other) = self.others.take() {
            self.kept.insert("extensions".to_owned(), other);
        }
        let kept = (!self.kept.is_empty()).then(|| Value::Object(self.kept.into_iter().collect()));
        match (self.others, kept) {
            (others, None) => others,
            (Some(Value::Object(mut others)), Some(kept)) => {
                others.insert(KEPT.to_owned(), kept);
                Some(Value::Object(others))
            }
            (Some(Value::Array(mut others)), Some(kept)) => {
                others.push(Value::Object(Map::from_iter([(KEPT.to_owned(), kept)])));
                Some(Value::Array(others))
            }
            (_, Some(kept)) => {
                let own = Value::Object(Map::from_iter([(KEPT.to_owned(), kept)]));
                Some(if listed { Value::Array(vec![own]) } else { own })
            }
        }
    }
}

fn take_kept(extensions: &mut Map<String, Value>) -> Map<String, Value> {
    if !extensions.get(KEPT).is_some_and(Value::is_object) {
        return Map::new();
    }
    match extensions.remove(KEPT) {
        Some(Value::Object(kept)) => kept,
        _ => Map::new(),
    }
}
