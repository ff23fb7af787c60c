//! Feeds that a restore took back, and those who stand at places of before.

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use trellis_kernel::{Failure, Kind, RandomIds, Reason, SystemClock, Uuid};
use trellis_store::{Checkpoint, Follower, Scope, Store, restored};

use crate::place::{Notes, Place, add, begin, change, district, each, events, soon};

async fn write(store: &Store, count: i64) {
    for rank in 0..count {
        let mut tx = begin(store, change()).await;
        let id = add(&mut tx, rank).await;
        tx.commit(id).await.unwrap();
    }
    store.relay_once().await.unwrap();
}

/// Takes the feed back to a position, as the tools of a database do that know nothing of feeds.
async fn put_back(store: &Store, head: i64) {
    let tx = begin(store, change()).await;
    for sql in
        [format!("DELETE FROM outbox WHERE position > {head}"), format!("UPDATE relay SET head = {head}")]
    {
        tx.conn().execute_unprepared(&sql).await.unwrap();
    }
    tx.commit(Uuid::nil()).await.unwrap();
}

async fn other(place: &Place) -> Store {
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
    let store = Store::open(&place.options, "other", vec![Box::new(Notes)], clock, ids).await.unwrap();
    store.migrate().await.unwrap();
    store
}

fn follower(consumer: &str) -> Follower {
    Follower { consumer: consumer.to_owned(), producer: "testing".to_owned() }
}

/// Moves a consumer of the store's events; false where it does not stand there.
async fn advance(store: &Store, consumer: &str, from: Checkpoint, to: i64) -> bool {
    let tx = begin(store, change()).await;
    let moved = tx.advance(&follower(consumer), from, to).await.unwrap().is_some();
    tx.commit(Uuid::nil()).await.unwrap();
    moved
}

fn is_too_old<T: std::fmt::Debug>(answer: Result<T, Failure>) {
    let refused = answer.unwrap_err();
    assert_eq!((refused.kind(), refused.reason()), (Kind::OutOfRange, Reason::ResumeTokenTooOld));
}

#[test]
fn a_place_of_before_a_restore_is_none_though_the_feed_has_overtaken_it() {
    each(async |place| {
        let store = place.store().await;
        let feed = store.feed(&district("grand-bend"));
        write(&store, 5).await;
        let token = feed.token(feed.head().await.unwrap());
        let before = feed.open(&token).unwrap().unwrap();
        assert_eq!(feed.read(before, 9).await.unwrap().rows, [], "nothing was restored yet");

        put_back(&store, 2).await;
        is_too_old(feed.read(before, 9).await);
        restored(std::slice::from_ref(&store)).await.unwrap();
        write(&store, 6).await;
        assert_eq!(store.head().await.unwrap(), 8, "it was overtaken");
        is_too_old(feed.read(feed.open(&token).unwrap().unwrap(), 9).await);
        is_too_old(store.events(before, 9).await);

        // Who lists again goes on from there.
        let now = feed.open(&feed.token(feed.head().await.unwrap())).unwrap().unwrap();
        write(&store, 1).await;
        assert_eq!(feed.read(now, 9).await.unwrap().rows.len(), 1);
        assert_eq!(events(&store, 2).await.unwrap().len(), 7);
    });
}

#[test]
fn a_token_of_before_there_were_incarnations_has_its_client_list_again() {
    each(async |place| {
        let store = place.store().await;
        write(&store, 1).await;
        let feed = store.feed(&district("grand-bend"));
        let old = |content: &[u8]| place.options.sealer.seal(&["feed", "testing", "grand-bend"], content);
        is_too_old(feed.open(&old(&1_i64.to_be_bytes())));
        for length in [0, 7, 9, 23, 25] {
            let refused = feed.open(&old(&vec![0; length])).unwrap_err();
            assert_eq!(refused.reason(), Reason::InvalidResumeToken, "{length} bytes");
        }
    });
}

#[test]
fn a_database_has_an_incarnation_of_its_own_and_keeps_it() {
    each(async |place| {
        let store = place.store().await;
        let incarnation = store.extent().await.unwrap().incarnation;
        assert!(!incarnation.is_nil());
        assert_ne!(other(&place).await.extent().await.unwrap().incarnation, incarnation);
        write(&store, 3).await;
        store.migrate().await.unwrap();
        assert_eq!(place.store().await.extent().await.unwrap().incarnation, incarnation);
    });
}

#[test]
fn who_was_put_back_with_the_producer_goes_on_and_nobody_else() {
    each(async |place| {
        let (producer, consumer) = (place.store().await, other(&place).await);
        write(&producer, 5).await;
        let before = producer.extent().await.unwrap().incarnation;
        let of_before = |position| Checkpoint { position, incarnation: Some(before) };
        let elsewhere = Checkpoint { position: 3, incarnation: Some(Uuid::from_u128(7)) };
        let stands = async |name: &str| consumer.checkpoint(&format!("{name}/testing")).await.unwrap();
        for (name, at) in [("together", of_before(3)), ("ahead", of_before(9)), ("apart", elsewhere)] {
            assert!(advance(&consumer, name, Checkpoint { position: 0, ..at }, at.position).await);
            assert_eq!(stands(name).await, at);
        }
        restored(std::slice::from_ref(&consumer)).await.unwrap();
        for (name, at) in [("together", of_before(3)), ("ahead", of_before(9)), ("apart", elsewhere)] {
            assert_eq!(stands(name).await, at, "its producer was not put back");
        }

        // And once more, as after a run that stopped.
        for _ in 0..2 {
            restored(&[producer.clone(), consumer.clone()]).await.unwrap();
            let now = producer.extent().await.unwrap();
            assert_ne!(now.incarnation, before);
            assert_eq!(stands("together").await, Checkpoint { position: 3, incarnation: None });
            assert_eq!((stands("ahead").await, stands("apart").await), (of_before(9), elsewhere));
        }
    });
}

#[test]
fn a_checkpoint_moves_within_one_incarnation_only() {
    each(async |place| {
        let store = place.store().await;
        let stands = async || store.checkpoint("notes/testing").await.unwrap();
        let at = |position, incarnation: Option<u128>| Checkpoint {
            position,
            incarnation: incarnation.map(Uuid::from_u128),
        };
        assert!(advance(&store, "notes", at(0, None), 2).await);
        assert!(!advance(&store, "notes", at(0, None), 2).await, "another was faster");
        assert!(!advance(&store, "notes", at(2, Some(1)), 3).await, "it is not known to be of that");
        store.adopt("notes/testing", Uuid::from_u128(1)).await.unwrap();
        store.adopt("notes/testing", Uuid::from_u128(2)).await.unwrap();
        assert_eq!(stands().await, at(2, Some(1)), "what is known stays");
        assert!(!advance(&store, "notes", at(2, None), 3).await);
        assert!(!advance(&store, "notes", at(2, Some(2)), 3).await);
        assert!(advance(&store, "notes", at(2, Some(1)), 3).await);
        assert_eq!(stands().await, at(3, Some(1)));

        // By hand, back to the beginning of another.
        let tx = begin(&store, change()).await;
        let by_hand = "UPDATE event_checkpoints SET position = 0, incarnation = NULL";
        tx.conn().execute_unprepared(by_hand).await.unwrap();
        tx.commit(Uuid::nil()).await.unwrap();
        assert!(advance(&store, "notes", at(0, Some(2)), 4).await);
        assert_eq!(stands().await, at(4, Some(2)));
    });
}

#[test]
fn whoever_watches_looks_again_when_the_head_went_back() {
    trellis_testkit::run(async {
        // Under a process that lives on only `PostgreSQL` can be put back.
        let place = Place::postgres();
        let store = place.store().await;
        write(&store, 5).await;
        let mut head = store.watch();
        head.mark_unchanged();
        put_back(&store, 2).await;
        store.relay_once().await.unwrap();
        soon(head.changed()).await.unwrap();
        assert_eq!(*head.borrow(), 2);
    });
}
