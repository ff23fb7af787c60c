//! Between the contract's messages and the domain, a module per resource.

