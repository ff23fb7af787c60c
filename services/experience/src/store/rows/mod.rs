//! The tables: a module for each, with its row and what becomes of it.

pub(crate) mod assessment;
pub(crate) mod design;
pub(crate) mod design_revision;
pub(crate) mod evidence;
pub(crate) mod evidence_contributor;
pub(crate) mod experience;
pub(crate) mod feedback;
pub(crate) mod proposal;
pub(crate) mod reflection;
