//! Classes, each with the first and last day of its sessions.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "classes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub title: String,
    pub code: String,
    pub kind: String,
    pub course_id: Uuid,
    pub organization_id: Uuid,
    pub sessions: Document<Vec<Uuid>>,
    pub first_date: Option<String>,
    pub last_date: Option<String>,
    pub location: String,
    pub periods: Document<Vec<String>>,
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
