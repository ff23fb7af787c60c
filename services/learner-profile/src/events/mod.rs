//! What this service tells, and what it follows.

pub(crate) mod agreement;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod growth;
pub(crate) mod growth_assessed;
pub(crate) mod roster;
pub(crate) mod token;
