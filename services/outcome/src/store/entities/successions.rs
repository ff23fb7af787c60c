//! Successions: which outcome replaces which, by the associations of published frameworks.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "successions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district: String,
    /// The framework whose association says so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub framework: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub association: Uuid,
    pub origin_framework: Uuid,
    pub origin: Uuid,
    /// The district of what replaces it: this one, or the commons.
    pub destination_district: String,
    pub destination_framework: Uuid,
    pub destination: Uuid,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

trellis_store::scoped!(self);
