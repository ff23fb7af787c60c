//! The change feed.

use tokio_stream::StreamExt as _;
use trellis_contracts::common::ChangeKind;
use trellis_contracts::outcome::outcome_change::Body;
use trellis_contracts::outcome::{
    DeleteFrameworkRequest, ListChangesRequest, OutcomeChange, WatchChangesRequest,
};
use trellis_testkit::on_each_database;

use crate::support::{Clients, DISTRICT, fixture};

on_each_database!(
    async fn a_copy_is_kept_from_a_snapshot_and_what_follows(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        clients.imported(fixture("mockIT.json")).await;
        let watch =
            WatchChangesRequest { parent: DISTRICT.to_owned(), snapshot: true, resume_token: String::new() };
        let mut feed = clients.changes.watch_changes(watch).await.expect("a feed").into_inner();
        let mut rows: Vec<OutcomeChange> = Vec::new();
        let token = loop {
            let change = feed.next().await.expect("more").expect("a change");
            if change.kind() == ChangeKind::Checkpoint {
                break change.resume_token;
            }
            rows.push(change);
        };
        let count = |kind: &str| rows.iter().filter(|row| row.resource_type == kind).count();
        assert_eq!((count("trellis.dev/Framework"), count("trellis.dev/Outcome")), (1, 19));
        assert_eq!(count("trellis.dev/Association"), 19);
        assert!(rows.iter().all(|row| row.body.is_some() && row.kind() == ChangeKind::Upserted));

        let draft = clients.portrait().await.name;
        let outcome = clients.outcome(&draft, "I listen.", "").await;
        let told = until(&mut feed, &outcome.name, ChangeKind::Upserted).await;
        assert_eq!(told.body, Some(Body::Outcome(outcome.clone())));
        let delete = DeleteFrameworkRequest { name: draft.clone(), ..DeleteFrameworkRequest::default() };
        clients.frameworks.delete_framework(delete).await.expect("the draft goes");
        let gone = until(&mut feed, &draft, ChangeKind::Deleted).await;
        assert!(gone.body.is_none());

        let list = ListChangesRequest { parent: DISTRICT.to_owned(), resume_token: token, page_size: 1000 };
        let listed = clients.changes.list_changes(list).await.expect("a list").into_inner();
        let resources: Vec<&str> = listed.changes.iter().map(|change| change.resource.as_str()).collect();
        assert!(resources.contains(&outcome.name.as_str()), "its tombstone follows the checkpoint");
    }
);

/// Reads the feed until it tells of a resource in this way; answers with all that it told, this at last.
pub(crate) async fn all_until(
    feed: &mut tonic::Streaming<OutcomeChange>,
    resource: &str,
    kind: ChangeKind,
) -> Vec<OutcomeChange> {
    let mut told = Vec::new();
    loop {
        let change = feed.next().await.expect("more").expect("a change");
        let found = change.resource == resource && change.kind() == kind;
        told.push(change);
        if found {
            return told;
        }
    }
}

/// The same; answers with the last.
async fn until(
    feed: &mut tonic::Streaming<OutcomeChange>,
    resource: &str,
    kind: ChangeKind,
) -> OutcomeChange {
    all_until(feed, resource, kind).await.pop().expect("it was told")
}
