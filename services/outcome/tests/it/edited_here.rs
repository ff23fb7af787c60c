//! What was written here of what came in a package, when the package comes again.

use serde_json::json;
use trellis_contracts::outcome::{
    Association, FrameworkTransferAction, GetAssociationRequest, GetOutcomeRequest, Outcome,
    UpdateAssociationRequest, UpdateOutcomeRequest,
};
use trellis_testkit::on_each_database;

use crate::support::{Clients, english, fixture};

on_each_database!(
    async fn the_words_of_a_changed_entry_replace_those_written_here_and_an_issue_says_so(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let mut json: serde_json::Value = serde_json::from_slice(&fixture("mockIT.json")).expect("JSON");
        let framework = clients.imported(json.to_string().into_bytes()).await.framework;
        let uid = json["CFItems"][0]["identifier"].as_str().expect("an identifier").to_owned();
        let name = format!("{framework}/outcomes/{uid}");
        let edit = Outcome { name: name.clone(), statement: english("Ours"), ..Outcome::default() };
        let edit = UpdateOutcomeRequest { outcome: Some(edit), ..UpdateOutcomeRequest::default() };
        clients.outcomes.update_outcome(edit).await.expect("edited");
        assert!(!clients.imported(json.to_string().into_bytes()).await.changed, "the entry is as it was");

        let uid = json["CFAssociations"][0]["identifier"].as_str().expect("an identifier").to_owned();
        let association = format!("{framework}/associations/{uid}");
        let edit =
            Association { name: association.clone(), notes: "Ours".to_owned(), ..Association::default() };
        let edit =
            UpdateAssociationRequest { association: Some(edit), ..UpdateAssociationRequest::default() };
        clients.associations.update_association(edit).await.expect("edited");

        json["CFItems"][0]["notes"] = "Theirs".into();
        for index in [0, 1] {
            json["CFAssociations"][index]["notes"] = "Theirs".into();
        }
        let done = clients.imported(json.to_string().into_bytes()).await;
        let issues = clients.issues(&done.name).await;
        let edited = issues.iter().filter(|issue| issue.code == "EDITED_HERE");
        let edited: Vec<(&str, bool)> =
            edited.map(|issue| (issue.pointer.as_str(), issue.text.contains(" 1 were"))).collect();
        assert_eq!(edited, [("/CFItems", true), ("/CFAssociations", true)], "{issues:?}");
        let association = GetAssociationRequest { name: association };
        let association = clients.associations.get_association(association).await.expect("it is there");
        assert_eq!(association.into_inner().notes, "Theirs");
        let outcome = clients.outcomes.get_outcome(GetOutcomeRequest { name }).await.expect("it is there");
        assert_ne!(outcome.into_inner().statement[0].text, "Ours");
    }
);

on_each_database!(
    async fn what_was_written_here_stays_where_an_end_alone_comes_into_the_package(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let id = |number: u32| format!("30000000-0000-4000-8000-{number:012}");
        let node =
            |number: u32| json!({"title": "T", "identifier": id(number), "uri": format!("urn:{number}")});
        let package = |items: &[u32]| {
            let item = |number: &u32| json!({"identifier": id(*number), "fullStatement": "S"});
            let document = json!({
                "CFDocument": {"identifier": id(1), "title": "T"},
                "CFItems": items.iter().map(item).collect::<Vec<_>>(),
                "CFAssociations": [{
                    "identifier": id(20), "associationType": "isRelatedTo", "notes": "Theirs",
                    "originNodeURI": node(10), "destinationNodeURI": node(11),
                }],
            });
            document.to_string().into_bytes()
        };
        let framework = clients.imported(package(&[10])).await.framework;
        let name = format!("{framework}/associations/{}", id(20));
        let edit = Association { name: name.clone(), notes: "Ours".to_owned(), ..Association::default() };
        let edit =
            UpdateAssociationRequest { association: Some(edit), ..UpdateAssociationRequest::default() };
        clients.associations.update_association(edit).await.expect("edited");
        let done = clients.imported(package(&[10, 11])).await;
        assert_eq!(done.associations.expect("counts").updated, 1);
        let changes = clients.differences(&done.name, FrameworkTransferAction::Moved.into()).await;
        assert_eq!(changes.iter().map(|change| change.uid.clone()).collect::<Vec<_>>(), [id(20)]);
        let now = clients.associations.get_association(GetAssociationRequest { name }).await;
        let now = now.expect("it is there").into_inner();
        assert_eq!(now.notes, "Ours");
        assert_eq!(now.destination.expect("an end").resource, format!("{framework}/outcomes/{}", id(11)));
    }
);
