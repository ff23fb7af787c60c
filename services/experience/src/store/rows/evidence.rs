//! Evidence.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::{Result, Timestamp};
use trellis_store::instant;

use crate::domain::evidence::{Evidence, State, Work};
use crate::store::row::{Row, Versioned, pack_json, unpack_json, weight};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "evidence")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) learner: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) contributors: Json,
    pub(crate) experience: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) outcomes: Json,
    pub(crate) title: String,
    pub(crate) text: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) artifacts: Json,
    pub(crate) state: String,
    pub(crate) submit_time: Option<i64>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Evidence {
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
            learner: Set(self.work.learner),
            contributors: Set(pack_json(&self.work.contributors())?),
            experience: Set(self.work.experience),
            outcomes: Set(pack_json(&self.work.outcomes)?),
            title: Set(self.work.title.clone()),
            text: Set(self.work.text.clone()),
            artifacts: Set(pack_json(&self.work.artifacts)?),
            state: Set(self.state.word().to_owned()),
            submit_time: Set(self.submit_time.map(Timestamp::as_microsecond)),
            create_time: Set(self.create_time.as_microsecond()),
            update_time: Set(self.update_time.as_microsecond()),
            version: Set(self.version),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        let mut work = Work::new(row.learner, unpack_json(row.contributors)?, row.title);
        work.experience = row.experience;
        work.outcomes = unpack_json(row.outcomes)?;
        work.text = row.text;
        work.artifacts = unpack_json(row.artifacts)?;
        Ok(Self {
            id: row.id,
            work,
            state: State::of_word(&row.state)?,
            submit_time: row.submit_time.map(instant).transpose()?,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
            version: row.version,
        })
    }
}

impl Versioned for Evidence {
    const VERSION: Column = Column::Version;
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + row.title.len()
        + row.text.len()
        + weight(&row.outcomes)
        + weight(&row.artifacts)
        + 2 * weight(&row.contributors)
}
