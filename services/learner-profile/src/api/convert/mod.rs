//! Between the contract's messages and the domain, a module per resource.

pub(crate) mod agreement;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod growth;
pub(crate) mod roster;
pub(crate) mod roster_transfer;
