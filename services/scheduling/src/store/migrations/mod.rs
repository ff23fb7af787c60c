//! The tables, in the order in which they came to be.

mod m0001_scheduling;
mod m0002_solves;

use sea_orm_migration::MigrationTrait;

/// Every migration of this service; a new one goes to the end.
pub(crate) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(m0001_scheduling::Migration), Box::new(m0002_solves::Migration)]
}
