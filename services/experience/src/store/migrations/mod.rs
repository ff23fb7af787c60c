//! How the schema came to be, step by step.

mod m0001_tables;

use sea_orm_migration::MigrationTrait;

/// Every step, oldest first.
pub(crate) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_tables::Migration)]
}
