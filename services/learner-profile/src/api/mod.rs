//! The contract's methods: convert, call the use case, convert back.

pub(crate) mod access;
pub(crate) mod application;
pub(crate) mod changes;
pub(crate) mod convert;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod goal_outcome;
pub(crate) mod growth;
pub(crate) mod learner_changes;
pub(crate) mod roster;
pub(crate) mod roster_changes;
pub(crate) mod roster_transfer;
pub(crate) mod token;
