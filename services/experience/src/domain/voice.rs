//! Whose voice speaks: found from how the caller stands to the learner, never claimed.

use trellis_kernel::{Failure, Relation, Relations, Result};

use super::words::words;

words! {
    /// Whose voice speaks.
    Voice {
        /// The learner.
        Own = "SELF",
        /// Who teaches, advises or mentors the learner now.
        Educator = "EDUCATOR",
        /// A guardian who holds education rights.
        Guardian = "GUARDIAN",
    }
}

impl Voice {
    /// The voice of an assessment.
    pub(crate) fn of_assessor(relations: Relations) -> Result<Self> {
        Self::first(relations, &[(Relation::Own, Self::Own), (Relation::Educator, Self::Educator)])
    }

    /// The voice of feedback. Who teaches their own child speaks as an educator.
    pub(crate) fn of_adviser(relations: Relations) -> Result<Self> {
        Self::first(relations, &[(Relation::Educator, Self::Educator), (Relation::Guardian, Self::Guardian)])
    }

    fn first(relations: Relations, order: &[(Relation, Self)]) -> Result<Self> {
        order
            .iter()
            .find(|(relation, _)| relations.contains(*relation))
            .map(|(_, voice)| *voice)
            .ok_or_else(Failure::access_denied)
    }
}
