//! What applications may reach.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

use crate::domain::access::Class;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agreements")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub application_id: Uuid,
    pub basis: String,
    pub data_classes: Document<Vec<Class>>,
    pub organizations: Document<Vec<Uuid>>,
    pub purpose: String,
    pub start_time: i64,
    pub expire_time: i64,
    pub revoke_time: Option<i64>,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
