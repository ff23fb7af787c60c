//! The tables.

pub(crate) mod adoption_organizations;
pub(crate) mod adoptions;
pub(crate) mod associations;
pub(crate) mod case_entries;
pub(crate) mod deprecations;
pub(crate) mod frameworks;
pub(crate) mod outcomes;
pub(crate) mod proficiency_scales;
pub(crate) mod progressions;
pub(crate) mod public_frameworks;
pub(crate) mod rubric_outcomes;
pub(crate) mod rubrics;
pub(crate) mod successions;
pub(crate) mod transfer_changes;
pub(crate) mod transfer_issues;
pub(crate) mod transfers;
