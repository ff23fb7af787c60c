//! What the journey leaves behind.

use serde::Serialize;

/// The names of what was made on the way; the learner's own where a step makes it for several.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Traces {
    /// The import of the framework.
    pub framework_transfer: String,
    /// The framework that was imported.
    pub framework: String,
    /// The portrait of a graduate.
    pub portrait: String,
    /// The skill in it that the learner works on.
    pub outcome: String,
    /// How that skill grows.
    pub progression: String,
    /// The rules by which levels are made.
    pub growth_rules: Vec<String>,
    /// The import of the roster.
    pub roster_transfer: String,
    /// What the learner lets everyone who supports them read.
    pub entry: String,
    /// What the learner keeps to themself.
    pub private_entry: String,
    /// The goal.
    pub goal: String,
    /// The design.
    pub design: String,
    /// The experience with one place.
    pub experience: String,
    /// The experience with places for both.
    pub other_experience: String,
    /// What the learner proposed.
    pub proposal: String,
    /// The calendar of the school.
    pub calendar: String,
    /// The timetable.
    pub timetable: String,
    /// The offering of `experience`.
    pub offering: String,
    /// The offering of `other_experience`.
    pub other_offering: String,
    /// The published plan.
    pub plan: String,
    /// The learner's calendar feed.
    pub feed: String,
    /// The evidence.
    pub evidence: String,
    /// The educator's feedback on it.
    pub feedback: String,
    /// The learner's reflection.
    pub reflection: String,
    /// The learner's own assessment.
    pub self_assessment: String,
    /// The educator's final assessment.
    pub assessment: String,
    /// The rating that it gave.
    pub rating: String,
    /// The level by the first of the rules.
    pub level: String,
    /// The application inside its agreement.
    pub application: String,
    /// The application outside its agreement.
    pub other_application: String,
    /// The agreement of the first.
    pub agreement: String,
}
