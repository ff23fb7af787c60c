//! Districts that are emptied, and in which the same is done the same again.

use jiff::SignedDuration;
use trellis_kernel::{Kind, Reason, Timestamp, Uuid};
use trellis_store::feed::{FeedRow, Place as At};
use trellis_store::{
    AccessQuery, Change, Checkpoint, Follower, Grounds, Reset, SANDBOX_TIME, SandboxState, Scope, Store,
    Write, instant,
};

use crate::place::{Place, add, begin, change, district, each, events, note, request, soon};

const OTHER: &str = "grand-bend-again";

/// A store in which `grand-bend` is a sandbox.
async fn store(place: &mut Place) -> Store {
    place.options.sandboxes = vec![district("grand-bend")];
    place.store().await
}

fn reset(id: u128) -> Reset {
    Reset { district: district("grand-bend"), id: Uuid::from_u128(id) }
}

fn time() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 50)
}

fn elsewhere() -> Change {
    Change { district: district(OTHER), ..change() }
}

/// Two notes in two changes: their ids, and the moments of the changes.
async fn write(store: &Store, change: Change) -> Vec<(Uuid, Timestamp)> {
    let mut written = Vec::new();
    for rank in 0..2 {
        let mut tx = begin(store, change.clone()).await;
        let (id, now) = (add(&mut tx, rank).await, tx.now());
        written.push((tx.commit(id).await.unwrap(), now));
    }
    store.relay_once().await.unwrap();
    written
}

async fn reset_all(store: &Store, id: u128) -> At {
    let floor = store.close_sandbox(&reset(id)).await.unwrap();
    store.empty_sandbox(&reset(id), time(), &[("profile".to_owned(), floor)]).await.unwrap();
    store.open_sandbox(&reset(id)).await.unwrap();
    store.relay_once().await.unwrap();
    floor
}

async fn notes(store: &Store, id: &str) -> usize {
    let reader = store.read_latest(&district(id));
    let found: Vec<note::Model> = reader.find::<note::Entity>().all(reader.conn()).await.unwrap();
    found.len()
}

#[test]
fn after_a_reset_the_same_is_done_the_same_again() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let first = write(&store, change()).await;
        assert_eq!(first[0].1, instant(SANDBOX_TIME).unwrap());
        reset_all(&store, 1).await;
        let second = write(&store, change()).await;
        assert_eq!(second[1].1, time(), "the clock stands where the reset put it");
        assert_ne!(second[0].0, first[0].0, "an id holds the clock");
        assert!(second[0].0 < second[1].0);
        assert_eq!(second[0].0.get_version_num(), 7);
        reset_all(&store, 2).await;
        // Another process on the same database goes on counting where this one stands.
        let again = place.open().await;
        let third = [write(&store, change()).await, write(&again, change()).await].concat();
        assert_eq!(third[..2], second);
        reset_all(&store, 3).await;
        let fourth = [write(&again, change()).await, write(&store, change()).await].concat();
        assert_eq!(third, fourth);
    });
}

#[test]
fn what_is_not_kept_takes_no_ids() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let first = begin(&store, change()).await.new_id();
        assert_eq!(begin(&store, change()).await.new_id(), first, "the change before was given up");
        let tx = begin(&store, change()).await;
        assert_eq!(tx.new_id(), first);
        tx.commit(Uuid::nil()).await.unwrap();
        assert!(begin(&store, change()).await.new_id() > first);
    });
}

#[test]
fn a_reset_takes_what_the_district_has_and_nothing_of_another() {
    each(async |mut place| {
        let store = store(&mut place).await;
        write(&store, change()).await;
        write(&store, elsewhere()).await;
        for change in [request(7, "m", 1), Change { district: district(OTHER), ..request(7, "m", 1) }] {
            begin(&store, change).await.commit(Uuid::from_u128(9)).await.unwrap();
        }
        reset_all(&store, 1).await;
        assert_eq!((notes(&store, "grand-bend").await, notes(&store, OTHER).await), (0, 2));
        let told = events(&store, 0).await.unwrap();
        let told: Vec<_> = told.iter().map(|row| (row.district.as_str(), row.kind.as_str())).collect();
        assert_eq!(told, [(OTHER, "note.created"), (OTHER, "note.created"), ("grand-bend", "sandbox.reset")]);
        let repeated = store.write::<Uuid>(request(7, "m", 1)).await.unwrap();
        assert!(matches!(repeated, Write::Begin(_)), "the request of before is forgotten");
        drop(repeated);
        let repeated = Change { district: district(OTHER), ..request(7, "m", 1) };
        assert!(matches!(store.write::<Uuid>(repeated).await.unwrap(), Write::Replay(_)));
    });
}

#[test]
fn the_trail_and_what_the_service_keeps_outlive_a_reset() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let grounds = Grounds {
            method: "/S/M",
            token_id: None,
            data_class: 1,
            relations: trellis_kernel::Relations::NONE,
            learners: Vec::new(),
        };
        let mut tx = begin(&store, Change { grounds: Some(grounds), ..change() }).await;
        let id = add(&mut tx, 1).await;
        tx.commit(id).await.unwrap();
        store.keep_in_sandboxes("note");
        reset_all(&store, 1).await;
        assert_eq!(notes(&store, "grand-bend").await, 1);
        let page = trellis_kernel::PageRequest::parse(10, String::new()).unwrap();
        let home = district("grand-bend");
        let trail = store.audit().accesses(&home, &AccessQuery::default(), &page).await.unwrap();
        assert_eq!(trail.items.len(), 1);
    });
}

#[test]
fn who_follows_the_district_lists_again_and_who_follows_another_goes_on() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let (feed, other) = (store.feed(&district("grand-bend")), store.feed(&district(OTHER)));
        write(&store, change()).await;
        let (place, others) = (feed.head().await.unwrap(), other.head().await.unwrap());
        let token = feed.token(place);
        reset_all(&store, 1).await;
        let refused = feed.read(feed.open(&token).unwrap().unwrap(), 10).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::ResumeTokenTooOld);
        assert!(other.read(others, 10).await.unwrap().rows.is_empty());
        let place = feed.beginning().await.unwrap();
        write(&store, change()).await;
        let kinds: Vec<_> =
            feed.read(place, 10).await.unwrap().rows.into_iter().map(|row| row.kind).collect();
        assert_eq!(kinds, ["sandbox.reset", "note.created", "note.created"]);
    });
}

#[test]
fn nothing_changes_while_a_reset_is_under_way_and_one_that_is_broken_off_is_done_again() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let home = district("grand-bend");
        let refused = async || {
            let refused = store.write::<Uuid>(change()).await.unwrap_err();
            assert_eq!((refused.kind(), refused.reason()), (Kind::Unavailable, Reason::StateConflict));
        };
        write(&store, change()).await;
        let floor = store.close_sandbox(&reset(1)).await.unwrap();
        refused().await;
        store.close_sandbox(&reset(1)).await.expect("a step may be taken again");
        store.empty_sandbox(&reset(1), time(), &[]).await.unwrap();
        store.empty_sandbox(&reset(1), time(), &[]).await.expect("a step may be taken again");
        refused().await;
        assert_eq!(store.sandbox(&home).await.unwrap().state, SandboxState::Emptied);
        // Whoever led it is gone. Another begins, and the first comes back.
        let later = store.close_sandbox(&reset(2)).await.unwrap();
        assert!(later.position > floor.position);
        for overtaken in
            [store.empty_sandbox(&reset(1), time(), &[]).await, store.open_sandbox(&reset(1)).await]
        {
            assert_eq!(overtaken.unwrap_err().kind(), Kind::Aborted);
        }
        assert!(store.open_sandbox(&reset(2)).await.is_err(), "it is not emptied yet");
        store.empty_sandbox(&reset(2), time(), &[]).await.unwrap();
        store.open_sandbox(&reset(2)).await.unwrap();
        store.open_sandbox(&reset(2)).await.expect("a step may be taken again");
        write(&store, change()).await;
        let sandbox = store.sandbox(&home).await.unwrap();
        assert_eq!((sandbox.state, sandbox.reset_count), (SandboxState::Open, 2));
    });
}

#[test]
fn work_that_began_before_a_reset_changes_nothing_after_it() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let since = begin(&store, change()).await.since();
        let going_on = || Change { since, ..change() };
        write(&store, going_on()).await;
        reset_all(&store, 1).await;
        let refused = store.write::<Uuid>(going_on()).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::FailedPrecondition, Reason::StateConflict));
        assert_eq!(begin(&store, elsewhere()).await.since(), None);
    });
}

#[test]
fn what_outlives_a_reset_is_written_while_it_is_under_way() {
    each(async |mut place| {
        let store = store(&mut place).await;
        store.close_sandbox(&reset(1)).await.unwrap();
        let asked = || store.write_regardless::<Uuid>(request(7, "m", 1));
        let Write::Begin(tx) = asked().await.unwrap() else { panic!("it is new") };
        tx.require_open().unwrap_err();
        tx.commit(Uuid::from_u128(9)).await.unwrap();
        let Write::Replay(reply) = asked().await.unwrap() else { panic!("it was asked before") };
        assert_eq!(reply, Uuid::from_u128(9));
    });
}

/// However many wait for a sandbox, other districts have the connections.
#[test]
fn those_who_wait_for_a_sandbox_hold_up_nobody_else() {
    each(async |mut place| {
        place.options.writers = 2;
        let store = store(&mut place).await;
        let held = begin(&store, change()).await;
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { begin(&store, change()).await.commit(Uuid::nil()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        if !store.is_embedded() {
            let tx = soon(begin(&store, elsewhere())).await;
            tx.commit(Uuid::nil()).await.unwrap();
        }
        held.commit(Uuid::nil()).await.unwrap();
        for one in waiting {
            soon(one).await.unwrap().unwrap();
        }
    });
}

#[test]
fn events_of_before_are_known() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let of_before = async |store: &Store, change: Change, position: i64, incarnation: Uuid| {
            let Write::Begin(tx) = store.write_regardless::<Uuid>(change).await.unwrap() else {
                panic!("it is new")
            };
            let at = Checkpoint { position, incarnation: Some(incarnation) };
            tx.is_of_before_reset("profile", at).await.unwrap()
        };
        let incarnation = store.extent().await.unwrap().incarnation;
        assert!(!of_before(&store, change(), 1, incarnation).await);
        store.close_sandbox(&reset(1)).await.unwrap();
        assert!(of_before(&store, change(), 1_000, incarnation).await, "nothing happens in a closed sandbox");
        assert!(!of_before(&store, elsewhere(), 1, incarnation).await);
        let At { position, .. } = reset_all(&store, 1).await;
        assert!(of_before(&store, change(), position, incarnation).await);
        assert!(!of_before(&store, change(), position + 1, incarnation).await);
        assert!(!of_before(&store, change(), position, Uuid::from_u128(5)).await, "another's positions");
    });
}

#[test]
fn no_letter_of_before_is_counted_as_open() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let of = Follower { consumer: "notes".to_owned(), producer: "testing".to_owned() };
        let tx = begin(&store, change()).await;
        tx.advance(&of, Checkpoint::default(), 1).await.unwrap();
        tx.commit(Uuid::nil()).await.unwrap();
        for (change, position) in [(change(), 1), (elsewhere(), 2), (change(), 3)] {
            let tx = begin(&store, change.clone()).await;
            tx.put_aside(&of, letter(&change, position), Some((Reason::StateConflict, 5))).await.unwrap();
            tx.commit(Uuid::nil()).await.unwrap();
        }
        reset_all(&store, 1).await;
        assert!(store.dead_letters(&district("grand-bend"), true, None, 9).await.unwrap().is_empty());
        let tx = begin(&store, elsewhere()).await;
        let from = Checkpoint { position: 1, incarnation: None };
        assert_eq!(tx.advance(&of, from, 2).await.unwrap(), Some(1), "that of the other district");
    });
}

fn letter(change: &Change, position: i64) -> FeedRow {
    FeedRow {
        position,
        uid: Uuid::from_u128(position.unsigned_abs().into()),
        district: change.district.clone(),
        kind: "note.created".to_owned(),
        resource: format!("districts/{}/notes/{position}", change.district),
        resource_type: String::new(),
        subjects: Vec::new(),
        deleted: false,
        actor: change.actor.clone(),
        time: Timestamp::UNIX_EPOCH,
        payload: None,
    }
}

#[test]
fn a_district_that_is_none_is_never_emptied() {
    each(async |mut place| {
        let store = store(&mut place).await;
        write(&store, elsewhere()).await;
        let other = Reset { district: district(OTHER), id: Uuid::from_u128(1) };
        assert_eq!(store.close_sandbox(&other).await.unwrap_err().kind(), Kind::FailedPrecondition);
        store.empty_sandbox(&other, time(), &[]).await.unwrap_err();
        assert_eq!(notes(&store, OTHER).await, 2);
    });
}

#[test]
fn a_change_that_began_before_a_reset_is_emptied_with_the_rest() {
    each(async |mut place| {
        let store = store(&mut place).await;
        let mut tx = begin(&store, change()).await;
        let id = add(&mut tx, 1).await;
        let closing = tokio::spawn({
            let store = store.clone();
            async move { store.close_sandbox(&reset(1)).await }
        });
        tokio::task::yield_now().await;
        tx.commit(id).await.unwrap();
        closing.await.unwrap().unwrap();
        store.relay_once().await.unwrap();
        assert!(events(&store, 0).await.unwrap().is_empty(), "nor is it told");
        store.empty_sandbox(&reset(1), time(), &[]).await.unwrap();
        assert_eq!(notes(&store, "grand-bend").await, 0);
    });
}
