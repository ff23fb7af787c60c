//! Frameworks: drafts and revisions.

use tonic::Code;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, DeleteFrameworkRequest, Framework, FrameworkKind, GetFrameworkRequest,
    GetOutcomeRequest, ListFrameworksRequest, Outcome, PublishFrameworkRequest, UpdateFrameworkRequest,
    UpdateOutcomeRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::support::{Clients, DISTRICT, english};

on_each_database!(
    async fn a_revision_never_changes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I tell my story.", "").await;
        assert_eq!(outcome.pinned_name, "");
        let first = clients.publish(&draft).await;
        assert_eq!((first.name.as_str(), first.revision), (format!("{draft}@1").as_str(), 1));
        assert_eq!((first.outcome_count, first.association_count), (1, 1));

        let changed = Outcome {
            name: outcome.name.clone(),
            statement: english("I tell my story to a public."),
            ..Outcome::default()
        };
        let request = UpdateOutcomeRequest { outcome: Some(changed), ..UpdateOutcomeRequest::default() };
        let changed = clients.outcomes.update_outcome(request).await.expect("a draft changes").into_inner();
        clients.outcome(&draft, "I listen.", "").await;
        assert!(clients.framework(&draft).await.unpublished_changes);
        assert_eq!(changed.pinned_name, format!("{draft}@1/outcomes/{}", outcome.uid));

        let pinned = GetOutcomeRequest { name: changed.pinned_name };
        let pinned = clients.outcomes.get_outcome(pinned).await.expect("as it was").into_inner();
        assert_eq!(pinned.statement, english("I tell my story."));
        assert_eq!(clients.framework(&first.name).await, first);

        let second = clients.publish(&draft).await;
        assert_eq!((second.revision, second.outcome_count), (2, 2));
        let old = clients.framework(&first.name).await;
        assert_eq!(old.superseded_by, [second.name], "what it says of itself is not what it holds");
        assert_eq!(Framework { superseded_by: Vec::new(), ..old }, first);
    }
);

on_each_database!(
    async fn what_changes_something_refuses_a_pinned_name(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I tell my story.", "").await;
        let revision = clients.publish(&draft).await;

        let framework =
            Framework { name: revision.name.clone(), creator: "x".to_owned(), ..Framework::default() };
        let update =
            UpdateFrameworkRequest { framework: Some(framework), ..UpdateFrameworkRequest::default() };
        let answer = clients.frameworks.update_framework(update).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");

        let name = format!("{}/outcomes/{}", revision.name, outcome.uid);
        let outcome = Outcome { name, code: "x".to_owned(), ..Outcome::default() };
        let update = UpdateOutcomeRequest { outcome: Some(outcome), ..UpdateOutcomeRequest::default() };
        let answer = clients.outcomes.update_outcome(update).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");

        let delete = DeleteFrameworkRequest { name: revision.name, ..DeleteFrameworkRequest::default() };
        let answer = clients.frameworks.delete_framework(delete).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
    }
);

on_each_database!(
    async fn publishing_needs_the_etag_of_the_whole_draft(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await;
        let publish = |etag: &str| PublishFrameworkRequest {
            name: draft.name.clone(),
            etag: etag.to_owned(),
            ..PublishFrameworkRequest::default()
        };
        let answer = clients.frameworks.publish_framework(publish("")).await;
        refused(answer, Code::InvalidArgument, "ETAG_REQUIRED");
        clients.outcome(&draft.name, "I listen.", "").await;
        let answer = clients.frameworks.publish_framework(publish(&draft.etag)).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");
        clients.publish(&draft.name).await;
        let etag = clients.framework(&draft.name).await.etag;
        let answer = clients.frameworks.publish_framework(publish(&etag)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn only_a_draft_that_was_never_published_can_be_deleted(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (one, other) = (clients.portrait().await.name, clients.portrait().await.name);
        clients.outcome(&one, "I listen.", "").await;
        clients.publish(&other).await;
        let delete = |name: &str| DeleteFrameworkRequest {
            name: name.to_owned(),
            ..DeleteFrameworkRequest::default()
        };
        clients.frameworks.delete_framework(delete(&one)).await.expect("the draft goes");
        let answer = clients.frameworks.get_framework(GetFrameworkRequest { name: one }).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let answer = clients.frameworks.delete_framework(delete(&other)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn a_mask_says_what_changes(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await;
        let update = |creator: &str, publisher: &str, paths: &[&str], etag: &str| UpdateFrameworkRequest {
            framework: Some(Framework {
                name: draft.name.clone(),
                creator: creator.to_owned(),
                publisher: publisher.to_owned(),
                etag: etag.to_owned(),
                ..Framework::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            }),
            request_id: String::new(),
        };
        let both = update("C", "P", &[], &draft.etag);
        let both = clients.frameworks.update_framework(both).await.expect("both change").into_inner();
        assert_eq!((both.creator.as_str(), both.publisher.as_str()), ("C", "P"));
        assert_eq!(both.title, draft.title);
        let one = update("", "", &["creator"], "");
        let one = clients.frameworks.update_framework(one).await.expect("one is cleared").into_inner();
        assert_eq!((one.creator.as_str(), one.publisher.as_str()), ("", "P"));
        let stale = clients.frameworks.update_framework(update("D", "", &["creator"], &draft.etag)).await;
        refused(stale, Code::Aborted, "ETAG_MISMATCH");
        let unknown = clients.frameworks.update_framework(update("D", "", &["name"], "")).await;
        refused(unknown, Code::InvalidArgument, "FIELD_VIOLATION");
        let untitled = clients.frameworks.update_framework(update("D", "", &["title"], "")).await;
        refused(untitled, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn a_request_id_makes_one_framework(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let request = |creator: &str| CreateFrameworkRequest {
            parent: DISTRICT.to_owned(),
            framework: Some(Framework {
                kind: FrameworkKind::Competencies.into(),
                title: english("Competencies"),
                creator: creator.to_owned(),
                ..Framework::default()
            }),
            request_id: "01900000-0000-7000-8000-0000000000aa".to_owned(),
        };
        let one = clients.frameworks.create_framework(request("C")).await.expect("created").into_inner();
        let again = clients.frameworks.create_framework(request("C")).await.expect("the same").into_inner();
        assert_eq!(one, again);
        let other = clients.frameworks.create_framework(request("D")).await;
        refused(other, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let list = ListFrameworksRequest { parent: DISTRICT.to_owned(), ..ListFrameworksRequest::default() };
        let listed = clients.frameworks.list_frameworks(list).await.expect("a list").into_inner();
        assert_eq!(listed.frameworks, [one]);
    }
);
