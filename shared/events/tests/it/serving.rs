use std::time::Duration;

use tonic::Code;
use trellis_contracts::common::StreamEventsRequest;
use trellis_contracts::common::event_service_client::EventServiceClient;
use trellis_events::EventFeed;

use crate::place::{each, server};

#[test]
fn a_stream_begins_after_the_position_and_goes_on() {
    each(async |place| {
        place.publish("note.created", 3).await;
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        let mut head = place.producer.watch();
        head.wait_for(|head| *head == 3).await.unwrap();
        let request = StreamEventsRequest { producer: "experience".to_owned(), after_position: 2 };
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
            let request = StreamEventsRequest { producer: producer.to_owned(), after_position };
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
        let request = StreamEventsRequest { producer: "experience".to_owned(), after_position: 0 };
        let mut stream = client.stream_events(request).await.unwrap().into_inner();
        for _ in 0..3 {
            assert_eq!(stream.message().await.unwrap().unwrap().event, None);
        }
    });
}
