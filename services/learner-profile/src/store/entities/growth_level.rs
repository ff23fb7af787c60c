//! Learners' levels: one for each learner, outcome (`outcome_key`, without a revision) and rule.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "levels")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner: Uuid,
    pub outcome_key: String,
    pub outcome: String,
    pub rule: Uuid,
    pub rule_revision: i32,
    pub progression: String,
    pub value: f64,
    pub level_count: i32,
    pub rating_count: i32,
    pub latest_assess_time: i64,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
