//! Outcomes: writing, the tree, batches.

use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_types::StatusExt as _;
use trellis_contracts::outcome::{
    BatchGetOutcomesRequest, CreateOutcomeRequest, ListDescendantsRequest, ListOutcomesRequest, Outcome,
    OutcomeKind,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::support::{Clients, DISTRICT, english};

on_each_database!(
    async fn an_outcome_says_whether_it_is_knowledge_skill_or_mindset(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let create = |kind: OutcomeKind, language: &str, parent: &str| CreateOutcomeRequest {
            parent: draft.clone(),
            outcome: Some(Outcome {
                kind: kind.into(),
                statement: [english("I listen."), {
                    let mut other = english("Escucho.");
                    language.clone_into(&mut other[0].language);
                    other
                }]
                .concat(),
                parent_outcome: parent.to_owned(),
                ..Outcome::default()
            }),
            request_id: String::new(),
        };
        let made = clients.outcomes.create_outcome(create(OutcomeKind::Mindset, "es", "")).await;
        assert_eq!(made.expect("a mindset").into_inner().statement.len(), 2);
        let without = clients.outcomes.create_outcome(create(OutcomeKind::Unspecified, "es", "")).await;
        let without = refused(without, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&without)[0].0, "outcome.kind");
        let twice = clients.outcomes.create_outcome(create(OutcomeKind::Skill, "en", "")).await;
        let twice = refused(twice, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&twice)[0].0, "outcome.statement[1].language");
        let nowhere = format!("{draft}/outcomes/01900000-0000-7000-8000-0000000000aa");
        let dangling = clients.outcomes.create_outcome(create(OutcomeKind::Skill, "es", &nowhere)).await;
        refused(dangling, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn the_tree_is_read_from_above(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let voice = clients.outcome(&draft, "Voice", "").await.name;
        let choice = clients.outcome(&draft, "Choice", "").await.name;
        let story = clients.outcome(&draft, "Story", &voice).await.name;
        let argument = clients.outcome(&draft, "Argument", &voice).await.name;
        let detail = clients.outcome(&draft, "Detail", &story).await.name;
        let read = async |clients: &mut Clients, parent: &str| {
            let request = ListDescendantsRequest { parent: parent.to_owned(), max_depth: 0 };
            let stream = clients.outcomes.list_descendants(request).await.expect("a tree").into_inner();
            let nodes: Vec<_> = stream.map(|node| node.expect("a node")).collect().await;
            nodes
                .into_iter()
                .map(|node| (node.outcome.expect("an outcome").name, node.depth, node.parent))
                .collect::<Vec<_>>()
        };
        let node = |name: &str, depth: i32, parent: &str| (name.to_owned(), depth, parent.to_owned());
        assert_eq!(
            read(&mut clients, &draft).await,
            [
                node(&voice, 1, &draft),
                node(&story, 2, &voice),
                node(&detail, 3, &story),
                node(&argument, 2, &voice),
                node(&choice, 1, &draft),
            ]
        );
        assert_eq!(read(&mut clients, &story).await, [node(&detail, 1, &story)]);

        let children = ListOutcomesRequest {
            parent: draft.clone(),
            child_of: voice.clone(),
            page_size: 1,
            ..ListOutcomesRequest::default()
        };
        let first = clients.outcomes.list_outcomes(children.clone()).await.expect("a page").into_inner();
        let rest = ListOutcomesRequest { page_token: first.next_page_token.clone(), ..children.clone() };
        let second = clients.outcomes.list_outcomes(rest).await.expect("a page").into_inner();
        let names: Vec<&str> =
            first.outcomes.iter().chain(&second.outcomes).map(|outcome| outcome.name.as_str()).collect();
        assert_eq!(names, [story.as_str(), argument.as_str()]);
        assert_eq!(second.next_page_token, "");
        let foreign =
            ListOutcomesRequest { page_token: first.next_page_token, child_of: draft.clone(), ..children };
        let foreign = clients.outcomes.list_outcomes(foreign).await;
        refused(foreign, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

on_each_database!(
    async fn a_batch_answers_in_order_and_names_what_is_missing(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let one = clients.outcome(&draft, "One", "").await.name;
        let other = clients.outcome(&draft, "Other", "").await;
        clients.publish(&draft).await;
        let pinned = format!("{draft}@1/outcomes/{}", other.uid);
        let batch = |names: &[&str]| BatchGetOutcomesRequest {
            parent: DISTRICT.to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let asked = [pinned.as_str(), one.as_str(), pinned.as_str()];
        let read = clients.outcomes.batch_get_outcomes(batch(&asked)).await.expect("all").into_inner();
        let names: Vec<&str> = read.outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
        assert_eq!(names, asked);

        let elsewhere = one.replace("grand-bend", "other-district");
        let unpublished = format!("{draft}@2/outcomes/{}", other.uid);
        for missing in [elsewhere, unpublished] {
            let answer = clients.outcomes.batch_get_outcomes(batch(&[&one, &missing])).await;
            let status = refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
            let resource = status.get_details_resource_info().expect("what is missing");
            assert_eq!(resource.resource_name, missing);
        }
    }
);
