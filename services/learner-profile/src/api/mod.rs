//! The contract's methods: convert, call the use case, convert back.

pub(crate) mod convert;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod goal_outcome;
pub(crate) mod growth;
