//! What a page costs that is far from the beginning.

use sea_orm::{ConnectionTrait, Statement};
use trellis_kernel::{PageRequest, Uuid};
use trellis_store::{Keyset, Scope, Tx, page};

use crate::place::{Place, begin, change, note};

const ROWS: i64 = 20_000;

fn keys(down: bool) -> Keyset<note::Entity> {
    let first = if down { Keyset::by_desc(note::Column::Rank) } else { Keyset::by(note::Column::Rank) };
    first.then(note::Column::Id)
}

/// How many rows of the table this transaction has read.
async fn read(tx: &Tx) -> i64 {
    let sql = "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables \
               WHERE schemaname = 'testing' AND relname = 'note'";
    let statement = Statement::from_string(tx.conn().get_database_backend(), sql);
    let row = tx.conn().query_one_raw(statement).await.expect("an answer").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

/// Reads to a page in the middle in steps, and returns how many rows the last of them read, and the
/// ranks that it holds.
async fn middle(tx: &Tx, down: bool) -> (i64, Vec<i64>) {
    let (mut token, mut cost, mut ranks) = (String::new(), 0, Vec::new());
    for _ in 0..12 {
        let before = read(tx).await;
        let request = PageRequest::parse(1000, token).expect("a page");
        let got =
            page(tx, tx.find::<note::Entity>(), keys(down), &request, "Deep", |_| 1).await.expect("a page");
        cost = read(tx).await - before;
        ranks = got.items.iter().map(|note| note.rank).collect();
        token = got.next;
    }
    (cost, ranks)
}

#[test]
fn a_page_far_from_the_beginning_reads_its_own_rows_only() {
    trellis_testkit::run(async {
        let store = Place::postgres().store().await;
        let tx = begin(&store, change()).await;
        let index = "CREATE INDEX note_up ON note (district, rank, id); \
                     CREATE INDEX note_down ON note (district, rank DESC, id)";
        tx.conn().execute_unprepared(index).await.expect("the indexes");
        tx.insert_many(
            (0..ROWS).map(|rank| note::row(Uuid::from_u128(rank.unsigned_abs().into()), rank)).collect(),
        )
        .await
        .expect("notes");
        tx.conn().execute_unprepared("ANALYZE note").await.expect("figures");
        for (down, first) in [(false, 11_000), (true, ROWS - 1 - 11_000)] {
            let (cost, ranks) = middle(&tx, down).await;
            assert_eq!((ranks.len(), ranks[0]), (1000, first));
            assert!(cost <= 1100, "{cost} rows were read for a page of 1000");
        }
    });
}
