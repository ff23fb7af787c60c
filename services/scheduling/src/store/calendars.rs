//! Calendars.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use trellis_kernel::{Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Document, Keyset, Scope, Tx, failure, page};

use super::{civil, stamps};
use crate::domain::calendar::{Calendar, Term, Zone};
use entity::{Column, Entity, Model};

mod entity {
    //! The rows.

    use sea_orm::entity::prelude::*;
    use trellis_store::Document;

    use crate::domain::calendar::{Block, Exception};

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendars")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) district: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization: Uuid,
        pub(crate) title: String,
        pub(crate) time_zone: String,
        pub(crate) first_date: String,
        pub(crate) last_date: String,
        pub(crate) blocks: Document<Vec<Block>>,
        pub(crate) exceptions: Document<Vec<Exception>>,
        pub(crate) create_time: i64,
        pub(crate) update_time: i64,
        pub(crate) version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    trellis_store::scoped!(self);
}

/// Keeps a new calendar.
pub(crate) async fn insert(tx: &Tx, calendar: &Calendar) -> Result<()> {
    let Calendar { id, stamps, organization, title, term } = calendar.clone();
    let Term { zone, first, last, blocks, exceptions } = term;
    tx.insert(entity::ActiveModel {
        district: Set(String::new()),
        id: Set(id),
        organization: Set(organization),
        title: Set(title),
        time_zone: Set(zone.name().to_owned()),
        first_date: Set(first.to_string()),
        last_date: Set(last.to_string()),
        blocks: Set(Document(blocks)),
        exceptions: Set(Document(exceptions)),
        create_time: Set(stamps.created.as_microsecond()),
        update_time: Set(stamps.updated.as_microsecond()),
        version: Set(stamps.version),
    })
    .await
}

/// The calendars with these ids; those that do not exist are left out.
pub(crate) async fn some<S: Scope>(scope: &S, ids: &[Uuid]) -> Result<Vec<Calendar>> {
    let select = scope.find::<Entity>().filter(Column::Id.is_in(ids.iter().copied()));
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// The calendar with this id, if it exists.
pub(crate) async fn find<S: Scope>(scope: &S, id: Uuid) -> Result<Option<Calendar>> {
    Ok(some(scope, &[id]).await?.pop())
}

/// The calendar that a row of ours refers to.
pub(crate) async fn referred<S: Scope>(scope: &S, id: Uuid) -> Result<Calendar> {
    find(scope, id).await?.ok_or_else(|| Failure::internal("a timetable's calendar is not there"))
}

/// The next calendars in the order of their ids.
pub(crate) async fn batch<S: Scope>(scope: &S, after: Option<Uuid>, limit: u64) -> Result<Vec<Calendar>> {
    let mut select = scope.find::<Entity>().order_by_asc(Column::Id).limit(limit);
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after));
    }
    read(select.all(scope.conn()).await.map_err(failure)?)
}

/// A page of the calendars, the oldest first.
pub(crate) async fn list<S: Scope>(scope: &S, request: &PageRequest) -> Result<Page<Calendar>> {
    let keys = Keyset::by(Column::CreateTime).then(Column::Id);
    let weigh = |row: &Model| {
        // A block and a day without school are a few times and numbers beside their titles.
        let blocks = row.blocks.0.iter().map(|block| 200 + block.id.len() + block.title.len());
        let exceptions = row.exceptions.0.iter().map(|day| 100 + day.title.len());
        1000 + row.title.len() + blocks.chain(exceptions).sum::<usize>()
    };
    let rows = page(scope, scope.find::<Entity>(), keys, request, "calendars", weigh).await?;
    Ok(Page { items: read(rows.items)?, next: rows.next })
}

fn read(rows: Vec<Model>) -> Result<Vec<Calendar>> {
    rows.into_iter().map(Calendar::try_from).collect()
}

impl TryFrom<Model> for Calendar {
    type Error = Failure;

    fn try_from(row: Model) -> Result<Self> {
        let Model {
            district: _,
            id,
            organization,
            title,
            time_zone,
            first_date,
            last_date,
            blocks,
            exceptions,
            create_time,
            update_time,
            version,
        } = row;
        let term = Term {
            zone: Zone::parse(&time_zone).map_err(Failure::internal)?,
            first: civil(&first_date)?,
            last: civil(&last_date)?,
            blocks: blocks.0,
            exceptions: exceptions.0,
        };
        Ok(Self { id, stamps: stamps(create_time, update_time, version)?, organization, title, term })
    }
}
