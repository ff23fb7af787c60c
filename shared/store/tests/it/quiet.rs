//! A district in which little happens, beside one in which much does.

use std::sync::Arc;

use jiff::SignedDuration;
use trellis_kernel::{Clock as _, FixedClock, Kind, Timestamp};
use trellis_store::{Change, Store};

use crate::place::{Notes, add, begin, change, district, each};

async fn write(store: &Store, of: &str, count: i64) {
    for rank in 0..count {
        let mut tx = begin(store, Change { district: district(of), ..change() }).await;
        let id = add(&mut tx, rank).await;
        tx.commit(id).await.unwrap();
    }
    store.relay_once().await.unwrap();
}

#[test]
fn the_place_of_a_quiet_district_moves_with_the_others_and_is_not_lost() {
    each(async |place| {
        let clock = Arc::new(FixedClock::at("2026-03-02T08:00:00Z".parse::<Timestamp>().unwrap()));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.unwrap();
        let quiet = store.feed(&district("grand-bend"));
        write(&store, "grand-bend", 3).await;
        write(&store, "elsewhere", 20).await;

        let first = quiet.read(quiet.beginning().await.unwrap(), 2).await.unwrap();
        assert_eq!((first.rows.len(), first.place.position, first.full), (2, 2, true), "there may be more");
        let rest = quiet.read(first.place, 2).await.unwrap();
        assert_eq!(
            (rest.rows.len(), rest.place.position, rest.full),
            (1, 23, false),
            "all up to the head was read"
        );
        let none = quiet.read(rest.place, 2).await.unwrap();
        assert_eq!((none.rows.len(), none.place.position, none.full), (0, 23, false));

        clock.advance(SignedDuration::from_hours(31 * 24));
        store.trim_feed().await.unwrap();
        assert_eq!(store.floor().await.unwrap(), 23, "at {}", clock.now());
        let old = quiet.after(rest.rows[0].position, 2).await.unwrap_err();
        assert_eq!(old.kind(), Kind::OutOfRange, "who stayed at its own last row is below the floor");
        write(&store, "grand-bend", 1).await;
        let then = quiet.read(rest.place, 2).await.unwrap();
        assert_eq!(then.rows.iter().map(|row| row.position).collect::<Vec<_>>(), [24]);
        assert_eq!(quiet.after(25, 2).await.unwrap_err().kind(), Kind::OutOfRange, "beyond the head");
    });
}
