//! What this service tells the others. It follows no other service's events.

use prost::Message as _;
use trellis_contracts::experience::{AssessmentFinalized, FinalRating};
use trellis_contracts::values::timestamp;
use trellis_kernel::District;
use trellis_store::Payload;

use crate::domain::assessment::{Assessment, Criterion};
use crate::domain::reference::within;

const ASSESSMENT_FINALIZED: &str = "type.googleapis.com/trellis.experience.v1alpha1.AssessmentFinalized";

/// The payload of `assessment.finalized`: names and numbers, none of the words.
pub(crate) fn assessment_finalized(home: &District, assessment: &Assessment) -> Payload {
    let name = |id| within(home, "assessments", id).to_string();
    let judgement = &assessment.judgement;
    let message = AssessmentFinalized {
        assessment: name(assessment.id),
        learner: within(home, "learners", judgement.learner).to_string(),
        supersedes: judgement.supersedes.map(name).unwrap_or_default(),
        assess_time: Some(timestamp(assessment.create_time)),
        ratings: judgement.criteria.iter().map(rating).collect(),
    };
    Payload { type_url: ASSESSMENT_FINALIZED.to_owned(), value: message.encode_to_vec() }
}

fn rating(criterion: &Criterion) -> FinalRating {
    let Criterion { outcome, progression, level, level_count, comment: _ } = criterion;
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    FinalRating {
        outcome: outcome.to_string(),
        progression: progression.to_string(),
        level: number(*level),
        level_count: number(*level_count),
    }
}
