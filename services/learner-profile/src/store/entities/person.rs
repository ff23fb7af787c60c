//! People. The legal name is restricted: no method reads it.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "people")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sourced_id: String,
    pub active: bool,
    pub enabled: bool,
    pub given_name: String,
    pub family_name: String,
    pub legal_given_name: String,
    pub legal_middle_name: String,
    pub legal_family_name: String,
    pub pronouns: String,
    pub grades: Document<Vec<String>>,
    pub identifier: String,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
