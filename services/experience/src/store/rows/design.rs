//! Designs as they are edited.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::Result;
use trellis_store::instant;

use crate::domain::design::{Design, Published};
use crate::store::row::{Row, Versioned, pack_count, pack_json, unpack_count, unpack_json, weight};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "designs")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) plan: Json,
    pub(crate) published_revision: Option<i32>,
    pub(crate) published_version: Option<i64>,
    pub(crate) publish_time: Option<i64>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Design {
    type Entity = Entity;
    type Active = ActiveModel;

    const ID: Column = Column::Id;

    fn id(&self) -> Uuid {
        self.id
    }

    fn pack(&self) -> Result<ActiveModel> {
        Ok(ActiveModel {
            district: NotSet,
            id: Set(self.id),
            plan: Set(pack_json(&self.plan)?),
            published_revision: Set(self.published.map(|p| pack_count(p.revision)).transpose()?),
            published_version: Set(self.published.map(|p| p.version)),
            publish_time: Set(self.published.map(|p| p.time.as_microsecond())),
            create_time: Set(self.create_time.as_microsecond()),
            update_time: Set(self.update_time.as_microsecond()),
            version: Set(self.version),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            published: match (row.published_revision, row.published_version, row.publish_time) {
                (Some(revision), Some(version), Some(time)) => {
                    Some(Published { revision: unpack_count(revision)?, version, time: instant(time)? })
                }
                _ => None,
            },
            plan: unpack_json(row.plan)?,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
            version: row.version,
        })
    }
}

impl Versioned for Design {
    const VERSION: Column = Column::Version;
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + weight(&row.plan)
}
