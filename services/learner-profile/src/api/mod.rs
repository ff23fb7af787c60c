//! The contract's methods: convert, call the use case, convert back.

pub(crate) mod convert;
