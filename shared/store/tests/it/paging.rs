use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, QueryFilter};
use trellis_kernel::{District, Kind, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Keyset, PAGE_BYTES, Scope, Store, page};

use crate::place::{add, begin, change, district, each, note};

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

#[test]
fn every_row_appears_once_and_in_order_while_others_come_in() {
    each(async |place| {
        for size in [1, 5, 16, 53, 1000] {
            let store = place.store().await;
            let home = District::parse(&format!("size-{size}")).unwrap();
            let within = |change: Change| Change { district: home.clone(), ..change };
            let mut tx = begin(&store, within(change())).await;
            let mut first = BTreeSet::new();
            for rank in 0..120 {
                // Several rows share a rank, so that the id must decide.
                first.insert(add(&mut tx, rank / 7).await);
            }
            tx.commit(Uuid::nil()).await.unwrap();
            let (mut seen, mut token, mut turn) = (Vec::new(), String::new(), 0_i64);
            loop {
                let part = list(&store, &home, size, &token, CONTEXT).await.unwrap();
                assert!(part.items.len() <= usize::try_from(size).unwrap());
                seen.extend(part.items);
                if part.next.is_empty() {
                    break;
                }
                token = part.next;
                // At the front, in the middle and at the end.
                if turn < 30 {
                    let mut tx = begin(&store, within(change())).await;
                    add(&mut tx, [99, 8, 0][usize::try_from(turn % 3).unwrap()]).await;
                    tx.commit(Uuid::nil()).await.unwrap();
                }
                turn += 1;
            }
            let order: Vec<_> = seen.iter().map(|row| (-row.rank, row.id)).collect();
            assert!(order.is_sorted(), "in order at size {size}");
            let unique: BTreeSet<Uuid> = seen.iter().map(|row| row.id).collect();
            assert_eq!(unique.len(), seen.len(), "none twice at size {size}");
            assert!(first.is_subset(&unique), "none missed at size {size}");
        }
    });
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
