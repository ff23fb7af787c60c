//! Proposals.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::Result;
use trellis_store::instant;

use crate::domain::proposal::{Idea, Proposal, State};
use crate::store::row::{Row, Versioned, pack_json, unpack_json, weight};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "proposals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) learner: Uuid,
    pub(crate) title: String,
    pub(crate) driving_question: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) outcomes: Json,
    pub(crate) why: String,
    pub(crate) state: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub(crate) decision: Option<Json>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Proposal {
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
            learner: Set(self.idea.learner),
            title: Set(self.idea.title.clone()),
            driving_question: Set(self.idea.driving_question.clone()),
            outcomes: Set(pack_json(&self.idea.outcomes)?),
            why: Set(self.idea.why.clone()),
            state: Set(self.state.word().to_owned()),
            decision: Set(self.decision.as_ref().map(pack_json).transpose()?),
            create_time: Set(self.create_time.as_microsecond()),
            update_time: Set(self.update_time.as_microsecond()),
            version: Set(self.version),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            idea: Idea {
                learner: row.learner,
                title: row.title,
                driving_question: row.driving_question,
                outcomes: unpack_json(row.outcomes)?,
                why: row.why,
            },
            state: State::of_word(&row.state)?,
            decision: row.decision.map(unpack_json).transpose()?,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
            version: row.version,
        })
    }
}

impl Versioned for Proposal {
    const VERSION: Column = Column::Version;
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + row.title.len()
        + row.driving_question.len()
        + row.why.len()
        + weight(&row.outcomes)
        + row.decision.as_ref().map_or(0, weight)
}
