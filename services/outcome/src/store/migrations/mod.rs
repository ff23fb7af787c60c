//! The schema, in the order in which it grew.

mod m0001_outcome;

use sea_orm_migration::MigrationTrait;

/// Every migration.
pub(crate) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_outcome::Migration)]
}
