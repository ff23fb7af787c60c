//! Solves.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use trellis_kernel::{JobState, Page, PageRequest, Result, Timestamp, Uuid};
use trellis_store::{Document, Keyset, Scope, Tx, failure, instant, page};

use crate::domain::solve::{Order, Solve};
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    use crate::domain::solve::Solve;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "solves")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) timetable: Uuid,
        pub(crate) running: bool,
        pub(crate) told: String,
        pub(crate) content: Document<Solve>,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// A solve, and when it last said that it lives.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) solve: Solve,
    pub(crate) heard: Timestamp,
}

const FINISH: &str = "finish";
const CANCEL: &str = "cancel";

/// Keeps a new solve.
pub(crate) async fn insert(tx: &Tx, solve: &Solve) -> Result<()> {
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(solve.id),
        timetable: Set(solve.timetable),
        running: Set(solve.state == JobState::Running),
        told: Set(String::new()),
        content: Set(Document(solve.clone())),
        create_time: Set(solve.begun.as_microsecond()),
        update_time: Set(tx.machine_time().as_microsecond()),
    })
    .await
}

/// Keeps how far a solve has come, or how it ended; says whether it had not ended before.
pub(crate) async fn update(tx: &Tx, solve: &Solve) -> Result<bool> {
    let done = tx
        .update_many::<Entity>()
        .col_expr(Column::Content, Expr::value(Document(solve.clone())))
        .col_expr(Column::Running, Expr::value(solve.state == JobState::Running))
        .col_expr(Column::UpdateTime, Expr::value(tx.machine_time().as_microsecond()))
        .filter(Column::Id.eq(solve.id))
        .filter(Column::Running.eq(true))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(done.rows_affected == 1)
}

/// Tells a solve that runs what to do. That it is to end with nothing is not taken back.
pub(crate) async fn tell(tx: &Tx, id: Uuid, order: Order) -> Result<()> {
    let word = match order {
        Order::Finish => FINISH,
        Order::Cancel => CANCEL,
    };
    tx.update_many::<Entity>()
        .col_expr(Column::Told, Expr::value(word))
        .filter(Column::Id.eq(id))
        .filter(Column::Running.eq(true))
        .filter(Column::Told.ne(CANCEL))
        .exec(tx.conn())
        .await
        .map_err(failure)?;
    Ok(())
}

/// What a solve is told to do.
pub(crate) async fn order<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Order>> {
    let row = scope.find::<Entity>().filter(Column::Id.eq(id)).one(scope.conn()).await.map_err(failure)?;
    Ok(row.and_then(|row| match row.told.as_str() {
        FINISH => Some(Order::Finish),
        CANCEL => Some(Order::Cancel),
        _ => None,
    }))
}

/// The solve of a timetable with this id, if it exists.
pub(crate) async fn find<S: Scope>(scope: &S, timetable: Uuid, id: Uuid) -> Result<Option<Kept>> {
    let select = scope.find::<Entity>().filter(Column::Id.eq(id)).filter(Column::Timetable.eq(timetable));
    select.one(scope.conn()).await.map_err(failure)?.map(kept).transpose()
}

/// A page of the solves of a timetable, the newest first.
pub(crate) async fn list<S: Scope>(scope: &S, timetable: Uuid, request: &PageRequest) -> Result<Page<Kept>> {
    let select = scope.find::<Entity>().filter(Column::Timetable.eq(timetable));
    let keys = Keyset::by_desc(Column::CreateTime).then_desc(Column::Id);
    let rows = page(scope, select, keys, request, &format!("solves {timetable}"), |_: &Model| 3000).await?;
    Ok(Page { items: rows.items.into_iter().map(kept).collect::<Result<_>>()?, next: rows.next })
}

fn kept(row: Model) -> Result<Kept> {
    Ok(Kept { heard: instant(row.update_time)?, solve: row.content.0 })
}
