use std::sync::Arc;

use jiff::SignedDuration;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, Database, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::Expr,
};
use trellis_kernel::{FixedClock, Kind, Reason, Timestamp, Uuid};
use trellis_store::{Change, Scope, Store, Write, failure};

use crate::place::{Notes, Place, add, begin, change, district, each, events, note, request, soon, told};

/// How much the feeds tell of.
async fn happened(store: &Store) -> u64 {
    store.relay_once().await.unwrap();
    events(store, 0).await.unwrap().len() as u64
}

async fn count(store: &Store) -> u64 {
    let reader = store.read(&district("grand-bend"));
    reader.find::<note::Entity>().count(reader.conn()).await.unwrap()
}

#[test]
fn two_hundred_writers_at_once_lose_nothing() {
    each(async |place| {
        let store = place.store().await;
        let relay = tokio::spawn(store.relay().1);
        let mut writers = tokio::task::JoinSet::new();
        for rank in 0..200 {
            let store = store.clone();
            writers.spawn(async move {
                let mut tx = begin(&store, change()).await;
                let id = add(&mut tx, rank).await;
                tx.commit(id).await.unwrap()
            });
        }
        let mut written: Vec<Uuid> = soon(writers.join_all()).await;
        let mut head = store.watch();
        soon(head.wait_for(|head| *head == 200)).await.unwrap();
        assert_eq!(count(&store).await, 200);
        let told = store.feed(&district("grand-bend")).after(0, 1000).await.unwrap();
        assert_eq!(told.iter().map(|row| row.position).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
        let mut subjects: Vec<Uuid> = told.iter().map(|row| row.subjects[0]).collect();
        written.sort();
        subjects.sort();
        assert_eq!(subjects, written);
        relay.abort();
    });
}

#[test]
fn what_is_deleted_is_no_longer_in_the_file() {
    trellis_testkit::run(async {
        const WORDS: &str = "Note 424242";
        let place = Place::sqlite();
        let file = place.options.url.trim_start_matches("sqlite://").to_owned() + "/testing.db";
        let in_file = || {
            let bytes = std::fs::read(&file).unwrap();
            bytes.windows(WORDS.len()).any(|window| window == WORDS.as_bytes())
        };
        let store = place.store().await;
        let mut tx = begin(&store, change()).await;
        let id = add(&mut tx, 424_242).await;
        tx.commit(id).await.unwrap();
        // Closing folds the journal into the file.
        store.close().await;
        assert!(in_file());

        let store = place.store().await;
        let tx = begin(&store, change()).await;
        let gone = tx.delete_many::<note::Entity>().filter(note::Column::Id.eq(id)).exec(tx.conn()).await;
        assert_eq!(gone.unwrap().rows_affected, 1);
        tx.commit(id).await.unwrap();
        store.close().await;
        assert!(!in_file());
    });
}

#[test]
fn a_repeated_request_gets_the_first_reply_and_changes_nothing() {
    each(async |place| {
        let store = place.store().await;
        let mut tries = tokio::task::JoinSet::new();
        for rank in 0..16 {
            let store = store.clone();
            tries.spawn(async move {
                match store.write::<Uuid>(request(1, "/x/CreateNote", 7)).await.unwrap() {
                    Write::Replay(id) => id,
                    Write::Begin(mut tx) => {
                        let id = add(&mut tx, rank).await;
                        tx.commit(id).await.unwrap()
                    }
                }
            });
        }
        let replies = soon(tries.join_all()).await;
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{replies:?}");
        assert_eq!(count(&store).await, 1);
        assert_eq!(happened(&store).await, 1);
    });
}

#[test]
fn a_request_id_serves_one_body_and_one_method_of_one_actor() {
    each(async |place| {
        let store = place.store().await;
        let tx = begin(&store, request(1, "/x/CreateNote", 7)).await;
        tx.commit(Uuid::nil()).await.unwrap();
        for other in [request(1, "/x/CreateNote", 8), request(1, "/x/DeleteNote", 7)] {
            let refused = store.write::<Uuid>(other).await.unwrap_err();
            assert_eq!((refused.kind(), refused.reason()), (Kind::InvalidArgument, Reason::RequestIdReused));
            assert_eq!(refused.violations()[0].field, "request_id");
        }
        begin(&store, Change { actor: "people/b".to_owned(), ..request(1, "/x/CreateNote", 8) }).await;
        begin(&store, Change { district: district("elsewhere"), ..request(1, "/x/CreateNote", 8) }).await;
    });
}

#[test]
fn a_dropped_transaction_leaves_nothing() {
    each(async |place| {
        let store = place.store().await;
        let mut tx = begin(&store, request(1, "/x/CreateNote", 7)).await;
        add(&mut tx, 1).await;
        drop(tx);
        assert_eq!(count(&store).await, 0);
        assert_eq!(happened(&store).await, 0);
        // Neither is the request_id taken: this would refuse the other body.
        begin(&store, request(1, "/x/CreateNote", 8)).await;
    });
}

#[test]
fn requests_that_are_given_up_anywhere_leave_no_transaction_behind() {
    each(async |place| {
        let store = place.store().await;
        let mut kept = 0;
        for polls in 0..150 {
            let writing = async {
                let mut tx = begin(&store, change()).await;
                let id = add(&mut tx, 1).await;
                tx.commit(id).await.unwrap();
            };
            // Dropped after so many turns: somewhere between its beginning and its end.
            let mut writing = Box::pin(writing);
            let mut left = polls;
            let done = std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(false);
                }
                left -= 1;
                writing.as_mut().poll(context).map(|()| true)
            });
            kept += u64::from(soon(done).await);
        }
        // One that was dropped while it committed may have been kept; more than one row each there is not.
        let rows = count(&store).await;
        assert!((kept..=150).contains(&rows), "{kept} {rows}");
        assert_eq!(happened(&store).await, rows);
        // Every connection is free again.
        let mut writers = tokio::task::JoinSet::new();
        for rank in 0..30 {
            let store = store.clone();
            writers.spawn(async move {
                let mut tx = begin(&store, change()).await;
                let id = add(&mut tx, rank).await;
                tx.commit(id).await.unwrap()
            });
        }
        soon(writers.join_all()).await;
        assert_eq!(count(&store).await, rows + 30);
    });
}

#[test]
fn the_reply_of_a_request_is_kept_for_a_day() {
    each(async |place| {
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1000)));
        let store = place.open_with(vec![Box::new(Notes)], clock.clone()).await;
        store.migrate().await.unwrap();
        begin(&store, request(1, "/x/CreateNote", 7)).await.commit(Uuid::nil()).await.unwrap();
        clock.advance(SignedDuration::from_hours(24));
        assert_eq!(store.forget_requests().await.unwrap(), 0);
        clock.advance(SignedDuration::from_secs(1));
        assert_eq!(store.forget_requests().await.unwrap(), 1);
        begin(&store, request(1, "/x/CreateNote", 8)).await;
    });
}

#[test]
fn a_district_reaches_only_its_own_rows() {
    each(async |place| {
        let store = place.store().await;
        let mut tx = begin(&store, change()).await;
        let id = add(&mut tx, 1).await;
        tx.commit(id).await.unwrap();
        let elsewhere = begin(&store, Change { district: district("elsewhere"), ..change() }).await;
        let found = elsewhere.find::<note::Entity>().all(elsewhere.conn()).await.unwrap();
        assert_eq!(found, []);
        let changed = elsewhere.update_many::<note::Entity>().col_expr(note::Column::Rank, Expr::val(9_i64));
        assert_eq!(changed.exec(elsewhere.conn()).await.unwrap().rows_affected, 0);
        let deleted = elsewhere.delete_many::<note::Entity>().exec(elsewhere.conn()).await.unwrap();
        assert_eq!(deleted.rows_affected, 0);
        elsewhere.commit(id).await.unwrap();
        assert_eq!(count(&store).await, 1);
    });
}

#[test]
fn many_rows_go_in_whatever_their_number_and_are_replaced_by_key() {
    each(async |place| {
        let store = place.store().await;
        let tx = begin(&store, change()).await;
        let ids: Vec<Uuid> = (0..10_000).map(|_| tx.new_id()).collect();
        tx.insert_many(ids.iter().map(|id| note::row(*id, 1)).collect()).await.unwrap();
        tx.put_many(ids[..6000].iter().map(|id| note::row(*id, 2)).collect()).await.unwrap();
        tx.insert_many(Vec::<note::ActiveModel>::new()).await.unwrap();
        let second = tx.find::<note::Entity>().filter(note::Column::Rank.eq(2));
        assert_eq!(second.count(tx.conn()).await.unwrap(), 6000);
        tx.commit(ids[0]).await.unwrap();
        assert_eq!(count(&store).await, 10_000);
    });
}

#[test]
fn a_reader_cannot_change_anything() {
    each(async |place| {
        let store = place.store().await;
        let reader = store.read(&district("grand-bend"));
        let mut row = note::row(Uuid::nil(), 1);
        row.set(note::Column::District, "grand-bend".into());
        assert!(note::Entity::insert(row).exec_without_returning(reader.conn()).await.is_err());
        assert_eq!(count(&store).await, 0);
    });
}

#[test]
fn a_taken_key_already_exists_and_the_client_reads_nothing_of_the_driver() {
    each(async |place| {
        let store = place.store().await;
        let tx = begin(&store, change()).await;
        tx.insert(note::row(Uuid::nil(), 1)).await.unwrap();
        let refused = tx.insert(note::row(Uuid::nil(), 2)).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::AlreadyExists, Reason::ResourceExists));
        assert!(!format!("{refused:?}").to_lowercase().contains("unique"), "{refused:?}");
    });
}

#[test]
fn a_broken_statement_is_a_defect_that_tells_neither_sql_nor_values() {
    each(async |place| {
        // Not migrated: the table is missing.
        let store = place.open().await;
        let reader = store.read(&district("grand-bend"));
        let broken = reader.find::<note::Entity>().filter(note::Column::Title.eq("secret"));
        let refused = failure(broken.all(reader.conn()).await.unwrap_err());
        assert_eq!(refused.kind(), Kind::Internal);
        for hidden in ["secret", "note", "SELECT"] {
            assert!(!format!("{refused:?}").contains(hidden), "{refused:?}");
        }
    });
}

#[test]
fn a_full_pool_says_when_to_come_back() {
    each(async |mut place| {
        place.options.writers = 1;
        place.options.acquire_timeout = std::time::Duration::from_millis(200);
        let store = place.store().await;
        let held = begin(&store, change()).await;
        let refused = store.write::<Uuid>(change()).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::Unavailable, Reason::StoreUnavailable));
        assert!(refused.retry().is_some());
        held.commit(Uuid::nil()).await.unwrap();
        begin(&store, change()).await;
    });
}

#[test]
fn a_second_process_that_waits_too_long_for_sqlite_is_told_to_come_back() {
    trellis_testkit::run(async {
        let mut place = Place::sqlite();
        place.options.acquire_timeout = std::time::Duration::from_millis(200);
        let (store, other) = (place.store().await, place.open().await);
        let held = begin(&store, change()).await;
        let refused = other.write::<Uuid>(change()).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::Unavailable, Reason::StoreUnavailable));
        drop(held);
    });
}

#[test]
fn of_two_transactions_that_wait_for_each_other_one_is_told_to_repeat() {
    trellis_testkit::run(async {
        let store = Place::postgres().store().await;
        let mut tx = begin(&store, change()).await;
        let ids = [add(&mut tx, 1).await, add(&mut tx, 2).await];
        tx.commit(ids[0]).await.unwrap();
        let set = async |tx: &trellis_store::Tx, id: Uuid| {
            let row = tx.update_many::<note::Entity>().filter(note::Column::Id.eq(id));
            row.col_expr(note::Column::Rank, Expr::val(9_i64)).exec(tx.conn()).await.map_err(failure)
        };
        let (one, two) = (begin(&store, change()).await, begin(&store, change()).await);
        set(&one, ids[0]).await.unwrap();
        set(&two, ids[1]).await.unwrap();
        let crossed = async |tx: trellis_store::Tx, id: Uuid| {
            let done = set(&tx, id).await;
            drop(tx);
            done.err()
        };
        let lost = soon(async { tokio::join!(crossed(one, ids[1]), crossed(two, ids[0])) }).await;
        let lost: Vec<_> = [lost.0, lost.1].into_iter().flatten().collect();
        assert_eq!(lost.iter().map(trellis_kernel::Failure::kind).collect::<Vec<_>>(), [Kind::Aborted]);
    });
}

#[test]
fn a_database_that_is_away_is_unavailable() {
    trellis_testkit::run(async {
        let mut place = Place::sqlite();
        place.options.url = "postgres://trellis@127.0.0.1:1/none".to_owned();
        place.options.acquire_timeout = std::time::Duration::from_millis(500);
        let opened = Store::open(
            &place.options,
            "testing",
            Vec::new(),
            Arc::new(trellis_kernel::SystemClock),
            Arc::new(trellis_kernel::RandomIds),
        );
        assert_eq!(opened.await.unwrap_err().kind(), Kind::Unavailable);
    });
}

#[test]
fn what_is_told_comes_back_whole() {
    each(async |place| {
        let store = place.store().await;
        let mut tx = begin(&store, change()).await;
        let payload =
            trellis_store::Payload { type_url: "type.googleapis.com/x.Y".to_owned(), value: vec![0, 1, 255] };
        let mut gone = told(Uuid::nil());
        gone.subjects.clear();
        gone.deleted = true;
        gone.payload = Some(payload.clone());
        tx.tell(gone);
        let now = tx.now();
        tx.commit(Uuid::nil()).await.unwrap();
        store.relay_once().await.unwrap();
        let row = events(&store, 0).await.unwrap().remove(0);
        assert_eq!((row.position, row.kind.as_str(), row.actor.as_str()), (1, "note.created", "people/a"));
        assert_eq!((row.district.as_str(), row.resource_type.as_str()), ("grand-bend", "trellis.dev/Note"));
        assert_eq!((row.deleted, row.time, row.payload), (true, now, Some(payload)));
        assert_eq!((row.subjects, row.resource), (Vec::new(), told(Uuid::nil()).resource));
    });
}

#[test]
fn connections_that_the_server_ends_are_replaced_and_the_change_under_way_is_lost_whole() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        let relay = tokio::spawn(store.relay().1);
        let mut lost = begin(&store, change()).await;
        add(&mut lost, 1).await;
        let killer = Database::connect(&place.options.url).await.unwrap();
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        killer.execute_unprepared(kill).await.unwrap();
        let refused = lost.insert(note::row(Uuid::nil(), 2)).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::Unavailable, Reason::StoreUnavailable));
        drop(lost);
        let mut tx = begin(&store, change()).await;
        let id = add(&mut tx, 3).await;
        tx.commit(id).await.unwrap();
        let mut head = store.watch();
        soon(head.wait_for(|head| *head == 1)).await.unwrap();
        assert_eq!(count(&store).await, 1);
        relay.abort();
    });
}
