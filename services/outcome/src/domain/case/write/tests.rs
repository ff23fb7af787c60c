//! What is written: valid by the schemas, the same bytes again, and nothing lost on the way.

mod packages;
mod rubrics;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use trellis_kernel::District;

use super::*;
use crate::domain::case::{self, Package};
use crate::domain::framework::{FrameworkRef, Holdings, License};
use crate::domain::rubric::Rubric;
use crate::domain::text::Text;
use packages::packages;

static PACKAGE: LazyLock<Validator> = LazyLock::new(|| schema("cfpackage"));

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn schema(name: &str) -> Validator {
    let file = fixtures().join(format!("schemas/case/case_v1p1_{name}-jsonschema1.json"));
    let schema = serde_json::from_slice(&std::fs::read(file).expect("the schema is there")).expect("JSON");
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

fn require_valid(validator: &Validator, document: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .take(5)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn provider() -> Provider {
    Provider::new("https://trellis.example.org", District::parse("grand-bend").expect("a district"))
}

fn now() -> Timestamp {
    "2026-03-04T05:06:07Z".parse().expect("a time")
}

fn framework(package: &Package) -> Framework {
    let district = District::parse("grand-bend").expect("a district");
    Framework {
        place: FrameworkRef::draft(district, package.document.id),
        content: package.document.content.clone(),
        revision: 0,
        revision_time: None,
        unpublished: true,
        release_note: Vec::new(),
        holdings: Holdings::default(),
        create_time: now(),
        update_time: now(),
        version: 1,
    }
}

fn outcome(of: &FrameworkRef, package: &Package, item: &case::Item) -> Outcome {
    Outcome {
        framework: of.clone(),
        id: item.id,
        content: package.item(item).expect("what was read before"),
        parent: item.parent,
        list_order: item.order,
        published: 0,
        create_time: now(),
        update_time: now(),
        version: 1,
    }
}

fn link(of: &FrameworkRef, package: &Package, link: &case::Link) -> Association {
    Association {
        framework: of.clone(),
        id: link.id,
        content: package.association(link).expect("what was read before"),
        create_time: now(),
        update_time: now(),
        version: 1,
    }
}

/// Writes what a package holds as it would be written once it is stored.
fn write(package: &Package, version: Version) -> String {
    let provider = provider();
    let writer = Writer { provider: &provider, version };
    let framework = framework(package);
    let mut assembly =
        Assembly::new(&writer.document(&framework, Some(&package.json(package.document.source))));
    assembly.section(ITEMS);
    let mut items: Vec<_> = package.items.iter().collect();
    items.sort_by_key(|item| (item.order, item.id));
    for item in items {
        let outcome = outcome(&framework.place, package, item);
        assembly.entry(&writer.item(&outcome, Some(&package.json(item.source)), &framework.content.language));
    }
    assembly.end();
    assembly.section(ASSOCIATIONS);
    for entry in &package.associations {
        let association = link(&framework.place, package, entry);
        assembly.entry(&writer.association(&association, Some(&package.json(entry.source)), &Known::new()));
    }
    assembly.end();
    let mut kept: BTreeMap<(String, Uuid), String> = BTreeMap::new();
    for definition in &package.definitions {
        kept.insert((definition.section.clone(), definition.id), package.json(definition.source));
    }
    let rubrics =
        package.definitions.iter().filter_map(|definition| rubric(&framework.place, package, definition));
    write_kept(
        &mut assembly,
        writer,
        &framework,
        &kept,
        &rubrics.map(|rubric| (rubric.id, rubric)).collect(),
    );
    assembly.take()
}

fn rubric(of: &FrameworkRef, package: &Package, definition: &case::Definition) -> Option<Rubric> {
    Some(Rubric {
        framework: of.clone(),
        id: definition.id,
        content: package.rubric(definition)?,
        create_time: now(),
        update_time: now(),
        version: 1,
    })
}

fn write_kept(
    assembly: &mut Assembly,
    writer: Writer<'_>,
    framework: &Framework,
    kept: &BTreeMap<(String, Uuid), String>,
    rubrics: &BTreeMap<Uuid, Rubric>,
) {
    let of = |wanted: &'static str| kept.iter().filter(move |((section, _), _)| section == wanted);
    assembly.definitions();
    for section in definition_sections().filter(|section| of(section).next().is_some()) {
        assembly.definition(section);
        for ((_, id), source) in of(section) {
            assembly.entry(&writer.definition(section, *id, source, framework.update_time));
        }
        assembly.end();
    }
    let (mut own, mut within_own, mut others) = (None, None, Vec::new());
    let mut within: BTreeMap<String, Value> = BTreeMap::new();
    for ((section, id), source) in kept {
        let value: Value = serde_json::from_str(source).expect("JSON");
        match place(section, is_whole(framework.place.id, section, *id)) {
            Place::Extensions => own = Some(source.as_str()),
            Place::DefinitionExtensions => within_own = Some(source.as_str()),
            Place::Other(key) => others.push((key, value)),
            Place::OtherInDefinitions(key) => {
                within.insert(key, value);
            }
            Place::OtherDefinitions(key) => {
                let list = within.entry(key).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut().expect("a list").push(value);
            }
            Place::Resource | Place::Definition | Place::Rubrics => {}
        }
    }
    let with = |extensions: Option<Json>| extensions.filter(|_| writer.version > Version::V1p0);
    assembly.end_definitions(with(extensions(within_own, within)).as_ref());
    if of(RUBRICS).next().is_some() {
        assembly.section(RUBRICS);
        for ((_, id), source) in of(RUBRICS) {
            let as_it_came = writer.rubric(*id, source, framework.update_time);
            if let Some(rubric) = rubrics.get(id) {
                let held =
                    writer.held_rubric(rubric, Some(source), &framework.content.language, &Known::new());
                assert_eq!(held, as_it_came, "what nobody changed goes out as it came");
            }
            assembly.entry(&as_it_came);
        }
        assembly.end();
    }
    assembly.finish(with(extensions(own, others)).as_ref());
}

fn read(text: &str) -> Package {
    case::read(text.as_bytes().to_vec()).expect("a package that can be taken")
}

/// Export, import, export: valid, and the same bytes.
fn require_stable(package: &Package) -> String {
    let first = write(package, Version::V1p1);
    require_valid(&PACKAGE, &serde_json::from_str(&first).expect("JSON"));
    assert_eq!(write(&read(&first), Version::V1p1), first);
    first
}

#[test]
fn every_real_package_comes_out_valid_and_the_same_bytes_again() {
    let mut seen = 0;
    for file in std::fs::read_dir(fixtures().join("case")).expect("the fixtures are there") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let package = case::read(std::fs::read(&path).expect("a file")).expect("a package");
        let out = read(&require_stable(&package));
        assert_eq!(out.items.len(), package.items.len(), "{path:?}");
        assert_eq!(out.associations.len(), package.associations.len(), "{path:?}");
        assert_eq!(out.definitions.len(), package.definitions.len(), "{path:?}");
        seen += 1;
    }
    assert_eq!(seen, 12);
}

#[test]
fn what_1p1_forbids_inside_a_package_is_back_in_its_place_when_it_comes_in_again() {
    let package =
        case::read(std::fs::read(fixtures().join("case/mockIT.json")).expect("a file")).expect("a package");
    let text = write(&package, Version::V1p1);
    assert!(text.contains(r#""trellis:kept":{"CFDocumentURI":"#));
    let again = read(&text);
    let digests = |package: &Package| {
        let mut digests: Vec<_> =
            package.items.iter().map(|item| (item.id, item.source.digest.text())).collect();
        digests.sort();
        digests
    };
    assert_eq!(digests(&again), digests(&package), "an import of what was exported changes no outcome");
}

#[test]
fn version_1p0_has_nothing_that_only_1p1_knows() {
    let text = json!({
        "CFDocument": {"identifier": id(1), "title": "T", "frameworkType": "F", "caseVersion": "1.1", "vendor": 1},
        "CFItems": [{"identifier": id(2), "fullStatement": "S", "subject": ["X"], "extensions": {"a": 1}}],
        "CFAssociations": [{
            "identifier": id(3), "associationType": "isTranslationOf", "notes": "N",
            "originNodeURI": {"title": "S", "identifier": id(2), "uri": "u", "targetType": "CASE"},
            "destinationNodeURI": {"title": "T", "identifier": id(1), "uri": "v"},
        }],
        "vendorSection": {"a": 1},
    });
    let out: Value = serde_json::from_str(&write(&read(&text.to_string()), Version::V1p0)).expect("JSON");
    assert_eq!(out["CFAssociations"][0]["associationType"], "isRelatedTo");
    for newer in
        ["frameworkType", "caseVersion", "\"subject\"", "notes", "targetType", "extensions", "vendor"]
    {
        assert!(!out.to_string().contains(newer), "{newer}");
    }
}

#[test]
fn a_type_that_begins_with_a_hyphen_is_spelt_as_the_schema_has_it() {
    for (written, spelt) in
        [(json!(-1), "ext:_-1"), (json!("-own"), "ext:_-own"), (json!("ext:-x"), "ext:_-x")]
    {
        let node = json!({"title": "S", "identifier": id(2), "uri": "u"});
        let package = json!({
            "CFDocument": {"identifier": id(1), "title": "T"},
            "CFItems": [{"identifier": id(2), "fullStatement": "S"}],
            "CFAssociations": [{
                "identifier": id(3), "associationType": written, "originNodeURI": node, "destinationNodeURI": node,
            }],
        });
        let out: Value = serde_json::from_str(&require_stable(&read(&package.to_string()))).expect("JSON");
        assert_eq!(out["CFAssociations"][0]["associationType"], spelt);
    }
}

#[test]
fn what_was_changed_here_wins_over_its_source() {
    let text = json!({
        "CFDocument": {"identifier": id(1), "title": "Old", "creator": "C", "lastChangeDateTime": "2020-01-01T00:00:00Z"},
        "CFItems": [{
            "identifier": id(2), "fullStatement": "Old", "CFItemType": "Skill", "notes": "gone",
            "CFItemTypeURI": {"title": "Skill", "identifier": id(9), "uri": "u"}, "vendor": "stays",
            "conceptKeywordsURI": {"title": "Number", "identifier": id(8), "uri": "u"},
            "lastChangeDateTime": "2020-01-01T00:00:00Z",
        }],
    });
    let package = read(&text.to_string());
    let framework = framework(&package);
    let mut edited = outcome(&framework.place, &package, &package.items[0]);
    edited.content.statement = vec![Text::new("", "New")];
    edited.content.item_type = "Mindset".to_owned();
    assert_eq!(edited.content.concept_keywords, ["Number"]);
    edited.content.concept_keywords = vec!["Growth".to_owned()];
    edited.content.notes = Vec::new();
    let provider = provider();
    let writer = Writer { provider: &provider, version: Version::V1p1 };
    let out = writer.item(&edited, Some(&package.json(package.items[0].source)), "");
    let out: Value = serde_json::from_str(&out.to_string()).expect("JSON");
    let expected = json!({
        "identifier": id(2), "fullStatement": "New", "CFItemType": "Mindset", "conceptKeywords": ["Growth"],
        "uri": format!("https://trellis.example.org/case/grand-bend/ims/case/v1p1/CFItems/{}", id(2)),
        "lastChangeDateTime": "2026-03-04T05:06:07Z", "extensions": {"trellis:kept": {"vendor": "stays"}},
    });
    assert_eq!(out, expected);
}

#[test]
fn what_was_written_here_is_valid_and_has_its_licence_beside_it() {
    let text = json!({"CFDocument": {"identifier": id(1), "title": "T"}}).to_string();
    let mut framework = framework(&read(&text));
    framework.content.case = None;
    framework.content.license =
        Some(License { title: "CC BY 4.0".to_owned(), text: "Share.".to_owned(), uri: String::new() });
    let provider = provider();
    let writer = Writer { provider: &provider, version: Version::V1p1 };
    let document: Value = serde_json::from_str(&writer.document(&framework, None).to_string()).expect("JSON");
    require_valid(&PACKAGE, &json!({"CFDocument": document}));
    let (license_id, license) = writer.license(&framework, None).expect("a licence");
    let license: Value = serde_json::from_str(&license.to_string()).expect("JSON");
    require_valid(&schema("cflicense"), &license);
    assert_eq!(document["licenseURI"]["identifier"], license_id.to_string());
    assert_eq!(document["licenseURI"]["uri"], license["uri"]);
}

fn id(number: u128) -> String {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + number).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_was_taken_comes_out_valid_and_the_same_bytes_again(package in packages()) {
        if let Ok(taken) = case::read(package.to_string().into_bytes()) {
            require_stable(&taken);
        }
    }
}
