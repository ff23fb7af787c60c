//! Many rows at once: of every type that tables of ours have, and of what is told.

use std::sync::{Arc, Mutex};

use sea_orm::{ColumnTrait as _, ConnectionTrait as _, QueryFilter as _, QueryOrder as _, Set, Statement};
use sea_orm_migration::prelude::*;
use trellis_kernel::{Kind, Reason, SystemClock, Uuid};
use trellis_store::{Document, Scope, Store, Told};

use crate::place::{Place, begin, change, district, each, events, told};

mod sample {
    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sample")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) above: Option<Uuid>,
        pub(crate) small: i32,
        pub(crate) big: Option<i64>,
        pub(crate) real: Option<f64>,
        pub(crate) flag: Option<bool>,
        pub(crate) text: Option<String>,
        pub(crate) bytes: Option<Vec<u8>>,
        pub(crate) words: Document<Vec<String>>,
        pub(crate) more: Option<Document<Vec<String>>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

trellis_store::scoped!(sample);

/// The migration of the samples.
struct Samples;

impl MigrationName for Samples {
    fn name(&self) -> &'static str {
        "m0001_samples"
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait is written without them")]
#[async_trait::async_trait]
impl MigrationTrait for Samples {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = |name: &'static str| ColumnDef::new(Alias::new(name));
        let key = Index::create().col(Alias::new("district")).col(Alias::new("id")).to_owned();
        let table = Table::create()
            .table(Alias::new("sample"))
            .col(column("district").text().not_null())
            .col(column("id").uuid().not_null())
            .col(column("above").uuid())
            .col(column("small").integer().not_null())
            .col(column("big").big_integer())
            .col(column("real").double())
            .col(column("flag").boolean())
            .col(column("text").text())
            .col(column("bytes").blob())
            .col(column("words").json().not_null())
            .col(column("more").json())
            .primary_key(key.clone().primary())
            .to_owned();
        manager.create_table(table).await
    }
}

async fn store(place: &Place) -> Store {
    let store = place.open_with(vec![Box::new(Samples)], Arc::new(SystemClock)).await;
    store.migrate().await.unwrap();
    store
}

/// A row in which everything follows from its number; in every third all is null that may be.
fn model(number: u32) -> sample::Model {
    let some = !number.is_multiple_of(3);
    sample::Model {
        district: "grand-bend".to_owned(),
        id: Uuid::from_u128(u128::from(number)),
        above: some.then(|| Uuid::from_u128(u128::from(number) << 64)),
        small: number.cast_signed() - 5,
        big: some.then(|| i64::from(number) << 33),
        real: some.then(|| f64::from(number) / 4.0),
        flag: some.then_some(number.is_multiple_of(2)),
        text: some.then(|| format!("It's \"{number}\", {{a}}, \\ and NULL, 東京\n")),
        bytes: some.then(|| number.to_be_bytes().to_vec()),
        words: Document(vec![format!("one, \"{number}\""), String::new()]),
        more: some.then(|| Document(vec![])),
    }
}

fn row(model: sample::Model) -> sample::ActiveModel {
    use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
    // The store sets the district.
    let district = "elsewhere".to_owned();
    sample::Model { district, ..model }.into_active_model().reset_all()
}

async fn all(store: &Store) -> Vec<sample::Model> {
    let reader = store.read_latest(&district("grand-bend"));
    let select = reader.find::<sample::Entity>().order_by_asc(sample::Column::Id);
    select.all(reader.conn()).await.unwrap()
}

#[test]
fn values_of_every_type_are_read_back_as_they_were_however_many_rows_there_are() {
    each(async |place| {
        let store = store(&place).await;
        let mut written = Vec::new();
        let mut next = 1;
        for count in [1, 2, 3, 127, 128, 1_000, 2_345] {
            let tx = begin(&store, change()).await;
            let models: Vec<_> = (next..next + count).map(model).collect();
            next += count;
            tx.insert_many(models.iter().cloned().map(row).collect()).await.unwrap();
            written.extend(models);
            tx.commit(Uuid::nil()).await.unwrap();
        }
        assert_eq!(all(&store).await, written);
    });
}

#[test]
fn of_rows_whose_key_is_there_every_other_column_is_replaced() {
    each(async |place| {
        let store = store(&place).await;
        let tx = begin(&store, change()).await;
        tx.insert_many((0..1_500).map(model).map(row).collect()).await.unwrap();
        let changed = |number: u32| sample::Model { id: model(number).id, ..model(number + 1) };
        let written: Vec<_> = (0..500).map(model).chain((500..2_000).map(changed)).collect();
        tx.put_many((500..2_000).map(changed).map(row).collect()).await.unwrap();
        tx.commit(Uuid::nil()).await.unwrap();
        assert_eq!(all(&store).await, written);
    });
}

#[test]
fn a_key_that_is_taken_is_refused_with_all_that_came_with_it() {
    each(async |place| {
        let store = store(&place).await;
        let tx = begin(&store, change()).await;
        let twice = (0..1_200).chain([7]).map(model).map(row).collect();
        let refused = tx.insert_many::<sample::ActiveModel>(twice).await.unwrap_err();
        assert_eq!((refused.kind(), refused.reason()), (Kind::AlreadyExists, Reason::ResourceExists));
        drop(tx);
        assert_eq!(all(&store).await, []);
    });
}

#[test]
fn rows_that_set_other_columns_than_the_first_are_refused() {
    each(async |place| {
        let store = store(&place).await;
        let tx = begin(&store, change()).await;
        let less = sample::ActiveModel { id: Set(Uuid::from_u128(9)), ..Default::default() };
        let refused = tx.insert_many(vec![row(model(1)), less]).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Internal);
    });
}

#[test]
fn rows_of_one_district_are_not_replaced_from_another() {
    each(async |place| {
        let store = store(&place).await;
        let tx = begin(&store, change()).await;
        tx.insert_many((0..10).map(model).map(row).collect()).await.unwrap();
        tx.commit(Uuid::nil()).await.unwrap();
        let elsewhere = trellis_store::Change { district: district("elsewhere"), ..change() };
        let tx = begin(&store, elsewhere).await;
        let others = |number| sample::Model { small: 77, ..model(number) };
        tx.put_many((0..10).map(others).map(row).collect()).await.unwrap();
        let own = tx.find::<sample::Entity>().filter(sample::Column::Small.eq(77));
        assert_eq!(own.all(tx.conn()).await.unwrap().len(), 10);
        tx.commit(Uuid::nil()).await.unwrap();
        assert_eq!(all(&store).await, (0..10).map(model).collect::<Vec<_>>());
    });
}

#[test]
fn what_many_rows_need_prepared_does_not_grow_with_their_numbers() {
    trellis_testkit::run(async {
        let place = Place::postgres();
        let store = store(&place).await;
        let tx = begin(&store, change()).await;
        let mut next = 1;
        for count in 1..40 {
            tx.insert_many((next..next + count).map(model).map(row).collect()).await.unwrap();
            next += count;
        }
        let sql =
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO \"sample\"%'";
        let statement = Statement::from_string(tx.conn().get_database_backend(), sql);
        let row = tx.conn().query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 1);
    });
}

fn news(numbers: std::ops::Range<u128>) -> Vec<Told> {
    numbers.map(|number| told(Uuid::from_u128(number))).collect()
}

#[test]
fn many_are_told_in_their_order_among_those_told_one_by_one() {
    each(async |place| {
        let store = store(&place).await;
        let heard: Arc<Mutex<Vec<Uuid>>> = Arc::default();
        let hearing = heard.clone();
        store.on_commit(move |_, told| {
            hearing.lock().unwrap().extend(told.iter().flat_map(|told| told.subjects.clone()));
        });
        let mut tx = begin(&store, change()).await;
        tx.tell_many(Vec::new()).await.unwrap();
        for (one, many) in [(1, 2..1_200), (1_200, 1_201..1_203), (1_203, 1_204..1_204)] {
            tx.tell(told(Uuid::from_u128(one)));
            tx.tell_many(news(many)).await.unwrap();
        }
        tx.tell(told(Uuid::from_u128(1_204)));
        tx.commit(Uuid::nil()).await.unwrap();
        store.relay_once().await.unwrap();
        let ids: Vec<Uuid> = events(&store, 0).await.unwrap().iter().map(|row| row.subjects[0]).collect();
        assert_eq!(ids, (1..1_205).map(Uuid::from_u128).collect::<Vec<_>>());
        let alone = [1, 1_200, 1_203, 1_204].map(Uuid::from_u128);
        assert_eq!(*heard.lock().unwrap(), alone);
        assert_eq!(*store.watch().borrow(), 1_204);
    });
}

#[test]
fn nothing_is_told_of_a_change_that_does_not_commit_and_much_of_one_that_tells_nothing_else() {
    each(async |place| {
        let store = store(&place).await;
        let mut tx = begin(&store, change()).await;
        tx.tell_many(news(1..100)).await.unwrap();
        drop(tx);
        let mut tx = begin(&store, change()).await;
        tx.tell_many(news(1..50)).await.unwrap();
        tx.commit(Uuid::nil()).await.unwrap();
        store.relay_once().await.unwrap();
        let rows = events(&store, 0).await.unwrap();
        assert_eq!(rows.len(), 49);
        assert_eq!(rows.last().unwrap().position, 49);
        assert_eq!(store.head().await.unwrap(), 49);
    });
}
