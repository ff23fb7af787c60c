//! What was changed here since an entry came: what is held differs from what its source says.

use serde_json::{Value, json};
use trellis_kernel::Uuid;

use super::provider::Provider;
use super::shape::Version;
use crate::domain::association::{AssociationContent, AssociationType, Held, Node};
use crate::domain::framework::{AdoptionStatus, Framework, FrameworkContent, FrameworkKind, License};
use crate::domain::outcome::OutcomeContent;
use crate::domain::text::primary;

/// Keys with what they say now; none when they no longer say anything.
pub(super) type Edits = Vec<(&'static str, Option<Value>)>;

/// Compares what is held with what was read from the source.
#[derive(Default)]
pub(super) struct Comparison(pub(super) Edits);

impl Comparison {
    pub(super) fn text(&mut self, key: &'static str, now: &str, before: &str) {
        if now != before {
            self.0.push((key, (!now.is_empty()).then(|| Value::from(now))));
        }
    }

    /// Answers whether they differ.
    fn texts(&mut self, key: &'static str, now: &[String], before: &[String]) -> bool {
        if now != before {
            self.0.push((key, (!now.is_empty()).then(|| json!(now))));
        }
        now != before
    }

    pub(super) fn value(&mut self, key: &'static str, now: Option<Value>) {
        self.0.push((key, now));
    }
}

/// What was changed of a framework.
pub(super) fn document(
    framework: &Framework,
    before: &FrameworkContent,
    imported: bool,
    provider: &Provider,
) -> Edits {
    let now = &framework.content;
    let mut compared = Comparison::default();
    let language = now.language.as_str();
    compared.text("title", primary(&now.title, language), primary(&before.title, language));
    compared.text("description", primary(&now.description, language), primary(&before.description, language));
    compared.text("creator", &now.creator, &before.creator);
    compared.text("publisher", &now.publisher, &before.publisher);
    compared.text("version", &now.version_label, &before.version_label);
    compared.text("language", language, &before.language);
    compared.text("officialSourceURL", &now.official_source_uri, &before.official_source_uri);
    if compared.texts("subject", &now.subjects, &before.subjects) {
        // The references named the subjects of before.
        compared.value("subjectURI", None);
    }
    if now.adoption_status != before.adoption_status {
        compared.value("adoptionStatus", adoption_status(now.adoption_status).map(Value::from));
    }
    if let Some(license) = own_license(framework, imported.then_some(before)) {
        let id = license_id(framework);
        let uri = match license.uri.as_str() {
            "" => provider.resource(Version::V1p1, "CFLicenses", id),
            uri => uri.to_owned(),
        };
        compared.value("licenseURI", Some(json!({"title": license.title, "identifier": id, "uri": uri})));
    } else if now.license.is_none() && before.license.is_some() {
        compared.value("licenseURI", None);
    }
    if !imported {
        compared.value("caseVersion", Some(Value::from("1.1")));
        compared.value("frameworkType", framework_type(now.kind).map(Value::from));
    }
    compared.0
}

/// The licence that was written here; none when it came with the package, or there is none.
pub(super) fn own_license<'f>(
    framework: &'f Framework,
    before: Option<&FrameworkContent>,
) -> Option<&'f License> {
    let now = framework.content.license.as_ref()?;
    let before = before.and_then(|before| before.license.as_ref());
    let came = before.is_some_and(|before| (&before.title, &before.uri) == (&now.title, &now.uri));
    (!came).then_some(now)
}

/// The identity of a licence that was written here.
pub(super) fn license_id(framework: &Framework) -> Uuid {
    Uuid::new_v5(&framework.place.id, b"CFLicense")
}

const fn adoption_status(status: AdoptionStatus) -> Option<&'static str> {
    match status {
        AdoptionStatus::Unspecified => None,
        AdoptionStatus::PrivateDraft => Some("Private Draft"),
        AdoptionStatus::Draft => Some("Draft"),
        AdoptionStatus::Adopted => Some("Adopted"),
        AdoptionStatus::Deprecated => Some("Deprecated"),
    }
}

const fn framework_type(kind: FrameworkKind) -> Option<&'static str> {
    match kind {
        FrameworkKind::Unspecified | FrameworkKind::Other => None,
        FrameworkKind::PortraitOfAGraduate => Some("Portrait of a graduate"),
        FrameworkKind::Standards => Some("Academic standards"),
        FrameworkKind::Competencies => Some("Competencies"),
        FrameworkKind::Progressions => Some("Learning progressions"),
        FrameworkKind::EducatorCompetencies => Some("Educator competencies"),
    }
}

/// What was changed of an outcome.
pub(super) fn item(now: &OutcomeContent, before: &OutcomeContent, language: &str) -> Edits {
    let language = if now.language.is_empty() { language } else { &now.language };
    let mut compared = Comparison::default();
    let texts = [
        ("fullStatement", &now.statement, &before.statement),
        ("abbreviatedStatement", &now.abbreviated, &before.abbreviated),
        ("notes", &now.notes, &before.notes),
    ];
    for (key, now, before) in texts {
        compared.text(key, primary(now, language), primary(before, language));
    }
    compared.text("humanCodingScheme", &now.code, &before.code);
    compared.text("listEnumeration", &now.list_enumeration, &before.list_enumeration);
    compared.text("language", &now.language, &before.language);
    compared.text("CFItemType", &now.item_type, &before.item_type);
    if now.item_type != before.item_type {
        // The reference named the type of before.
        compared.value("CFItemTypeURI", None);
    }
    compared.texts("educationLevel", &now.education_levels, &before.education_levels);
    if compared.texts("conceptKeywords", &now.concept_keywords, &before.concept_keywords) {
        // The reference named the concept of before.
        compared.value("conceptKeywordsURI", None);
    }
    let days = [
        ("statusStartDate", now.valid_from, before.valid_from),
        ("statusEndDate", now.valid_until, before.valid_until),
    ];
    for (key, now, before) in days {
        if now != before {
            compared.value(key, now.map(|day| Value::from(day.to_string())));
        }
    }
    compared.0
}

/// What was changed of an association. `end` says what stands at an end that is held here.
pub(super) fn association(
    now: &AssociationContent,
    before: Option<&AssociationContent>,
    end: impl Fn(&Held) -> (String, String, String),
) -> Edits {
    let mut compared = Comparison::default();
    let before_type = before.map(association_type).unwrap_or_default();
    compared.text("associationType", &association_type(now), &before_type);
    if now.sequence != before.and_then(|before| before.sequence) {
        compared.value("sequenceNumber", now.sequence.map(Value::from));
    }
    compared.text("notes", &now.notes, before.map_or("", |before| &before.notes));
    if now.grouping != before.map_or("", |before| &before.grouping) {
        // It has a title and no identity, for which CASE has no place: it is kept beside the entry.
        let grouping = (!now.grouping.is_empty()).then(|| json!({"title": now.grouping}));
        compared.value("CFAssociationGroupingURI", grouping);
    }
    let ends = [
        ("originNodeURI", &now.origin, before.map(|before| &before.origin)),
        ("destinationNodeURI", &now.destination, before.map(|before| &before.destination)),
    ];
    for (key, now, before) in ends {
        if before.is_none_or(|before| says(before) != says(now)) {
            compared.value(key, Some(node(now, &end)));
        }
    }
    compared.0
}

/// The type of an association as CASE writes it.
pub(super) fn association_type(content: &AssociationContent) -> String {
    match content.kind {
        AssociationType::Extension => content.extension.clone(),
        kind => kind.as_str().to_owned(),
    }
}

/// What a node says of itself; what it is held as depends on what else there is.
fn says(node: &Node) -> [&str; 4] {
    [&node.uri, &node.identifier, &node.title, &node.target_type]
}

fn node(node: &Node, end: impl Fn(&Held) -> (String, String, String)) -> Value {
    let (title, identifier, uri) = node.held.as_ref().map(end).unwrap_or_default();
    let or = |own: &str, held: String| if own.is_empty() { held } else { own.to_owned() };
    let (title, identifier, uri) =
        (or(&node.title, title), or(&node.identifier, identifier), or(&node.uri, uri));
    let mut value = json!({"title": title, "identifier": identifier, "uri": uri});
    if !node.target_type.is_empty() {
        value["targetType"] = Value::from(node.target_type.as_str());
    }
    value
}
