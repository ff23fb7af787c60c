//! Timetables.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Failure, Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Keyset, Scope, Tx, failure, instant, page};

use super::{changed, stamps};
use crate::domain::timetable::{Timetable, Window};
use entity::{Column, Entity, Model};

pub(super) mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "timetables")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) calendar: Uuid,
        pub(crate) academic_session: Option<Uuid>,
        pub(crate) title: String,
        pub(crate) request_open_time: Option<i64>,
        pub(crate) request_close_time: Option<i64>,
        pub(crate) published_plan: Option<Uuid>,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
        pub(crate) version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// A timetable and the plan that is published for it.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) timetable: Timetable,
    pub(crate) plan: Uuid,
}

/// Keeps a new timetable.
pub(crate) async fn insert(tx: &Tx, timetable: &Timetable) -> Result<()> {
    let Timetable { id, stamps, calendar, session, title, window } = timetable.clone();
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        calendar: Set(calendar),
        academic_session: Set(session),
        title: Set(title),
        request_open_time: Set(window.open.map(Timestamp::as_microsecond)),
        request_close_time: Set(window.close.map(Timestamp::as_microsecond)),
        published_plan: Set(None),
        create_time: Set(stamps.created.as_microsecond()),
        update_time: Set(stamps.updated.as_microsecond()),
        version: Set(stamps.version),
    })
    .await
}

/// The timetables with these ids; those that do not exist are left out.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Timetable>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The timetable with this id, if it exists.
pub(crate) async fn find<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Timetable>> {
    Ok(some(scope, &[id]).await?.pop())
}

/// The next timetables in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Timetable>> {
    let mut select = scope.find::<Entity>().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of the timetables, the oldest first.
pub(crate) async fn list<S: Scope>(scope: &S, request: &PageRequest) -> Result<Page<Timetable>> {
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let weigh = |row: &Model| 1000 + row.title.len();
    let rows = page(scope, scope.find::<Entity>(), keys, request, "timetables", weigh).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

/// The timetables that have a published plan.
pub(crate) async fn live<S: Scope>(scope: &S) -> Result<Vec<Live>> {
    let select = scope.find::<Entity>().filter(Column::PublishedPlan.is_not_null()).order_by_asc(Column::Id);
    let rows = select.all(scope.conn()).await.map_err(failure)?;
    let live = |row: Model| {
        let plan = row.published_plan?;
        Some(Timetable::try_from(row).map(|timetable| Live { timetable, plan }))
    };
    rows.into_iter().filter_map(live).collect()
}

/// The plan that is published for a timetable, if one is.
pub(crate) async fn published<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Uuid>> {
    let row = scope.find::<Entity>().filter(Column::Id.eq(id)).one(scope.conn()).await.map_err(failure)?;
    Ok(row.and_then(|row| row.published_plan))
}

/// Puts a plan into the place of the one that was published before, if any; refuses when another
/// change did so meanwhile.
pub(crate) async fn publish(tx: &Tx, id: Uuid, before: Option<Uuid>, plan: Uuid) -> Result<()> {
    let unchanged = match before {
        Some(before) => Column::PublishedPlan.eq(before),
        None => Column::PublishedPlan.is_null(),
    };
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::PublishedPlan, Expr::value(plan))
        .filter(Column::Id.eq(id))
        .filter(unchanged)
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    changed(done.rows_affected)
}

fn read(rows: Vec<Model>) -> Result<Vec<Timetable>> {
    rows.into_iter().map(Timetable::try_from).collect()
}

impl TryFrom<Model> for Timetable {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            calendar,
            academic_session,
            title,
            request_open_time,
            request_close_time,
            published_plan: _,
            create_time,
            update_time,
            version,
        } = row;
        Ok(Self {
            id,
            stamps: stamps(create_time, update_time, version)?,
            calendar,
            session: academic_session,
            title,
            window: Window {
                open: request_open_time.map(instant).transpose()?,
                close: request_close_time.map(instant).transpose()?,
            },
        })
    }
}
