use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use trellis_store::{Scope as _, Store};

use crate::place::{Place, add, begin, change, district, events};

/// A connection that knows nothing of districts, as the ordinary role that the store uses.
async fn raw(place: &Place) -> DatabaseConnection {
    Database::connect(format!("{}?options=-csearch_path%3Dtesting", place.options.url)).await.unwrap()
}

async fn count<C: ConnectionTrait>(conn: &C, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    let row = conn.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn told(store: &Store) {
    let mut tx = begin(store, change()).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap();
}

#[test]
fn a_connection_that_names_no_district_sees_nothing_and_writes_nothing() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        told(&store).await;
        let raw = raw(&place).await;
        for table in ["note", "outbox"] {
            assert_eq!(count(&raw, table).await, 0, "{table}");
        }
        let changed = raw.execute_unprepared("UPDATE note SET rank = 9").await.unwrap();
        assert_eq!(changed.rows_affected(), 0);
        let insert = "INSERT INTO idempotency (district, actor, request_id, method, fingerprint, create_time) \
                      VALUES ('grand-bend', 'a', gen_random_uuid(), 'm', '', 0)";
        let refused = raw.execute_unprepared(insert).await.unwrap_err().to_string();
        assert!(refused.contains("row-level security"), "{refused}");
        // Neither does one whose transaction has named one before.
        let tx = raw.begin().await.unwrap();
        tx.execute_unprepared("SET LOCAL trellis.district = 'grand-bend'").await.unwrap();
        assert_eq!(count(&tx, "note").await, 1);
        tx.execute_unprepared(insert).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&raw, "note").await, 0);
    });
}

#[test]
fn a_transaction_of_another_district_sees_nothing_and_cannot_write_there() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        told(&store).await;
        // Through the store's own connections, with statements that forget their district.
        let elsewhere = store.read(&district("elsewhere"));
        let here = store.read(&district("grand-bend"));
        assert_eq!((count(elsewhere.conn(), "note").await, count(here.conn(), "note").await), (0, 1));
        let tx = begin(&store, trellis_store::Change { district: district("elsewhere"), ..change() }).await;
        for forgetful in ["UPDATE note SET rank = 9", "DELETE FROM note", "DELETE FROM outbox"] {
            assert_eq!(
                tx.conn().execute_unprepared(forgetful).await.unwrap().rows_affected(),
                0,
                "{forgetful}"
            );
        }
        let moved = "INSERT INTO note (district, id, title, rank, score, done) \
                     VALUES ('grand-bend', gen_random_uuid(), 't', 1, 1, true)";
        assert!(tx.conn().execute_unprepared(moved).await.is_err());
        drop(tx);
        assert_eq!(count(here.conn(), "note").await, 1);
        // The house itself reads them all.
        store.relay_once().await.unwrap();
        assert_eq!(events(&store, 0).await.unwrap().len(), 1);
    });
}

#[test]
fn a_table_that_lost_its_wall_gets_it_back_at_the_next_start() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = place.store().await;
        told(&store).await;
        let raw = raw(&place).await;
        raw.execute_unprepared("ALTER TABLE note NO FORCE ROW LEVEL SECURITY").await.unwrap();
        assert_eq!(count(&raw, "note").await, 1);
        store.migrate().await.unwrap();
        assert_eq!(count(&raw, "note").await, 0);
    });
}
