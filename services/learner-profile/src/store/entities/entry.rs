//! What is said of learners; a deleted entry leaves no row.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

use crate::domain::entry_words::Words;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "entries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub learner: Uuid,
    pub facet: String,
    pub other_facet: String,
    pub text: Document<Words>,
    pub author: Uuid,
    pub voice: String,
    pub audience: String,
    pub learner_read_time: Option<i64>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
