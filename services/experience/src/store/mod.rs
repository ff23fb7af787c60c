//! Keeping: the only room that knows the database. Every query goes through a district's scope.

pub(crate) mod migrations;
pub(crate) mod promises;
mod queries;
mod row;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use queries::{
    ReflectionFilter, assessments_of, designs, evidence_of, experiences, feedback_on, insert_evidence,
    insert_revision, proposals_of, reflections_of, revision,
};
pub(crate) use row::{Row, after, find, find_many, insert, replace};
