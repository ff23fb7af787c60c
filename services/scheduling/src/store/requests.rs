//! Requests, and the versions of learners' ranked lists.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Keyset, Scope, Tx, failure, page};

use super::{changed, inserted, narrow, stamps};
use crate::domain::request::{Kind, Request};
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "requests")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) timetable: Uuid,
        pub(crate) learner: Uuid,
        pub(crate) offering: Uuid,
        pub(crate) required: bool,
        pub(crate) rank: i32,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
        pub(crate) version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

mod list_entity {
    //! The versions.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "request_lists")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// The id of the row that holds the version of a learner's list.
fn list_id(timetable: Uuid, learner: Uuid) -> Uuid {
    Uuid::new_v5(&timetable, learner.as_bytes())
}

/// The version of a learner's ranked list; 0 before the first.
pub(crate) async fn version<S: Scope>(scope: &S, timetable: Uuid, learner: Uuid) -> Result<i64> {
    let id = list_entity::Column::Id.eq(list_id(timetable, learner));
    let row = scope.find::<list_entity::Entity>().filter(id).one(scope.conn()).await.map_err(failure)?;
    Ok(row.map_or(0, |row| row.version))
}

/// Counts a learner's list one version up from `before`; refuses when another change did so meanwhile.
pub(crate) async fn count_up(tx: &Tx, timetable: Uuid, learner: Uuid, before: i64) -> Result<i64> {
    use list_entity::{Column, Entity};
    let id = list_id(timetable, learner);
    if before == 0 {
        let row = list_entity::ActiveModel { district: Set(String::new()), id: Set(id), version: Set(1) };
        inserted(tx.insert(row).await)?;
        return Ok(1);
    }
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::Version, Expr::value(before + 1))
        .filter(Column::Id.eq(id))
        .filter(Column::Version.eq(before))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    changed(done.rows_affected)?;
    Ok(before + 1)
}

/// Keeps new requests.
pub(crate) async fn insert(tx: &Tx, requests: &[Request]) -> Result<()> {
    inserted(tx.insert_many(requests.iter().map(row).collect()).await)
}

/// Keeps the new rank of a request.
pub(crate) async fn update(tx: &Tx, request: &Request) -> Result<()> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::Rank, Expr::value(i32::from(request.kind.rank())))
        .col_expr(Column::UpdateTime, Expr::value(request.stamps.updated.as_microsecond()))
        .col_expr(Column::Version, Expr::value(request.stamps.version))
        .filter(Column::Id.eq(request.id))
        .filter(Column::Version.eq(request.stamps.version - 1))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    changed(done.rows_affected)
}

/// Deletes requests.
pub(crate) async fn delete(tx: &Tx, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let delete = tx.delete_many::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    delete.exec(tx.conn()).await.map_err(failure)?;
    Ok(())
}

/// The ranked requests of a learner.
pub(crate) async fn ranked<S: Scope>(scope: &S, timetable: Uuid, learner: Uuid) -> Result<Vec<Request>> {
    let select = scope
        .find::<Entity>()
        .filter(Column::Timetable.eq(timetable))
        .filter(Column::Learner.eq(learner))
        .filter(Column::Required.eq(false))
        .order_by_asc(Column::Rank);
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// That an offering is required for a learner, if it is.
pub(crate) async fn required<S: Scope>(scope: &S, offering: Uuid, learner: Uuid) -> Result<Option<Request>> {
    let row = scope
        .find::<Entity>()
        .filter(Column::Offering.eq(offering))
        .filter(Column::Learner.eq(learner))
        .filter(Column::Required.eq(true))
        .one(scope.conn())
        .await
        .map_err(failure)?;
    row.map(Request::try_from).transpose()
}

/// How many requests a timetable has.
pub(crate) async fn count<S: Scope>(scope: &S, timetable: Uuid) -> Result<u64> {
    scope.find::<Entity>().filter(Column::Timetable.eq(timetable)).count(scope.conn()).await.map_err(failure)
}

/// Every request of a timetable.
pub(crate) async fn of_timetable<S: Scope>(scope: &S, timetable: Uuid) -> Result<Vec<Request>> {
    let select = scope.find::<Entity>().filter(Column::Timetable.eq(timetable));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The requests with these ids; those that do not exist are left out.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Request>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The next requests in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Request>> {
    let mut select = scope.find::<Entity>().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of a learner's requests: what is required, then the ranked list.
pub(crate) async fn list<S: Scope>(
    scope: &S,
    timetable: Uuid,
    learner: Uuid,
    request: &PageRequest,
) -> Result<Page<Request>> {
    let select =
        scope.find::<Entity>().filter(Column::Timetable.eq(timetable)).filter(Column::Learner.eq(learner));
    let keys = Keyset::by(Column::Rank).then(Column::Id);
    let context = format!("requests {timetable} {learner}");
    let rows = page(scope, select, keys, request, &context, |_: &Model| 1000).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

fn row(request: &Request) -> entity::ActiveModel {
    let Request { id, stamps, timetable, learner, offering, kind } = *request;
    entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        timetable: Set(timetable),
        learner: Set(learner),
        offering: Set(offering),
        required: Set(kind == Kind::Required),
        rank: Set(i32::from(kind.rank())),
        create_time: Set(stamps.created.as_microsecond()),
        update_time: Set(stamps.updated.as_microsecond()),
        version: Set(stamps.version),
    }
}

fn read(rows: Vec<Model>) -> Result<Vec<Request>> {
    rows.into_iter().map(Request::try_from).collect()
}

impl TryFrom<Model> for Request {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            timetable,
            learner,
            offering,
            required: _,
            rank,
            create_time,
            update_time,
            version,
        } = row;
        let stamps = stamps(create_time, update_time, version)?;
        Ok(Self { id, stamps, timetable, learner, offering, kind: Kind::from_rank(narrow(rank)?) })
    }
}
