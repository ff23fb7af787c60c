//! Learners' goals.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

use crate::domain::entry_words::Words;
use crate::domain::goal::Milestone;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "goals")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner: Uuid,
    pub outcome: String,
    pub why: Document<Words>,
    pub milestones: Document<Vec<Milestone>>,
    pub target_date: Option<String>,
    pub proposed_by: Uuid,
    pub proposer_voice: String,
    pub decided_by: Option<Uuid>,
    pub decide_time: Option<i64>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
