//! The growth rules of a district.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

use crate::domain::entry_words::Words;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "growth_rules")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub title: Document<Words>,
    pub method: String,
    pub last_count: i32,
    pub next_weight: f64,
    pub create_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
