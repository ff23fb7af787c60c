//! Writing rubrics: as they came, and what was changed of them here.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use trellis_kernel::{Timestamp, Uuid};

use super::edits::{Comparison, Edits};
use super::shape::{self, Version};
use super::{Ends, ITEMS, Json, Known, RUBRICS, Scope, Writer, apply, entry, object};
use crate::domain::case::rubric::{self, CRITERIA, LEVELS, part_id};
use crate::domain::decimal::Decimal;
use crate::domain::rubric::{Alignment, Criterion, Held, Rubric, RubricContent, RubricLevel};
use crate::domain::text::{Text, primary};

impl Writer<'_> {
    /// A rubric that is here, with the entry that it came as. `known` holds those outcomes of its framework
    /// that its criteria look at; the framework is in a language.
    pub(crate) fn held_rubric(
        self,
        rubric: &Rubric,
        source: Option<&str>,
        language: &str,
        known: &Known,
    ) -> Json {
        let mut map = object(source);
        // What its criteria lead to in the framework is no part of what it says.
        let scope = Scope { framework: rubric.framework.id, language: language.to_owned() };
        let ends = Ends { framework: scope.framework, names: &HashMap::new(), ids: &[] };
        let before = source.and_then(|json| rubric::again(json, rubric.id, &scope, &ends));
        let imported = before.is_some();
        let editor = Editor { writer: self, rubric, language, known };
        let edited = editor.rubric(&before.unwrap_or_default(), &map);
        apply(&mut map, edited, imported, rubric.update_time);
        let given = self.given(RUBRICS, rubric.id, rubric.update_time);
        entry::write(&shape::RUBRIC, map, &given, self.version, None)
    }
}

/// Compares what a rubric says with what was read from its source.
struct Editor<'e> {
    writer: Writer<'e>,
    rubric: &'e Rubric,
    language: &'e str,
    known: &'e Known,
}

impl Editor<'_> {
    fn rubric(&self, before: &RubricContent, source: &Map<String, Value>) -> Edits {
        let now = &self.rubric.content;
        let mut compared = Comparison::default();
        self.texts(&mut compared, "title", &now.title, &before.title);
        self.texts(&mut compared, "description", &now.description, &before.description);
        let edit =
            |now: &Criterion, before: Option<&Criterion>, source: &_| self.criterion(now, before, source);
        let changed = self.rubric.update_time;
        let criteria =
            parts(source.get(CRITERIA), self.rubric.id, &now.criteria, &before.criteria, changed, edit);
        if criteria.is_some() {
            compared.value(CRITERIA, criteria);
        }
        compared.0
    }

    fn criterion(&self, now: &Criterion, before: Option<&Criterion>, source: &Map<String, Value>) -> Edits {
        let mut compared = Comparison::default();
        if before.is_none() {
            compared.value("rubricId", Some(json!(self.rubric.id)));
        }
        compared.text("category", &now.category, before.map_or("", |before| &before.category));
        let description = before.map_or(&[][..], |before| &before.description);
        self.texts(&mut compared, "description", &now.description, description);
        decimal(&mut compared, "weight", now.weight, before.and_then(|before| before.weight));
        position(&mut compared, now.position, before.and_then(|before| before.position));
        let alignment = before.and_then(|before| before.outcome.as_ref());
        if says(now.outcome.as_ref()) != says(alignment) || (now.outcome.is_some() && alignment.is_none()) {
            compared.value("CFItemURI", now.outcome.as_ref().map(|outcome| self.reference(outcome)));
        }
        let before = before.map_or(&[][..], |before| &before.levels);
        let edit =
            |level: &RubricLevel, before: Option<&RubricLevel>, _: &_| self.level(level, before, now.id);
        let levels = parts(source.get(LEVELS), now.id, &now.levels, before, self.rubric.update_time, edit);
        if levels.is_some() {
            compared.value(LEVELS, levels);
        }
        compared.0
    }

    fn level(&self, now: &RubricLevel, before: Option<&RubricLevel>, criterion: Uuid) -> Edits {
        let mut compared = Comparison::default();
        if before.is_none() {
            compared.value("rubricCriterionId", Some(json!(criterion)));
        }
        let texts = [
            ("quality", &now.quality, before.map(|before| &before.quality)),
            ("description", &now.description, before.map(|before| &before.description)),
            ("feedback", &now.feedback, before.map(|before| &before.feedback)),
        ];
        for (key, now, before) in texts {
            self.texts(&mut compared, key, now, before.map_or(&[], |before| before));
        }
        decimal(&mut compared, "score", now.score, before.and_then(|before| before.score));
        position(&mut compared, now.position, before.and_then(|before| before.position));
        compared.0
    }

    fn texts(&self, compared: &mut Comparison, key: &'static str, now: &[Text], before: &[Text]) {
        compared.text(key, primary(now, self.language), primary(before, self.language));
    }

    /// A reference to what a criterion looks at; what its authors do not say is said of what is held.
    fn reference(&self, alignment: &Alignment) -> Value {
        let provider = self.writer.provider;
        let (title, identifier, uri) = match &alignment.held {
            Some(Held::Own(id)) => {
                let known = self.known.get(id).cloned();
                let (title, uri) =
                    known.unwrap_or_else(|| (String::new(), provider.resource(Version::V1p1, ITEMS, *id)));
                (title, id.to_string(), uri)
            }
            Some(Held::Other { name, .. }) => provider.elsewhere(name),
            None => Default::default(),
        };
        let or = |own: &str, held: String| if own.is_empty() { held } else { own.to_owned() };
        json!({
            "title": or(&alignment.title, title),
            "identifier": or(&alignment.identifier, identifier),
            "uri": or(&alignment.uri, uri),
        })
    }
}

/// What a criterion's authors say of the item that it looks at.
fn says(alignment: Option<&Alignment>) -> [&str; 3] {
    alignment.map_or([""; 3], |own| [&own.uri, &own.identifier, &own.title])
}

fn decimal(compared: &mut Comparison, key: &'static str, now: Option<Decimal>, before: Option<Decimal>) {
    if now != before {
        compared.value(key, now.map(Decimal::json));
    }
}

fn position(compared: &mut Comparison, now: Option<i32>, before: Option<i32>) {
    if now != before {
        compared.value("position", now.map(Value::from));
    }
}

/// An entry within another.
trait Part {
    fn id(&self) -> Uuid;
}

impl Part for Criterion {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl Part for RubricLevel {
    fn id(&self) -> Uuid {
        self.id
    }
}

/// The entries within an entry as they are written where one of them changed, came, went or stands
/// elsewhere; none where none did. `edit` says what changed of each beside what came for it.
fn parts<T: Part>(
    source: Option<&Value>,
    within: Uuid,
    now: &[T],
    before: &[T],
    changed: Timestamp,
    edit: impl Fn(&T, Option<&T>, &Map<String, Value>) -> Edits,
) -> Option<Value> {
    let came: &[Value] = source.and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let objects = came.iter().filter_map(Value::as_object).enumerate();
    let mut objects: HashMap<Uuid, Map<String, Value>> =
        objects.map(|(index, object)| (part_id(within, index, object), object.clone())).collect();
    let mut differs = !now.iter().map(Part::id).eq(before.iter().map(Part::id));
    let mut written = Vec::with_capacity(now.len());
    for part in now {
        let before = before.iter().find(|before| before.id() == part.id());
        let mut map = objects.remove(&part.id()).unwrap_or_default();
        let edits = edit(part, before, &map);
        differs |= !edits.is_empty();
        apply(&mut map, edits, before.is_some(), changed);
        // Elsewhere in the list it would be given another identity.
        if part_id(within, usize::MAX, &map) != part.id() {
            map.insert("identifier".to_owned(), json!(part.id()));
        }
        written.push(Value::Object(map));
    }
    // What is no entry has no place here, and is kept beside.
    written.extend(came.iter().filter(|value| !value.is_object()).cloned());
    differs.then_some(Value::Array(written))
}
