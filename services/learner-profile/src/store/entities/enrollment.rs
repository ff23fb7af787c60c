//! Who takes, teaches or attends a class.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "enrollments")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub class_id: Uuid,
    pub organization_id: Uuid,
    pub person_id: Uuid,
    pub role: String,
    pub is_primary: bool,
    pub begin_date: Option<String>,
    pub end_date: Option<String>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
