//! Assessments.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use trellis_kernel::{Result, Timestamp};
use trellis_store::instant;

use crate::domain::assessment::{Assessment, Judgement, State};
use crate::domain::voice::Voice;
use crate::store::row::{Row, Versioned, pack_json, unpack_json, weight};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "assessments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) learner: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) evidence: Json,
    pub(crate) voice: String,
    pub(crate) assessor: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub(crate) criteria: Json,
    pub(crate) comment: String,
    pub(crate) supersedes: Option<Uuid>,
    pub(crate) superseded_by: Option<Uuid>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub(crate) response: Option<Json>,
    pub(crate) state: String,
    pub(crate) finalize_time: Option<i64>,
    pub(crate) create_time: i64,
    pub(crate) update_time: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);

impl Row for Assessment {
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
            learner: Set(self.judgement.learner),
            evidence: Set(pack_json(&self.judgement.evidence)?),
            voice: Set(self.judgement.voice.word().to_owned()),
            assessor: Set(self.judgement.assessor),
            criteria: Set(pack_json(&self.judgement.criteria)?),
            comment: Set(self.judgement.comment.clone()),
            supersedes: Set(self.judgement.supersedes),
            superseded_by: Set(self.superseded_by),
            response: Set(self.response.as_ref().map(pack_json).transpose()?),
            state: Set(self.state.word().to_owned()),
            finalize_time: Set(self.finalize_time.map(Timestamp::as_microsecond)),
            create_time: Set(self.create_time.as_microsecond()),
            update_time: Set(self.update_time.as_microsecond()),
            version: Set(self.version),
        })
    }

    fn unpack(row: Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            judgement: Judgement {
                learner: row.learner,
                evidence: unpack_json(row.evidence)?,
                voice: Voice::of_word(&row.voice)?,
                assessor: row.assessor,
                criteria: unpack_json(row.criteria)?,
                comment: row.comment,
                supersedes: row.supersedes,
            },
            state: State::of_word(&row.state)?,
            response: row.response.map(unpack_json).transpose()?,
            finalize_time: row.finalize_time.map(instant).transpose()?,
            superseded_by: row.superseded_by,
            create_time: instant(row.create_time)?,
            update_time: instant(row.update_time)?,
            version: row.version,
        })
    }
}

impl Versioned for Assessment {
    const VERSION: Column = Column::Version;
}

/// What a row weighs in a page.
pub(crate) fn weigh(row: &Model) -> usize {
    200 + row.comment.len()
        + 2 * weight(&row.evidence)
        + weight(&row.criteria)
        + row.response.as_ref().map_or(0, weight)
}
