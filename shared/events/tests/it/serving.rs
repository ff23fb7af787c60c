use std::time::Duration;

use jiff::SignedDuration;
use tonic::Code;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_contracts::internal::event_service_client::EventServiceClient;
use trellis_contracts::status;
use trellis_events::EventFeed;
use trellis_kernel::Reason;
use trellis_store::{Options, Retention};

use crate::place::{each, open, server};

fn after(producer: &str, after_position: i64) -> StreamEventsRequest {
    StreamEventsRequest { producer: producer.to_owned(), after_position, ..StreamEventsRequest::default() }
}

#[test]
fn a_stream_begins_after_the_position_and_goes_on() {
    each(async |place| {
        place.publish("note.created", 3).await;
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        let mut head = place.producer.watch();
        head.wait_for(|head| *head == 3).await.unwrap();
        let request = after("experience", 2);
        let mut stream = client.stream_events(request).await.unwrap().into_inner();
        let third = stream.message().await.unwrap().unwrap().event.unwrap();
        assert_eq!((third.position, third.kind.as_str()), (3, "note.created"));
        assert_eq!((third.district.as_str(), third.actor.as_str()), ("districts/grand-bend", "people/a"));
        place.publish("note.created", 1).await;
        let fourth = stream.message().await.unwrap().unwrap().event.unwrap();
        assert_eq!(fourth.position, 4);
        assert_ne!(fourth.uid, third.uid);
    });
}

#[test]
fn what_is_not_served_here_is_refused() {
    each(async |place| {
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        for (producer, after_position, code) in
            [("outcome", 0, Code::Unavailable), ("experience", 1, Code::FailedPrecondition)]
        {
            let request = after(producer, after_position);
            let refused = client.stream_events(request).await.unwrap_err();
            assert_eq!(refused.code(), code);
        }
    });
}

#[test]
fn a_silent_stream_says_that_it_lives() {
    each(async |place| {
        let feed = EventFeed::new(vec![place.producer.clone()]).beating(Duration::from_millis(20));
        let mut client = EventServiceClient::new(server(feed));
        let request = after("experience", 0);
        let mut stream = client.stream_events(request).await.unwrap().into_inner();
        for _ in 0..3 {
            assert_eq!(stream.message().await.unwrap().unwrap().event, None);
        }
    });
}

#[test]
fn who_has_missed_what_is_kept_no_longer_is_told_so_and_who_begins_is_not() {
    each(async |place| {
        place.publish("note.created", 3).await;
        place.producer.watch().wait_for(|head| *head == 3).await.unwrap();
        let nothing = Retention { keep: SignedDuration::ZERO, compact: SignedDuration::ZERO };
        let options = Options { retention: nothing, ..place.options.clone() };
        assert_eq!(open(&options, "experience", Vec::new()).await.trim_feed().await.unwrap(), 3);
        place.publish("note.created", 1).await;
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        for (after_position, first) in [(0, Some(4)), (1, None), (2, None), (3, Some(4))] {
            let request = after("experience", after_position);
            let mut stream = client.stream_events(request).await.unwrap().into_inner();
            match (stream.message().await, first) {
                (Ok(told), Some(position)) => assert_eq!(told.unwrap().event.unwrap().position, position),
                (Err(refused), None) => {
                    assert_eq!(refused.code(), Code::OutOfRange);
                    assert_eq!(status::received(&refused).reason(), Reason::ResumeTokenTooOld);
                }
                (answer, _) => panic!("after {after_position}: {answer:?}"),
            }
        }
    });
}
