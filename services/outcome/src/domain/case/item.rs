//! The outcomes of a package (`CFItems`).

use std::collections::HashMap;

use serde_json::Value;
use trellis_kernel::Uuid;

use super::document::{note_legacy, texts};
use super::fields::{Fields, LINE, LONG, guid};
use super::issues::Issues;
use super::json::{Sections, small};
use super::{Item, Refusal, Scope, Source, Spot};
use crate::domain::outcome::{OutcomeContent, OutcomeKind};
use crate::domain::transfer::{Counts, Severity};

/// The longest keyword, in characters.
const KEYWORD: usize = 200;

/// Items, and by what else than their GUIDs associations may name them.
pub(super) type Items = (Vec<Item>, HashMap<String, Uuid>);

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
        reader.take(raw.get(), spot, issues);
    })?;
    note_legacy(reader.legacy, "CFItems", first, issues);
    Ok((reader.items, reader.names))
}

struct Reader<'r> {
    scope: &'r Scope,
    counts: &'r mut Counts,
    items: Vec<Item>,
    places: HashMap<Uuid, usize>,
    names: HashMap<String, Uuid>,
    legacy: u32,
}

impl Reader<'_> {
    fn take(&mut self, text: &str, spot: Spot, issues: &mut Issues<'_>) {
        self.counts.read += 1;
        let Some(mut fields) = Fields::read(text, "CFItems", spot, issues) else {
            self.counts.refused += 1;
            return;
        };
        let Some((id, _)) = content(&mut fields, self.scope) else {
            self.counts.refused += 1;
            return;
        };
        let source = Source::new(spot, text, fields.digest());
        let item = Item { id, parent: None, order: 0, source, index: small(spot.index) };
        if fields.has("CFDocumentURI") {
            self.legacy += 1;
        }
        let known = self.places.get(&item.id).map(|place| self.items[*place].source.digest);
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
                self.items.push(item);
            }
        }
    }

    /// Remembers what else associations may call the item.
    fn name(&mut self, fields: &Fields<'_, '_>, id: Uuid) {
        let written = fields.map.get("identifier").and_then(Value::as_str).unwrap_or_default();
        if !written.is_empty() && guid(written).is_none() {
            self.names.entry(written.to_lowercase()).or_insert(id);
        }
    }
}

/// What is written about an outcome that was read before.
pub(super) fn again(text: &str, scope: &Scope) -> Option<OutcomeContent> {
    let mut issues = Issues::deaf();
    let mut fields = Fields::again(text, &mut issues)?;
    content(&mut fields, scope).map(|(_, content)| content)
}

/// The identity of an outcome, and what is written about it.
fn content(fields: &mut Fields<'_, '_>, scope: &Scope) -> Option<(Uuid, OutcomeContent)> {
    let code = fields.text("humanCodingScheme", LINE);
    let own_language = fields.language("language");
    let language = if own_language.is_empty() { &scope.language } else { &own_language };
    let abbreviated = fields.text("abbreviatedStatement", LONG);
    let statement = statement(fields, &abbreviated, &code)?;
    let id = fields.identity(scope.framework, || format!("CFItem\n{code}\n{statement}"));
    let content = OutcomeContent {
        kind: OutcomeKind::Unspecified,
        statement: texts(language, statement),
        abbreviated: texts(language, abbreviated),
        notes: texts(language, fields.text("notes", LONG)),
        item_type: item_type(fields),
        education_levels: fields.list("educationLevel", 50),
        concept_keywords: concept_keywords(fields),
        list_enumeration: fields.text("listEnumeration", 100),
        valid_from: fields.date("statusStartDate"),
        valid_until: fields.date("statusEndDate"),
        external_ids: Vec::new(),
        case: Some(fields.case_identity()),
        language: own_language,
        code,
    };
    Some((id, content))
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

fn concept_keywords(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let written = fields.list("conceptKeywords", KEYWORD);
    if !written.is_empty() || !fields.has("conceptKeywordsURI") {
        return written;
    }
    let title = fields.link("conceptKeywordsURI").map(|link| link.title.chars().take(KEYWORD).collect());
    title.into_iter().filter(|title: &String| !title.is_empty()).collect()
}

fn item_type(fields: &mut Fields<'_, '_>) -> String {
    let written = fields.text("CFItemType", LINE);
    if !written.is_empty() || !fields.has("CFItemTypeURI") {
        return written;
    }
    fields.link("CFItemTypeURI").map(|link| link.title.chars().take(LINE).collect()).unwrap_or_default()
}
