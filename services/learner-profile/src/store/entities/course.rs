//! Courses.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "courses")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    pub code: String,
    pub organization_id: Uuid,
    pub school_year_id: Option<Uuid>,
    pub grades: Document<Vec<String>>,
    pub subjects: Document<Vec<String>>,
    pub subject_codes: Document<Vec<String>>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
