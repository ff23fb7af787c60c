//! Feedback on evidence.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::Result;
use trellis_store::instant;

use crate::domain::evidence::Feedback;
use crate::domain::voice::Voice;
use crate::store::row::Row;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "feedback")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) evidence: Uuid,
    pub(crate) text: String,
    pub(crate) voice: String,
    pub(crate) author: Uuid,
    pub(crate) create_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Feedback {
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
            evidence: Set(self.evidence),
            text: Set(self.text.clone()),
            voice: Set(self.voice.word().to_owned()),
            author: Set(self.author),
            create_time: Set(self.create_time.as_microsecond()),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            evidence: row.evidence,
            text: row.text,
            voice: Voice::of_word(&row.voice)?,
            author: row.author,
            create_time: instant(row.create_time)?,
        })
    }
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + row.text.len()
}
