//! The outcomes of a package (`CFItems`).

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;
use trellis_kernel::Uuid;

use super::document::{note_legacy, texts};
use super::fields::{Fields, LINE, LONG};
use super::issues::Issues;
use super::json::Sections;
use super::{Item, Refusal, Scope, Spot};
use crate::domain::outcome::{OutcomeContent, OutcomeKind};
use crate::domain::transfer::{Counts, Severity};

/// Items, and the identities under which associations may name them.
pub(super) type Items = (Vec<(Item, Spot)>, HashMap<String, Uuid>);

/// Reads the items.
pub(super) fn read(
    sections: &Sections<'_>,
    scope: &Scope,
    issues: &mut Issues<'_>,
    counts: &mut Counts,
) -> Result<Items, Refusal> {
    let mut reader =
        Reader { scope, counts, items: Vec::new(), places: HashMap::new(), names: HashMap::new(), legacy: 0 };
    let mut first = None;
    sections.each("CFItems", sections.get("CFItems"), |index, raw| {
        let spot = Spot { index, offset: sections.offset(raw) };
        first.get_or_insert(spot);
        reader.take(raw, spot, issues);
    })?;
    note_legacy(reader.legacy, "CFItems", first, issues);
    Ok((reader.items, reader.names))
}

struct Reader<'r> {
    scope: &'r Scope,
    counts: &'r mut Counts,
    items: Vec<(Item, Spot)>,
    places: HashMap<Uuid, usize>,
    names: HashMap<String, Uuid>,
    legacy: u32,
}

impl Reader<'_> {
    fn take(&mut self, raw: &RawValue, spot: Spot, issues: &mut Issues<'_>) {
        self.counts.read += 1;
        let Some(mut fields) = Fields::read(raw, "CFItems", spot, issues) else {
            self.counts.refused += 1;
            return;
        };
        let Some(item) = self.item(&mut fields) else {
            self.counts.refused += 1;
            return;
        };
        if fields.has("CFDocumentURI") {
            self.legacy += 1;
        }
        let known = self.places.get(&item.id).map(|place| self.items[*place].0.source.digest.clone());
        match known {
            Some(digest) if digest == item.source.digest => {
                self.counts.repeated += 1;
                fields.say(
                    "",
                    Severity::Note,
                    "ENTRY_REPEATED",
                    "The item stands in the package a second time, word for word.",
                    "It is taken once.",
                );
            }
            Some(_) => {
                self.counts.refused += 1;
                fields.refuse(
                    "identifier",
                    "IDENTIFIER_REPEATED",
                    "Another item of the package has the same identifier and says something else.",
                );
            }
            None if item.id == self.scope.framework => {
                self.counts.refused += 1;
                fields.refuse(
                    "identifier",
                    "IDENTIFIER_REPEATED",
                    "The item has the identifier of the CFDocument.",
                );
            }
            None => {
                self.name(&fields, item.id);
                self.places.insert(item.id, self.items.len());
                self.items.push((item, spot));
            }
        }
    }

    /// Remembers what associations may call the item.
    fn name(&mut self, fields: &Fields<'_, '_>, id: Uuid) {
        self.names.insert(id.to_string(), id);
        let written = fields.map.get("identifier").and_then(Value::as_str).unwrap_or_default();
        if !written.is_empty() {
            self.names.entry(written.to_lowercase()).or_insert(id);
        }
    }

    fn item(&self, fields: &mut Fields<'_, '_>) -> Option<Item> {
        let code = fields.text("humanCodingScheme", LINE);
        let own_language = fields.language("language");
        let language = if own_language.is_empty() { &self.scope.language } else { &own_language };
        let abbreviated = fields.text("abbreviatedStatement", LONG);
        let statement = statement(fields, &abbreviated, &code)?;
        let seed = format!("CFItem\n{code}\n{statement}");
        let id = fields.identity(self.scope.framework, &seed);
        let content = OutcomeContent {
            kind: OutcomeKind::Unspecified,
            statement: texts(language, statement),
            abbreviated: texts(language, abbreviated),
            notes: texts(language, fields.text("notes", LONG)),
            item_type: item_type(fields),
            education_levels: fields.list("educationLevel", 50),
            list_enumeration: fields.text("listEnumeration", 100),
            valid_from: fields.date("statusStartDate"),
            valid_until: fields.date("statusEndDate"),
            external_ids: Vec::new(),
            case: Some(fields.case_identity()),
            language: own_language,
            code,
        };
        Some(Item { id, content, parent: None, order: 0, source: fields.source.clone() })
    }
}

/// The statement; without one, what else says it. None, with an issue, when nothing does.
fn statement(fields: &mut Fields<'_, '_>, abbreviated: &str, code: &str) -> Option<String> {
    let too_long =
        fields.map.get("fullStatement").and_then(Value::as_str).is_some_and(|s| s.chars().count() > LONG);
    if too_long {
        fields.refuse(
            "fullStatement",
            "STATEMENT_TOO_LONG",
            "The statement is longer than 20,000 characters.",
        );
        return None;
    }
    let written = fields.text("fullStatement", LONG);
    if !written.trim().is_empty() {
        return Some(written);
    }
    for (other, repair) in
        [(abbreviated, "The abbreviated statement is taken."), (code, "The code is taken.")]
    {
        if !other.trim().is_empty() {
            let text = "The item has no fullStatement.";
            fields.say("fullStatement", Severity::Warning, "STATEMENT_DERIVED", text, repair);
            return Some(other.to_owned());
        }
    }
    fields.refuse(
        "fullStatement",
        "STATEMENT_MISSING",
        "The item has no statement, nor anything that says what it is.",
    );
    None
}

fn item_type(fields: &mut Fields<'_, '_>) -> String {
    let written = fields.text("CFItemType", LINE);
    if !written.is_empty() || !fields.has("CFItemTypeURI") {
        return written;
    }
    fields.link("CFItemTypeURI").map(|link| link.title.chars().take(LINE).collect()).unwrap_or_default()
}
