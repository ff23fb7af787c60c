//! Imports of rosters.

use sea_orm::entity::prelude::*;
use trellis_store::Document;

use crate::domain::transfer::FileResult;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "roster_transfers")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub dry_run: bool,
    pub succeeded: bool,
    pub files: Document<Vec<FileResult>>,
    pub error_count: i32,
    pub warning_count: i32,
    pub actor: String,
    pub create_time: i64,
    pub update_time: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
