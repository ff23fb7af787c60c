use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const FRAMEWORK: &str = "11111111-1111-4111-8111-111111111111";

fn fixture(file: &str) -> Package {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/case").join(file);
    read(std::fs::read(path).expect("the fixture is there")).expect("the fixture can be taken")
}

/// A package with the given items and associations.
fn package(items: &str, associations: &str) -> String {
    format!(
        r#"{{"CFDocument": {{"identifier": "{FRAMEWORK}", "uri": "https://x/{FRAMEWORK}", "title": "T", "creator": "C"}},
"CFItems": [{items}],
"CFAssociations": [{associations}]}}"#
    )
}

fn item(number: u8) -> String {
    format!(
        r#"{{"identifier": "22222222-2222-4222-8222-0000000000{number:02x}", "fullStatement": "S{number}"}}"#
    )
}

fn link(number: u8, kind: &str, from: u8, to: u8) -> String {
    let node = |n: u8| format!(r#"{{"identifier": "22222222-2222-4222-8222-0000000000{n:02x}"}}"#);
    format!(
        r#"{{"identifier": "33333333-3333-4333-8333-0000000000{number:02x}", "associationType": "{kind}",
"originNodeURI": {}, "destinationNodeURI": {}}}"#,
        node(from),
        node(to)
    )
}

/// What is written about an outcome of a package.
fn said(package: &Package, item: &Item) -> OutcomeContent {
    package.item(item).expect("what was read once can be read again")
}

fn codes(package: &Package) -> Vec<&str> {
    package.issues.iter().map(|issue| issue.code.as_str()).collect()
}

/// Every entry is taken, repeated or refused, and every one refused or repeated has its issue.
fn assert_accounted(package: &Package) {
    let tally = &package.tally;
    let taken = |read: u32, repeated: u32, refused: u32| (read - repeated - refused) as usize;
    let of = |counts: &crate::domain::transfer::Counts| taken(counts.read, counts.repeated, counts.refused);
    assert_eq!(package.items.len(), of(&tally.outcomes));
    assert_eq!(package.associations.len(), of(&tally.associations));
    assert_eq!(package.definitions.len(), of(&tally.definitions) + of(&tally.rubrics));
    let told =
        |code: &[&str]| package.issues.iter().filter(|issue| code.contains(&issue.code.as_str())).count();
    let repeated = tally.outcomes.repeated + tally.associations.repeated + tally.definitions.repeated;
    assert_eq!(told(&["ENTRY_REPEATED"]), repeated as usize);
    let refused = package.issues.iter().filter(|issue| issue.severity == Severity::Error).count();
    assert_eq!(
        refused,
        (tally.outcomes.refused + tally.associations.refused + tally.definitions.refused) as usize
    );
}

#[test]
fn every_entry_of_every_real_package_is_accounted_for() {
    for (file, items, associations, elsewhere) in [
        ("MarkdownFramework.json", 2, 2, 0),
        ("SequenceNumberFramework.json", 2, 2, 0),
        ("Utf8TestFramework.json", 1, 1, 0),
        ("mockDOK.json", 15, 15, 0),
        ("mockELA.json", 5, 1, 0),
        ("mockHSMATH.json", 86, 126, 24),
        ("mockIT.json", 19, 19, 0),
        ("mockMATH.json", 585, 3368, 2001),
        ("mockPT.json", 164, 240, 58),
        ("mockPack_0.json", 38, 56, 16),
        ("mockPack_1.json", 65, 100, 24),
        ("mockPack_4.json", 32, 49, 13),
    ] {
        let package = fixture(file);
        let tally = &package.tally;
        assert_eq!(
            (tally.outcomes.read, tally.associations.read, tally.destinations_elsewhere),
            (items, associations, elsewhere),
            "{file}"
        );
        assert_accounted(&package);
    }
}

#[test]
fn the_math_specification_loses_nothing_but_an_association_that_stands_there_twice() {
    let package = fixture("mockMATH.json");
    assert_eq!((package.items.len(), package.associations.len(), package.definitions.len()), (585, 3367, 6));
    assert_eq!(package.tally.associations.repeated, 1);
    assert_eq!(package.tally.outcomes.refused + package.tally.associations.refused, 0);
    let example = package.items.iter().find(|item| said(&package, item).code == "M.G3.C1NF.TF.3.NF.A.2");
    let example = example.expect("a standard of grade 3");
    assert_eq!(said(&package, example).item_type, "Measured Skill");
    assert_eq!(example.id.to_string(), "f0d8ac58-e035-11e7-8d79-332cee4792ac");
    assert!(example.parent.is_some());
}

#[test]
fn an_item_without_an_identifier_is_given_the_same_one_each_time() {
    let (first, second) = (fixture("mockELA.json"), fixture("mockELA.json"));
    let ids = |package: &Package| package.items.iter().map(|item| item.id).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(first.items.len(), 3, "two of the five have the identifier of another");
    assert!(codes(&first).contains(&"IDENTIFIER_DERIVED"));
    let repeated: Vec<&str> = first
        .issues
        .iter()
        .filter(|issue| issue.code == "IDENTIFIER_REPEATED")
        .map(|issue| issue.place.pointer.as_str())
        .collect();
    assert_eq!(repeated, ["/CFItems/3/identifier", "/CFItems/4/identifier"]);
}

#[test]
fn what_is_not_understood_is_kept_as_it_came() {
    let json = package(
        r#"{"identifier": "22222222-2222-4222-8222-000000000001", "fullStatement": "S", "extensions": { "own": [1.50, "a b"] }}"#,
        "",
    );
    let json = json.replace("\"CFItems\"", "\"vendor\": {\"x\": 1},\n\"CFRubrics\": [{\"identifier\": \"44444444-4444-4444-8444-000000000001\", \"title\": \"R\"}],\n\"CFItems\"");
    let package = read(json.into_bytes()).expect("a package");
    assert!(package.json(package.items[0].source).contains(r#""extensions":{"own":[1.50,"a b"]}"#));
    let kept: Vec<(&str, String)> =
        package.definitions.iter().map(|d| (d.section.as_str(), package.json(d.source))).collect();
    let rubric = r#"{"identifier":"44444444-4444-4444-8444-000000000001","title":"R"}"#;
    assert_eq!(kept, [("CFRubrics", rubric.to_owned()), ("vendor", r#"{"x":1}"#.to_owned())]);
}

#[test]
fn a_circle_is_opened_and_its_path_told() {
    let links =
        [link(1, "isChildOf", 1, 2), link(2, "isChildOf", 2, 3), link(3, "isChildOf", 3, 1)].join(",");
    let package =
        read(package(&[item(1), item(2), item(3)].join(","), &links).into_bytes()).expect("a package");
    assert_eq!(package.associations.len(), 2);
    let circle = package.issues.iter().find(|issue| issue.code == "CYCLE_DETECTED").expect("an issue");
    assert_eq!(circle.place.pointer, "/CFAssociations/2");
    assert_eq!(circle.text.matches("→").count(), 3, "{}", circle.text);
    assert_accounted(&package);
}

#[test]
fn fields_of_the_wrong_type_are_left_out_and_told_with_their_place() {
    let json = package(
        r#"
  {"identifier": "22222222-2222-4222-8222-000000000001", "fullStatement": "S", "educationLevel": {"a": 1}, "notes": [], "statusStartDate": "soon"},
  {"identifier": "22222222-2222-4222-8222-000000000002", "fullStatement": 7},
  {"identifier": "22222222-2222-4222-8222-000000000003"},
  "no item""#,
        "",
    );
    let package = read(json.into_bytes()).expect("a package");
    let told: Vec<(&str, &str, u32)> = package
        .issues
        .iter()
        .filter(|issue| issue.code != "ITEM_WITHOUT_PARENT")
        .map(|issue| (issue.code.as_str(), issue.place.pointer.as_str(), issue.place.line))
        .collect();
    assert_eq!(
        told,
        [
            ("FIELD_IGNORED", "/CFItems/0/notes", 3),
            ("FIELD_IGNORED", "/CFItems/0/educationLevel", 3),
            ("FIELD_IGNORED", "/CFItems/0/statusStartDate", 3),
            ("FIELD_CONVERTED", "/CFItems/1/fullStatement", 4),
            ("STATEMENT_MISSING", "/CFItems/2/fullStatement", 5),
            ("TYPE_WRONG", "/CFItems/3", 6),
        ]
    );
    assert_eq!(package.items.len(), 2);
    assert_accounted(&package);
}

#[test]
fn a_document_that_cannot_be_taken_is_refused_with_the_place() {
    let whole = package(&item(1), "");
    let cut = &whole[..whole.len() - 20];
    let deep = package(&format!(r#"{{"a": {}{}}}"#, "[".repeat(100), "]".repeat(100)), "");
    let cases: Vec<(&str, String, &str, (u32, u32))> = vec![
        ("cut off", cut.to_owned(), "JSON_MALFORMED", (3, 1)),
        ("no JSON", whole.replace("\"CFItems\"", "CFItems"), "JSON_MALFORMED", (2, 1)),
        ("an array", "[]".to_owned(), "JSON_MALFORMED", (1, 1)),
        ("empty", String::new(), "JSON_MALFORMED", (1, 1)),
        ("too deep", deep, "TOO_DEEP", (2, 80)),
        (
            "items no array",
            whole.replace("\"CFItems\": [", "\"CFItems\": {\"a\": [").replace("],\n\"CFA", "]},\n\"CFA"),
            "TYPE_WRONG",
            (2, 12),
        ),
        ("no document", whole.replace("CFDocument", "Document"), "SECTION_MISSING", (1, 1)),
        ("no title", whole.replace("\"title\"", "\"name\""), "TITLE_MISSING", (1, 16)),
        ("no identity", whole.replace(FRAMEWORK, "none"), "IDENTIFIER_MISSING", (1, 16)),
        ("twice", whole.replace("CFAssociations", "CFItems"), "KEY_REPEATED", (3, 12)),
        ("a nul", whole.replacen("S1", "S\\u0000", 1), "NUL_CHARACTER", (2, 87)),
        ("no item taken", package("1, 2", ""), "NO_ITEM_TAKEN", (0, 0)),
    ];
    let (mut told, mut expected) = (Vec::new(), Vec::new());
    for (what, json, code, place) in cases {
        let refusal = read(json.into_bytes()).expect_err(what);
        told.push((what, refusal.issues[0].code.clone(), (refusal.place.line, refusal.place.column)));
        expected.push((what, code.to_owned(), place));
    }
    assert_eq!(told, expected);
}

#[test]
fn the_order_of_keys_and_white_space_change_nothing() {
    let one = r#"{"identifier": "22222222-2222-4222-8222-000000000001", "fullStatement": "S"}"#;
    let other = r#"{"fullStatement":"S","identifier":"22222222-2222-4222-8222-000000000001"}"#;
    let digest = |item: &str| read(package(item, "").into_bytes()).expect("a package").items[0].source.digest;
    assert_eq!(digest(one), digest(other));
}

proptest! {
    #[test]
    fn no_document_makes_the_reader_fail_otherwise_than_by_refusing(text in "[\\PC\\n]{0,200}") {
        let _ = read(text.into_bytes());
    }

    #[test]
    fn a_package_cut_anywhere_is_refused(at in 0_usize..1000) {
        let whole = package(&[item(1), item(2)].join(","), &link(1, "precedes", 1, 2));
        let mut at = at % whole.len();
        while !whole.is_char_boundary(at) {
            at -= 1;
        }
        prop_assert!(read(whole.as_bytes()[..at].to_vec()).is_err());
    }

    #[test]
    fn every_graph_of_a_package_becomes_a_tree(pairs in prop::collection::vec((0_u8..9, 0_u8..9), 0..40)) {
        let mut links = String::new();
        for (index, (from, to)) in pairs.iter().enumerate() {
            let number = u8::try_from(index).expect("fewer than forty");
            let _ = write!(links, "{}{}", if index > 0 { "," } else { "" }, link(number, "isChildOf", *from, *to));
        }
        let items: Vec<String> = (0..9).map(item).collect();
        let package = read(package(&items.join(","), &links).into_bytes()).expect("a package");
        assert_accounted(&package);
        let standings: Vec<graph::Standing> = package
            .items
            .iter()
            .map(|item| graph::Standing { id: item.id, parent: item.parent, order: item.order })
            .collect();
        prop_assert_eq!(graph::descendants(&standings, None).len(), 9);
    }
}
