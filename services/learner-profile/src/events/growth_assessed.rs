//! Follows the experience service: a final assessment becomes ratings, and these become levels.

use async_trait::async_trait;
use trellis_contracts::experience::{AssessmentFinalized, FinalRating};
use trellis_contracts::values;
use trellis_events::{Apply, Event};
use trellis_kernel::{District, Failure, Name, Result};
use trellis_store::Tx;

use crate::app::growth_record;
use crate::domain::growth::{FinalAssessment, Score};

/// Turns `assessment.finalized` into ratings and levels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assessed;

#[async_trait]
impl Apply for Assessed {
    fn name(&self) -> &'static str {
        "growth"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["assessment.finalized"]
    }

    async fn apply(&self, tx: &mut Tx, event: &Event) -> Result<()> {
        let message: AssessmentFinalized = event.message()?;
        let assessment = read(&event.district, &message)
            .ok_or_else(|| Failure::internal("a final assessment does not keep its contract"))?;
        growth_record::record(tx, assessment).await
    }
}

/// The assessment, when the message keeps its contract.
fn read(district: &District, message: &AssessmentFinalized) -> Option<FinalAssessment> {
    let AssessmentFinalized { assessment, learner, supersedes, assess_time, ratings } = message;
    let own = |text: &str, collection: &str| {
        Name::of("", text, &[collection]).ok().filter(|name| name.district == *district)?.id()
    };
    let supersedes = match supersedes.as_str() {
        "" => None,
        text => Some(own(text, "assessments")?),
    };
    Some(FinalAssessment {
        id: own(assessment, "assessments")?,
        learner: own(learner, "learners")?,
        supersedes,
        assess_time: assess_time.as_ref().and_then(values::instant)?,
        scores: ratings.iter().map(score).collect::<Option<_>>()?,
    })
}

fn score(rating: &FinalRating) -> Option<Score> {
    let FinalRating { outcome, progression, level, level_count } = rating;
    let pinned = |text: &str| Name::parse(text).ok().filter(Name::is_pinned);
    if !(1..=*level_count).contains(level) {
        return None;
    }
    Some(Score {
        outcome: pinned(outcome)?,
        progression: pinned(progression)?,
        level: u16::try_from(*level).ok()?,
        level_count: u16::try_from(*level_count).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn message() -> AssessmentFinalized {
        AssessmentFinalized {
            assessment: format!("districts/grand-bend/assessments/{ID}"),
            learner: format!("districts/grand-bend/learners/{ID}"),
            supersedes: String::new(),
            assess_time: Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
            ratings: vec![FinalRating {
                outcome: format!("districts/commons/frameworks/{ID}@2/outcomes/{ID}"),
                progression: format!("districts/grand-bend/frameworks/{ID}@1/progressions/{ID}"),
                level: 3,
                level_count: 4,
            }],
        }
    }

    #[test]
    fn a_message_that_keeps_its_contract_is_read() {
        let district = District::parse("grand-bend").expect("a district");
        let read = read(&district, &message()).expect("it does");
        assert_eq!((read.scores[0].level, read.scores[0].level_count), (3, 4));
        assert_eq!(read.supersedes, None);
    }

    #[test]
    fn a_message_that_does_not_is_refused() {
        let district = District::parse("grand-bend").expect("a district");
        let refused = |change: fn(&mut AssessmentFinalized)| {
            let mut message = message();
            change(&mut message);
            read(&district, &message).is_none()
        };
        assert!(refused(|m| m.ratings[0].level = 0));
        assert!(refused(|m| m.ratings[0].level = 5));
        assert!(refused(|m| m.ratings[0].level_count = 70_000));
        assert!(refused(|m| m.ratings[0].outcome = m.ratings[0].outcome.replace("@2", "")));
        assert!(refused(|m| m.learner = m.learner.replace("grand-bend", "elsewhere")));
        assert!(refused(|m| m.supersedes = "districts/grand-bend".to_owned()));
        assert!(refused(|m| m.assess_time = None));
    }
}

#[cfg(test)]
#[path = "growth_assessed_tests.rs"]
mod effects;
