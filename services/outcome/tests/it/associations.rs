//! Associations: circles, ends elsewhere.

use tonic::Code;
use trellis_contracts::outcome::{
    Association, AssociationNode, AssociationType, CreateAssociationRequest, ListAssociationsRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::support::{Clients, metadata};

fn held(resource: &str) -> AssociationNode {
    AssociationNode { resource: resource.to_owned(), ..AssociationNode::default() }
}

fn request(
    draft: &str,
    kind: AssociationType,
    from: AssociationNode,
    to: AssociationNode,
) -> CreateAssociationRequest {
    CreateAssociationRequest {
        parent: draft.to_owned(),
        association: Some(Association {
            r#type: kind.into(),
            origin: Some(from),
            destination: Some(to),
            ..Association::default()
        }),
        request_id: String::new(),
    }
}

on_each_database!(
    async fn a_circle_is_refused_with_its_path(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let b = clients.outcome(&draft, "B", "").await.name;
        let c = clients.outcome(&draft, "C", "").await.name;
        let precedes = AssociationType::Precedes;
        for (from, to) in [(&a, &b), (&b, &c)] {
            let made = clients
                .associations
                .create_association(request(&draft, precedes, held(from), held(to)))
                .await;
            made.expect("no circle");
        }
        let circle =
            clients.associations.create_association(request(&draft, precedes, held(&c), held(&a))).await;
        let status = refused(circle, Code::FailedPrecondition, "CYCLE_DETECTED");
        assert_eq!(metadata(&status)["path"], [&c, &a, &b, &c].map(String::as_str).join(" → "));
        let other = request(&draft, AssociationType::RelatedTo, held(&c), held(&a));
        clients.associations.create_association(other).await.expect("what is related may go around");
        let below = clients.outcome(&draft, "D", &a).await.name;
        let above = request(&draft, AssociationType::ChildOf, held(&a), held(&below));
        refused(
            clients.associations.create_association(above).await,
            Code::FailedPrecondition,
            "CYCLE_DETECTED",
        );
    }
);

on_each_database!(
    async fn what_is_held_elsewhere_keeps_its_uri(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let own = clients.outcome(&draft, "A", "").await.name;
        let elsewhere = AssociationNode {
            uri: "https://example.org/outcomes/7".to_owned(),
            identifier: "7".to_owned(),
            ..AssociationNode::default()
        };
        let exact = AssociationType::ExactMatchOf;
        let made = clients
            .associations
            .create_association(request(&draft, exact, held(&own), elsewhere.clone()))
            .await;
        let made = made.expect("an end elsewhere").into_inner();
        assert_eq!(made.destination, Some(elsewhere.clone()));

        let list = ListAssociationsRequest {
            parent: draft.clone(),
            outcome: own.clone(),
            r#type: exact.into(),
            ..ListAssociationsRequest::default()
        };
        let listed = clients.associations.list_associations(list).await.expect("a list").into_inner();
        assert_eq!(listed.associations, [made]);

        let nothing = request(&draft, exact, held(&own), AssociationNode::default());
        let nothing = clients.associations.create_association(nothing).await;
        let nothing = refused(nothing, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&nothing)[0].0, "association.destination");
        let foreign = held(&own.replace("grand-bend", "other-district"));
        let foreign =
            clients.associations.create_association(request(&draft, exact, held(&own), foreign)).await;
        refused(foreign, Code::InvalidArgument, "FIELD_VIOLATION");
        let mut untyped = request(&draft, AssociationType::Extension, held(&own), elsewhere);
        let answer = clients.associations.create_association(untyped.clone()).await;
        refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        if let Some(association) = &mut untyped.association {
            "ext:alignsTo".clone_into(&mut association.extension_type);
        }
        clients.associations.create_association(untyped).await.expect("an extension with its type");
    }
);

on_each_database!(
    async fn of_two_associations_that_close_a_circle_together_one_is_made(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let a = clients.outcome(&draft, "A", "").await.name;
        let b = clients.outcome(&draft, "B", "").await.name;
        for _ in 0..5 {
            let kind = AssociationType::Precedes;
            let (mut one, mut other) = (clients.associations.clone(), clients.associations.clone());
            let (one, other) = tokio::join!(
                one.create_association(request(&draft, kind, held(&a), held(&b))),
                other.create_association(request(&draft, kind, held(&b), held(&a))),
            );
            assert!(one.is_err() || other.is_err(), "both were made");
        }
    }
);
