//! Calendar feeds.

use icalendar::Component as _;
use reqwest::StatusCode;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use tonic::Code;
use trellis_contracts::common::QueryAccessRequest;
use trellis_contracts::common::audit_service_client::AuditServiceClient;
use trellis_contracts::scheduling::feed_service_client::FeedServiceClient;
use trellis_contracts::scheduling::{CreateFeedRequest, DeleteFeedRequest, Feed};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, on_each_database, refused};

use crate::place::Place;

fn create(place: &Place<'_>, learner: Uuid) -> CreateFeedRequest {
    CreateFeedRequest { parent: place.school.learner(learner), ..CreateFeedRequest::default() }
}

async fn feed(place: &Place<'_>, caller: Caller) -> Feed {
    let answer = FeedServiceClient::new(caller).create_feed(create(place, place.school.learner)).await;
    answer.expect("a feed").into_inner()
}

/// The address at this suite, whatever address the suite is known under outside.
fn address(place: &Place<'_>, feed: &Feed) -> String {
    let (_, path) = feed.url.split_once("/calendars/").expect("an address");
    format!("{}/calendars/{path}", place.suite.url())
}

async fn read(address: &str) -> (StatusCode, String) {
    let answer = reqwest::get(address).await.expect("an answer");
    (answer.status(), answer.text().await.expect("a text"))
}

on_each_database!(
    async fn a_feed_holds_the_published_places_of_its_learner(suite: Suite) {
        let place = Place::of(&suite).await;
        let (learner, classmate) = (place.school.learner, place.school.classmate);
        let bridges = place.offering("Bridges, and more", 1, &["monday-1", "monday-2"]).await;
        let choir = place.offering("Choir", 1, &["monday"]).await;
        place.submit(learner, &[&bridges], "").await.expect("a list");
        place.submit(classmate, &[&choir], "").await.expect("a list");
        let address = address(&place, &feed(&place, place.learner()).await);
        let plan = place.plan(1).await;
        let (status, text) = read(&address).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!text.contains("VEVENT"), "a draft is in no calendar");
        place.publish(&plan).await.expect("published");
        let answer = reqwest::get(&address).await.expect("an answer");
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/calendar; charset=utf-8");
        assert!(answer.headers()[CACHE_CONTROL].to_str().expect("text").contains("private"));
        let etag = answer.headers()[ETAG].clone();
        let text = answer.text().await.expect("a text");
        let calendar: icalendar::Calendar = text.parse().expect("an iCalendar");
        let titles: Vec<_> = calendar.events().filter_map(|event| event.get_summary()).collect();
        assert_eq!(titles, ["Bridges, and more"; 2]);
        let again = reqwest::Client::new().get(&address).header(IF_NONE_MATCH, etag);
        assert_eq!(again.send().await.expect("an answer").status(), StatusCode::NOT_MODIFIED);
        // A plan without a place for them empties it; the one before brings the same events back.
        let uids =
            |text: &str| text.lines().filter(|l| l.starts_with("UID")).map(str::to_owned).collect::<Vec<_>>();
        place.submit(learner, &[], "").await.expect("an empty list");
        let without = place.plan(2).await;
        place.publish(&without).await.expect("published");
        assert!(uids(&read(&address).await.1).is_empty());
        place.submit(learner, &[&bridges], "").await.expect("a list");
        place.publish(&place.plan(3).await).await.expect("published");
        assert_eq!(uids(&read(&address).await.1), uids(&text));
        // The learner is told of each time that it was read.
        let asked = QueryAccessRequest { parent: place.school.learner(learner), ..Default::default() };
        let told = AuditServiceClient::new(place.learner()).query_access(asked).await.expect("the trail");
        let told = told.into_inner().accesses.into_iter();
        let read = told.filter(|access| access.method == "GET /calendars/{file}").collect::<Vec<_>>();
        assert_eq!(read.len(), 5);
        assert!(read.iter().all(|access| access.actor == format!("people/{learner}")));
    }
);

on_each_database!(
    async fn an_address_that_is_not_or_no_longer_a_feeds_says_nothing(suite: Suite) {
        let place = Place::of(&suite).await;
        let mine = feed(&place, place.learner()).await;
        let address = address(&place, &mine);
        assert_eq!(read(&address).await.0, StatusCode::OK);
        let flipped = match address.trim_end_matches(".ics").chars().last() {
            Some('0') => format!("{}1.ics", &address[..address.len() - 5]),
            _ => format!("{}0.ics", &address[..address.len() - 5]),
        };
        let elsewhere = address.replace("grand-bend", "elsewhere");
        let mut answers = Vec::new();
        for wrong in [flipped, elsewhere, format!("{}/calendars/x.ics", suite.url())] {
            answers.push(read(&wrong).await);
        }
        let delete = DeleteFeedRequest { name: mine.name.clone(), request_id: String::new() };
        let mut learner = FeedServiceClient::new(place.learner());
        let other = place.person(place.school.classmate, Role::Learner);
        let refusal = FeedServiceClient::new(other).delete_feed(delete.clone()).await;
        refused(refusal, Code::PermissionDenied, "ACCESS_DENIED");
        learner.delete_feed(delete.clone()).await.expect("deleted");
        answers.push(read(&address).await);
        assert_eq!(answers[0].0, StatusCode::NOT_FOUND);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        refused(learner.delete_feed(delete).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn who_guesses_addresses_is_told_to_come_again_later(suite: Suite) {
        let place = Place::of(&suite).await;
        let learner = place.learner();
        let address = address(&place, &feed(&place, learner.clone()).await);
        let client = reqwest::Client::new();
        let get = |address: String| client.get(address).send();
        assert_eq!(get(address.clone()).await.expect("an answer").status(), StatusCode::OK);
        let guess = |turn: usize| match turn % 2 {
            0 => format!("{}/calendars/grand-bend.{turn:064x}.ics", suite.url()),
            _ => format!("{}/calendars/{turn}.ics", suite.url()),
        };
        let mut turn = 0;
        let refused = loop {
            let answer = get(guess(turn)).await.expect("an answer");
            if answer.status() != StatusCode::NOT_FOUND {
                break answer;
            }
            turn += 1;
        };
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "after {turn} guesses");
        let wait = refused.headers()[RETRY_AFTER].to_str().expect("text").parse::<u64>();
        assert!(wait.expect("seconds") > 0);
        assert!(refused.headers()[CACHE_CONTROL].to_str().expect("text").contains("private"));
        // Callers who are known are not held up by those who guess beside them.
        feed(&place, learner).await;
    }
);

on_each_database!(
    async fn an_address_is_told_once_and_kept_nowhere(suite: Suite) {
        let place = Place::of(&suite).await;
        let create = CreateFeedRequest {
            request_id: "01900000-0000-7000-8000-0000000000aa".to_owned(),
            ..create(&place, place.school.learner)
        };
        let mut guardian = FeedServiceClient::new(place.person(place.school.guardian, Role::Guardian));
        let told = guardian.create_feed(create.clone()).await.expect("a feed").into_inner();
        let again = guardian.create_feed(create.clone()).await.expect("the same feed").into_inner();
        assert_eq!(again, Feed { url: String::new(), ..told.clone() });
        assert_eq!(read(&address(&place, &told)).await.0, StatusCode::OK);
        let secret = told.url.trim_end_matches(".ics").rsplit('.').next().expect("a secret");
        assert_eq!(secret.len(), 64);
        for entry in walk(suite.directory()) {
            let bytes = std::fs::read(&entry).expect("a file");
            assert!(!bytes.windows(64).any(|some| some == secret.as_bytes()), "{}", entry.display());
        }
        let mut stranger = FeedServiceClient::new(place.person(place.school.other_guardian, Role::Guardian));
        refused(stranger.create_feed(create.clone()).await, Code::PermissionDenied, "ACCESS_DENIED");
        let mut educator = FeedServiceClient::new(place.person(place.school.educator, Role::Guardian));
        refused(educator.create_feed(create).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

/// The files of the suite: on SQLite, its databases.
fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

on_each_database!(
    async fn a_learner_has_twenty_feeds_at_most(suite: Suite) {
        let place = Place::of(&suite).await;
        let mut client = FeedServiceClient::new(place.learner());
        for _ in 0..20 {
            client.create_feed(create(&place, place.school.learner)).await.expect("a feed");
        }
        let answer = client.create_feed(create(&place, place.school.learner)).await;
        refused(answer, Code::ResourceExhausted, "LIMIT_EXCEEDED");
    }
);
