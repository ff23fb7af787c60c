//! What imports changed, or would change.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer_changes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub framework: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub transfer: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub action: String,
    pub section: String,
    pub entry: Uuid,
    #[sea_orm(column_type = "Text")]
    pub fields: String,
    /// The entries that come behind this one, to which the same was done and of which no fields are told.
    #[sea_orm(column_type = "Text")]
    pub more: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
