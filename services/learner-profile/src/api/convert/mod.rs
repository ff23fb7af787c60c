//! Between the contract's messages and the domain, a module per resource.


pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod growth;
