//! The use cases, a file for each group: decide, write in one transaction, tell what happened.

pub(crate) mod access;
pub(crate) mod agreement;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod growth;
pub(crate) mod growth_record;
pub(crate) mod growth_rules;
pub(crate) mod roster;
pub(crate) mod roster_import;
pub(crate) mod token;
