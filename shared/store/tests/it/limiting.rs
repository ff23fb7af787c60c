//! What bounds the use of a database: how long a statement may run, and how many run at once.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DbBackend, PaginatorTrait, QueryResult, Statement};
use tokio::task::JoinHandle;
use trellis_kernel::{Failure, Kind, Reason, Result, Uuid};
use trellis_store::{Scope, Store, failure};

use crate::place::{Place, add, begin, change, district, each, note, soon};

const WAIT: Duration = Duration::from_millis(200);

/// A statement that never ends by itself, or not while a test runs.
fn endless(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT pg_sleep(600)",
        _ => "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    }
}

async fn ask(conn: &impl ConnectionTrait, sql: &str) -> Result<Vec<QueryResult>> {
    let statement = Statement::from_string(conn.get_database_backend(), sql);
    conn.query_all_raw(statement).await.map_err(failure)
}

async fn read(store: &Store, sql: &str) -> Result<Vec<QueryResult>> {
    ask(store.read(&district("grand-bend")).conn(), sql).await
}

fn is_unavailable(refused: &Failure) {
    assert_eq!((refused.kind(), refused.reason()), (Kind::Unavailable, Reason::StoreUnavailable));
    assert!(refused.retry().is_some());
}

#[test]
fn a_statement_that_takes_too_long_is_ended_and_the_next_finds_a_connection() {
    each(async |mut place| {
        place.options.statement_timeout = Duration::from_millis(500);
        place.options.readers = 1;
        place.options.writers = 1;
        let store = place.store().await;
        let home = store.read(&district("grand-bend"));
        for _ in 0..3 {
            let sql = endless(home.conn().get_database_backend());
            is_unavailable(&soon(ask(home.conn(), sql)).await.unwrap_err());
            assert_eq!(ask(home.conn(), "SELECT 1").await.unwrap().len(), 1);
        }
        // A change is lost with it, whole, and the next one is not.
        for (rank, is_late) in [(1, true), (2, false)] {
            let mut tx = begin(&store, change()).await;
            let id = add(&mut tx, rank).await;
            if is_late {
                let sql = endless(tx.conn().get_database_backend());
                is_unavailable(&soon(ask(tx.conn(), sql)).await.unwrap_err());
            }
            assert_eq!(tx.commit(id).await.is_err(), is_late);
        }
        assert_eq!(home.find::<note::Entity>().count(home.conn()).await.unwrap(), 1);
    });
}

/// Two readers that have all the connections there are, and what the third was told.
async fn occupied(place: &mut Place) -> (Store, [JoinHandle<()>; 2], Failure) {
    place.options.readers = 2;
    place.options.acquire_timeout = WAIT;
    let store = place.store().await;
    let occupy = || {
        let reader = store.read(&district("grand-bend"));
        tokio::spawn(async move {
            let sql = endless(reader.conn().get_database_backend());
            ask(reader.conn(), sql).await.expect_err("it is ended from without");
        })
    };
    let held = [occupy(), occupy()];
    // Until both have begun, a third finds a connection free.
    let third = async {
        loop {
            if let Err(refused) = read(&store, "SELECT 1").await {
                return refused;
            }
        }
    };
    let third = soon(third).await;
    (store, held, third)
}

#[test]
fn a_reader_beyond_the_bound_waits_so_long_and_is_told_to_come_back() {
    each(async |mut place| {
        let (store, held, refused) = occupied(&mut place).await;
        is_unavailable(&refused);
        assert!(!held.iter().any(JoinHandle::is_finished), "both are at it");
        // Writers have connections of their own.
        let mut tx = begin(&store, change()).await;
        add(&mut tx, 1).await;
        tx.commit(Uuid::nil()).await.unwrap();
        if place.options.url.starts_with("postgres") {
            let outside = Database::connect(&place.options.url).await.unwrap();
            let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' \
                          AND datname = current_database() AND pid <> pg_backend_pid()";
            assert_eq!(ask(&outside, cancel).await.unwrap().len(), 2);
        }
        held.iter().for_each(JoinHandle::abort);
        soon(async { while read(&store, "SELECT 1").await.is_err() {} }).await;
    });
}

#[test]
fn two_slow_reads_of_a_file_run_at_once() {
    trellis_testkit::run(async {
        let mut place = Place::sqlite();
        let (store, held, _) = occupied(&mut place).await;
        let [gone, stays] = held;
        gone.abort();
        let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) \
                    SELECT count(*) FROM n";
        soon(async { while read(&store, slow).await.is_err() {} }).await;
        assert!(!stays.is_finished(), "it was at it all the time");
        stays.abort();
    });
}
