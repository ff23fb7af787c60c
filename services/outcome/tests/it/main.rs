//! The outcome service through its contract, on both databases.

mod access;
mod adoption_rules;
mod adoptions;
mod associations;
mod changes;
mod crosswalks;
mod edited_here;
mod editing;
mod exports;
mod frameworks;
mod from_uri;
mod graph;
mod hostile;
mod outcomes;
mod proficiency_scales;
mod progressions;
mod provider;
mod revisions;
mod rubrics;
mod search;
mod spreadsheets;
mod superseded;
mod support;
mod templates;
mod transfers;
