//! Who gives positions, when, and what becomes of the work of one who dies at it.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, TransactionTrait};
use trellis_store::Store;

use crate::place::{Place, add, begin, change, district, each, soon};

async fn write(store: &Store) {
    let mut tx = begin(store, change()).await;
    let id = add(&mut tx, 1).await;
    tx.commit(id).await.unwrap();
}

/// A connection of nobody's, to look and meddle with.
async fn outside(place: &Place) -> DatabaseConnection {
    let mut options = ConnectOptions::new(&place.options.url);
    options.set_schema_search_path("testing");
    Database::connect(options).await.unwrap()
}

#[test]
fn on_sqlite_a_change_has_its_position_when_it_is_acknowledged() {
    trellis_testkit::run(async {
        let place = Place::sqlite();
        let store = place.store().await;
        let head = store.watch();
        for expected in 1..=5 {
            write(&store).await;
            assert_eq!(*head.borrow(), expected, "those who watch in this process know at once");
            assert_eq!(store.head().await.unwrap(), expected);
        }
        assert_eq!(store.relay_once().await.unwrap(), 0, "nothing is left to give");
        let rows = store.feed(&district("grand-bend")).after(0, 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn a_change_that_is_undone_takes_no_position() {
    each(async |place| {
        let store = place.store().await;
        let mut tx = begin(&store, change()).await;
        add(&mut tx, 1).await;
        drop(tx);
        write(&store).await;
        store.relay_once().await.unwrap();
        let rows = store.feed(&district("grand-bend")).after(0, 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [1]);
    });
}

#[test]
fn while_one_holds_the_lease_no_other_gives_positions_and_none_waits() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let (one, two) = (place.store().await, place.open().await);
        write(&one).await;
        assert_eq!(one.relay_once().await.unwrap(), 1);
        write(&two).await;
        // In the year 2100, in microseconds.
        let outside = outside(&place).await;
        let far = "UPDATE relay SET lease_until = 4102444800000000";
        outside.execute_unprepared(far).await.unwrap();
        assert_eq!(two.relay_once().await.unwrap(), 0, "the lease is the other's");
        assert_eq!(one.relay_once().await.unwrap(), 1);
        write(&two).await;
        // The holder dies: nobody renews the lease, and it runs out.
        outside.execute_unprepared("UPDATE relay SET lease_until = 1").await.unwrap();
        assert_eq!(two.relay_once().await.unwrap(), 1, "whoever looks first takes over");
        write(&one).await;
        assert_eq!(one.relay_once().await.unwrap(), 0);
        // One that ends in order leaves no gap.
        two.give_up_leases().await.unwrap();
        assert_eq!(one.relay_once().await.unwrap(), 1);

        // One that is in the middle keeps the row locked: others go on with something else.
        write(&one).await;
        let middle = outside.begin().await.unwrap();
        middle.execute_unprepared("UPDATE relay SET head = head").await.unwrap();
        assert_eq!(soon(one.relay_once()).await.unwrap(), 0);
        middle.rollback().await.unwrap();
        assert_eq!(one.relay_once().await.unwrap(), 1);
        let rows = one.feed(&district("grand-bend")).after(0, 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    });
}

#[test]
fn what_an_older_program_left_without_positions_gets_them() {
    each(async |place| {
        let store = place.store().await;
        write(&store).await;
        store.relay_once().await.unwrap();
        let insert = "INSERT INTO outbox (uid, district, kind, resource, resource_type, subjects, deleted, actor, event_time) \
                      VALUES ($1, 'grand-bend', 'note.old', 'x', 'x', '[]', $2, 'x', 0)";
        let tx = begin(&store, change()).await;
        let conn = trellis_store::Scope::conn(&tx);
        let values = [trellis_kernel::Uuid::from_u128(7).into(), false.into()];
        let insert = sea_orm::Statement::from_sql_and_values(conn.get_database_backend(), insert, values);
        conn.execute_raw(insert).await.unwrap();
        tx.commit(trellis_kernel::Uuid::nil()).await.unwrap();
        assert_eq!(store.relay_once().await.unwrap(), 1);
        write(&store).await;
        store.relay_once().await.unwrap();
        let rows = store.feed(&district("grand-bend")).after(0, 9).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.position, row.kind.as_str())).collect();
        assert_eq!(told, [(1, "note.created"), (2, "note.old"), (3, "note.created")]);
    });
}
