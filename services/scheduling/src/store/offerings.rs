//! Offerings.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Document, Keyset, Scope, Tx, failure, page};

use super::{changed, civil, narrow, stamps, wide};
use crate::domain::offering::{Offering, Particulars};
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    use crate::domain::offering::Text;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "offerings")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) timetable: Uuid,
        pub(crate) experience: Uuid,
        pub(crate) title: Document<Vec<Text>>,
        pub(crate) start_date: String,
        pub(crate) end_date: String,
        pub(crate) capacity: i32,
        pub(crate) blocks: Document<Vec<String>>,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
        pub(crate) version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// Keeps a new offering.
pub(crate) async fn insert(tx: &Tx, offering: &Offering) -> Result<()> {
    let Offering { id, stamps, timetable, experience, particulars, capacity, blocks } = offering.clone();
    let Particulars { title, first, last } = particulars;
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        timetable: Set(timetable),
        experience: Set(experience),
        title: Set(Document(title)),
        start_date: Set(first.to_string()),
        end_date: Set(last.to_string()),
        capacity: Set(wide(capacity)?),
        blocks: Set(Document(blocks)),
        create_time: Set(stamps.created.as_microsecond()),
        update_time: Set(stamps.updated.as_microsecond()),
        version: Set(stamps.version),
    })
    .await
}

/// Keeps what is now known of the experience, in a new version of the offering.
pub(crate) async fn renew(tx: &Tx, offering: &Offering) -> Result<()> {
    let Offering { id, stamps, particulars, .. } = offering;
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::Title, Expr::value(Document(particulars.title.clone())))
        .col_expr(Column::StartDate, Expr::value(particulars.first.to_string()))
        .col_expr(Column::EndDate, Expr::value(particulars.last.to_string()))
        .col_expr(Column::UpdateTime, Expr::value(stamps.updated.as_microsecond()))
        .col_expr(Column::Version, Expr::value(stamps.version))
        .filter(Column::Id.eq(*id))
        .filter(Column::Version.eq(stamps.version - 1))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    changed(done.rows_affected)
}

/// The offerings with these ids; those that do not exist are left out.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Offering>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The offering of a timetable with this id, if it exists.
pub(crate) async fn find<S: Scope>(scope: &S, timetable: Uuid, id: Uuid) -> Result<Option<Offering>> {
    let offerings = some(scope, &[id]).await?;
    Ok(offerings.into_iter().find(|offering| offering.timetable == timetable))
}

/// Every offering of a timetable, in the order of their ids.
pub(crate) async fn of_timetable<S: Scope>(scope: &S, timetable: Uuid) -> Result<Vec<Offering>> {
    let select = scope.find::<Entity>().filter(Column::Timetable.eq(timetable)).order_by_asc(Column::Id);
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// How many offerings a timetable has.
pub(crate) async fn count<S: Scope>(scope: &S, timetable: Uuid) -> Result<u64> {
    scope.find::<Entity>().filter(Column::Timetable.eq(timetable)).count(scope.conn()).await.map_err(failure)
}

/// The next offerings in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Offering>> {
    let mut select = scope.find::<Entity>().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of the offerings of a timetable, the oldest first.
pub(crate) async fn list<S: Scope>(
    scope: &S,
    timetable: Uuid,
    request: &PageRequest,
) -> Result<Page<Offering>> {
    let select = scope.find::<Entity>().filter(Column::Timetable.eq(timetable));
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let weigh = |row: &Model| {
        let texts =
            row.title.0.iter().map(|title| title.text.len()).chain(row.blocks.0.iter().map(String::len));
        1000 + texts.sum::<usize>()
    };
    let rows = page(scope, select, keys, request, &format!("offerings {timetable}"), weigh).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

fn read(rows: Vec<Model>) -> Result<Vec<Offering>> {
    rows.into_iter().map(Offering::try_from).collect()
}

impl TryFrom<Model> for Offering {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            timetable,
            experience,
            title,
            start_date,
            end_date,
            capacity,
            blocks,
            create_time,
            update_time,
            version,
        } = row;
        Ok(Self {
            id,
            stamps: stamps(create_time, update_time, version)?,
            timetable,
            experience,
            particulars: Particulars { title: title.0, first: civil(&start_date)?, last: civil(&end_date)? },
            capacity: narrow(capacity)?,
            blocks: blocks.0,
        })
    }
}
