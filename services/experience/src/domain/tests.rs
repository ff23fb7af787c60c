//! The rules, by value.
