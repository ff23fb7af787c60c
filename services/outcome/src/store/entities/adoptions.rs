//! Adoptions: which revision of a framework is used, by whom and when.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "adoptions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i64,
    /// The district of the framework: this one, or the commons.
    pub framework_district: String,
    pub framework: Uuid,
    pub framework_revision: i32,
    /// Whether it is for the whole district; else for the organizations of `adoption_organizations`.
    pub district_wide: bool,
    pub start_date: String,
    pub end_date: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    pub create_time: i64,
    pub update_time: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
