//! The final assessments that were told of: each takes effect once, and corrects the one it supersedes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "growth_assessments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner: Uuid,
    pub supersedes: Option<Uuid>,
    pub create_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
