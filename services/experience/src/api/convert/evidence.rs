//! Evidence, feedback and reflections.

use trellis_contracts::experience as proto;
use trellis_kernel::{District, Etag, Result, Uuid};

use super::{id_or_none, ids_in, name, name_or_empty, outcomes_in, outcomes_out, time, voice_out};
use crate::domain::evidence::{Artifact, Evidence, Feedback, Reflection, State, Work};
use crate::domain::reference::{local, within};
use crate::domain::text::said;

/// The work, and the contributors as they were named.
pub(in crate::api) fn work(evidence: proto::Evidence, home: &District) -> Result<(Work, Vec<Uuid>)> {
    let learner = local("evidence.learner", &evidence.learner, &["learners"], home)?;
    let named = ids_in("evidence.contributors", &evidence.contributors, "learners", home)?;
    let mut work = Work::new(learner, named.clone(), said("evidence.title", evidence.title)?);
    work.experience = id_or_none("evidence.experience", &evidence.experience, "experiences", home)?;
    work.outcomes = outcomes_in("evidence", &evidence.outcomes, home)?;
    work.text = evidence.text;
    let artifacts = evidence.artifacts.into_iter();
    work.artifacts = artifacts.map(|proto::Artifact { title, uri }| Artifact { title, uri }).collect();
    Ok((work, named))
}

pub(in crate::api) fn evidence(home: &District, evidence: &Evidence) -> proto::Evidence {
    let work = &evidence.work;
    let artifact =
        |artifact: &Artifact| proto::Artifact { title: artifact.title.clone(), uri: artifact.uri.clone() };
    proto::Evidence {
        name: name(home, "evidence", evidence.id),
        uid: evidence.id.to_string(),
        learner: name(home, "learners", work.learner),
        contributors: work.contributors().iter().map(|learner| name(home, "learners", *learner)).collect(),
        experience: name_or_empty(home, "experiences", work.experience),
        outcomes: outcomes_out(&work.outcomes),
        title: work.title.clone(),
        text: work.text.clone(),
        artifacts: work.artifacts.iter().map(artifact).collect(),
        state: match evidence.state {
            State::Draft => proto::EvidenceState::Draft,
            State::Submitted => proto::EvidenceState::Submitted,
        }
        .into(),
        submit_time: evidence.submit_time.and_then(time),
        create_time: time(evidence.create_time),
        update_time: time(evidence.update_time),
        etag: evidence.etag().to_string(),
    }
}

pub(in crate::api) fn feedback(home: &District, feedback: &Feedback) -> proto::Feedback {
    let name_of = within(home, "evidence", feedback.evidence).child("feedback", feedback.id);
    proto::Feedback {
        name: name_of.to_string(),
        uid: feedback.id.to_string(),
        text: feedback.text.clone(),
        voice: voice_out(feedback.voice),
        author: name(home, "people", feedback.author),
        create_time: time(feedback.create_time),
        etag: Etag::new(1).to_string(),
    }
}

pub(in crate::api) fn reflection(home: &District, reflection: &Reflection) -> proto::Reflection {
    let name_of = within(home, "learners", reflection.learner).child("reflections", reflection.id);
    proto::Reflection {
        name: name_of.to_string(),
        uid: reflection.id.to_string(),
        evidence: name(home, "evidence", reflection.evidence),
        text: reflection.text.clone(),
        create_time: time(reflection.create_time),
        etag: Etag::new(1).to_string(),
    }
}
