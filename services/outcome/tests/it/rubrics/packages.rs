//! Rubrics that come with CASE packages and go out with them.

use serde_json::{Value, json};
use trellis_contracts::outcome::{
    CaseVersion, DeleteOutcomeRequest, DeleteRubricRequest, FrameworkTransfer, Rubric,
};
use trellis_testkit::on_each_database;

use super::{both, criterion, held, rubric, update};
use crate::exports::{export, require_valid};
use crate::support::{Clients, DISTRICT, beginning, english, schema};

fn id(number: u32) -> String {
    format!("20000000-0000-4000-8000-{number:012}")
}

fn entry(title: &str) -> Value {
    json!({
        "identifier": id(300), "uri": "https://a.example/300", "title": title, "vendor": 7,
        "lastChangeDateTime": "2020-01-01T00:00:00Z",
        "CFRubricCriteria": [{
            "identifier": id(401), "uri": "https://a.example/401", "description": "Order", "weight": 2,
            "lastChangeDateTime": "2020-01-01T00:00:00Z", "position": 1, "rubricId": id(300),
            "CFItemURI": {"title": "SL.4", "identifier": id(10), "uri": "https://a.example/10"},
            "CFRubricCriterionLevels": [{
                "identifier": id(501), "uri": "https://a.example/501", "quality": "Beginning", "score": 1,
                "description": "I can.", "lastChangeDateTime": "2020-01-01T00:00:00Z",
            }],
        }],
    })
}

fn package(items: &[u32], rubrics: &[Value]) -> Vec<u8> {
    let item = |number: &u32| {
        json!({
            "identifier": id(*number), "uri": format!("https://a.example/{number}"), "fullStatement": "S",
            "lastChangeDateTime": "2020-01-01T00:00:00Z",
        })
    };
    let package = json!({
        "CFDocument": {
            "identifier": id(1), "uri": "https://a.example/1", "creator": "C", "title": "T", "language": "en",
            "lastChangeDateTime": "2020-01-01T00:00:00Z",
        },
        "CFItems": items.iter().map(item).collect::<Vec<_>>(),
        "CFAssociations": [],
        "CFRubrics": rubrics,
    });
    package.to_string().into_bytes()
}

fn counts(transfer: &FrameworkTransfer) -> [i32; 5] {
    let of = transfer.rubrics.expect("counts");
    [of.read, of.created, of.updated, of.unchanged, of.removed]
}

fn name(number: u32) -> String {
    format!("{DISTRICT}/frameworks/{}/rubrics/{}", id(1), id(number))
}

fn outcome(number: u32) -> String {
    format!("{DISTRICT}/frameworks/{}/outcomes/{}", id(1), id(number))
}

on_each_database!(
    async fn a_rubric_comes_is_edited_goes_out_valid_and_comes_in_elsewhere(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(package(&[10, 11], &[entry("Story")])).await.framework;
        let came = clients.read_rubric(&name(300)).await;
        assert_eq!((came.uid.clone(), came.title.clone()), (id(300), english("Story")));
        assert_eq!(came.case_identity.as_ref().expect("CASE").uri, "https://a.example/300");
        let looked_at = came.criteria[0].outcome.clone().expect("an outcome");
        assert_eq!((looked_at.resource.as_str(), looked_at.title.as_str()), (outcome(10).as_str(), "SL.4"));
        assert_eq!((came.criteria[0].weight.as_str(), came.criteria[0].levels[0].score.as_str()), ("2", "1"));
        assert_eq!(clients.rubrics_of(&framework, &outcome(10)).await, [name(300)]);
        let untouched = export(&mut clients, &framework, CaseVersion::Unspecified).await;

        let mut criteria = came.criteria.clone();
        criteria[0].levels[0].description = both("I can tell it.", "Puedo contarlo.");
        criteria.push(criterion(held(&outcome(11)), Vec::new()));
        let edited = Rubric { criteria, ..came };
        let edited =
            clients.rubrics.update_rubric(update(edited, &["criteria"])).await.expect("edited").into_inner();
        let own = clients.rubric(&framework, rubric(vec![criterion(held(&outcome(10)), Vec::new())])).await;
        let out = export(&mut clients, &framework, CaseVersion::V11).await;
        let document = require_valid(&schema("cfpackage"), &out);
        let rubrics = document["CFRubrics"].as_array().expect("rubrics");
        assert_eq!(rubrics.len(), 2);
        let by = |uid: &str| rubrics.iter().find(|rubric| rubric["identifier"] == uid).expect("it is there");
        let first = &by(&id(300))["CFRubricCriteria"];
        assert_eq!(first[0]["CFRubricCriterionLevels"][0]["description"], "I can tell it.");
        assert_eq!(first[1]["CFItemURI"]["uri"], "https://a.example/11");
        assert_eq!(by(&id(300))["extensions"]["trellis:kept"]["vendor"], 7);
        assert_eq!(by(&own.uid)["CFRubricCriteria"][0]["CFItemURI"]["identifier"], id(10));

        let mut others = Clients::of(&suite.operator("other-district"));
        let mut first = beginning();
        "districts/other-district".clone_into(&mut first.parent);
        let taken = others.import(first, out.clone().into_bytes()).await.expect("taken").into_inner();
        assert_eq!(counts(&taken), [2, 2, 0, 0, 0]);
        assert_eq!(export(&mut others, &taken.framework, CaseVersion::V11).await, out);
        let there = others.read_rubric(&name(300).replace("grand-bend", "other-district")).await;
        assert_eq!(there.criteria.len(), 2);
        assert_eq!(there.criteria[1].uid, edited.criteria[1].uid);

        // The package says what it said before: what was written here stays.
        clients.imported(package(&[10, 11], &[entry("Story")])).await;
        assert_eq!(clients.read_rubric(&name(300)).await, edited);
        clients
            .rubrics
            .delete_rubric(DeleteRubricRequest { name: own.name, ..Default::default() })
            .await
            .expect("it goes");
        clients
            .rubrics
            .delete_rubric(DeleteRubricRequest { name: name(300), ..Default::default() })
            .await
            .expect("it goes");
        let none = export(&mut clients, &framework, CaseVersion::Unspecified).await;
        assert!(!none.contains("CFRubrics"), "what was deleted here does not go out");
        let back = clients.imported(package(&[10, 11], &[entry("Story")])).await;
        assert_eq!(counts(&back), [1, 1, 0, 0, 0]);
        assert_eq!(export(&mut clients, &framework, CaseVersion::Unspecified).await, untouched);
    }
);

on_each_database!(
    async fn a_rubric_that_was_edited_here_and_changed_there_is_told_of(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (one, other) = (entry("Story"), json!({"identifier": id(301), "title": "Other"}));
        clients.imported(package(&[10], &[one.clone(), other])).await;
        let edited = async |clients: &mut Clients, rubrics: &[Value]| -> Vec<String> {
            let done = clients.imported(package(&[10, 11], rubrics)).await;
            let issues = clients.issues(&done.name).await;
            issues
                .into_iter()
                .filter(|issue| issue.code == "EDITED_HERE")
                .map(|issue| issue.pointer)
                .collect()
        };
        let mut came = clients.read_rubric(&name(300)).await;
        came.title = both("Story", "Cuento");
        let translated = clients.rubrics.update_rubric(update(came, &["title"])).await.expect("translated");
        let changed = json!({"identifier": id(301), "title": "Another"});
        assert!(edited(&mut clients, &[entry("Tale"), changed.clone()]).await.is_empty(), "nobody edited it");
        let mut came = Rubric { title: english("Ours"), ..translated.into_inner() };
        came.etag.clear();
        clients.rubrics.update_rubric(update(came, &["title"])).await.expect("edited");
        assert_eq!(edited(&mut clients, &[entry("Legend"), changed]).await, ["/CFRubrics"]);
        assert_eq!(clients.read_rubric(&name(300)).await.title, english("Legend"));
    }
);

on_each_database!(
    async fn a_second_import_changes_what_changed_and_nothing_else(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let other = json!({"identifier": id(301), "title": "Other"});
        let first = clients.imported(package(&[10], &[entry("Story"), other.clone()])).await;
        assert_eq!(counts(&first), [2, 2, 0, 0, 0]);
        let again = clients.imported(package(&[10], &[entry("Story"), other.clone()])).await;
        assert!(!again.changed);
        let before = clients.read_rubric(&name(301)).await;
        let translated = Rubric { title: both("Story", "Cuento"), ..clients.read_rubric(&name(300)).await };
        clients.rubrics.update_rubric(update(translated, &["title"])).await.expect("a translation");

        let mut changed = entry("Story");
        changed["CFRubricCriteria"][0]["weight"] = json!(3);
        let second = clients.imported(package(&[10], &[changed, other])).await;
        assert_eq!(counts(&second), [2, 0, 1, 1, 0]);
        let now = clients.read_rubric(&name(300)).await;
        assert_eq!((now.criteria[0].weight.as_str(), now.title), ("3", both("Story", "Cuento")));
        assert_eq!(clients.read_rubric(&name(301)).await, before);
        let differences = clients.differences(&second.name, 0).await;
        assert_eq!(differences.len(), 1);
        assert_eq!(
            (differences[0].section.as_str(), &differences[0].fields[..]),
            ("CFRubrics", &["CFRubricCriteria".to_owned()][..])
        );

        let empty = json!({"identifier": id(301), "vendor": 1});
        let third = clients.imported(package(&[10], std::slice::from_ref(&empty))).await;
        assert_eq!(counts(&third), [1, 0, 1, 0, 1]);
        assert!(
            clients.rubrics_of(&third.framework, "").await.is_empty(),
            "one is gone, of the other none can be made"
        );
        let issues = clients.issues(&third.name).await;
        assert!(issues.iter().any(|issue| issue.code == "RUBRIC_EMPTY"));
        let out = export(&mut clients, &third.framework, CaseVersion::V11).await;
        let out = require_valid(&schema("cfpackage"), &out);
        assert_eq!(out["CFRubrics"][0]["extensions"]["trellis:kept"]["vendor"], 1, "it is kept all the same");
        let fourth = clients.imported(package(&[10], &[empty])).await;
        assert!(!fourth.changed);
    }
);

on_each_database!(
    async fn what_a_rubric_looks_at_follows_what_is_there(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let framework = clients.imported(package(&[11], &[entry("Story")])).await.framework;
        let looked_at = clients.read_rubric(&name(300)).await.criteria.remove(0).outcome.expect("an outcome");
        assert_eq!((looked_at.resource.as_str(), looked_at.identifier), ("", id(10)));
        let own = clients.rubric(&framework, rubric(vec![criterion(held(&outcome(11)), Vec::new())])).await;

        // The outcome comes, though the rubric says the same.
        let second = clients.imported(package(&[10, 11], &[entry("Story")])).await;
        assert_eq!(counts(&second), [1, 0, 0, 1, 0]);
        let now = clients.read_rubric(&name(300)).await;
        assert_eq!(now.criteria[0].outcome.as_ref().expect("an outcome").resource, outcome(10));
        let again = clients.imported(package(&[10, 11], &[entry("Story")])).await;
        assert!(!again.changed);

        // Both go from the package: one of them is what a rubric that was made here looks at.
        let third = clients.imported(package(&[12], &[entry("Story")])).await;
        let issues = clients.issues(&third.name).await;
        assert_eq!(issues.iter().filter(|issue| issue.code == "ITEM_KEPT").count(), 1);
        let now = clients.read_rubric(&name(300)).await.criteria.remove(0).outcome.expect("an outcome");
        assert_eq!((now.resource.as_str(), now.uri.as_str()), ("", "https://a.example/10"));
        assert_eq!(clients.read_rubric(&own.name).await, own);
        let delete =
            DeleteOutcomeRequest { name: outcome(11), force: true, ..DeleteOutcomeRequest::default() };
        clients.outcomes.delete_outcome(delete).await.expect("it goes");
        assert_eq!(clients.read_rubric(&own.name).await.criteria[0].outcome, None);
    }
);
