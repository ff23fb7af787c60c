//! The schema, in the order in which it grew.

mod m0001_outcome;
mod m0003_versions;
mod m0005_scales;
mod m0006_imports;
mod m0007_rubrics;
mod m0008_adoptions;
mod m0009_public_frameworks;
mod m0010_runs;
mod m0011_event_types;

use sea_orm_migration::MigrationTrait;

/// Every migration.
pub(crate) fn all() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_outcome::Migration),
        Box::new(m0003_versions::Migration),
        Box::new(m0005_scales::Migration),
        Box::new(m0006_imports::Migration),
        Box::new(m0007_rubrics::Migration),
        Box::new(m0008_adoptions::Migration),
        Box::new(m0009_public_frameworks::Migration),
        Box::new(m0010_runs::Migration),
        Box::new(m0011_event_types::Migration),
    ]
}
