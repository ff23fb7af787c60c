//! The framework of a package (`CFDocument`).

use serde_json::Value;

use super::fields::{Fields, LINE, LONG, guid, guid_at_end};
use super::issues::Issues;
use super::json::Sections;
use super::{Definition, Document, Refusal, Source, Spot};
use crate::domain::framework::{AdoptionStatus, FrameworkContent, FrameworkKind, License};
use crate::domain::text::Text;
use crate::domain::transfer::Severity;

/// Reads the framework. Without a title or an identity there is none to import into.
pub(super) fn read(sections: &Sections<'_>, issues: &mut Issues<'_>) -> Result<Document, Refusal> {
    let Some(raw) = sections.get("CFDocument") else {
        return Err(Sections::lacks("CFDocument", "The package has no CFDocument."));
    };
    let refuse = |pointer: &str, code: &str, text: &str| sections.refuse(pointer, raw, code, text);
    let offset = sections.offset(raw);
    let Some(mut fields) = Fields::open(raw.get(), "/CFDocument".to_owned(), offset, issues) else {
        return Err(refuse("CFDocument", "TYPE_WRONG", "CFDocument must be an object."));
    };
    let written = fields.map.get("identifier").and_then(Value::as_str).and_then(guid);
    let id = if let Some(id) = written {
        id
    } else {
        let uri = fields.map.get("uri").and_then(Value::as_str).unwrap_or_default();
        let Some(id) = guid_at_end(uri) else {
            let text = "The CFDocument has no GUID as its identifier, nor one at the end of its uri.";
            return Err(refuse("CFDocument/identifier", "IDENTIFIER_MISSING", text));
        };
        fields.say(
            "identifier",
            Severity::Warning,
            "IDENTIFIER_DERIVED",
            "The CFDocument has no GUID as its identifier.",
            "The GUID at the end of its uri is taken.",
        );
        id
    };
    let content = content(&mut fields);
    if content.title.is_empty() {
        return Err(refuse("CFDocument/title", "TITLE_MISSING", "The CFDocument has no title."));
    }
    let source = Source::new(Spot { index: 0, offset }, raw.get(), fields.digest());
    Ok(Document { id, content, source })
}

/// What is written about a framework that was read before.
pub(super) fn again(text: &str) -> Option<FrameworkContent> {
    let mut issues = Issues::deaf();
    let mut fields = Fields::again(text, &mut issues)?;
    Some(content(&mut fields))
}

/// What is written about a framework.
fn content(fields: &mut Fields<'_, '_>) -> FrameworkContent {
    let language = fields.language("language");
    FrameworkContent {
        // CASE says nothing of the sort; packages hold standards unless someone says otherwise.
        kind: FrameworkKind::Standards,
        title: texts(&language, fields.text("title", LONG)),
        description: texts(&language, fields.text("description", LONG)),
        creator: fields.text("creator", 1000),
        publisher: fields.text("publisher", 1000),
        version_label: fields.text("version", 200),
        subjects: subjects(fields),
        education_levels: Vec::new(),
        license: license(fields),
        official_source_uri: fields.text("officialSourceURL", 2000),
        adoption_status: adoption_status(fields),
        external_ids: Vec::new(),
        case: Some(fields.case_identity()),
        language,
    }
}

/// A text in one language, or none.
pub(super) fn texts(language: &str, text: String) -> Vec<Text> {
    if text.trim().is_empty() { Vec::new() } else { vec![Text::new(language, text)] }
}

fn subjects(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let named = fields.list("subject", 200);
    if !named.is_empty() {
        return named;
    }
    let links = fields.map.get("subjectURI").and_then(Value::as_array).cloned().unwrap_or_default();
    let titles = links.iter().filter_map(|link| link.get("title")?.as_str());
    titles
        .filter(|title| !title.is_empty() && title.chars().count() <= 200)
        .take(100)
        .map(str::to_owned)
        .collect()
}

fn license(fields: &mut Fields<'_, '_>) -> Option<License> {
    let link = fields.link("licenseURI")?;
    let title = link.title.chars().take(1000).collect();
    Some(License { title, text: String::new(), uri: link.uri })
}

fn adoption_status(fields: &mut Fields<'_, '_>) -> AdoptionStatus {
    let written = fields.text("adoptionStatus", LINE);
    match written.to_lowercase().as_str() {
        "" => AdoptionStatus::Unspecified,
        "private draft" => AdoptionStatus::PrivateDraft,
        "draft" | "public draft" => AdoptionStatus::Draft,
        "adopted" | "approved" | "implemented" => AdoptionStatus::Adopted,
        "deprecated" | "retired" => AdoptionStatus::Deprecated,
        _ => {
            fields.say(
                "adoptionStatus",
                Severity::Warning,
                "FIELD_IGNORED",
                "The adoption status is none that CASE knows.",
                "The field is left out; the entry's source keeps it.",
            );
            AdoptionStatus::Unspecified
        }
    }
}

/// Adds the text of the licence, which stands among the definitions.
pub(super) fn complete(mut document: Document, definitions: &[Definition], package: &str) -> Document {
    let Some(license) = &mut document.content.license else { return document };
    let source: Option<Value> = serde_json::from_str(document.source.of(package)).ok();
    let named = source.as_ref().and_then(|value| guid(value.get("licenseURI")?.get("identifier")?.as_str()?));
    let wanted = named.or_else(|| guid_at_end(&license.uri));
    let text = definitions
        .iter()
        .find(|definition| definition.section == "CFLicenses" && Some(definition.id) == wanted)
        .and_then(|definition| serde_json::from_str::<Value>(definition.source.of(package)).ok())
        .and_then(|value| Some(value.get("licenseText")?.as_str()?.to_owned()));
    if let Some(text) = text {
        license.text = text.chars().take(LONG).collect();
    }
    document
}

/// Notes once that the package is of CASE 1.0, where entries carry what 1.1 no longer allows.
pub(super) fn note_legacy(count: u32, section: &str, spot: Option<Spot>, issues: &mut Issues<'_>) {
    let Some(spot) = spot.filter(|_| count > 0) else { return };
    issues.add(
        spot.offset,
        format!("/{section}"),
        Severity::Note,
        "LEGACY_FIELD",
        &format!("{count} entries carry CFDocumentURI, which CASE 1.1 does not allow inside a package."),
        "It is kept in their source.",
    );
}
