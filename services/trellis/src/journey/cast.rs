//! Who takes part.

use trellis_kernel::{District, Uuid};

use crate::roster_id;

/// Who takes part, by the sourcedIds of the roster.
#[derive(Clone, Debug)]
pub struct Sourced {
    /// Whose journey it is.
    pub learner: String,
    /// In the same class.
    pub classmate: String,
    /// At another school.
    pub other_learner: String,
    /// A guardian of the learner.
    pub guardian: String,
    /// Teaches the learner and the classmate now.
    pub educator: String,
    /// Teaches neither.
    pub other_educator: String,
    /// Administers the district.
    pub administrator: String,
    /// The learner's school.
    pub school: String,
    /// Another school.
    pub other_school: String,
    /// The session that runs now.
    pub session: String,
}

/// The same by the suite's own ids and names.
#[derive(Clone, Debug)]
pub struct Cast {
    /// Whose journey it is.
    pub learner: Uuid,
    /// In the same class.
    pub classmate: Uuid,
    /// At another school.
    pub other_learner: Uuid,
    /// A guardian of the learner.
    pub guardian: Uuid,
    /// Teaches the learner and the classmate now.
    pub educator: Uuid,
    /// Teaches neither.
    pub other_educator: Uuid,
    /// Administers the district.
    pub administrator: Uuid,
    /// The learner's school, by name.
    pub school: String,
    /// Another school, by name.
    pub other_school: String,
    /// The session that runs now, by name.
    pub session: String,
}

impl Cast {
    /// The same people as the suite names them.
    pub fn of(district: &District, sourced: &Sourced) -> Self {
        let person = |id: &str| roster_id(district, "people", id);
        let name = |collection: &str, id: &str| {
            format!("districts/{district}/{collection}/{}", roster_id(district, collection, id))
        };
        Self {
            learner: person(&sourced.learner),
            classmate: person(&sourced.classmate),
            other_learner: person(&sourced.other_learner),
            guardian: person(&sourced.guardian),
            educator: person(&sourced.educator),
            other_educator: person(&sourced.other_educator),
            administrator: person(&sourced.administrator),
            school: name("organizations", &sourced.school),
            other_school: name("organizations", &sourced.other_school),
            session: name("academicSessions", &sourced.session),
        }
    }
}
