//! The tables, in the order in which they came to be.

mod columns;
mod m0001_roster;
mod m0002_agreements;
mod m0010_learner;
mod m0011_revoked_tokens;

use sea_orm_migration::MigrationTrait;

/// Every migration of this service; a new one goes to the end.
pub(crate) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_roster::Migration),
        Box::new(m0002_agreements::Migration),
        Box::new(m0010_learner::Migration),
        Box::new(m0011_revoked_tokens::Migration),
    ]
}
