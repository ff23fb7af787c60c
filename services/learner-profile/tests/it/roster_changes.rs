//! The change feed: each caller is told what they could read.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Code;
use trellis_contracts::common::ChangeKind;
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::profile_change::Body;
use trellis_contracts::profile::{ListChangesRequest, ProfileChange, RosterState, WatchChangesRequest};
use trellis_testkit::{Caller, Role, on_each_database, refused};

use crate::roster_files::{DISTRICT, import, small};

/// A snapshot, up to its checkpoint, and where to go on from there.
async fn snapshot(caller: &Caller) -> (Vec<ProfileChange>, String) {
    let request =
        WatchChangesRequest { parent: format!("districts/{DISTRICT}"), snapshot: true, ..Default::default() };
    let mut stream =
        ChangeServiceClient::new(caller.clone()).watch_changes(request).await.unwrap().into_inner();
    let mut rows = Vec::new();
    while let Some(change) = stream.message().await.unwrap() {
        if change.kind() == ChangeKind::Checkpoint {
            return (rows, change.resume_token);
        }
        rows.push(change);
    }
    panic!("a snapshot ends with a checkpoint");
}

/// Waits until a change is told that is as asked.
async fn until(caller: &Caller, token: &str, found: impl Fn(&Body) -> bool) {
    let request = WatchChangesRequest {
        parent: format!("districts/{DISTRICT}"),
        resume_token: token.to_owned(),
        ..WatchChangesRequest::default()
    };
    let mut stream =
        ChangeServiceClient::new(caller.clone()).watch_changes(request).await.unwrap().into_inner();
    loop {
        let change = stream.message().await.unwrap().expect("the stream stays open");
        if change.body.as_ref().is_some_and(&found) {
            return;
        }
    }
}

/// Every change after a token that is told already.
async fn changes(caller: &Caller, token: &str) -> Vec<ProfileChange> {
    let mut request = ListChangesRequest {
        parent: format!("districts/{DISTRICT}"),
        resume_token: token.to_owned(),
        page_size: 3,
    };
    let mut all = Vec::new();
    loop {
        let page = ChangeServiceClient::new(caller.clone())
            .list_changes(request.clone())
            .await
            .unwrap()
            .into_inner();
        all.extend(page.changes);
        if !page.more {
            return all;
        }
        request.resume_token = page.resume_token;
    }
}

fn counts(changes: &[ProfileChange]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for change in changes {
        let kind = change.resource_type.strip_prefix("trellis.dev/").unwrap();
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

fn people(changes: &[ProfileChange]) -> BTreeSet<String> {
    changes
        .iter()
        .filter(|change| change.resource_type == "trellis.dev/Person")
        .map(|c| c.resource.clone())
        .collect()
}

on_each_database!(
    async fn a_snapshot_holds_what_its_reader_could_read(suite: Suite) {
        let school = suite.school().await;
        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        let (rows, _) = snapshot(&admin).await;
        let expected = [
            ("AcademicSession", 1),
            ("Class", 2),
            ("Course", 2),
            ("Enrollment", 5),
            ("Organization", 3),
            ("Person", 9),
            ("Relationship", 2),
        ];
        assert_eq!(counts(&rows), expected.into());
        assert!(rows.iter().all(|row| row.kind() == ChangeKind::Upserted && row.body.is_some()));

        let educator = suite.person(DISTRICT, school.educator, Role::Educator);
        let (rows, _) = snapshot(&educator).await;
        assert_eq!(
            people(&rows),
            [school.educator, school.learner, school.classmate].map(|id| school.person(id)).into()
        );
        assert_eq!((counts(&rows).get("Relationship"), counts(&rows)["Enrollment"]), (None, 3));

        let guardian = suite.person(DISTRICT, school.guardian, Role::Guardian);
        let (rows, _) = snapshot(&guardian).await;
        assert_eq!(people(&rows), [school.guardian, school.learner].map(|id| school.person(id)).into());
        assert_eq!(counts(&rows)["Relationship"], 1);

        let (rows, _) = snapshot(&suite.operator(DISTRICT)).await;
        assert!(people(&rows).is_empty(), "IT reads no one's record");
        assert_eq!(counts(&rows)["Organization"], 3);
    }
);

on_each_database!(
    async fn what_an_import_changed_is_told_once_and_nothing_else_is(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let roster = small("2020-08-01", "2099-06-30");
        import(&operator, &roster.zip()).await;
        let district = trellis_kernel::District::parse(DISTRICT).unwrap();
        let id = |sourced: &str| trellis_learner_profile::roster_id(&district, "people", sourced);
        let admin = suite.person(DISTRICT, id("admin"), Role::Administrator);
        let (_, token) = snapshot(&admin).await;
        // The same again changes nothing. Then a role more is a change of the person, and an enrolment less
        // one of the enrolment.
        import(&operator, &roster.zip()).await;
        let roster = roster
            .more("roles", "more,,,teacher,secondary,counselor,,,s,\n")
            .file("enrollments", "e1,,,k,s,teacher,teacher,true,,\n");
        import(&operator, &roster.zip()).await;
        let retired =
            |body: &Body| matches!(body, Body::Enrollment(one) if one.state() == RosterState::Inactive);
        until(&admin, &token, retired).await;

        let mut changed = BTreeMap::new();
        for change in changes(&admin, "").await {
            let (etag, roles) = match change.body.expect("nothing is gone") {
                Body::Person(person) => (person.etag, person.roles.len()),
                Body::Enrollment(enrollment) => (enrollment.etag, 0),
                Body::Class(class) => (class.etag, 0),
                Body::Organization(organization) => (organization.etag, 0),
                Body::Relationship(relationship) => (relationship.etag, 0),
                _ => continue,
            };
            if etag != "W/1" {
                changed.insert(change.resource_type, (etag, roles));
            }
        }
        let expected = [("trellis.dev/Enrollment", 0), ("trellis.dev/Person", 2)];
        let expected = expected.map(|(kind, roles)| (kind.to_owned(), ("W/2".to_owned(), roles)));
        assert_eq!(changed, expected.into());

        let teacher = suite.person(DISTRICT, id("teacher"), Role::Educator);
        let theirs = people(&changes(&teacher, "").await);
        assert_eq!(theirs, [format!("districts/{DISTRICT}/people/{}", id("teacher"))].into());
        let forged = ListChangesRequest {
            parent: format!("districts/{DISTRICT}"),
            resume_token: "x".into(),
            page_size: 0,
        };
        let answer = ChangeServiceClient::new(admin).list_changes(forged).await;
        refused(answer, Code::InvalidArgument, "INVALID_RESUME_TOKEN");
    }
);
