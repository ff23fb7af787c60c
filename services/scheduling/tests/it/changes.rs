//! The change feed.

use std::collections::BTreeMap;
use std::time::Duration;

use trellis_contracts::common::ChangeKind;
use trellis_contracts::scheduling::change_service_client::ChangeServiceClient;
use trellis_contracts::scheduling::{ListChangesRequest, SchedulingChange, WatchChangesRequest};
use trellis_testkit::{Caller, Role, on_each_database};

use crate::place::Place;

/// Reads changes until `enough`, and where they end.
async fn until(
    place: &Place<'_>,
    caller: Caller,
    mut resume_token: String,
    enough: impl Fn(&[SchedulingChange]) -> bool,
) -> (Vec<SchedulingChange>, String) {
    let mut client = ChangeServiceClient::new(caller);
    let mut changes = Vec::new();
    let reading = async {
        while !enough(&changes) {
            let list = ListChangesRequest { parent: place.school.parent(), resume_token, page_size: 3 };
            let answer = client.list_changes(list).await.expect("changes").into_inner();
            changes.extend(answer.changes);
            resume_token = answer.resume_token;
            if !answer.more {
                tokio::task::yield_now().await;
            }
        }
        resume_token
    };
    let token = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("in time");
    (changes, token)
}

fn last_of(changes: &[SchedulingChange], resource: &str) -> Option<ChangeKind> {
    changes.iter().rev().find(|change| change.resource == resource).map(SchedulingChange::kind)
}

on_each_database!(
    async fn changes_are_told_to_those_who_may_see_what_changed(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, classmate) = (place.school.learner, place.school.classmate);
        let a = place.offering("A", 2, &["monday-1"]).await;
        let mine = place.submit(learner, &[&a], "").await.expect("a list").into_inner().requests.remove(0);
        let theirs =
            place.submit(classmate, &[&a], "").await.expect("a list").into_inner().requests.remove(0);
        let told = |changes: &[SchedulingChange]| last_of(changes, &theirs.name).is_some();
        let (staff, token) = until(&place, place.administrator(), String::new(), told).await;
        let kinds = [&place.calendar.name, &place.timetable.name, &a.name, &mine.name, &theirs.name]
            .map(|name| last_of(&staff, name));
        assert_eq!(kinds, [Some(ChangeKind::Upserted); 5]);
        // The learner sees their own request; another school's educator sees neither.
        let seen = |changes: &[SchedulingChange]| last_of(changes, &mine.name).is_some();
        let (family, _) = until(&place, place.learner(), String::new(), seen).await;
        assert_eq!(last_of(&family, &theirs.name), None);
        let outsider = place.person(place.school.other_educator, Role::Educator);
        let offered = |changes: &[SchedulingChange]| last_of(changes, &a.name).is_some();
        let (outside, _) = until(&place, outsider, String::new(), offered).await;
        assert!(outside.iter().all(|change| change.resource_type != "trellis.dev/Request"));
        // A request that is taken back is gone; a plan is told when it is published, with its places;
        // when another takes its place, they are gone.
        place.submit(classmate, &[], "").await.expect("an empty list");
        let first = place.plan(1).await;
        place.publish(&first).await.expect("published");
        let placed = |changes: &[SchedulingChange]| {
            changes.iter().any(|change| change.resource_type == "trellis.dev/Placement")
        };
        let (staff, token) = until(&place, place.administrator(), token, placed).await;
        assert_eq!(last_of(&staff, &theirs.name), Some(ChangeKind::Deleted));
        assert_eq!(last_of(&staff, &first.name), Some(ChangeKind::Upserted));
        let placement =
            staff.iter().find(|change| change.resource_type == "trellis.dev/Placement").expect("a placement");
        let draft = place.plan(2).await;
        place.publish(&draft).await.expect("published");
        let gone = |changes: &[SchedulingChange]| {
            last_of(changes, &placement.resource) == Some(ChangeKind::Deleted)
                && changes.iter().filter(|c| c.resource_type == "trellis.dev/Placement").count() > 1
        };
        until(&place, place.administrator(), token, gone).await;
    }
);

on_each_database!(
    async fn a_snapshot_holds_every_row_and_then_what_comes(suite: Suite) {
        let place = Place::of(&suite).await;
        let learner = place.school.learner;
        let a = place.offering("A", 2, &["monday-1"]).await;
        place.submit(learner, &[&a], "").await.expect("a list");
        place.publish(&place.plan(1).await).await.expect("published");
        let draft = place.plan(2).await;
        let watch = WatchChangesRequest {
            parent: place.school.parent(),
            snapshot: true,
            resume_token: String::new(),
        };
        let mut client = ChangeServiceClient::new(place.administrator());
        let mut stream = client.watch_changes(watch).await.expect("a stream").into_inner();
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        loop {
            let change = stream.message().await.expect("a message").expect("more");
            if change.kind() == ChangeKind::Checkpoint {
                break;
            }
            assert_ne!(change.resource, draft.name);
            assert!(change.body.is_some());
            *counts.entry(change.resource_type.replace("trellis.dev/", "")).or_default() += 1;
        }
        let counts: Vec<(&str, u32)> = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let one_each =
            ["Calendar", "Offering", "Placement", "Plan", "Request", "Timetable"].map(|name| (name, 1));
        assert_eq!(counts, one_each);
        let b = place.offering("B", 2, &["monday-2"]).await;
        let following = async {
            loop {
                let change = stream.message().await.expect("a message").expect("more");
                if change.resource == b.name {
                    return change.kind();
                }
            }
        };
        let kind = tokio::time::timeout(Duration::from_secs(20), following).await.expect("in time");
        assert_eq!(kind, ChangeKind::Upserted);
    }
);
