//! What learners ask for, and what is required for them.

use tonic::Code;
use trellis_contracts::scheduling::request_service_client::RequestServiceClient;
use trellis_contracts::scheduling::{
    ListRequestsRequest, Request, RequestKind, RequireOfferingRequest, Timetable,
};
use trellis_contracts::values::timestamp;
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, on_each_database, refused, violations};

use crate::place::Place;

async fn requests(place: &Place<'_>, caller: Caller, learner: Uuid) -> (Vec<Request>, String) {
    let list = ListRequestsRequest {
        parent: place.timetable.name.clone(),
        learner: place.school.learner(learner),
        ..ListRequestsRequest::default()
    };
    let answer = RequestServiceClient::new(caller).list_requests(list).await.expect("requests").into_inner();
    (answer.requests, answer.etag)
}

on_each_database!(
    async fn a_list_replaces_the_one_before_as_a_whole(suite: Suite) {
        let place = Place::of(&suite).await;
        let learner = place.school.learner;
        let a = place.offering("A", 1, &["monday-1"]).await;
        let b = place.offering("B", 1, &["monday-2"]).await;
        let c = place.offering("C", 1, &["monday"]).await;
        let (none, etag) = requests(&place, place.learner(), learner).await;
        assert!(none.is_empty());
        let first = place.submit(learner, &[&a, &b], &etag).await.expect("a list").into_inner();
        let second = place.submit(learner, &[&c, &a], &first.etag).await.expect("a list").into_inner();
        let told: Vec<(&str, i32)> = second.requests.iter().map(|r| (r.offering.as_str(), r.rank)).collect();
        assert_eq!(told, [(c.name.as_str(), 1), (a.name.as_str(), 2)]);
        assert_eq!(second.requests[1].name, first.requests[0].name, "the request for A stayed the same");
        assert_eq!(second.requests[1].etag, "W/2");
        // A stale etag, an unknown offering and one that is named twice change nothing.
        refused(place.submit(learner, &[&b], &first.etag).await, Code::Aborted, "ETAG_MISMATCH");
        let mut lost = b.clone();
        lost.name = format!("{}/offerings/{}", place.timetable.name, Uuid::from_u128(1));
        let status = refused(
            place.submit(learner, &[&b, &lost], "").await,
            Code::FailedPrecondition,
            "REFERENCE_NOT_FOUND",
        );
        assert_eq!(violations(&status)[0].0, "offerings[1]");
        refused(place.submit(learner, &[&b, &b], "").await, Code::InvalidArgument, "FIELD_VIOLATION");
        let (kept, etag) = requests(&place, place.learner(), learner).await;
        assert_eq!((kept, &etag), (second.requests, &second.etag));
        // An empty list takes it back.
        place.submit(learner, &[], &etag).await.expect("an empty list");
        assert!(requests(&place, place.learner(), learner).await.0.is_empty());
    }
);

on_each_database!(
    async fn of_two_lists_at_once_one_wins_whole(suite: Suite) {
        let place = Place::of(&suite).await;
        let learner = place.school.learner;
        let a = place.offering("A", 1, &["monday-1"]).await;
        let b = place.offering("B", 1, &["monday-2"]).await;
        for round in 0..5 {
            let etag = requests(&place, place.learner(), learner).await.1;
            let (up, down) = ([&a, &b], [&b, &a]);
            let (one, other) =
                tokio::join!(place.submit(learner, &up, &etag), place.submit(learner, &down, &etag));
            let (won, lost) = match (one, other) {
                (Ok(won), lost @ Err(_)) | (lost @ Err(_), Ok(won)) => (won.into_inner(), lost),
                _ => panic!("round {round}: exactly one wins"),
            };
            assert_eq!(lost.expect_err("lost").code(), Code::Aborted);
            assert_eq!(requests(&place, place.learner(), learner).await, (won.requests, won.etag));
        }
    }
);

on_each_database!(
    async fn a_family_asks_for_its_own_learner_alone(suite: Suite) {
        let place = Place::of(&suite).await;
        let school = &place.school;
        let a = place.offering("A", 1, &["monday-1"]).await;
        let submission = place.submission(school.learner, &[&a], "");
        let guardian = place.person(school.guardian, Role::Guardian);
        let taken = RequestServiceClient::new(guardian).submit_requests(submission.clone()).await;
        assert_eq!(taken.expect("a guardian may").into_inner().requests.len(), 1);
        for (id, role) in [
            (school.classmate, Role::Learner),
            (school.other_guardian, Role::Guardian),
            (school.educator, Role::Learner),
        ] {
            let mut client = RequestServiceClient::new(place.person(id, role));
            let answer = client.submit_requests(submission.clone()).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        // The field that decides must really name a learner, and of this district.
        let mut crooked = submission.clone();
        crooked.learner.clone_from(&a.name);
        let mut client = RequestServiceClient::new(place.learner());
        assert!(client.submit_requests(crooked).await.is_err());
        let mut crooked = submission;
        crooked.parent = crooked.parent.replace("grand-bend", "elsewhere");
        assert!(client.submit_requests(crooked).await.is_err());
    }
);

on_each_database!(
    async fn requests_are_taken_in_the_window_alone(suite: Suite) {
        let mut place = Place::of(&suite).await;
        let learner = place.school.learner;
        let hour = jiff::SignedDuration::from_hours(1);
        let open = suite.now() + hour;
        let later = Timetable { request_open_time: Some(timestamp(open)), ..Timetable::default() };
        place.timetable = place.timetable(later).await.expect("a timetable").into_inner();
        refused(place.submit(learner, &[], "").await, Code::FailedPrecondition, "STATE_CONFLICT");
        let close = suite.now() - hour;
        let over = Timetable { request_close_time: Some(timestamp(close)), ..Timetable::default() };
        place.timetable = place.timetable(over).await.expect("a timetable").into_inner();
        refused(place.submit(learner, &[], "").await, Code::FailedPrecondition, "STATE_CONFLICT");
        // What the school requires is not bound by it.
        let a = place.offering("A", 1, &["monday-1"]).await;
        place.require(learner, &a).await;
    }
);

on_each_database!(
    async fn what_is_required_stands_before_the_list_and_is_marked_once(suite: Suite) {
        let place = Place::of(&suite).await;
        let school = &place.school;
        let a = place.offering("A", 1, &["monday-1"]).await;
        let b = place.offering("B", 1, &["monday-2"]).await;
        place.submit(school.learner, &[&a], "").await.expect("a list");
        let mark = RequireOfferingRequest {
            offering: b.name.clone(),
            learner: school.learner(school.learner),
            request_id: String::new(),
        };
        let mut educator = RequestServiceClient::new(place.educator());
        let marked = educator.require_offering(mark.clone()).await.expect("required").into_inner();
        assert_eq!((marked.kind(), marked.rank), (RequestKind::Required, 0));
        let again = educator.require_offering(mark.clone()).await.expect("required").into_inner();
        assert_eq!(again, marked);
        let guardian = place.person(school.guardian, Role::Guardian);
        let (seen, _) = requests(&place, guardian, school.learner).await;
        let told: Vec<(&str, RequestKind)> = seen.iter().map(|r| (r.offering.as_str(), r.kind())).collect();
        assert_eq!(told, [(b.name.as_str(), RequestKind::Required), (a.name.as_str(), RequestKind::Ranked)]);
        // Neither the learner nor an educator who does not teach them.
        for (id, role) in [(school.learner, Role::Educator), (school.other_educator, Role::Educator)] {
            let mut client = RequestServiceClient::new(place.person(id, role));
            refused(client.require_offering(mark.clone()).await, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let list = ListRequestsRequest {
            parent: place.timetable.name.clone(),
            learner: school.learner(school.learner),
            ..ListRequestsRequest::default()
        };
        let other = place.person(school.other_educator, Role::Educator);
        let answer = RequestServiceClient::new(other).list_requests(list).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
    }
);
