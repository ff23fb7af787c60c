//! Random packages, with every section there is and what strangers may have put into it.

use super::*;

/// Any value that a stranger may have put anywhere.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        "[a-zA-Z<>&\"' \\u{5d0}\\u{1f600}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z:]{1,6}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// The keys of every shape, and some that nobody knows.
fn keys() -> impl Strategy<Value = String> {
    let known: Vec<&str> = [&shape::DOCUMENT, &shape::ITEM, &shape::ASSOCIATION, &shape::RUBRIC]
        .iter()
        .flat_map(|shape| shape.fields.iter().map(|field| field.key))
        .chain(["CFDocumentURI", "CFPackageURI", "vendor", "hierarchyCode", "licenseText"])
        .filter(|key| !["identifier", "title", "originNodeURI", "destinationNodeURI"].contains(key))
        .collect();
    prop::sample::select(known).prop_map(str::to_owned)
}

fn plausible() -> impl Strategy<Value = Value> {
    prop_oneof![
        anything(),
        Just(json!("2021-02-03")),
        Just(json!("2021-02-03T04:05:06+07:00")),
        Just(json!("2021-02-03 04:05")),
        Just(json!({"title": "T", "identifier": id(77), "uri": "https://a.example/77"})),
        Just(json!({"title": "T", "uri": "https://a.example/nowhere", "more": 1})),
        Just(json!([{"identifier": id(78), "uri": "u", "vendor": 2}, 3])),
        Just(json!({"vendor": {"deep": [1]}, "trellis:kept": {"vendor": 1, "uri": 2}})),
        Just(json!("ext:own-type")),
        Just(json!(" 12 ")),
    ]
}

fn extras() -> impl Strategy<Value = BTreeMap<String, Value>> {
    prop::collection::btree_map(keys(), plausible(), 0..6)
}

fn entry(base: &Value, extras: &BTreeMap<String, Value>) -> Value {
    let mut entry = json!(extras);
    for (key, value) in base.as_object().expect("an object") {
        entry[key.as_str()] = value.clone();
    }
    entry
}

/// An entry within a rubric, with a GUID, another identifier or none, and whatever stands in it.
fn part(shape: &'static shape::Shape, first: u128) -> impl Strategy<Value = Value> {
    let keys: Vec<&str> = shape.fields.iter().map(|field| field.key).chain(["vendor"]).collect();
    let identifier = prop_oneof![
        4 => (0..9_u128).prop_map(move |number| Some(json!(id(first + number)))),
        1 => Just(Some(json!("Row 1"))),
        1 => Just(None),
    ];
    let extras = prop::collection::btree_map(prop::sample::select(keys), plausible(), 0..4);
    (identifier, extras, any::<Option<i8>>()).prop_map(|(identifier, extras, position)| {
        let mut part = json!(extras);
        part.as_object_mut().expect("an object").remove("identifier");
        if let Some(identifier) = identifier {
            part["identifier"] = identifier;
        }
        if let Some(position) = position {
            part["position"] = json!(position);
        }
        part
    })
}

/// The criteria of a rubric with their levels, now and then something that is none.
fn criteria() -> impl Strategy<Value = Option<Value>> {
    let levels = prop::collection::vec(part(&shape::LEVEL, 500), 0..3);
    let aligned = prop::option::of(0..12_u128);
    let criterion =
        (part(&shape::CRITERION, 400), levels, aligned).prop_map(|(mut part, levels, aligned)| {
            if let Some(number) = aligned {
                let item = json!({"title": "T", "identifier": id(10 + number), "uri": format!("u{number}")});
                part["CFItemURI"] = item;
            }
            if !levels.is_empty() {
                part["CFRubricCriterionLevels"] = Value::from(levels);
            }
            part
        });
    let one = prop_oneof![9 => criterion, 1 => anything()];
    prop::option::of(prop::collection::vec(one, 0..4).prop_map(Value::from))
}

prop_compose! {
    /// A package with every section there is and some that there are not.
    pub(super) fn packages()(
        document in extras(),
        items in prop::collection::vec((extras(), "[a-z \\u{5d0}\\u{1f600}<b>]{1,12}"), 1..5),
        links in prop::collection::vec((extras(), 0..6_u128, 0..6_u128), 0..6),
        definitions in prop::collection::vec((0..7_usize, extras()), 0..6),
        rubrics in prop::collection::vec((extras(), criteria()), 0..3),
        sections in prop::collection::btree_map("(vendor|extensions|x-[a-z]{1,3})", plausible(), 0..3),
        within in prop::collection::btree_map("(vendor|extensions|x-[a-z]{1,3})", plausible(), 0..3),
    ) -> Value {
        let mut package = json!(sections);
        package["CFDocument"] = entry(&json!({"identifier": id(1), "title": "T"}), &document);
        let items = items.into_iter().enumerate();
        package["CFItems"] = items.map(|(index, (extras, statement))| {
            let own = if extras.contains_key("fullStatement") { "abbreviatedStatement" } else { "fullStatement" };
            entry(&json!({"identifier": id(10 + index as u128), own: format!("s{statement}")}), &extras)
        }).collect();
        let links = links.into_iter().enumerate();
        package["CFAssociations"] = links.map(|(index, (extras, from, to))| {
            let node = |number: u128| json!({"title": "", "identifier": id(10 + number), "uri": format!("u{number}")});
            entry(&json!({
                "identifier": id(100 + index as u128), "originNodeURI": node(from), "destinationNodeURI": node(to),
            }), &extras)
        }).collect();
        let mut own = json!(within);
        for (index, (section, extras)) in definitions.into_iter().enumerate() {
            let names = ["CFConcepts", "CFSubjects", "CFLicenses", "CFItemTypes", "CFAssociationGroupings", "CFOthers", "xOwn"];
            let list = &mut own[names[section]];
            if !list.is_array() {
                *list = json!([]);
            }
            let made = entry(&json!({"identifier": id(200 + index as u128), "title": "D"}), &extras);
            list.as_array_mut().expect("a list").push(made);
        }
        package["CFDefinitions"] = own;
        let rubrics = rubrics.into_iter().enumerate();
        package["CFRubrics"] = rubrics.map(|(index, (extras, criteria))| {
            let mut rubric = entry(&json!({"identifier": id(300 + index as u128)}), &extras);
            if let Some(criteria) = criteria {
                rubric["CFRubricCriteria"] = criteria;
            }
            rubric
        }).collect();
        package
    }
}
