//! Writing CASE: strictly, as the schemas of 1.1 want it, and without losing anything.
//!
//! An entry that came with a package is written from its source. What was changed here since wins over it;
//! what the schema forbids is repaired, and the original kept beside it ([`kept`](super::kept)). Keys and
//! entries stand in a fixed order, so that the same framework is always the same bytes.

mod alone;
mod edits;
mod entry;
mod fit;
mod json;
mod package;
mod provider;
mod rubric;
mod shape;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Value};
use trellis_kernel::{Timestamp, Uuid};

use super::kept::KEPT;
use super::{Ends, Scope, association, document, item};
use crate::domain::association::{Association, Held};
use crate::domain::framework::Framework;
use crate::domain::outcome::Outcome;
use crate::domain::text::primary;
use entry::Given;

pub(crate) use json::Json;
pub(crate) use package::{Assembly, Place, is_whole, place};
pub(crate) use provider::Provider;
pub(crate) use shape::{Version, definition_sections, document_knows};

/// The sections of a package, as their entries are kept.
pub(crate) const DOCUMENT: &str = "CFDocument";
/// The outcomes.
pub(crate) const ITEMS: &str = "CFItems";
/// The associations.
pub(crate) const ASSOCIATIONS: &str = "CFAssociations";
/// The rubrics.
pub(crate) const RUBRICS: &str = "CFRubrics";
/// The licences among the definitions.
pub(crate) const LICENSES: &str = "CFLicenses";
/// What others add to a package.
pub(crate) const EXTENSIONS: &str = "extensions";

/// How entries are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'w> {
    /// Who writes.
    pub(crate) provider: &'w Provider,
    /// In which version of CASE.
    pub(crate) version: Version,
}

/// What an association written here says of an outcome of its framework: its title and its URI.
pub(crate) type Known = HashMap<Uuid, (String, String)>;

impl Writer<'_> {
    /// A framework within a package (`CFPckgDocument`), with the entry that it came as.
    pub(crate) fn document(self, framework: &Framework, source: Option<&str>) -> Json {
        self.write_document(framework, source, None)
    }

    fn write_document(
        self,
        framework: &Framework,
        source: Option<&str>,
        first: Option<(&str, Json)>,
    ) -> Json {
        let mut map = object(source);
        let before = source.and_then(document::again);
        let imported = before.is_some();
        let edited = edits::document(framework, &before.unwrap_or_default(), imported, self.provider);
        let id = framework.place.id;
        let given = self.given("CFDocuments", id, framework.update_time);
        apply(&mut map, edited, imported, framework.update_time);
        entry::write(&shape::DOCUMENT, map, &given, self.version, first)
    }

    /// An outcome within a package (`CFPckgItem`), with the entry that it came as.
    pub(crate) fn item(self, outcome: &Outcome, source: Option<&str>, language: &str) -> Json {
        self.write_item(outcome, source, language, None)
    }

    fn write_item(
        self,
        outcome: &Outcome,
        source: Option<&str>,
        language: &str,
        first: Option<(&str, Json)>,
    ) -> Json {
        let mut map = object(source);
        let scope = Scope { framework: outcome.framework.id, language: language.to_owned() };
        let before = source.and_then(|json| item::again(json, &scope));
        let imported = before.is_some();
        let edited = edits::item(&outcome.content, &before.unwrap_or_default(), language);
        apply(&mut map, edited, imported, outcome.update_time);
        let mut given = self.given(ITEMS, outcome.id, outcome.update_time);
        let language = if outcome.content.language.is_empty() { language } else { &outcome.content.language };
        given.known = Some(("fullStatement", primary(&outcome.content.statement, language).to_owned()));
        entry::write(&shape::ITEM, map, &given, self.version, first)
    }

    /// An association within a package (`CFPckgAssociation`), with the entry that it came as. `known` holds
    /// those of its ends that are outcomes of its framework.
    pub(crate) fn association(self, association: &Association, source: Option<&str>, known: &Known) -> Json {
        self.write_association(association, source, known, None)
    }

    fn write_association(
        self,
        association: &Association,
        source: Option<&str>,
        known: &Known,
        first: Option<(&str, Json)>,
    ) -> Json {
        let mut map = object(source);
        // Where its ends lead in the framework is no part of what it says.
        let scope = Scope { framework: association.framework.id, language: String::new() };
        let ends = Ends { framework: scope.framework, names: &HashMap::new(), ids: &[] };
        let before = source.and_then(|json| association::again(json, &scope, &ends));
        let imported = before.is_some();
        let end = |held: &Held| self.end(association, held, known);
        let edited = edits::association(&association.content, before.as_ref(), end);
        apply(&mut map, edited, imported, association.update_time);
        let mut given = self.given(ASSOCIATIONS, association.id, association.update_time);
        given.known = Some(("associationType", edits::association_type(&association.content)));
        entry::write(&shape::ASSOCIATION, map, &given, self.version, first)
    }

    /// The title, identifier and URI of what is held here.
    fn end(self, association: &Association, held: &Held, known: &Known) -> (String, String, String) {
        match held {
            Held::Outcome(id) => {
                let (title, uri) = known
                    .get(id)
                    .cloned()
                    .unwrap_or_else(|| (String::new(), self.provider.resource(Version::V1p1, ITEMS, *id)));
                (title, id.to_string(), uri)
            }
            Held::Framework => {
                let id = association.framework.id;
                (String::new(), id.to_string(), self.provider.resource(Version::V1p1, "CFDocuments", id))
            }
            Held::Other(name) => self.provider.elsewhere(name),
        }
    }

    /// What an association says of an outcome.
    pub(crate) fn known(self, outcome: &Outcome, language: &str) -> (String, String) {
        let content = &outcome.content;
        let uri = content.case.as_ref().map(|case| case.uri.clone()).filter(|uri| !uri.is_empty());
        let uri = uri.unwrap_or_else(|| self.provider.resource(Version::V1p1, ITEMS, outcome.id));
        let title = match content.code.as_str() {
            "" => primary(&content.statement, language).chars().take(200).collect(),
            code => code.to_owned(),
        };
        (title, uri)
    }

    /// An entry of the definitions, as it came; in a section that CASE does not define, word for word.
    pub(crate) fn definition(self, section: &str, id: Uuid, source: &str, changed: Timestamp) -> Json {
        let map = object(Some(source));
        match shape::definition(section) {
            Some(shape) => entry::write(shape, map, &self.given(section, id, changed), self.version, None),
            None => Json::Plain(Value::Object(map)),
        }
    }

    /// A rubric, as it came: of one that cannot be read no more is known.
    pub(crate) fn rubric(self, id: Uuid, source: &str, changed: Timestamp) -> Json {
        entry::write(
            &shape::RUBRIC,
            object(Some(source)),
            &self.given(RUBRICS, id, changed),
            self.version,
            None,
        )
    }

    /// The licence that was written here, as an entry of the definitions; none where the framework has none
    /// of its own, or has one that came with its package.
    pub(crate) fn license(self, framework: &Framework, source: Option<&str>) -> Option<(Uuid, Json)> {
        let before = source.and_then(document::again);
        let license = edits::own_license(framework, before.as_ref())?;
        let id = edits::license_id(framework);
        let mut map = Map::new();
        map.insert("title".to_owned(), Value::from(license.title.as_str()));
        map.insert("licenseText".to_owned(), Value::from(license.text.as_str()));
        let shape = shape::definition(LICENSES)?;
        let given = self.given(LICENSES, id, framework.update_time);
        Some((id, entry::write(shape, map, &given, self.version, None)))
    }

    /// What an entry is given: its URI is the same in every version.
    fn given(self, collection: &str, id: Uuid, changed: Timestamp) -> Given {
        Given { id, uri: self.provider.resource(Version::V1p1, collection, id), changed, known: None }
    }
}

/// The extensions of a package or of its definitions: those that came with it, and in them what CASE has no
/// place for. `whole` are the sections that were kept as a whole, by their names.
pub(crate) fn extensions(
    own: Option<&str>,
    whole: impl IntoIterator<Item = (String, Value)>,
) -> Option<Json> {
    let own: Option<Value> = own.and_then(|json| serde_json::from_str(json).ok());
    let stands = own.is_some();
    let (mut map, mut kept) = match own {
        Some(Value::Object(map)) => (map, Map::new()),
        Some(other) => (Map::new(), Map::from_iter([(EXTENSIONS.to_owned(), other)])),
        None => (Map::new(), Map::new()),
    };
    if let Some(Value::Object(before)) = map.remove(KEPT) {
        kept.extend(before);
    }
    kept.extend(whole);
    if !kept.is_empty() {
        map.insert(KEPT.to_owned(), Value::Object(kept));
    }
    (stands || !map.is_empty()).then_some(Json::Plain(Value::Object(map)))
}

/// The entry of a source; one that is written here has none.
fn object(source: Option<&str>) -> Map<String, Value> {
    source.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// Puts what was changed here into an entry, and when it was.
fn apply(map: &mut Map<String, Value>, edits: edits::Edits, imported: bool, changed: Timestamp) {
    if imported && !edits.is_empty() {
        map.insert("lastChangeDateTime".to_owned(), Value::from(changed.to_string()));
    }
    for (key, value) in edits {
        match value {
            Some(value) => map.insert(key.to_owned(), value),
            None => map.remove(key),
        };
    }
}
