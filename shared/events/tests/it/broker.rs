//! Events by way of NATS: in order and once, whoever is lost when.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use tokio::task::JoinHandle;
use trellis_events::{Broker, BrokerAddress, BrokerUrls, Effect, EventFeed, consumer};
use trellis_kernel::{Timestamp, Uuid};
use trellis_store::{Reset, Scope, Store};
use trellis_testkit::nats::Nats;
use trellis_tls::ClientTls;

use crate::figures::{CONSUMER, alone, told};
use crate::place::{Effects, Place, Plain, begin, district, each, open, server};
use crate::restoring::put_back;

pub(crate) const DAY: Duration = Duration::from_hours(24);

pub(crate) fn positions(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

async fn connect(servers: &[Nats], replicas: usize) -> Broker {
    let urls: Vec<_> = servers.iter().map(Nats::url).collect();
    connect_to(&urls, ClientTls::default(), replicas).await
}

pub(crate) async fn connect_to(urls: &[String], tls: ClientTls, replicas: usize) -> Broker {
    let address = BrokerAddress { urls: BrokerUrls::parse(urls).unwrap(), tls, replicas };
    Broker::connect(&address, DAY).await.unwrap()
}

/// Tasks that end with the value, as with their process.
pub(crate) struct Tasks(Vec<JoinHandle<()>>);

impl Tasks {
    /// Ends them, and waits until they have.
    async fn end(mut self) {
        for task in self.0.drain(..) {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Gives the producer's events to the broker.
pub(crate) fn publish(place: &Place, broker: &Broker) -> Tasks {
    Tasks(vec![tokio::spawn(broker.publisher(place.producer.clone()).1)])
}

/// Follows them by way of it; nobody answers a call.
pub(crate) fn follow(store: &Store, broker: &Broker) -> (Tasks, Effect) {
    let nobody = server(EventFeed::new(Vec::new()));
    let ((_, task), effect) =
        consumer(store.clone(), Some(broker.clone()), move || nobody.clone(), "experience", Arc::new(Plain));
    (Tasks(vec![tokio::spawn(task)]), effect)
}

#[test]
fn events_come_in_order_and_once_those_there_and_those_to_come() {
    each(async |place| {
        let servers = [Nats::start()];
        let broker = connect(&servers, 1).await;
        place.publish("note.created", 300).await;
        let _publishing = publish(&place, &broker);
        let _following = follow(&place.consumer, &broker);
        place.effects(300).await;
        place.publish("note.coloured", 10).await;
        place.publish("note.created", 30).await;
        place.effects(330).await;
        let expected: Vec<i64> = positions(300).into_iter().chain(311..=340).collect();
        assert_eq!(place.applied().await, expected);
    });
}

#[test]
fn a_consumer_that_begins_anew_goes_on_where_its_own_database_stands() {
    each(async |place| {
        let servers = [Nats::start()];
        let broker = connect(&servers, 1).await;
        let _publishing = publish(&place, &broker);
        for round in 1..=4 {
            let (following, _) = follow(&place.consumer, &broker);
            place.publish("note.created", 25).await;
            place.effects(25 * round).await;
            following.end().await;
        }
        assert_eq!(place.applied().await, positions(100));
    });
}

#[test]
fn events_of_before_a_reset_that_are_on_their_way_have_no_effect() {
    each(async |place| {
        let servers = [Nats::start()];
        let broker = connect(&servers, 1).await;
        let _publishing = publish(&place, &broker);
        place.publish("note.created", 20).await;
        // Another has them from the broker, so they are there; the consumer has not taken any.
        let witness = open(&place.options, "scheduling", vec![Box::new(Effects)]).await;
        let (witnessing, _) = follow(&witness, &broker);
        Place::has_moved(&witness, 20).await;
        witnessing.end().await;
        let reset = Reset { district: district(), id: Uuid::from_u128(1) };
        let floor = place.producer.close_sandbox(&reset).await.unwrap();
        place.consumer.close_sandbox(&reset).await.unwrap();
        let floors = [("experience".to_owned(), floor)];
        for store in [&place.consumer, &place.producer] {
            store.empty_sandbox(&reset, Timestamp::UNIX_EPOCH, &floors).await.unwrap();
            store.open_sandbox(&reset).await.unwrap();
        }
        place.publish("note.created", 5).await;
        let _following = follow(&place.consumer, &broker);
        place.producer.relay_once().await.unwrap();
        let head = place.producer.head().await.unwrap();
        place.moved_to(head).await;
        assert_eq!(place.applied().await, ((head - 4)..=head).collect::<Vec<_>>());
    });
}

/// Takes the broker away while something happens, does something to it, and gives it back.
fn while_away(trouble: impl FnOnce(&mut Nats)) {
    trellis_testkit::run(async {
        let mut servers = [Nats::start()];
        let place = Place::new(None).await;
        let broker = connect(&servers, 1).await;
        let _publishing = publish(&place, &broker);
        let _following = follow(&place.consumer, &broker);
        place.publish("note.created", 20).await;
        place.effects(20).await;
        servers[0].kill();
        trouble(&mut servers[0]);
        place.publish("note.created", 20).await;
        assert_eq!(place.applied().await, positions(20));
        servers[0].restart();
        place.effects(40).await;
        assert_eq!(place.applied().await, positions(40));
    });
}

#[test]
fn what_happens_while_the_broker_is_away_waits_for_it() {
    while_away(|_| ());
}

#[test]
fn a_broker_that_lost_everything_is_given_it_again() {
    while_away(|server| server.lose());
}

#[test]
fn a_process_that_is_lost_is_followed_by_another() {
    trellis_testkit::run(async {
        let servers = [Nats::start()];
        let place = Place::new(Some(trellis_testkit::postgres::database())).await;
        let broker = connect(&servers, 1).await;
        let replica = place.replica().await;
        let other_broker = connect(&servers, 1).await;
        let first = (publish(&place, &broker), follow(&place.consumer, &broker).0);
        place.publish("note.created", 20).await;
        place.effects(20).await;
        // The second waits for the leases of the first, which ends without giving them up.
        let _second = follow(&replica, &other_broker);
        first.0.end().await;
        first.1.end().await;
        place.publish("note.created", 20).await;
        let _publishing = publish(&place, &other_broker);
        place.effects(40).await;
        assert_eq!(place.applied().await, positions(40));
    });
}

#[test]
fn two_that_publish_at_once_publish_each_event_once() {
    trellis_testkit::run(async {
        let servers = [Nats::start()];
        // An SQLite file has one process, and so no lease: here are two on one.
        let place = Place::new(None).await;
        let broker = connect(&servers, 1).await;
        let other = connect(&servers, 1).await;
        let _publishing = [publish(&place, &broker), publish(&place, &other), publish(&place, &other)];
        place.publish("note.created", 200).await;
        let _following = follow(&place.consumer, &broker);
        place.publish("note.created", 200).await;
        place.effects(400).await;
        assert_eq!(place.applied().await, positions(400));
        let admin = broker_admin(&servers).await;
        let stream = admin.get_stream("TRELLIS_EXPERIENCE").await.unwrap();
        assert_eq!(stream.get_info().await.unwrap().state.messages, 400);
    });
}

#[test]
fn a_cluster_of_three_goes_on_without_one() {
    trellis_testkit::run(async {
        let mut servers = Nats::cluster();
        let place = Place::new(None).await;
        let broker = connect(&servers, 3).await;
        let _publishing = publish(&place, &broker);
        let _following = follow(&place.consumer, &broker);
        let mut effects = 0;
        for server in &mut servers {
            place.publish("note.created", 20).await;
            place.effects(effects + 20).await;
            server.kill();
            place.publish("note.created", 40).await;
            effects += 60;
            place.effects(effects).await;
            server.restart();
        }
        assert_eq!(place.applied().await, positions(180));
    });
}

#[test]
fn after_a_restore_of_the_producer_the_copy_is_made_anew_and_the_consumer_stands_still() {
    trellis_testkit::run(async {
        let _alone = alone().await;
        let servers = [Nats::start()];
        let place = Place::new(None).await;
        let broker = connect(&servers, 1).await;
        let publishing = publish(&place, &broker);
        let (_following, effect) = follow(&place.consumer, &broker);
        place.publish("note.created", 5).await;
        place.effects(5).await;
        publishing.end().await;
        put_back(&place.producer, 3).await;
        place.publish("note.created", 9).await;
        let _publishing = publish(&place, &broker);
        let both = [&place.producer, &place.consumer];
        let stands =
            told(&both, &[&effect], CONSUMER, |told| told.get("consumer_parted") == Some(&1.0)).await;
        assert_eq!(stands.get("consumer_position"), Some(&5.0));
        // As an operator writes it down who has made good what was missing.
        let tx = begin(&place.consumer).await;
        let go_on = "UPDATE event_checkpoints SET position = 3, incarnation = NULL";
        tx.conn().execute_unprepared(go_on).await.unwrap();
        tx.commit(()).await.unwrap();
        place.effects(14).await;
        let expected: Vec<i64> = positions(5).into_iter().chain(4..=12).collect();
        assert_eq!(place.applied().await, expected);
    });
}

#[test]
fn a_consumer_whose_next_events_are_kept_no_longer_stands_still() {
    trellis_testkit::run(async {
        let _alone = alone().await;
        let mut servers = [Nats::start()];
        let place = Place::new(None).await;
        let broker = connect(&servers, 1).await;
        let publishing = publish(&place, &broker);
        let (following, _) = follow(&place.consumer, &broker);
        place.publish("note.created", 5).await;
        place.effects(5).await;
        publishing.end().await;
        following.end().await;
        // Nobody was there for so long that the feed has let go of what comes next.
        place.publish("note.created", 5).await;
        let tx = begin(&place.producer).await;
        for sql in ["DELETE FROM outbox WHERE position <= 8", "UPDATE relay SET floor = 8"] {
            tx.conn().execute_unprepared(sql).await.unwrap();
        }
        tx.commit(()).await.unwrap();
        servers[0].kill();
        servers[0].lose();
        servers[0].restart();
        let _publishing = publish(&place, &broker);
        let (_following, effect) = follow(&place.consumer, &broker);
        let both = [&place.producer, &place.consumer];
        let stands =
            told(&both, &[&effect], CONSUMER, |told| told.get("consumer_parted") == Some(&1.0)).await;
        assert_eq!(stands.get("consumer_position"), Some(&5.0));
        assert_eq!(place.applied().await, positions(5));
    });
}

#[test]
fn an_address_without_a_server_is_waited_for() {
    trellis_testkit::run(async {
        let mut servers = [Nats::start()];
        servers[0].kill();
        let place = Place::new(None).await;
        let broker = connect(&servers, 1).await;
        let _publishing = publish(&place, &broker);
        let _following = follow(&place.consumer, &broker);
        place.publish("note.created", 5).await;
        servers[0].restart();
        place.effects(5).await;
        assert_eq!(place.applied().await, positions(5));
    });
}

/// The broker as whoever operates it sees it.
async fn broker_admin(servers: &[Nats]) -> async_nats::jetstream::Context {
    async_nats::jetstream::new(async_nats::connect(servers[0].url()).await.unwrap())
}
