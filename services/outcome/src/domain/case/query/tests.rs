//! Tests of queries.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn document(value: &Value) -> Json {
    let members = value.as_object().expect("an object").iter();
    Json::Object(members.map(|(key, value)| (key.clone(), Json::Plain(value.clone()))).collect())
}

fn read(parameters: &[(&str, &str)]) -> Result<Query, Unanswerable> {
    Query::read(parameters.iter().copied(), Version::V1p1)
}

/// The titles of those that a query selects.
fn titles(parameters: &[(&str, &str)], documents: &[Value]) -> Vec<String> {
    let query = read(parameters).expect("a query");
    let selected = query.window(query.select(documents.iter().map(document).collect()));
    let mut titles = Vec::new();
    for document in &selected {
        document.values("title", &mut titles);
    }
    titles.into_iter().map(|title| title.as_str().expect("a title").to_owned()).collect()
}

fn three() -> [Value; 3] {
    [
        json!({"title": "Beta", "subject": ["Math", "Art"], "version": "1.0",
               "lastChangeDateTime": "2020-01-01T00:00:00Z", "licenseURI": {"title": "CC BY"}}),
        json!({"title": "alpha", "subject": ["Math"], "version": "2.0",
               "lastChangeDateTime": "2020-01-01T01:00:00+02:00", "extensions": {"own": {"deep": "x"}}}),
        json!({"title": "O'Hara", "lastChangeDateTime": "2021-01-01T00:00:00Z"}),
    ]
}

#[test]
fn filters_say_what_the_binding_says() {
    for (filter, expected) in [
        ("title='BETA'", vec!["Beta"]),
        ("title!='beta'", vec!["alpha", "O'Hara"]),
        ("title~'A'", vec!["Beta", "alpha", "O'Hara"]),
        ("title='O''Hara'", vec!["O'Hara"]),
        ("subject='Math'", vec!["alpha"]),
        ("subject='art, math'", vec!["Beta"]),
        ("subject~'art,music'", vec!["Beta"]),
        ("subject!='math'", vec!["Beta", "O'Hara"]),
        ("version>'1.0'", vec!["alpha"]),
        ("version<='1.0'", vec!["Beta"]),
        // The same moment is written in several ways.
        ("lastChangeDateTime<'2020-01-01T00:00:00Z'", vec!["alpha"]),
        ("lastChangeDateTime='2020-01-01T02:00:00+02:00'", vec!["Beta"]),
        ("licenseURI.title~'cc'", vec!["Beta"]),
        ("extensions.own.deep='X'", vec!["alpha"]),
        ("title='beta' OR version='2.0'", vec!["Beta", "alpha"]),
        ("subject~'math' AND version>='2.0'", vec!["alpha"]),
        ("title = 'Beta'", vec!["Beta"]),
    ] {
        assert_eq!(titles(&[("filter", filter)], &three()), expected, "{filter}");
    }
}

#[test]
fn orders_and_windows() {
    let sorted = |parameters: &[(&str, &str)]| titles(parameters, &three());
    assert_eq!(sorted(&[("sort", "title")]), ["alpha", "Beta", "O'Hara"]);
    assert_eq!(sorted(&[("sort", "title"), ("orderBy", "desc")]), ["O'Hara", "Beta", "alpha"]);
    assert_eq!(sorted(&[("sort", "lastChangeDateTime")]), ["alpha", "Beta", "O'Hara"]);
    assert_eq!(sorted(&[("orderBy", "desc"), ("sort", "version")]), ["alpha", "Beta", "O'Hara"]);
    assert_eq!(sorted(&[("sort", "nothing")]), ["Beta", "alpha", "O'Hara"]);
    assert_eq!(sorted(&[("limit", "1"), ("offset", "1")]), ["alpha"]);
    assert!(sorted(&[("offset", "99999999999999999999999")]).is_empty());
    assert_eq!(read(&[("limit", "5000")]).expect("a query").limit, MOST);
}

#[test]
fn only_the_fields_that_are_asked_for_and_all_where_one_is_unknown() {
    let fields = |fields: &str| {
        let query = read(&[("fields", fields)]).expect("a query");
        query.window(vec![document(&three()[0])])[0].to_string()
    };
    assert_eq!(fields("title, version"), r#"{"title":"Beta","version":"1.0"}"#);
    assert!(fields("title,nothing").contains("subject"));
}

#[test]
fn what_cannot_be_answered_is_told_apart() {
    for (name, value, expected) in [
        ("limit", "0", Unanswerable::Parameter("limit")),
        ("limit", "-1", Unanswerable::Parameter("limit")),
        ("limit", "", Unanswerable::Parameter("limit")),
        ("offset", "x", Unanswerable::Parameter("offset")),
        ("orderBy", "up", Unanswerable::Parameter("orderBy")),
        ("fields", "", Unanswerable::Parameter("fields")),
        ("fields", "title,,version", Unanswerable::Parameter("fields")),
        ("filter", "nothing='1'", Unanswerable::FilterField),
        ("filter", "licenseURI.nothing='1'", Unanswerable::FilterField),
        ("filter", "title='a' AND nothing='b'", Unanswerable::FilterField),
        ("filter", "", Unanswerable::Filter),
        ("filter", "title", Unanswerable::Filter),
        ("filter", "title=beta", Unanswerable::Filter),
        ("filter", "title='beta", Unanswerable::Filter),
        ("filter", "title='a' XOR title='b'", Unanswerable::Filter),
        ("filter", "title='a' AND title='b' AND title='c'", Unanswerable::Filter),
    ] {
        assert_eq!(read(&[(name, value)]), Err(expected), "{name}={value}");
    }
    let long = format!("title='{}'", "x".repeat(LONGEST));
    assert_eq!(read(&[("filter", &long)]), Err(Unanswerable::Filter));
    let newer = Query::read([("filter", "caseVersion='1.1'")], Version::V1p0);
    assert_eq!(newer, Err(Unanswerable::FilterField));
}

proptest! {
    /// Whatever is asked, windows next to each other give every document once.
    #[test]
    fn pages_hold_every_document_once(count in 0..40_usize, limit in 1..12_usize, descending: bool) {
        let documents: Vec<Value> = (0..count).map(|n| json!({"title": format!("{}", n % 7), "version": n.to_string()})).collect();
        let order = if descending { "desc" } else { "asc" };
        let (mut seen, mut offset) = (Vec::new(), 0);
        loop {
            let (limit, at) = (limit.to_string(), offset.to_string());
            let query = read(&[("sort", "title"), ("orderBy", order), ("limit", &limit), ("offset", &at)]);
            let query = query.expect("a query");
            let page = query.window(query.select(documents.iter().map(document).collect()));
            if page.is_empty() {
                break;
            }
            offset += page.len();
            seen.extend(page.iter().map(ToString::to_string));
        }
        prop_assert_eq!(seen.len(), count);
        seen.sort();
        seen.dedup();
        prop_assert_eq!(seen.len(), count);
    }

    /// Text of any kind is read or refused, and a value that is quoted is found as it is.
    #[test]
    fn any_value_can_be_filtered_for(title in "\\PC{1,20}", noise in "\\PC{0,30}") {
        let _ = read(&[("filter", noise.as_str())]);
        let filter = format!("title='{}'", title.replace('\'', "''"));
        prop_assert_eq!(titles(&[("filter", filter.as_str())], &[json!({"title": title})]), vec![title]);
    }
}
