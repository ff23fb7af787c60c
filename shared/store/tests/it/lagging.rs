//! A read replica that never catches up: who may read it, and who must not.

use sea_orm::PaginatorTrait;
use trellis_store::{Scope, Store, latest};

use crate::place::{Place, add, begin, change, district, events, note};

/// A store whose replica holds one note, and whose primary holds two.
async fn lagging() -> (Place, Store) {
    let mut place = Place::postgres();
    let before = place.store().await;
    one_more(&before).await;
    before.give_up_leases().await.unwrap();
    before.close().await;
    place.options.replica_url = Some(trellis_testkit::postgres::copy_of(&place.options.url));
    let store = place.open().await;
    one_more(&store).await;
    (place, store)
}

async fn one_more(store: &Store) {
    let mut tx = begin(store, change()).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap();
    store.relay_once().await.unwrap();
}

async fn notes(scope: &impl Scope) -> u64 {
    scope.find::<note::Entity>().count(scope.conn()).await.unwrap()
}

#[test]
fn what_may_be_late_is_read_there_and_nothing_else() {
    trellis_testkit::run(async {
        let (_place, store) = lagging().await;
        let home = district("grand-bend");
        assert_eq!(notes(&store.read(&home)).await, 1, "a list may be a moment old");
        assert_eq!(notes(&store.read_latest(&home)).await, 2, "a decision may not");
        assert_eq!(notes(&begin(&store, change()).await).await, 2);

        let feed = store.feed(&home);
        assert_eq!(feed.head().await.unwrap().position, 2);
        let positions: Vec<i64> = feed.after(0, 9).await.unwrap().iter().map(|row| row.position).collect();
        assert_eq!(positions, [1, 2]);
        assert_eq!(events(&store, 0).await.unwrap().len(), 2);
        assert_eq!(store.lag().await.unwrap().head, 2);
        // A place that only the primary has reached is none that the feed has lost.
        assert_eq!(feed.after(2, 9).await.unwrap(), []);
    });
}

#[test]
fn who_follows_the_feed_reads_its_rows_where_the_feed_is() {
    trellis_testkit::run(async {
        let (_place, store) = lagging().await;
        let home = district("grand-bend");
        let read = async || notes(&store.read(&home)).await;
        assert_eq!((latest(read()).await, read().await), (2, 1));
    });
}
