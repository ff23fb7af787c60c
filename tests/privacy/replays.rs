//! A request that is repeated: by another, and by one who may no longer. And what is read meanwhile.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::{
    Application, CreateApplicationRequest, CreateEntryRequest, Entry, EntryAudience, EntryFacet,
};
use trellis_contracts::scheduling::CreateFeedRequest;
use trellis_contracts::scheduling::feed_service_client::FeedServiceClient;
use trellis_kernel::{FixedClock, Timestamp};
use trellis_testkit::{Backend, Role, Setup, Shape, Suite, on_each_database, refused, run};

use super::{Place, words};

const ID: &str = "0190aaaa-0000-7000-8000-000000000001";

on_each_database!(
    async fn a_request_id_is_its_sender_s_own(suite: Suite) {
        let place = Place::of(suite).await;
        let application = Application {
            display_name: "Garden log".to_owned(),
            vendor: "A vendor".to_owned(),
            ..Application::default()
        };
        let request = CreateApplicationRequest {
            parent: place.school.parent(),
            application: Some(application),
            request_id: ID.to_owned(),
        };
        let mut made = Vec::new();
        for caller in [
            place.suite.operator(&place.school.district),
            place.person(place.school.administrator, Role::Administrator),
            place.suite.operator(&place.school.district),
        ] {
            let answer = ApplicationServiceClient::new(caller).create_application(request.clone()).await;
            made.push(answer.expect("an application").into_inner().name);
        }
        assert_ne!(made[0], made[1], "another's reply");
        assert_eq!(made[0], made[2], "one's own");
    }
);

/// The learner turns 18 between two calls of their guardian: the second gets nothing, not even what the
/// first was answered with, and the calendar is gone.
fn access_ends(backend: Backend) {
    run(async {
        let start: Timestamp = "2026-09-01T12:00:00Z".parse().expect("a moment");
        let clock = Arc::new(FixedClock::at(start));
        let setup = Setup { backend, shape: Shape::OneProcess, clock: Some(clock.clone()) };
        let place = Place::of(Suite::with(setup).await).await;
        let birthday: Timestamp = "2029-09-01T00:00:00Z".parse().expect("a moment");
        clock.advance(birthday.duration_since(start) - SignedDuration::from_mins(30));

        let guardian = || place.person(place.school.guardian, Role::Guardian);
        let entry = Entry {
            facet: EntryFacet::Strength.into(),
            text: words("Patient"),
            audience: EntryAudience::MyFamily.into(),
            ..Entry::default()
        };
        let entry = CreateEntryRequest {
            parent: place.school.learner(place.school.learner),
            entry: Some(entry),
            request_id: ID.to_owned(),
        };
        let feed = CreateFeedRequest {
            parent: place.school.learner(place.school.learner),
            request_id: ID.to_owned(),
            ..CreateFeedRequest::default()
        };
        LearnerServiceClient::new(guardian()).create_entry(entry.clone()).await.expect("an entry");
        let url = FeedServiceClient::new(guardian()).create_feed(feed.clone()).await;
        let url = url.expect("a feed").into_inner().url;
        let (_, file) = url.split_once("/calendars/").expect("an address");
        let path = format!("/calendars/{file}");
        assert!(get(&place.suite, &path).await.starts_with("HTTP/1.1 200"));

        clock.advance(SignedDuration::from_hours(1));
        let answer = LearnerServiceClient::new(guardian()).create_entry(entry).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let answer = FeedServiceClient::new(guardian()).create_feed(feed).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let ended = get(&place.suite, &path).await;
        let never = get(&place.suite, &format!("/calendars/grand-bend.{}.ics", "0".repeat(64))).await;
        assert_eq!(undated(&ended), undated(&never), "nothing tells that there was a calendar");
        assert!(ended.starts_with("HTTP/1.1 404"), "{ended}");
    });
}

#[test]
fn what_was_answered_is_not_answered_again_to_who_may_no_longer_on_sqlite() {
    access_ends(Backend::Sqlite);
}

#[test]
fn what_was_answered_is_not_answered_again_to_who_may_no_longer_on_postgres() {
    access_ends(Backend::Postgres);
}

/// The whole answer to a plain request.
pub(super) async fn get(suite: &Suite, path: &str) -> String {
    let mut socket = TcpStream::connect(suite.address()).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nhost: trellis\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn undated(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
}
