//! Assessments.

use trellis_contracts::experience as proto;
use trellis_kernel::{District, Result};

use super::{count_in, count_out, id_or_none, ids_in, name, name_or_empty, time, voice_out};
use crate::app::{NewAssessment, NewCriterion};
use crate::domain::assessment::{Assessment, Criterion, State};
use crate::domain::reference::{FrameworkChild, local};

pub(in crate::api) fn new(assessment: proto::Assessment, home: &District) -> Result<NewAssessment> {
    Ok(NewAssessment {
        learner: local("assessment.learner", &assessment.learner, &["learners"], home)?,
        evidence: ids_in("assessment.evidence", &assessment.evidence, "evidence", home)?,
        criteria: assessment
            .criteria
            .into_iter()
            .enumerate()
            .map(|(place, criterion)| criterion_in(&format!("assessment.criteria[{place}]"), criterion, home))
            .collect::<Result<_>>()?,
        comment: assessment.comment,
        supersedes: id_or_none("assessment.supersedes", &assessment.supersedes, "assessments", home)?,
    })
}

fn criterion_in(field: &str, criterion: proto::Criterion, home: &District) -> Result<NewCriterion> {
    Ok(NewCriterion {
        outcome: FrameworkChild::outcome(&format!("{field}.outcome"), &criterion.outcome, home)?,
        progression: FrameworkChild::progression(
            &format!("{field}.progression"),
            &criterion.progression,
            home,
        )?,
        level: count_in(&format!("{field}.level"), criterion.level)?,
        comment: criterion.comment,
    })
}

fn criterion_out(criterion: &Criterion) -> proto::Criterion {
    let Criterion { outcome, progression, level, level_count, comment } = criterion;
    proto::Criterion {
        outcome: outcome.to_string(),
        progression: progression.to_string(),
        level: count_out(*level),
        level_count: count_out(*level_count),
        comment: comment.clone(),
    }
}

pub(in crate::api) fn assessment(home: &District, assessment: &Assessment) -> proto::Assessment {
    let judgement = &assessment.judgement;
    proto::Assessment {
        name: name(home, "assessments", assessment.id),
        uid: assessment.id.to_string(),
        learner: name(home, "learners", judgement.learner),
        evidence: judgement.evidence.iter().map(|evidence| name(home, "evidence", *evidence)).collect(),
        voice: voice_out(judgement.voice),
        assessor: name(home, "people", judgement.assessor),
        criteria: judgement.criteria.iter().map(criterion_out).collect(),
        comment: judgement.comment.clone(),
        supersedes: name_or_empty(home, "assessments", judgement.supersedes),
        superseded_by: name_or_empty(home, "assessments", assessment.superseded_by),
        response: assessment.response.as_ref().map(|response| response.text.clone()).unwrap_or_default(),
        response_time: assessment.response.as_ref().and_then(|response| time(response.time)),
        state: match assessment.state {
            State::Standing => proto::AssessmentState::Standing,
            State::Open => proto::AssessmentState::Open,
            State::Final => proto::AssessmentState::Final,
            State::Superseded => proto::AssessmentState::Superseded,
        }
        .into(),
        finalize_time: assessment.finalize_time.and_then(time),
        create_time: time(assessment.create_time),
        update_time: time(assessment.update_time),
        etag: assessment.etag().to_string(),
    }
}
