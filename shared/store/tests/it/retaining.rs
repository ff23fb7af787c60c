//! What leaves the feed, and what those who follow it are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use trellis_kernel::{FixedClock, Kind, Reason, Timestamp, Uuid};
use trellis_store::feed::{Feed, FeedRow};
use trellis_store::{Payload, Store, Told};

use crate::place::{Notes, Place, begin, change, district, each, events};

const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);
const COMPACT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Something that happens to one of a few resources, and how long after the one before.
#[derive(Clone, Debug)]
struct Deed {
    resource: u8,
    deleted: bool,
    with_message: bool,
    learner: u8,
    hours: i64,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = (0..4_u8, prop::bool::weighted(0.25), prop::bool::weighted(0.2), 0..2_u8, 0..72_i64).prop_map(
        |(resource, deleted, with_message, learner, hours)| Deed {
            resource,
            deleted,
            with_message,
            learner,
            hours,
        },
    );
    vec(deed, 1..40)
}

async fn happen(store: &Store, deed: &Deed) {
    let mut tx = begin(store, change()).await;
    tx.tell(Told {
        kind: if deed.deleted { "note.deleted" } else { "note.changed" },
        resource: format!("districts/grand-bend/notes/{}", deed.resource),
        resource_type: "trellis.dev/Note",
        subjects: vec![Uuid::from_u128(deed.learner.into())],
        deleted: deed.deleted,
        payload: deed.with_message.then(|| Payload { type_url: "t".to_owned(), value: vec![1] }),
    });
    tx.commit(Uuid::nil()).await.unwrap();
}

/// What a reader who stands to a learner holds after reading: the change feed tells each resource as
/// it is now, and one that is gone by the rows that say so, to those whom they are about.
fn read(held: &mut BTreeMap<String, u8>, rows: &[FeedRow], now: &BTreeMap<String, u8>, learner: u8) {
    for row in rows {
        match now.get(&row.resource) {
            Some(of) if *of == learner => {
                held.insert(row.resource.clone(), *of);
            }
            None if row.deleted && row.subjects[0] == Uuid::from_u128(learner.into()) => {
                held.remove(&row.resource);
            }
            Some(_) | None => {}
        }
    }
}

async fn whole(feed: &Feed, from: i64) -> Vec<FeedRow> {
    let (mut all, mut position) = (Vec::new(), from);
    loop {
        let rows = feed.after(position, 3).await.unwrap();
        let Some(last) = rows.last() else { return all };
        position = last.position;
        all.extend(rows);
    }
}

/// Plays a history on a store of its own district and holds every promise against every position.
async fn holds(place: &Place, deeds: &[Deed]) {
    let clock = Arc::new(FixedClock::at("2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap()));
    let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
    store.migrate().await.unwrap();
    let feed = store.feed(&district("grand-bend"));
    let started = store.head().await.unwrap();
    let mut now: BTreeMap<String, u8> = BTreeMap::new();
    // What a reader held who had read up to each position, for either learner.
    let mut copies: Vec<(i64, [BTreeMap<String, u8>; 2])> = vec![(started, <_>::default())];
    for deed in deeds {
        clock.advance(SignedDuration::from_hours(deed.hours));
        happen(&store, deed).await;
        store.relay_once().await.unwrap();
        let name = format!("districts/grand-bend/notes/{}", deed.resource);
        if deed.deleted {
            now.remove(&name);
        } else {
            now.insert(name, deed.learner);
        }
        let (position, mut held) = copies.last().cloned().unwrap();
        let rows = feed.after(position, 10).await.unwrap();
        for (learner, held) in [0, 1].into_iter().zip(&mut held) {
            read(held, &rows, &now, learner);
        }
        copies.push((rows.last().unwrap().position, held));
    }
    // What every reader holds who goes on from where they were, before anything left the feed.
    let mut expected = Vec::new();
    for (position, held) in &copies {
        let rows = whole(&feed, *position).await;
        let mut held = held.clone();
        for (learner, held) in [0, 1].into_iter().zip(&mut held) {
            read(held, &rows, &now, learner);
        }
        expected.push(held);
    }
    let before = whole(&feed, store.floor().await.unwrap()).await;
    store.compact_feed().await.unwrap();
    store.trim_feed().await.unwrap();
    let floor = store.floor().await.unwrap();
    let kept = whole(&feed, floor).await;

    for ((position, held), expected) in copies.iter().zip(&expected) {
        if *position < floor {
            for refused in
                [feed.after(*position, 1).await.unwrap_err(), events(&store, *position).await.unwrap_err()]
            {
                assert_eq!((refused.kind(), refused.reason()), (Kind::OutOfRange, Reason::ResumeTokenTooOld));
            }
            continue;
        }
        let rows = whole(&feed, *position).await;
        let mut held = held.clone();
        for (learner, held) in [0, 1].into_iter().zip(&mut held) {
            read(held, &rows, &now, learner);
        }
        assert_eq!(held, *expected, "resumed at {position}, floor {floor}");
        // Services miss nothing that has an effect.
        let told = |rows: &[FeedRow]| -> Vec<i64> {
            let after = rows.iter().filter(|row| row.position > *position && row.payload.is_some());
            after.map(|row| row.position).collect()
        };
        assert_eq!(told(&kept), told(&before));
    }
    for row in &kept {
        let age = store.clock().now().duration_since(row.time);
        let later = kept.iter().any(|other| other.resource == row.resource && other.position > row.position);
        let plain = !row.deleted && row.payload.is_none();
        let old_later = kept.iter().any(|other| {
            other.resource == row.resource
                && other.position > row.position
                && store.clock().now().duration_since(other.time) > COMPACT
        });
        assert!(!(plain && age > COMPACT && later && old_later), "a superseded row was kept: {row:?}");
    }
    if let Some(first) = kept.first() {
        assert!(store.clock().now().duration_since(first.time) <= KEEP, "an old row was kept");
    }
    // Nothing more to do at once.
    assert_eq!(store.trim_feed().await.unwrap() + store.compact_feed().await.unwrap(), 0);
    store.close().await;
}

#[test]
fn a_reader_who_resumes_ends_with_what_one_holds_who_read_everything() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (cases, postgres) in [(24, false), (12, true)] {
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let run = runner.run(&deeds(), |deeds| {
            let place = if postgres { Place::postgres() } else { Place::sqlite() };
            runtime.block_on(holds(&place, &deeds));
            Ok(())
        });
        run.unwrap_or_else(|failed| panic!("postgres: {postgres}: {failed}"));
    }
}

#[test]
fn a_token_that_stood_before_everything_is_too_old_once_something_is_gone() {
    each(async |place| {
        let clock = Arc::new(FixedClock::at("2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap()));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.unwrap();
        let feed = store.feed(&district("grand-bend"));
        let early = feed.token(feed.beginning().await.unwrap());
        let deed = Deed { resource: 1, deleted: false, with_message: true, learner: 0, hours: 0 };
        happen(&store, &deed).await;
        store.relay_once().await.unwrap();
        clock.advance(KEEP + SignedDuration::from_hours(1));
        assert_eq!(store.trim_feed().await.unwrap(), 1);
        let place = feed.open(&early).unwrap().expect("a place");
        assert_eq!(feed.read(place, 1).await.unwrap_err().kind(), Kind::OutOfRange);
        // Who begins now has missed nothing that they could have had.
        assert_eq!(feed.read(feed.beginning().await.unwrap(), 1).await.unwrap().rows, []);
        happen(&store, &deed).await;
        store.relay_once().await.unwrap();
        assert_eq!(feed.after(1, 9).await.unwrap().len(), 1);
    });
}
