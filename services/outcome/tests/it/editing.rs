//! Editing drafts: moving, removing, and several editors at once.

use tokio_stream::StreamExt as _;
use tonic::{Code, Response, Status};
use trellis_contracts::outcome::move_outcome_request::Place;
use trellis_contracts::outcome::{
    Association, AssociationNode, AssociationType, CreateProgressionRequest, DeleteAssociationRequest,
    DeleteOutcomeRequest, Framework, GetAssociationRequest, GetOutcomeRequest, GetProgressionRequest,
    ListAssociationsRequest, ListDescendantsRequest, MoveOutcomeRequest, Outcome, Progression,
    ProgressionLevel, UpdateAssociationRequest, UpdateFrameworkRequest, UpdateOutcomeRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::support::{Clients, english, metadata};

impl Clients {
    async fn moved(
        &mut self,
        name: &str,
        parent: &str,
        place: Option<Place>,
    ) -> Result<Response<Outcome>, Status> {
        let request = MoveOutcomeRequest {
            name: name.to_owned(),
            parent_outcome: parent.to_owned(),
            place,
            ..MoveOutcomeRequest::default()
        };
        self.outcomes.move_outcome(request).await
    }

    /// The tree as a reader sees it: the statement of each, with its depth.
    async fn tree(&mut self, draft: &str) -> Vec<(String, i32)> {
        let request = ListDescendantsRequest { parent: draft.to_owned(), max_depth: 0 };
        let stream = self.outcomes.list_descendants(request).await.expect("a tree").into_inner();
        let node = |node: Result<_, Status>| {
            let node: trellis_contracts::outcome::ListDescendantsResponse = node.expect("a node");
            (node.outcome.expect("an outcome").statement[0].text.clone(), node.depth)
        };
        stream.map(node).collect().await
    }

    async fn placements(&mut self, draft: &str, outcome: &str) -> Vec<Association> {
        let request = ListAssociationsRequest {
            parent: draft.to_owned(),
            outcome: outcome.to_owned(),
            r#type: AssociationType::ChildOf.into(),
            ..ListAssociationsRequest::default()
        };
        let all =
            self.associations.list_associations(request).await.expect("a list").into_inner().associations;
        let leaves = |own: &Association| own.origin.as_ref().is_some_and(|origin| origin.resource == outcome);
        all.into_iter().filter(leaves).collect()
    }

    async fn get(&mut self, name: &str) -> Outcome {
        let request = GetOutcomeRequest { name: name.to_owned() };
        self.outcomes.get_outcome(request).await.expect("an outcome").into_inner()
    }
}

fn tree(nodes: &[(&str, i32)]) -> Vec<(String, i32)> {
    nodes.iter().map(|(statement, depth)| ((*statement).to_owned(), *depth)).collect()
}

on_each_database!(
    async fn an_outcome_moves_with_what_stands_below_it(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let b = clients.outcome(&draft, "B", "").await.name;
        let c = clients.outcome(&draft, "C", "").await.name;
        let d = clients.outcome(&draft, "D", &c).await.name;
        let before = clients.framework(&draft).await;

        clients.moved(&c, "", Some(Place::Before(a.clone()))).await.expect("to the front");
        assert_eq!(clients.tree(&draft).await, tree(&[("C", 1), ("D", 2), ("A", 1), ("B", 1)]));
        clients.moved(&c, &a, None).await.expect("below another");
        assert_eq!(clients.tree(&draft).await, tree(&[("A", 1), ("C", 2), ("D", 3), ("B", 1)]));
        clients.moved(&b, &a, Some(Place::After(c.clone()))).await.expect("beside it");
        let moved = clients.moved(&a, "", None).await.expect("where it is").into_inner();
        assert_eq!(clients.tree(&draft).await, tree(&[("A", 1), ("C", 2), ("D", 3), ("B", 2)]));

        // The associations say the same as the tree, and there is none more.
        let placements = clients.placements(&draft, &c).await;
        let [placement] = placements.as_slice() else { panic!("one places it") };
        assert_eq!(placement.destination.as_ref().expect("an end").resource, a);
        assert_eq!(placement.sequence_number, Some(clients.get(&c).await.list_order));
        let after = clients.framework(&draft).await;
        assert_eq!(after.association_count, before.association_count);
        assert_ne!(after.etag, before.etag);
        // A move to where it is changes nothing.
        assert_eq!(moved, clients.get(&a).await);
        let again = clients.moved(&a, "", None).await.expect("where it is").into_inner();
        assert_eq!((again.etag, clients.framework(&draft).await.etag), (moved.etag, after.etag));

        let circle = refused(clients.moved(&a, &d, None).await, Code::FailedPrecondition, "CYCLE_DETECTED");
        assert_eq!(metadata(&circle)["path"], [&a, &d, &c, &a].map(String::as_str).join(" → "));
        let stranger = clients.moved(&d, &c, Some(Place::Before(b.clone()))).await;
        let stranger = refused(stranger, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&stranger)[0].0, "before");
        let nowhere = format!("{draft}/outcomes/01900000-0000-7000-8000-0000000000aa");
        refused(clients.moved(&d, &nowhere, None).await, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        refused(clients.moved(&nowhere, "", None).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let stale = MoveOutcomeRequest { name: d, etag: "W/99".to_owned(), ..MoveOutcomeRequest::default() };
        refused(clients.outcomes.move_outcome(stale).await, Code::Aborted, "ETAG_MISMATCH");
    }
);

on_each_database!(
    async fn of_several_parents_the_one_it_stands_below_is_exchanged(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let [a, b, c] = [
            clients.outcome(&draft, "A", "").await.name,
            clients.outcome(&draft, "B", "").await.name,
            clients.outcome(&draft, "C", "").await.name,
        ];
        for order in 1..=3 {
            clients.outcome(&draft, &format!("C{order}"), &c).await;
        }
        let own = clients.outcome(&draft, "Own", &a).await.name;
        let second = clients.associate(&draft, AssociationType::ChildOf, &own, &b).await;
        let update = |association: Association| UpdateAssociationRequest {
            association: Some(Association { name: second.clone(), ..association }),
            ..UpdateAssociationRequest::default()
        };
        let numbered = Association { sequence_number: Some(0), ..Association::default() };
        clients.associations.update_association(update(numbered)).await.expect("numbered");
        assert_eq!(clients.get(&own).await.parent_outcome, a, "the first says where it stands");
        let moved = clients.moved(&own, &c, None).await.expect("moved").into_inner();
        assert_eq!(moved.parent_outcome, c);
        let ends = |all: Vec<Association>| {
            let mut ends: Vec<String> =
                all.into_iter().map(|own| own.destination.expect("an end").resource).collect();
            ends.sort_unstable();
            ends
        };
        let mut both = vec![b.clone(), c.clone()];
        both.sort_unstable();
        assert_eq!(ends(clients.placements(&draft, &own).await), both);
        // Whatever is changed next, the tree is what the associations say.
        let noted = Association { notes: "It belongs here, too.".to_owned(), ..Association::default() };
        clients.associations.update_association(update(noted)).await.expect("noted");
        assert_eq!(clients.get(&own).await.parent_outcome, c);
        clients.moved(&own, &b, None).await.expect("where it stands anyhow");
        assert_eq!(ends(clients.placements(&draft, &own).await), [b.as_str()]);
        assert_eq!(clients.get(&own).await.parent_outcome, b);
    }
);

on_each_database!(
    async fn an_association_is_read_changed_and_deleted(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let [a, b, c] = [
            clients.outcome(&draft, "A", "").await.name,
            clients.outcome(&draft, "B", "").await.name,
            clients.outcome(&draft, "C", "").await.name,
        ];
        let precedes = clients.associate(&draft, AssociationType::Precedes, &a, &b).await;
        clients.associate(&draft, AssociationType::Precedes, &b, &c).await;
        let read = GetAssociationRequest { name: precedes.clone() };
        let read = clients.associations.get_association(read).await.expect("there").into_inner();
        assert_eq!(read.r#type(), AssociationType::Precedes);
        let update = |association: Association, paths: &[&str]| UpdateAssociationRequest {
            association: Some(Association { name: precedes.clone(), ..association }),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            ..UpdateAssociationRequest::default()
        };
        let noted = Association { notes: "First one, then the other.".to_owned(), ..Association::default() };
        let noted = clients.associations.update_association(update(noted, &[])).await;
        let noted = noted.expect("changed").into_inner();
        assert_eq!((noted.r#type(), noted.destination.clone()), (read.r#type(), read.destination.clone()));
        assert_ne!(noted.etag, read.etag);
        let stale = Association { etag: read.etag, notes: "Not so.".to_owned(), ..Association::default() };
        let stale = clients.associations.update_association(update(stale, &["notes"])).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
        let held = |resource: &str| {
            Some(AssociationNode { resource: resource.to_owned(), ..AssociationNode::default() })
        };
        // c → b closes a circle with b → c; turned round by itself it closes none.
        let circle = Association { origin: held(&c), ..Association::default() };
        let circle = clients.associations.update_association(update(circle, &["origin"])).await;
        let circle = refused(circle, Code::FailedPrecondition, "CYCLE_DETECTED");
        assert_eq!(metadata(&circle)["path"], [&c, &b, &c].map(String::as_str).join(" → "));
        let round = Association { origin: held(&b), destination: held(&a), ..Association::default() };
        let round = update(round, &["origin", "destination"]);
        clients.associations.update_association(round).await.expect("no circle");
        let untyped =
            clients.associations.update_association(update(Association::default(), &["type"])).await;
        let untyped = refused(untyped, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&untyped)[0].0, "association.type");
        let nowhere = held(&format!("{draft}/outcomes/01900000-0000-7000-8000-0000000000aa"));
        let nowhere = Association { destination: nowhere, ..Association::default() };
        let nowhere = clients.associations.update_association(update(nowhere, &["destination"])).await;
        refused(nowhere, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");

        let delete = |name: &str, etag: &str| DeleteAssociationRequest {
            name: name.to_owned(),
            etag: etag.to_owned(),
            ..DeleteAssociationRequest::default()
        };
        let stale = clients.associations.delete_association(delete(&precedes, "W/1")).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
        clients.associations.delete_association(delete(&precedes, "")).await.expect("it goes");
        let read = clients.associations.get_association(GetAssociationRequest { name: precedes }).await;
        refused(read, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn the_tree_follows_its_associations(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let b = clients.outcome(&draft, "B", "").await.name;
        let c = clients.outcome(&draft, "C", &a).await.name;
        let placement = clients.placements(&draft, &c).await.remove(0).name;
        let held = AssociationNode { resource: b.clone(), ..AssociationNode::default() };
        let update = |association: Association| UpdateAssociationRequest {
            association: Some(Association { name: placement.clone(), ..association }),
            ..UpdateAssociationRequest::default()
        };
        let elsewhere =
            Association { destination: Some(held), sequence_number: Some(7), ..Association::default() };
        clients.associations.update_association(update(elsewhere)).await.expect("changed");
        let read = clients.get(&c).await;
        assert_eq!((read.parent_outcome.as_str(), read.list_order), (b.as_str(), 7));
        let related = Association { r#type: AssociationType::RelatedTo.into(), ..Association::default() };
        clients.associations.update_association(update(related)).await.expect("changed");
        assert_eq!(clients.get(&c).await.parent_outcome, "", "it stands below nothing any more");
        let back = Association { r#type: AssociationType::ChildOf.into(), ..Association::default() };
        clients.associations.update_association(update(back)).await.expect("changed");
        assert_eq!(clients.get(&c).await.parent_outcome, b);
        let delete = DeleteAssociationRequest { name: placement, ..DeleteAssociationRequest::default() };
        clients.associations.delete_association(delete).await.expect("it goes");
        assert_eq!(clients.get(&c).await.parent_outcome, "");
        assert_eq!(clients.tree(&draft).await.len(), 3);
    }
);

on_each_database!(
    async fn what_hangs_on_an_outcome_is_named_before_it_goes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let below = clients.outcome(&draft, "Below", &a).await.name;
        let deep = clients.outcome(&draft, "Deep", &below).await.name;
        let shared = clients.outcome(&draft, "Shared", &a).await.name;
        let other = clients.outcome(&draft, "Other", "").await.name;
        clients.associate(&draft, AssociationType::ChildOf, &shared, &other).await;
        let related = clients.associate(&draft, AssociationType::RelatedTo, &other, &deep).await;
        let level = |title: &str| ProgressionLevel {
            indicators: Vec::new(),
            number: 0,
            title: english(title),
            description: english("I can."),
        };
        let progression = |outcomes: &[&String]| CreateProgressionRequest {
            parent: draft.clone(),
            progression: Some(Progression {
                outcomes: outcomes.iter().map(|name| (*name).clone()).collect(),
                levels: vec![level("One"), level("Two")],
                ..Progression::default()
            }),
            request_id: String::new(),
        };
        let alone = clients.progressions.create_progression(progression(&[&a])).await;
        let alone = alone.expect("a progression").into_inner().name;
        let family = clients.progressions.create_progression(progression(&[&below, &other])).await;
        let family = family.expect("a progression").into_inner().name;

        let delete = |name: &str, force: bool| DeleteOutcomeRequest {
            name: name.to_owned(),
            force,
            ..DeleteOutcomeRequest::default()
        };
        let answer = clients.outcomes.delete_outcome(delete(&a, false)).await;
        let status = refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let hanging = metadata(&status);
        assert_eq!(hanging["outcomes_count"], "3");
        assert!([&below, &deep, &shared].iter().all(|name| hanging["outcomes"].contains(name.as_str())));
        assert_eq!(hanging["associations"], related);
        assert_eq!(hanging["progressions_count"], "2");
        let stale = DeleteOutcomeRequest { etag: "W/99".to_owned(), ..delete(&a, true) };
        refused(clients.outcomes.delete_outcome(stale).await, Code::Aborted, "ETAG_MISMATCH");

        clients.outcomes.delete_outcome(delete(&a, true)).await.expect("all of it goes");
        assert_eq!(clients.tree(&draft).await, tree(&[("Other", 1), ("Shared", 2)]));
        let get = |name: &str| GetProgressionRequest { name: name.to_owned() };
        let answer = clients.progressions.get_progression(get(&alone)).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let family = clients.progressions.get_progression(get(&family)).await.expect("kept").into_inner();
        assert_eq!(family.outcomes, [other]);
        let after = clients.framework(&draft).await;
        assert_eq!((after.outcome_count, after.association_count, after.progression_count), (2, 2, 1));
        // What has nothing on it goes without force.
        clients.outcomes.delete_outcome(delete(&shared, false)).await.expect("it goes");
    }
);

on_each_database!(
    async fn editors_of_different_fields_do_not_get_in_each_others_way(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "Together", "").await.name;
        let update = |own: Outcome| UpdateOutcomeRequest {
            outcome: Some(Outcome { name: outcome.clone(), ..own }),
            ..UpdateOutcomeRequest::default()
        };
        for round in 0..8 {
            let (mut one, mut other) = (clients.outcomes.clone(), clients.outcomes.clone());
            let (mut third, mut framework) = (clients.outcomes.clone(), clients.frameworks.clone());
            let title = Framework {
                name: draft.clone(),
                creator: format!("Creator {round}"),
                ..Framework::default()
            };
            let title =
                UpdateFrameworkRequest { framework: Some(title), ..UpdateFrameworkRequest::default() };
            let (one, other, third, framework) = tokio::join!(
                one.update_outcome(update(Outcome { code: format!("C{round}"), ..Outcome::default() })),
                other.update_outcome(update(Outcome {
                    notes: english(&format!("N{round}")),
                    ..Outcome::default()
                })),
                third.update_outcome(update(Outcome { r#type: format!("T{round}"), ..Outcome::default() })),
                framework.update_framework(title),
            );
            for done in [one, other, third] {
                done.expect("each changes its own field");
            }
            framework.expect("and the framework is another resource");
            let read = clients.get(&outcome).await;
            assert_eq!(
                (read.code, read.notes, read.r#type),
                (format!("C{round}"), english(&format!("N{round}")), format!("T{round}"))
            );
        }
    }
);

on_each_database!(
    async fn of_editors_with_one_etag_the_first_wins(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "Together", "").await.name;
        for round in 0..8 {
            let etag = clients.get(&outcome).await.etag;
            let update = |code: &str| UpdateOutcomeRequest {
                outcome: Some(Outcome {
                    name: outcome.clone(),
                    code: format!("{code}{round}"),
                    etag: etag.clone(),
                    ..Outcome::default()
                }),
                ..UpdateOutcomeRequest::default()
            };
            let (mut one, mut other) = (clients.outcomes.clone(), clients.outcomes.clone());
            let (one, other) =
                tokio::join!(one.update_outcome(update("A")), other.update_outcome(update("B")));
            let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
            refused(lost, Code::Aborted, "ETAG_MISMATCH");
            assert_eq!(clients.get(&outcome).await, won.expect("one of them").into_inner());
        }
    }
);

on_each_database!(
    async fn of_two_moves_that_close_a_circle_together_one_is_made(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let b = clients.outcome(&draft, "B", "").await.name;
        for _ in 0..5 {
            let (mut one, mut other) = (clients.clone(), clients.clone());
            let (one, other) = tokio::join!(one.moved(&a, &b, None), other.moved(&b, &a, None));
            assert!(one.is_ok() != other.is_ok(), "both or none were made");
            assert_eq!(clients.tree(&draft).await.len(), 2);
            for name in [&a, &b] {
                clients.moved(name, "", None).await.expect("to the top again");
            }
        }
    }
);
