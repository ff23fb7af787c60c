//! Ways up, depths, and what is learned before; of drafts and of revisions.

use tokio_stream::StreamExt as _;
use tonic::Code;
use trellis_contracts::outcome::list_prerequisites_response::Item;
use trellis_contracts::outcome::{
    Association, AssociationNode, AssociationType, BatchGetOutcomesRequest, CreateAssociationRequest,
    GetOutcomeRequest, ListAncestorsRequest, ListDescendantsRequest, ListPrerequisitesRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT};

/// Joins two outcomes by an association of a draft.
pub(crate) async fn join(clients: &mut Clients, draft: &str, kind: AssociationType, from: &str, to: &str) {
    let held = |resource: &str| {
        Some(AssociationNode { resource: resource.to_owned(), ..AssociationNode::default() })
    };
    let association = Association {
        r#type: kind.into(),
        origin: held(from),
        destination: held(to),
        ..Association::default()
    };
    let request = CreateAssociationRequest {
        parent: draft.to_owned(),
        association: Some(association),
        request_id: String::new(),
    };
    clients.associations.create_association(request).await.expect("the two are joined");
}

/// The name of an outcome at a revision.
pub(crate) fn pinned(name: &str, revision: u32) -> String {
    name.replace("/outcomes/", &format!("@{revision}/outcomes/"))
}

async fn ancestors(
    clients: &mut Clients,
    name: &str,
    max_depth: i32,
) -> Vec<(String, i32, Vec<String>, bool)> {
    let request = ListAncestorsRequest { name: name.to_owned(), max_depth };
    let stream = clients.outcomes.list_ancestors(request).await.expect("ways up").into_inner();
    let told: Vec<_> = stream.map(|above| above.expect("an outcome above")).collect().await;
    told.into_iter()
        .map(|above| (above.outcome.expect("an outcome").name, above.depth, above.below, above.in_tree))
        .collect()
}

on_each_database!(
    async fn every_way_up_is_told_of_a_draft_and_of_a_revision(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let top = clients.outcome(&draft, "Top", "").await.name;
        let left = clients.outcome(&draft, "Left", &top).await.name;
        let right = clients.outcome(&draft, "Right", &top).await.name;
        let leaf = clients.outcome(&draft, "Leaf", &left).await.name;
        join(&mut clients, &draft, AssociationType::ChildOf, &leaf, &right).await;
        clients.publish(&draft).await;
        for name in [leaf.clone(), pinned(&leaf, 1)] {
            let spelt = |own: &str| if name == leaf { own.to_owned() } else { pinned(own, 1) };
            let found = ancestors(&mut clients, &name, 0).await;
            let mut near: Vec<_> = found[..2].to_vec();
            near.sort();
            let mut expected = vec![
                (spelt(&left), 1, vec![name.clone()], true),
                (spelt(&right), 1, vec![name.clone()], false),
            ];
            expected.sort();
            assert_eq!(near, expected);
            assert_eq!(
                (found[2].0.as_str(), found[2].1, found[2].2.len(), found[2].3),
                (spelt(&top).as_str(), 2, 2, true)
            );
            assert_eq!(ancestors(&mut clients, &name, 1).await, found[..2]);
            assert!(ancestors(&mut clients, &spelt(&top), 0).await.is_empty());
        }
        let nowhere =
            leaf.replace(leaf.rsplit('/').next().expect("an id"), "01900000-0000-7000-8000-0000000000aa");
        for missing in [nowhere.clone(), pinned(&nowhere, 1), pinned(&leaf, 9)] {
            let request = ListAncestorsRequest { name: missing, max_depth: 0 };
            refused(clients.outcomes.list_ancestors(request).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        }
        let below = ListAncestorsRequest { name: leaf, max_depth: -1 };
        refused(clients.outcomes.list_ancestors(below).await, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn a_revision_is_told_from_memory_as_from_the_store(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let voice = clients.outcome(&draft, "Voice", "").await.name;
        let story = clients.outcome(&draft, "Story", &voice).await.name;
        let detail = clients.outcome(&draft, "Detail", &story).await.name;
        clients.publish(&draft).await;
        let tree = async |clients: &mut Clients, parent: String, max_depth: i32| {
            let request = ListDescendantsRequest { parent, max_depth };
            let stream = clients.outcomes.list_descendants(request).await.expect("a tree").into_inner();
            let nodes: Vec<_> = stream.map(|node| node.expect("a node")).collect().await;
            nodes
                .into_iter()
                .map(|node| (node.outcome.expect("an outcome"), node.depth, node.parent))
                .collect::<Vec<_>>()
        };
        let get = async |clients: &mut Clients, name: String| {
            clients.outcomes.get_outcome(GetOutcomeRequest { name }).await.expect("an outcome").into_inner()
        };
        // The first reading is from the rows, those after the tree was read from memory.
        let first = get(&mut clients, pinned(&story, 1)).await;
        let whole = tree(&mut clients, format!("{draft}@1"), 0).await;
        assert_eq!(whole.iter().map(|(_, depth, _)| *depth).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(get(&mut clients, pinned(&story, 1)).await, first);
        assert_eq!(whole[1].0, first);
        assert_eq!(whole[1].2, pinned(&voice, 1));
        let names = vec![pinned(&detail, 1), story.clone(), pinned(&story, 1)];
        let batch = BatchGetOutcomesRequest { parent: DISTRICT.to_owned(), names: names.clone() };
        let batch = clients.outcomes.batch_get_outcomes(batch).await.expect("a batch").into_inner().outcomes;
        assert_eq!(batch.iter().map(|outcome| outcome.name.clone()).collect::<Vec<_>>(), names);
        assert_eq!(batch[2], first);
        for (parent, below) in [(format!("{draft}@1"), pinned(&voice, 1)), (draft.clone(), voice.clone())] {
            assert_eq!(tree(&mut clients, parent, 2).await.len(), 2);
            let below = tree(&mut clients, below, 1).await;
            assert_eq!(
                below.iter().map(|(own, depth, _)| (own.uid.as_str(), *depth)).collect::<Vec<_>>(),
                [(first.uid.as_str(), 1)]
            );
        }

        // What is written afterwards is in the draft and not in the revision.
        clients.outcome(&draft, "Afterwards", "").await;
        assert_eq!(tree(&mut clients, format!("{draft}@1"), 0).await.len(), 3);
        assert_eq!(tree(&mut clients, draft.clone(), 0).await.len(), 4);
        clients.publish(&draft).await;
        assert_eq!(tree(&mut clients, format!("{draft}@2"), 0).await.len(), 4);
    }
);

on_each_database!(
    async fn many_readers_of_a_revision_that_nobody_has_read_get_the_same(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        clients.outcome(&draft, "Voice", "").await;
        clients.publish(&draft).await;
        let one = async || {
            let mut outcomes = clients.outcomes.clone();
            let request = ListDescendantsRequest { parent: format!("{draft}@1"), max_depth: 0 };
            let stream = outcomes.list_descendants(request).await.expect("a tree").into_inner();
            stream.map(|node| node.expect("a node")).collect::<Vec<_>>().await
        };
        let all = futures::future::join_all((0..16).map(|_| one())).await;
        assert!(all.iter().all(|told| told.len() == 1 && *told == all[0]));
        let mut strangers = Clients::of(&suite.operator("other-district"));
        let request = ListDescendantsRequest { parent: format!("{draft}@1"), max_depth: 0 };
        refused(strangers.outcomes.list_descendants(request).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

async fn learned(clients: &mut Clients, name: &str) -> Vec<Item> {
    let request = ListPrerequisitesRequest { name: name.to_owned(), max_depth: 0 };
    let stream = clients.outcomes.list_prerequisites(request).await.expect("what is learned before");
    let told: Vec<_> =
        stream.into_inner().map(|item| item.expect("an item").item.expect("one")).collect().await;
    told
}

on_each_database!(
    async fn what_is_learned_before_comes_in_an_order_in_which_it_can_be_learned(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let math = clients.portrait().await.name;
        let count = clients.outcome(&math, "Count", "").await.name;
        let add = clients.outcome(&math, "Add", "").await.name;
        join(&mut clients, &math, AssociationType::Precedes, &count, &add).await;
        clients.publish(&math).await;
        let draft = clients.portrait().await.name;
        let multiply = clients.outcome(&draft, "Multiply", "").await.name;
        let area = clients.outcome(&draft, "Area", "").await.name;
        join(&mut clients, &draft, AssociationType::Precedes, &multiply, &area).await;
        join(&mut clients, &draft, AssociationType::Precedes, &add, &multiply).await;
        let elsewhere = CreateAssociationRequest {
            parent: draft.clone(),
            association: Some(Association {
                r#type: AssociationType::Precedes.into(),
                origin: Some(AssociationNode {
                    uri: "https://example.org/outcomes/7".to_owned(),
                    title: "Measure".to_owned(),
                    ..AssociationNode::default()
                }),
                destination: Some(AssociationNode { resource: area.clone(), ..AssociationNode::default() }),
                ..Association::default()
            }),
            request_id: String::new(),
        };
        clients.associations.create_association(elsewhere).await.expect("an end elsewhere");

        let told: Vec<(String, i32, i32, Vec<String>)> = learned(&mut clients, &area)
            .await
            .into_iter()
            .map(|item| match item {
                Item::Prerequisite(own) => {
                    let name = own.outcome.map_or(own.uri, |outcome| outcome.name);
                    (name, own.layer, own.distance, own.needs)
                }
                Item::Cycle(cycle) => panic!("no circle: {cycle:?}"),
            })
            .collect();
        let (add, count) = (pinned(&add, 1), pinned(&count, 1));
        assert_eq!(
            told,
            [
                (count.clone(), 0, 3, vec![]),
                ("https://example.org/outcomes/7".to_owned(), 0, 1, vec![]),
                (add.clone(), 1, 2, vec![count]),
                (multiply, 2, 1, vec![add]),
            ]
        );
    }
);

on_each_database!(
    async fn a_circle_across_frameworks_is_told_as_a_path(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let one = clients.portrait().await.name;
        let other = clients.portrait().await.name;
        let a = clients.outcome(&one, "A", "").await.name;
        let b = clients.outcome(&other, "B", "").await.name;
        join(&mut clients, &one, AssociationType::Precedes, &a, &b).await;
        join(&mut clients, &one, AssociationType::Precedes, &b, &a).await;
        let told = learned(&mut clients, &a).await;
        let Item::Cycle(cycle) = &told[0] else { panic!("a circle first: {told:?}") };
        assert_eq!(cycle.path, [a.clone(), b.clone(), a]);
        let Item::Prerequisite(before) = &told[1] else { panic!("then what precedes: {told:?}") };
        assert_eq!(before.outcome.as_ref().expect("held here").name, b);
        assert_eq!(told.len(), 2);
    }
);
