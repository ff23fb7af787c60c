//! Experiences.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::{Failure, Result};
use trellis_store::instant;

use crate::domain::design::Kind;
use crate::domain::experience::{Experience, State, Terms};
use crate::store::row::{Row, Versioned, pack_count, pack_json, unpack_count, unpack_json, weight};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "experiences")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) design: Uuid,
    pub(crate) revision: i32,
    pub(crate) kind: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) title: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) outcomes: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) facilitators: Json,
    pub(crate) organization: Option<Uuid>,
    pub(crate) start_date: String,
    pub(crate) end_date: String,
    pub(crate) capacity: i32,
    pub(crate) state: String,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Experience {
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
            design: Set(self.design),
            revision: Set(pack_count(self.revision)?),
            kind: Set(self.kind.word().to_owned()),
            title: Set(pack_json(&self.title)?),
            outcomes: Set(pack_json(&self.outcomes)?),
            facilitators: Set(pack_json(&self.terms.facilitators)?),
            organization: Set(self.terms.organization),
            start_date: Set(self.terms.start_date.to_string()),
            end_date: Set(self.terms.end_date.to_string()),
            capacity: Set(pack_count(self.terms.capacity)?),
            state: Set(self.state.word().to_owned()),
            create_time: Set(self.create_time.as_microsecond()),
            update_time: Set(self.update_time.as_microsecond()),
            version: Set(self.version),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            design: row.design,
            revision: unpack_count(row.revision)?,
            kind: Kind::of_word(&row.kind)?,
            title: unpack_json(row.title)?,
            outcomes: unpack_json(row.outcomes)?,
            terms: Terms {
                facilitators: unpack_json(row.facilitators)?,
                organization: row.organization,
                start_date: row.start_date.parse().map_err(Failure::internal)?,
                end_date: row.end_date.parse().map_err(Failure::internal)?,
                capacity: unpack_count(row.capacity)?,
            },
            state: State::of_word(&row.state)?,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
            version: row.version,
        })
    }
}

impl Versioned for Experience {
    const VERSION: Column = Column::Version;
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + weight(&row.title) + weight(&row.outcomes) + 2 * weight(&row.facilitators)
}
