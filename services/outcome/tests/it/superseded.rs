//! What takes the place of what: deprecated frameworks, replaced outcomes.

use tokio_stream::StreamExt as _;
use tonic::{Code, Streaming};
use trellis_contracts::common::ChangeKind;
use trellis_contracts::outcome::outcome_change::Body;
use trellis_contracts::outcome::{
    AssociationType, BatchGetOutcomesRequest, DeleteAssociationRequest, DeleteOutcomeRequest,
    DeprecateFrameworkRequest, Framework, GetOutcomeRequest, ListOutcomesRequest, Outcome, OutcomeChange,
    UndeprecateFrameworkRequest, WatchChangesRequest,
};
use trellis_testkit::{on_each_database, refused, violations};

use crate::support::{Clients, DISTRICT, english};

impl Clients {
    async fn deprecate(&mut self, name: &str, by: &str) -> Framework {
        let request = DeprecateFrameworkRequest {
            name: name.to_owned(),
            replacing_framework: by.to_owned(),
            reason: english("There is a better one."),
            ..DeprecateFrameworkRequest::default()
        };
        self.frameworks.deprecate_framework(request).await.expect("it is deprecated").into_inner()
    }

    async fn read(&mut self, name: &str) -> Outcome {
        let request = GetOutcomeRequest { name: name.to_owned() };
        self.outcomes.get_outcome(request).await.expect("an outcome").into_inner()
    }

    /// A published framework with an outcome.
    async fn published(&mut self, statement: &str) -> (String, Outcome) {
        let draft = self.portrait().await.name;
        let outcome = self.outcome(&draft, statement, "").await;
        self.publish(&draft).await;
        (draft, outcome)
    }
}

on_each_database!(
    async fn a_deprecated_framework_says_so_at_every_revision(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (old, _) = clients.published("Old").await;
        let (new, _) = clients.published("New").await;
        let (newest, _) = clients.published("Newest").await;
        let before = clients.framework(&format!("{old}@1")).await;
        assert_eq!((before.deprecation.clone(), before.superseded_by.len()), (None, 0));

        let shown = clients.deprecate(&old, &new).await;
        let deprecation = shown.deprecation.expect("it says so");
        assert_eq!(deprecation.replacing_framework, new);
        assert_eq!(deprecation.reason, english("There is a better one."));
        assert!(!shown.unpublished_changes, "there is nothing to publish");
        clients.outcome(&old, "One more", "").await;
        clients.publish(&old).await;
        let pinned = clients.framework(&format!("{old}@1")).await;
        assert_eq!(pinned.superseded_by, [format!("{old}@2"), new.clone()]);
        assert_eq!(
            Framework { deprecation: None, superseded_by: Vec::new(), ..pinned },
            before,
            "the revision itself is as it was"
        );

        // A chain is followed, and a circle goes nowhere.
        clients.deprecate(&new, &newest).await;
        assert_eq!(clients.framework(&old).await.superseded_by, [newest.as_str()]);
        clients.deprecate(&newest, &old).await;
        assert_eq!(clients.framework(&old).await.superseded_by, [new.as_str()]);

        let undo = |name: &str| UndeprecateFrameworkRequest {
            name: name.to_owned(),
            ..UndeprecateFrameworkRequest::default()
        };
        let undone = clients.frameworks.undeprecate_framework(undo(&old)).await.expect("undone").into_inner();
        assert_eq!((undone.deprecation, undone.superseded_by.len()), (None, 0));
        let again = clients.frameworks.undeprecate_framework(undo(&old)).await;
        refused(again, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn only_what_is_in_use_can_be_deprecated(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let draft = clients.portrait().await.name;
        let (published, _) = clients.published("Old").await;
        let request = |name: &str, by: &str| DeprecateFrameworkRequest {
            name: name.to_owned(),
            replacing_framework: by.to_owned(),
            ..DeprecateFrameworkRequest::default()
        };
        let answer = clients.frameworks.deprecate_framework(request(&draft, "")).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let nowhere = format!("{DISTRICT}/frameworks/01900000-0000-7000-8000-0000000000aa");
        let answer = clients.frameworks.deprecate_framework(request(&published, &nowhere)).await;
        refused(answer, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
        for by in [published.clone(), format!("{published}@1"), nowhere.replace("grand-bend", "river-bend")] {
            let answer = clients.frameworks.deprecate_framework(request(&published, &by)).await;
            let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
            assert_eq!(violations(&status)[0].0, "replacing_framework");
        }
        let stale = DeprecateFrameworkRequest { etag: "W/1".to_owned(), ..request(&published, "") };
        let answer = clients.frameworks.deprecate_framework(stale).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");
        let answer = clients.frameworks.deprecate_framework(request(&format!("{published}@1"), "")).await;
        refused(answer, Code::FailedPrecondition, "REVISION_IMMUTABLE");
        clients.deprecate(&published, "").await;
        let answer = clients.frameworks.deprecate_framework(request(&published, &draft)).await;
        refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
    }
);

on_each_database!(
    async fn an_old_reference_says_what_replaces_the_outcome(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, old) = clients.published("Old").await;
        let (other, last) = clients.published("Last").await;
        let next = clients.outcome(&draft, "Next", "").await;
        let replaced = AssociationType::ReplacedBy;
        clients.associate(&draft, replaced, &old.name, &next.name).await;
        let pinned = format!("{draft}@1/outcomes/{}", old.uid);
        assert!(clients.read(&pinned).await.superseded_by.is_empty(), "a draft replaces nothing yet");

        clients.publish(&draft).await;
        assert_eq!(clients.read(&pinned).await.superseded_by, [next.name.as_str()]);
        assert_eq!(clients.read(&old.name).await.superseded_by, [next.name.as_str()]);
        // On into another framework, which says of an outcome that is not its own what replaces it.
        let onward = clients.associate(&other, replaced, &next.name, &last.name).await;
        clients.publish(&other).await;
        assert_eq!(clients.read(&pinned).await.superseded_by, [last.name.as_str()]);
        let batch = BatchGetOutcomesRequest {
            parent: DISTRICT.to_owned(),
            names: vec![pinned.clone(), last.name.clone()],
        };
        let batch = clients.outcomes.batch_get_outcomes(batch).await.expect("both").into_inner().outcomes;
        assert_eq!(batch[0].superseded_by, [last.name.as_str()]);
        assert!(batch[1].superseded_by.is_empty());

        // Round in a circle, which does no harm.
        let back = clients.associate(&other, replaced, &last.name, &old.name).await;
        clients.publish(&other).await;
        assert_eq!(clients.read(&pinned).await.superseded_by, [next.name.as_str()]);
        let delete = |name: &str| DeleteAssociationRequest {
            name: name.to_owned(),
            ..DeleteAssociationRequest::default()
        };
        for taken_back in [back, onward] {
            clients.associations.delete_association(delete(&taken_back)).await.expect("taken back");
        }
        clients.publish(&other).await;
        assert_eq!(clients.read(&pinned).await.superseded_by, [next.name.as_str()]);

        // The old one goes from the draft, and its association with it: the reference stays valid.
        let gone =
            DeleteOutcomeRequest { name: old.name.clone(), force: true, ..DeleteOutcomeRequest::default() };
        clients.outcomes.delete_outcome(gone).await.expect("it goes");
        clients.publish(&draft).await;
        assert_eq!(clients.read(&pinned).await.superseded_by, [next.name.as_str()]);
        let list = ListOutcomesRequest { parent: format!("{draft}@1"), ..ListOutcomesRequest::default() };
        let listed = clients.outcomes.list_outcomes(list).await.expect("a list").into_inner().outcomes;
        assert_eq!(listed[0].superseded_by, [next.name.as_str()]);
    }
);

on_each_database!(
    async fn a_replacement_that_is_taken_back_holds_no_longer(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, old) = clients.published("Old").await;
        let next = clients.outcome(&draft, "Next", "").await;
        let told = clients.associate(&draft, AssociationType::ReplacedBy, &old.name, &next.name).await;
        clients.publish(&draft).await;
        assert_eq!(clients.read(&old.name).await.superseded_by, [next.name]);
        let delete = DeleteAssociationRequest { name: told, ..DeleteAssociationRequest::default() };
        clients.associations.delete_association(delete).await.expect("taken back");
        assert_eq!(clients.read(&old.name).await.superseded_by.len(), 1, "until that is published");
        clients.publish(&draft).await;
        assert!(clients.read(&old.name).await.superseded_by.is_empty());
    }
);

on_each_database!(
    async fn the_feed_tells_of_deprecations_and_replacements(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, old) = clients.published("Old").await;
        let (new, _) = clients.published("New").await;
        let next = clients.outcome(&draft, "Next", "").await;
        clients.associate(&draft, AssociationType::ReplacedBy, &old.name, &next.name).await;
        let watch =
            WatchChangesRequest { parent: DISTRICT.to_owned(), snapshot: true, resume_token: String::new() };
        let mut feed = clients.changes.watch_changes(watch).await.expect("a feed").into_inner();
        while feed.next().await.expect("more").expect("a change").kind() != ChangeKind::Checkpoint {}

        clients.publish(&draft).await;
        let (told, _) = until(&mut feed, &old.name).await;
        let Some(Body::Outcome(outcome)) = told.body else { panic!("an outcome is told of") };
        assert_eq!(outcome.superseded_by, [next.name]);
        clients.deprecate(&draft, &new).await;
        loop {
            let (told, _) = until(&mut feed, &draft).await;
            let Some(Body::Framework(framework)) = told.body else { panic!("a framework is told of") };
            if framework.deprecation.is_some() {
                assert_eq!(framework.superseded_by, [new]);
                break;
            }
        }
        // What is replaced already is not told again.
        clients.outcome(&draft, "More", "").await;
        clients.publish(&draft).await;
        let mark = clients.outcome(&draft, "Mark", "").await.name;
        let (_, between) = until(&mut feed, &mark).await;
        assert!(!between.contains(&old.name), "{between:?}");
    }
);

/// Reads the feed until it tells of a resource; and the names of all that it told of before.
async fn until(feed: &mut Streaming<OutcomeChange>, resource: &str) -> (OutcomeChange, Vec<String>) {
    let mut before = Vec::new();
    loop {
        let change = feed.next().await.expect("more").expect("a change");
        if change.resource == resource {
            return (change, before);
        }
        before.push(change.resource);
    }
}
