//! A producer, or a consumer, whose database was put back.

use std::path::PathBuf;
use std::slice;

use sea_orm::ConnectionTrait;
use tonic::Code;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_contracts::internal::event_service_client::EventServiceClient;
use trellis_events::EventFeed;
use trellis_kernel::{RandomIds, Timestamp};
use trellis_store::backup::{Asked, backup, restore};
use trellis_store::{Scope, Store, check, restored};

use crate::place::{Effects, Place, Plain, begin, each, follow, open, server};

/// Takes the producer's feed back to a position, and says so.
pub(crate) async fn put_back(producer: &Store, head: i64) {
    let tx = begin(producer).await;
    for sql in
        [format!("DELETE FROM outbox WHERE position > {head}"), format!("UPDATE relay SET head = {head}")]
    {
        tx.conn().execute_unprepared(&sql).await.unwrap();
    }
    tx.commit(()).await.unwrap();
    restored(slice::from_ref(producer)).await.unwrap();
}

#[test]
fn a_place_of_before_is_refused_though_the_producer_has_overtaken_it() {
    each(async |place| {
        place.publish("note.created", 3).await;
        place.producer.watch().wait_for(|head| *head == 3).await.unwrap();
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        let after = |after_position, incarnation: &str| StreamEventsRequest {
            producer: "experience".to_owned(),
            after_position,
            incarnation: incarnation.to_owned(),
        };
        let mut stream = client.stream_events(after(2, "")).await.unwrap().into_inner();
        let before = stream.message().await.unwrap().unwrap().incarnation;
        let mut stream = client.stream_events(after(2, &before)).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap().unwrap().incarnation, before);

        put_back(&place.producer, 1).await;
        place.publish("note.created", 4).await;
        place.producer.watch().wait_for(|head| *head == 5).await.unwrap();
        let refused = stream.message().await.unwrap_err();
        assert_eq!(refused.code(), Code::OutOfRange, "one that is open ends");
        let refused = client.stream_events(after(3, &before)).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        let mut stream = client.stream_events(after(3, "")).await.unwrap().into_inner();
        let now = stream.message().await.unwrap().unwrap();
        assert_ne!(now.incarnation, before);
        assert_eq!(now.event.unwrap().position, 4);
    });
}

#[test]
fn a_consumer_learns_what_it_follows_though_nothing_happens() {
    each(async |place| {
        place.publish("note.created", 2).await;
        let following = place.follow(Plain);
        place.effects(2).await;
        following.abort();
        assert!(following.await.unwrap_err().is_cancelled());
        // As a program left it that knew of no incarnations.
        let tx = begin(&place.consumer).await;
        let forget = "UPDATE event_checkpoints SET incarnation = NULL";
        tx.conn().execute_unprepared(forget).await.unwrap();
        tx.commit(()).await.unwrap();

        let beating = EventFeed::new(vec![place.producer.clone()]);
        let beating = beating.beating(std::time::Duration::from_millis(20));
        let following = follow(&place.consumer, server(beating), Plain);
        let followed = place.producer.extent().await.unwrap().incarnation;
        place.learnt(followed).await;
        following.abort();
    });
}

fn data(place: &Place) -> PathBuf {
    place.options.url.strip_prefix("sqlite://").expect("files").into()
}

/// Puts these back from a backup of both.
async fn put_back_from(backup: PathBuf, place: &Place, services: &[&'static str]) {
    let mut known = Vec::new();
    for service in services {
        let names = match *service {
            "profile" => check::known("profile", vec![Box::new(Effects)]).await.unwrap(),
            other => check::known(other, Vec::new()).await.unwrap(),
        };
        known.push((*service, names));
    }
    let data = data(place);
    let asked =
        Asked { backup: &backup, data: &data, services: &known, keys: None, force: true, ids: &RandomIds };
    restore(asked).await.unwrap();
}

/// Follows three events, backs both up, follows two more, puts some services back, and opens them again.
async fn after_a_restore(services: &[&'static str]) -> Place {
    let mut place = Place::new(None).await;
    place.publish("note.created", 3).await;
    let following = place.follow(Plain);
    place.effects(3).await;
    let to = data(&place).join("backup");
    let both = ["experience", "profile"];
    backup(&data(&place), &both, None, &to, "test", Timestamp::UNIX_EPOCH).await.unwrap();
    place.publish("note.created", 2).await;
    place.effects(5).await;
    following.abort();
    assert!(following.await.unwrap_err().is_cancelled());
    place.end().await;
    put_back_from(to, &place, services).await;
    place.producer = open(&place.options, "experience", Vec::new()).await;
    place.consumer = place.replica().await;
    place
}

#[test]
fn a_consumer_that_alone_was_put_back_applies_again_what_it_lost_and_nothing_twice() {
    trellis_testkit::run(async {
        let place = after_a_restore(&["profile"]).await;
        assert_eq!(place.applied().await, [1, 2, 3]);
        let following = place.follow(Plain);
        place.effects(5).await;
        place.publish("note.created", 1).await;
        place.effects(6).await;
        assert_eq!(place.applied().await, [1, 2, 3, 4, 5, 6]);
        following.abort();
    });
}

#[test]
fn a_consumer_that_was_put_back_with_its_producer_goes_on() {
    trellis_testkit::run(async {
        let place = after_a_restore(&["experience", "profile"]).await;
        let following = place.follow(Plain);
        place.publish("note.created", 4).await;
        place.effects(7).await;
        assert_eq!(place.applied().await, [1, 2, 3, 4, 5, 6, 7]);
        following.abort();
    });
}

#[test]
fn a_consumer_whose_producer_alone_was_put_back_skips_nothing_in_silence() {
    trellis_testkit::run(async {
        let place = after_a_restore(&["experience"]).await;
        place.publish("note.created", 4).await;
        let checkpoint = place.consumer.checkpoint("notes/experience").await.unwrap();
        assert!(checkpoint.position < place.producer.head().await.unwrap(), "it was overtaken");
        let mut client = EventServiceClient::new(server(EventFeed::new(vec![place.producer.clone()])));
        let request = StreamEventsRequest {
            producer: "experience".to_owned(),
            after_position: checkpoint.position,
            incarnation: checkpoint.incarnation.map(|known| known.to_string()).unwrap_or_default(),
        };
        let refused = client.stream_events(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
    });
}
