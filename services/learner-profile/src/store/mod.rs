//! What is kept: entities, queries and migrations. The only room that names `sea_orm`.

pub(crate) mod entities;
pub(crate) mod migrations;
