//! One module per table.

pub(crate) mod academic_session;
pub(crate) mod agreement;
pub(crate) mod application;
pub(crate) mod class;
pub(crate) mod course;
pub(crate) mod demographics;
pub(crate) mod enrollment;
pub(crate) mod entry;
pub(crate) mod goal;
pub(crate) mod goal_endorsement;
pub(crate) mod growth_assessment;
pub(crate) mod growth_level;
pub(crate) mod growth_rating;
pub(crate) mod growth_rule;
pub(crate) mod organization;
pub(crate) mod organization_ancestor;
pub(crate) mod person;
pub(crate) mod person_role;
pub(crate) mod relationship;
pub(crate) mod revoked_token;
pub(crate) mod roster_issue;
pub(crate) mod roster_transfer;
