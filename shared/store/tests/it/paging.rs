use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sea_orm::{ColumnTrait, QueryFilter};
use trellis_kernel::{District, Kind, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Keyset, PAGE_BYTES, Scope, Store, page};

use crate::place::{Place, add, begin, change, district, each, note, soon};

const CONTEXT: &str = "ListNotes";

fn by_rank() -> Keyset<note::Entity> {
    Keyset::by_desc(note::Column::Rank).then(note::Column::Id)
}

async fn list(
    store: &Store,
    district: &District,
    size: i32,
    token: &str,
    context: &str,
) -> Result<Page<note::Model>> {
    let reader = store.read(district);
    let request = PageRequest::parse(size, token.to_owned())?;
    page(&reader, reader.find::<note::Entity>(), by_rank(), &request, context, |row| row.title.len()).await
}

async fn fill(store: &Store, ranks: impl Iterator<Item = i64>) -> BTreeSet<Uuid> {
    let mut tx = begin(store, change()).await;
    let mut ids = BTreeSet::new();
    for rank in ranks {
        ids.insert(add(&mut tx, rank).await);
    }
    tx.commit(Uuid::nil()).await.unwrap();
    ids
}

/// Rows that are there before anybody reads: how many, how they share ranks, and by what pages they are
/// read.
#[derive(Clone, Debug)]
struct Reading {
    rows: i64,
    ties: i64,
    size: i32,
}

fn readings() -> impl Strategy<Value = Reading> {
    let size = prop::sample::select(vec![1, 5, 16, 53, 1000]);
    let rows = prop_oneof![0..60_i64, 0..=2500_i64];
    (rows, 1..40_i64, size).prop_map(|(rows, ties, size)| Reading { rows, ties, size })
}

/// Inserts rows at the front, in the middle and at the end until it is told to stop, or so many that
/// whoever reads a row at a time comes to the end all the same.
async fn meanwhile(store: Store, home: District, until: Arc<AtomicBool>) -> u32 {
    let mut written = 0;
    while !until.load(Ordering::Relaxed) && written < 300 {
        let mut tx = begin(&store, Change { district: home.clone(), ..change() }).await;
        for rank in [10_000, i64::from(written % 40), -1] {
            add(&mut tx, rank).await;
        }
        tx.commit(Uuid::nil()).await.unwrap();
        written += 3;
    }
    written
}

async fn read_to_the_end(store: &Store, home: &District, size: i32) -> Vec<note::Model> {
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let part = list(store, home, size, &token, CONTEXT).await.unwrap();
        assert!(part.items.len() <= usize::try_from(size).unwrap());
        seen.extend(part.items);
        assert!(seen.len() < 3000, "it must come to an end");
        if part.next.is_empty() {
            return seen;
        }
        token = part.next;
    }
}

async fn holds(store: &Store, home: District, reading: &Reading) -> std::result::Result<u32, TestCaseError> {
    let tx = begin(store, Change { district: home.clone(), ..change() }).await;
    let ids: Vec<Uuid> = (0..reading.rows).map(|_| tx.new_id()).collect();
    // Several rows share a rank, so that the id must decide.
    let rows = ids.iter().zip(0_i64..).map(|(id, row)| note::row(*id, row / reading.ties));
    tx.insert_many(rows.collect()).await.unwrap();
    tx.commit(Uuid::nil()).await.unwrap();

    let enough = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(meanwhile(store.clone(), home.clone(), enough.clone()));
    let seen = read_to_the_end(store, &home, reading.size).await;
    enough.store(true, Ordering::Relaxed);
    let written = soon(writer).await.unwrap();

    let order: Vec<_> = seen.iter().map(|row| (-row.rank, row.id)).collect();
    prop_assert!(order.is_sorted(), "in order");
    let unique: BTreeSet<Uuid> = seen.iter().map(|row| row.id).collect();
    prop_assert_eq!(unique.len(), seen.len(), "none twice");
    prop_assert!(ids.iter().all(|id| unique.contains(id)), "none missed");
    Ok(written)
}

#[test]
fn every_row_appears_once_and_in_order_while_others_come_in() {
    for place in [Place::sqlite(), Place::postgres()] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let store = runtime.block_on(place.store());
        let mut runner =
            TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
        let (home, written) = (Cell::new(0), Cell::new(0));
        let run = runner.run(&readings(), |reading| {
            home.set(home.get() + 1);
            let home = District::parse(&format!("home-{}", home.get())).unwrap();
            written.set(written.get() + runtime.block_on(holds(&store, home, &reading))?);
            Ok(())
        });
        run.unwrap();
        assert!(written.get() > 100, "others came in: {written:?}");
        runtime.block_on(store.close());
    }
}

#[test]
fn a_list_whose_last_page_is_full_ends_there() {
    each(async |place| {
        let store = place.store().await;
        fill(&store, 0..10).await;
        let first = list(&store, &district("grand-bend"), 5, "", CONTEXT).await.unwrap();
        let second = list(&store, &district("grand-bend"), 5, &first.next, CONTEXT).await.unwrap();
        assert_eq!((second.items.len(), second.next.as_str()), (5, ""));
        let none = list(&store, &district("nothing-here"), 5, "", CONTEXT).await.unwrap();
        assert_eq!((none.items.len(), none.next.as_str()), (0, ""));
    });
}

#[test]
fn a_token_serves_its_own_list_alone() {
    each(async |place| {
        let store = place.store().await;
        fill(&store, 0..10).await;
        let home = district("grand-bend");
        let token = list(&store, &home, 5, "", CONTEXT).await.unwrap().next;
        let mut changed = token.clone();
        let last = if changed.pop() == Some('A') { 'Q' } else { 'A' };
        changed.push(last);
        for (district, token, context) in [
            (&district("elsewhere"), token.as_str(), CONTEXT),
            (&home, token.as_str(), "ListNotes rank > 3"),
            (&home, changed.as_str(), CONTEXT),
            (&home, "nonsense", CONTEXT),
        ] {
            let refused = list(&store, district, 5, token, context).await.unwrap_err();
            assert_eq!((refused.kind(), refused.reason()), (Kind::InvalidArgument, Reason::InvalidPageToken));
        }
        list(&store, &home, 1000, &token, CONTEXT).await.unwrap();
    });
}

#[test]
fn a_page_keeps_under_the_cap_but_holds_a_row() {
    each(async |place| {
        let store = place.store().await;
        fill(&store, 0..4).await;
        let reader = store.read(&district("grand-bend"));
        let weighed = async |weigh: fn(&note::Model) -> usize| {
            let request = PageRequest::parse(4, String::new()).unwrap();
            let part = page(&reader, reader.find(), by_rank(), &request, CONTEXT, weigh).await.unwrap();
            (part.items.len(), part.next.is_empty())
        };
        assert_eq!(weighed(|_| PAGE_BYTES / 4).await, (4, true));
        assert_eq!(weighed(|_| PAGE_BYTES / 3).await, (3, false));
        assert_eq!(weighed(|_| PAGE_BYTES + 1).await, (1, false));
    });
}

#[test]
fn a_list_ordered_by_an_empty_column_is_a_defect_not_a_gap() {
    each(async |place| {
        let store = place.store().await;
        fill(&store, [3, 3, 3].into_iter()).await;
        let reader = store.read(&district("grand-bend"));
        let request = PageRequest::parse(1, String::new()).unwrap();
        let keys = Keyset::by(note::Column::Due).then(note::Column::Id);
        let select = reader.find::<note::Entity>().filter(note::Column::Due.is_null());
        let refused = page(&reader, select, keys, &request, CONTEXT, |_| 1).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Internal);
    });
}
