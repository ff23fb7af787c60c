use std::collections::BTreeSet;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, TransactionTrait};
use trellis_kernel::{Kind, Reason, Uuid};
use trellis_store::{Change, Store};

use crate::place::{Place, add, begin, change, district, each, events, soon};

async fn write(store: &Store, change: Change) -> Uuid {
    let mut tx = begin(store, change).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap()
}

#[test]
fn an_event_of_a_transaction_that_was_held_open_is_not_lost() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        let feed = store.feed(&district("grand-bend"));
        // A transaction of another replica, whose row takes its number in the sequence now.
        let mut options = ConnectOptions::new(&place.options.url);
        options.set_schema_search_path("testing");
        let held = Database::connect(options).await.unwrap().begin().await.unwrap();
        let early = "INSERT INTO outbox (uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time) \
                     VALUES (gen_random_uuid(), 'grand-bend', 'note.early', 'x', 'x', '[]', false, 'x', 0)";
        held.execute_unprepared("SET LOCAL trellis.district = 'grand-bend'").await.unwrap();
        held.execute_unprepared(early).await.unwrap();

        write(&store, change()).await;
        store.relay_once().await.unwrap();
        let first = feed.after(0, 10).await.unwrap();
        assert_eq!(first.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(), ["note.created"]);

        held.commit().await.unwrap();
        store.relay_once().await.unwrap();
        let then = feed.after(first[0].position, 10).await.unwrap();
        assert_eq!(then.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>(), ["note.early"]);
    });
}

#[test]
fn a_follower_misses_nothing_while_replicas_write_and_relay_at_once() {
    each(async |place| {
        let stores = [place.store().await, place.open().await];
        let relays: Vec<_> = stores.iter().map(|store| tokio::spawn(store.relay().1)).collect();
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..120 {
            let store = stores[number % 2].clone();
            writers.spawn(async move { write(&store, change()).await });
        }
        // The follower watches the second replica only.
        let feed = stores[1].feed(&district("grand-bend"));
        let mut head = stores[1].watch();
        let mut seen = Vec::new();
        let mut position = 0;
        soon(async {
            while seen.len() < 120 {
                head.mark_unchanged();
                let rows = feed.after(position, 7).await.unwrap();
                if rows.is_empty() {
                    head.changed().await.unwrap();
                }
                for row in rows {
                    assert!(row.position > position);
                    position = row.position;
                    seen.push(row.subjects[0]);
                }
            }
        })
        .await;
        let written: BTreeSet<Uuid> = writers.join_all().await.into_iter().collect();
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), written);
        assert_eq!(position, 120);
        for relay in relays {
            relay.abort();
        }
    });
}

#[test]
fn a_replica_notices_what_another_one_relayed() {
    each(async |place| {
        let (one, two) = (place.store().await, place.open().await);
        let mut head = two.watch();
        let relay = tokio::spawn(two.relay().1);
        write(&one, change()).await;
        one.relay_once().await.unwrap();
        soon(head.wait_for(|head| *head == 1)).await.unwrap();
        relay.abort();
    });
}

#[test]
fn a_feed_holds_its_own_district_in_pages() {
    each(async |place| {
        let store = place.store().await;
        for number in 0..9 {
            let district = district(if number % 3 == 0 { "elsewhere" } else { "grand-bend" });
            write(&store, Change { district, ..change() }).await;
        }
        store.relay_once().await.unwrap();
        let feed = store.feed(&district("grand-bend"));
        let first = feed.after(0, 4).await.unwrap();
        let rest = feed.after(first[3].position, 4).await.unwrap();
        let positions: Vec<i64> = first.iter().chain(&rest).map(|row| row.position).collect();
        assert_eq!(positions, [2, 3, 5, 6, 8, 9]);
        assert_eq!(feed.head().await.unwrap().position, 9);
        assert_eq!(events(&store, 0).await.unwrap().len(), 9);
    });
}

#[test]
fn a_resume_token_is_bound_to_its_feed_and_to_what_there_is() {
    each(async |place| {
        let store = place.store().await;
        write(&store, change()).await;
        store.relay_once().await.unwrap();
        let feed = store.feed(&district("grand-bend"));
        assert_eq!(feed.open("").unwrap(), None);
        assert_eq!(feed.beginning().await.unwrap().position, 0);
        let token = feed.token(feed.head().await.unwrap());
        assert_eq!(feed.open(&token).unwrap(), Some(feed.head().await.unwrap()));
        let foreign = store.feed(&district("elsewhere")).open(&token).unwrap_err();
        assert_eq!((foreign.kind(), foreign.reason()), (Kind::InvalidArgument, Reason::InvalidResumeToken));
        assert_eq!(feed.after(1, 10).await.unwrap(), []);
        let beyond = feed.after(2, 10).await.unwrap_err();
        assert_eq!((beyond.kind(), beyond.reason()), (Kind::OutOfRange, Reason::ResumeTokenTooOld));
    });
}
