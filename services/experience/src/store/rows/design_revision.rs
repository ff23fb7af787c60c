//! Published revisions of designs, which never change.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::Result;
use trellis_store::instant;

use crate::domain::design::{Published, Revision};
use crate::store::row::{pack_count, pack_json, unpack_count, unpack_json};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "design_revisions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) design: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) revision: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) plan: Json,
    pub(crate) publish_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

/// The row of a revision.
pub(crate) fn pack(revision: &Revision) -> Result<ActiveModel> {
    Ok(ActiveModel {
        district: NotSet,
        design: Set(revision.design),
        revision: Set(pack_count(revision.published.revision)?),
        plan: Set(pack_json(&revision.plan)?),
        publish_time: Set(revision.published.time.as_microsecond()),
        version: Set(revision.published.version),
    })
}

/// The revision of a row.
pub(crate) fn unpack(row: Model) -> Result<Revision> {
    Ok(Revision {
        design: row.design,
        published: Published {
            revision: unpack_count(row.revision)?,
            version: row.version,
            time: instant(row.publish_time)?,
        },
        plan: unpack_json(row.plan)?,
    })
}
