//! What is kept: entities, queries and migrations. The only room that names `sea_orm`.

pub(crate) mod agreements;
mod columns;
pub(crate) mod entities;
pub(crate) mod entry;
pub(crate) mod entry_columns;
pub(crate) mod goal;
pub(crate) mod growth_assessments;
pub(crate) mod growth_levels;
pub(crate) mod growth_ratings;
pub(crate) mod growth_rules;
pub(crate) mod import;
pub(crate) mod migrations;
pub(crate) mod promises;
pub(crate) mod records;
pub(crate) mod roster;
pub(crate) mod roster_lists;
pub(crate) mod standing;
pub(crate) mod tokens;
pub(crate) mod transfers;
