//! What final assessments said of learners. `outcome_key` is the outcome's name without its revision.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ratings")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner: Uuid,
    pub outcome_key: String,
    pub outcome: String,
    pub progression: String,
    pub level: i32,
    pub level_count: i32,
    pub assessment: Uuid,
    pub assess_time: i64,
    pub superseded_by: Option<Uuid>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
