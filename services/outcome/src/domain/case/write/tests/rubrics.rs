//! Rubrics that were edited or made here: they win over what came, and go out valid.

use super::*;
use crate::domain::decimal::Decimal;
use crate::domain::rubric::{Alignment, Criterion, Held, RubricContent, RubricLevel};

static RUBRIC: LazyLock<Validator> = LazyLock::new(|| schema("cfrubric"));

fn entry() -> Value {
    json!({
        "identifier": id(300), "uri": "https://a.example/300", "title": "Story",
        "lastChangeDateTime": "2020-01-01T00:00:00Z", "vendor": 7,
        "CFRubricCriteria": [
            {
                "identifier": id(402), "uri": "https://a.example/402", "category": "Delivery", "position": 2,
                "lastChangeDateTime": "2020-01-01T00:00:00Z", "rubricId": id(300),
            },
            {
                "identifier": id(401), "uri": "https://a.example/401", "description": "Tells it in order",
                "weight": 1.50, "position": 1, "lastChangeDateTime": "2020-01-01T00:00:00Z", "colour": "red",
                "CFItemURI": {"title": "SL.4", "identifier": id(10), "uri": "https://a.example/10"},
                "CFRubricCriterionLevels": [
                    {
                        "identifier": id(501), "uri": "https://a.example/501", "quality": "Beginning",
                        "description": "I can say what happened.", "score": 1, "position": 1,
                        "lastChangeDateTime": "2020-01-01T00:00:00Z", "rubricCriterionId": id(401),
                    },
                    {
                        "identifier": "Row 2", "quality": "Growing", "score": 2, "position": 2,
                        "lastChangeDateTime": "2020-01-01T00:00:00Z",
                    },
                ],
            },
        ],
    })
}

fn package(entry: &Value) -> Package {
    let text = json!({
        "CFDocument": {"identifier": id(1), "title": "T", "language": "en"},
        "CFItems": [{"identifier": id(10), "fullStatement": "S"}],
        "CFRubrics": [entry],
    });
    read(&text.to_string())
}

fn held(package: &Package) -> Rubric {
    let of = framework(package).place;
    rubric(&of, package, &package.definitions[0]).expect("a rubric")
}

fn written(rubric: &Rubric, source: Option<&str>, known: &Known) -> Value {
    let provider = provider();
    let writer = Writer { provider: &provider, version: Version::V1p1 };
    let out: Value =
        serde_json::from_str(&writer.held_rubric(rubric, source, "en", known).to_string()).expect("JSON");
    require_valid(&RUBRIC, &out);
    out
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::parse(text)
}

#[test]
fn a_rubric_is_read_with_all_it_says() {
    let package = package(&entry());
    let content = held(&package).content;
    assert_eq!(content.title, [Text::new("en", "Story")]);
    let [first, second] = &content.criteria[..] else { panic!("two criteria") };
    assert_eq!((first.id.to_string(), second.id.to_string()), (id(401), id(402)), "by position");
    assert_eq!((first.weight, second.weight), (decimal("1.5"), None));
    assert_eq!(second.category, "Delivery");
    let alignment = first.outcome.as_ref().expect("an outcome");
    assert_eq!(alignment.held, Some(Held::Own(package.items[0].id)));
    assert_eq!(alignment.title, "SL.4");
    let scores: Vec<_> = first.levels.iter().map(|level| level.score).collect();
    assert_eq!(scores, [decimal("1"), decimal("2")]);
    assert_eq!(first.levels[0].description, [Text::new("en", "I can say what happened.")]);
    assert!(package.issues.iter().all(|issue| !issue.place.pointer.starts_with("/CFRubrics")));
}

#[test]
fn what_cannot_be_read_is_kept_and_an_issue_says_why() {
    let twice = json!([{"identifier": id(401)}, {"identifier": id(401)}]);
    let many: Vec<Value> = (0..51).map(|_| json!({})).collect();
    let levels: Vec<Value> = (0..21).map(|_| json!({})).collect();
    for (code, criteria) in [
        ("RUBRIC_EMPTY", json!(null)),
        ("TYPE_WRONG", json!("none")),
        ("IDENTIFIER_REPEATED", twice),
        ("RUBRIC_TOO_LARGE", json!(many)),
        ("RUBRIC_TOO_LARGE", json!([{"CFRubricCriterionLevels": levels}])),
    ] {
        let package = package(&json!({"identifier": id(300), "CFRubricCriteria": criteria}));
        assert_eq!(package.definitions.len(), 1, "{code}");
        assert!(package.rubric(&package.definitions[0]).is_none(), "{code}");
        let issue = package.issues.iter().find(|issue| issue.code == code).expect("an issue");
        assert!(issue.place.pointer.starts_with("/CFRubrics/0"), "{}", issue.place.pointer);
        require_stable(&package);
    }
}

#[test]
fn what_nobody_changed_goes_out_as_it_came() {
    let package = package(&entry());
    let out: Value = serde_json::from_str(&require_stable(&package)).expect("JSON");
    let rubric = &out["CFRubrics"][0];
    assert_eq!(rubric["lastChangeDateTime"], "2020-01-01T00:00:00Z");
    assert_eq!(rubric["extensions"]["trellis:kept"]["vendor"], 7);
    let order: Vec<&Value> =
        rubric["CFRubricCriteria"].as_array().expect("a list").iter().map(|c| &c["identifier"]).collect();
    assert_eq!(order, [&json!(id(402)), &json!(id(401))], "in the package's own order");
}

#[test]
fn what_was_edited_wins_and_the_rest_stays() {
    let package = package(&entry());
    let source = package.json(package.definitions[0].source);
    let mut rubric = held(&package);
    let first = &mut rubric.content.criteria[0];
    first.weight = decimal("2.25");
    first.levels[1].description =
        vec![Text::new("es", "Puedo."), Text::new("en", "I can make others listen.")];
    rubric.content.criteria.remove(1);
    let out = written(&rubric, Some(&source), &Known::new());
    assert_eq!(out["lastChangeDateTime"], "2026-03-04T05:06:07Z");
    assert_eq!(out["title"], "Story");
    let criteria = out["CFRubricCriteria"].as_array().expect("a list");
    assert_eq!(criteria.len(), 1);
    assert_eq!(criteria[0]["uri"], "https://a.example/401");
    assert_eq!(criteria[0]["weight"], 2.25);
    assert_eq!(criteria[0]["extensions"]["trellis:kept"]["colour"], "red");
    assert_eq!(criteria[0]["CFItemURI"]["title"], "SL.4");
    let levels = criteria[0]["CFRubricCriterionLevels"].as_array().expect("a list");
    assert_eq!(levels[0]["lastChangeDateTime"], "2020-01-01T00:00:00Z", "nobody changed it");
    assert_eq!(levels[1]["description"], "I can make others listen.");
    assert_eq!(levels[1]["identifier"], rubric.content.criteria[0].levels[1].id.to_string());
}

#[test]
fn one_that_was_made_here_says_all_and_reads_back_the_same() {
    let base = package(&entry());
    let item = base.items[0].id;
    let level = |number: u128, quality: &str, score: &str| RubricLevel {
        id: id(number).parse().expect("a GUID"),
        quality: vec![Text::new("en", quality)],
        description: vec![Text::new("en", "I can.")],
        feedback: vec![Text::new("en", "Go on.")],
        score: decimal(score),
        position: None,
    };
    let criterion = |number: u128, outcome: Alignment| Criterion {
        id: id(number).parse().expect("a GUID"),
        category: "Content".to_owned(),
        description: vec![Text::new("en", "Order")],
        weight: decimal("0.1"),
        position: Some(3),
        outcome: Some(outcome),
        levels: vec![level(number + 50, "Beginning", "-0.5"), level(number + 51, "Growing", "4")],
    };
    let own = Alignment { held: Some(Held::Own(item)), ..Alignment::default() };
    let elsewhere = Alignment { uri: "https://b.example/items/7".to_owned(), ..Alignment::default() };
    let content = RubricContent {
        title: vec![Text::new("en", "Made here")],
        description: vec![Text::new("en", "For stories")],
        criteria: vec![criterion(600, own), criterion(700, elsewhere)],
        case: None,
    };
    let rubric = Rubric { content, ..held(&base) };
    let known = Known::from([(item, ("SL.4".to_owned(), "https://a.example/10".to_owned()))]);
    let out = written(&rubric, None, &known);
    let first = &out["CFRubricCriteria"][0];
    let link = json!({"title": "SL.4", "identifier": item, "uri": "https://a.example/10"});
    assert_eq!(first["CFItemURI"], link);
    assert_eq!(first["rubricId"], out["identifier"]);
    assert_eq!(first["CFRubricCriterionLevels"][0]["rubricCriterionId"], first["identifier"]);
    assert_eq!(first["CFRubricCriterionLevels"][0]["score"], -0.5);
    let back = package(&out);
    let mut read = held(&back).content;
    require_stable(&back);
    for criterion in &mut read.criteria {
        criterion.outcome = None;
    }
    let mut made = rubric.content;
    for criterion in &mut made.criteria {
        criterion.outcome = None;
    }
    assert_eq!(RubricContent { case: None, ..read }, made);
}

/// Changes a rubric in one of many ways.
fn edit(content: &mut RubricContent, how: u8, which: usize) {
    let count = content.criteria.len();
    let Some(criterion) = content.criteria.get_mut(which % count.max(1)) else {
        content.title = vec![Text::new("en", "Edited")];
        return;
    };
    match how % 7 {
        0 => content.title = vec![Text::new("en", "Edited")],
        1 => criterion.weight = decimal("7"),
        2 => criterion.outcome = None,
        3 => criterion.levels.reverse(),
        4 => drop(criterion.levels.pop()),
        5 => criterion.description = vec![Text::new("en", "Edited")],
        _ => drop(content.criteria.remove(which % count)),
    }
    *content = std::mem::take(content).arranged();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn edits_go_out_valid_and_come_in_as_they_were_made(
        package in packages(), edits in prop::collection::vec((any::<u8>(), 0..4_usize), 1..4),
    ) {
        let Ok(package) = case::read(package.to_string().into_bytes()) else { return Ok(()) };
        let of = framework(&package).place;
        for definition in &package.definitions {
            let Some(mut rubric) = rubric(&of, &package, definition) else { continue };
            for (how, which) in &edits {
                edit(&mut rubric.content, *how, *which);
            }
            let out = written(&rubric, Some(&package.json(definition.source)), &Known::new());
            let back = self::package(&out);
            let Some(again) = back.rubric(&back.definitions[0]) else { continue };
            let ids = |content: &RubricContent| -> Vec<(Uuid, Vec<Uuid>)> {
                let levels = |c: &Criterion| c.levels.iter().map(|level| level.id).collect();
                content.criteria.iter().map(|c| (c.id, levels(c))).collect()
            };
            prop_assert_eq!(ids(&again), ids(&rubric.content));
            for (read, made) in again.criteria.iter().zip(&rubric.content.criteria) {
                prop_assert_eq!(read.weight, made.weight);
                prop_assert_eq!(read.position, made.position);
            }
            require_stable(&back);
        }
    }
}
