//! The demonstration district: data, and the seeding that brings it to life.

pub mod roster;

/// The Math Content Specification as a CASE package.
pub const MATH: &[u8] = include_bytes!("../../demo/mockMATH.json");
