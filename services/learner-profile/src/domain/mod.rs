//! Pure rules and values: no I/O, no clock, no contract, no SQL.

pub(crate) mod access;
pub(crate) mod agreement;
pub(crate) mod entry;
pub(crate) mod entry_keys;
pub(crate) mod entry_words;
pub(crate) mod goal;
pub(crate) mod growth;
pub(crate) mod growth_rule;
pub(crate) mod issue;
pub(crate) mod merge;
pub(crate) mod meta;
pub(crate) mod roster;
pub(crate) mod token;
pub(crate) mod transfer;
