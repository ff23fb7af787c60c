//! Assessments: made, answered, made final.

use std::collections::HashMap;

use futures::future::try_join_all;
use trellis_kernel::{Actor, District, Failure, Page, PageRequest, Relations, Result, Uuid};
use trellis_store::{Payload, Scope as _, Tx, Write};

use super::neighbours::KnownProgression;
use super::{App, Caller, told, types};
use crate::domain::assessment::{Assessment, Criterion, Judgement, State};
use crate::domain::evidence::{Evidence, State as EvidenceState};
use crate::domain::reference::{FrameworkChild, missing, within};
use crate::domain::voice::Voice;
use crate::{events, store};

/// What a caller says of a learner's work, before it is held against the outcomes.
pub(crate) struct NewAssessment {
    pub(crate) learner: Uuid,
    pub(crate) evidence: Vec<Uuid>,
    pub(crate) criteria: Vec<NewCriterion>,
    pub(crate) comment: String,
    pub(crate) supersedes: Option<Uuid>,
}

/// What a caller says of one outcome.
pub(crate) struct NewCriterion {
    pub(crate) outcome: FrameworkChild,
    pub(crate) progression: FrameworkChild,
    pub(crate) level: u32,
    pub(crate) comment: String,
}

impl App {
    /// Makes an assessment; `relations` are those in which the caller stands to the learner.
    pub(crate) async fn create_assessment(
        &self,
        caller: Caller<'_>,
        relations: Relations,
        new: NewAssessment,
    ) -> Result<Assessment> {
        let criteria = self.criteria(caller.actor, caller.district(), new.criteria).await?;
        let judgement = Judgement {
            learner: new.learner,
            evidence: new.evidence,
            voice: Voice::of_assessor(relations)?,
            assessor: caller.person()?,
            criteria,
            comment: new.comment,
            supersedes: new.supersedes,
        }
        .checked()?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        require_evidence(&tx, &judgement).await?;
        if let Some(older) = judgement.supersedes {
            superseded(&tx, older, judgement.learner).await?;
        }
        let assessment = Assessment::new(tx.new_id(), judgement, tx.now());
        store::insert(&tx, &assessment).await?;
        tell(&mut tx, "assessment.created", &assessment, None);
        tx.commit(assessment).await
    }

    /// Reads an assessment; `relations` are those in which the caller stands to the learner.
    pub(crate) async fn assessment(
        &self,
        relations: Relations,
        district: &District,
        id: Uuid,
    ) -> Result<Assessment> {
        let assessment: Option<Assessment> = store::find(&self.store.read(district), id).await?;
        assessment.filter(|assessment| assessment.is_open_to(relations)).ok_or_else(Failure::access_denied)
    }

    /// Lists a learner's assessments; `relations` are those in which the caller stands to the learner.
    pub(crate) async fn assessments(
        &self,
        relations: Relations,
        district: &District,
        learner: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Assessment>> {
        let open = State::Open.is_open_to(relations);
        store::assessments_of(&self.store.read(district), learner, open, page).await
    }

    /// Takes the learner's response.
    pub(crate) async fn respond(
        &self,
        caller: Caller<'_>,
        id: Uuid,
        etag: &str,
        text: String,
    ) -> Result<Assessment> {
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut assessment = kept(&tx, id).await?;
        assessment.etag().check(etag)?;
        let read_as = assessment.version;
        assessment.respond(text, tx.now())?;
        store::replace(&tx, &assessment, read_as).await?;
        tell(&mut tx, "assessment.responded", &assessment, None);
        tx.commit(assessment).await
    }

    /// Makes an assessment final, and the one that it corrects superseded.
    pub(crate) async fn finalize(&self, caller: Caller<'_>, id: Uuid, etag: &str) -> Result<Assessment> {
        let assessor = caller.person()?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut assessment = kept(&tx, id).await?;
        assessment.require_assessor(assessor)?;
        assessment.etag().require(etag)?;
        let (read_as, now) = (assessment.version, tx.now());
        assessment.finalize(now)?;
        store::replace(&tx, &assessment, read_as).await?;
        if let Some(older) = assessment.judgement.supersedes {
            let mut older = superseded(&tx, older, assessment.judgement.learner).await?;
            let read_as = older.version;
            older.supersede(assessment.id, now)?;
            store::replace(&tx, &older, read_as).await?;
            tell(&mut tx, "assessment.superseded", &older, None);
        }
        let payload = events::assessment_finalized(tx.district(), &assessment);
        tell(&mut tx, "assessment.finalized", &assessment, Some(payload));
        tx.commit(assessment).await
    }

    /// Holds what is said of each outcome against the outcome and the progression: both pinned to the
    /// same revision, the one describing the other.
    async fn criteria(
        &self,
        actor: &Actor,
        home: &District,
        new: Vec<NewCriterion>,
    ) -> Result<Vec<Criterion>> {
        let outcomes: Vec<FrameworkChild> = new.iter().map(|criterion| criterion.outcome.clone()).collect();
        let field = |place: usize| format!("assessment.criteria[{place}].outcome");
        let known = self.neighbours.outcomes(actor, home, &outcomes, &field).await?;
        let mut pinned = Vec::with_capacity(new.len());
        for (place, (criterion, known)) in new.into_iter().zip(known).enumerate() {
            let outcome =
                known.pinned.ok_or_else(|| missing(field(place), "an outcome of a published revision"))?;
            let progression = criterion.progression.beside(&outcome).ok_or_else(|| {
                let field = format!("assessment.criteria[{place}].progression");
                missing(field, "a progression of the outcome's framework, at the same revision")
            })?;
            pinned.push((outcome, progression, criterion.level, criterion.comment));
        }
        let progressions = pinned.iter().map(|(_, progression, ..)| progression);
        let known = self.progressions(actor, progressions).await?;
        let criteria =
            pinned.into_iter().enumerate().map(|(place, (outcome, progression, level, comment))| {
                let field = || format!("assessment.criteria[{place}].progression");
                let known = known.get(&progression).ok_or_else(|| missing(field(), "a progression"))?;
                if !outcome.id().is_some_and(|outcome| known.outcomes.contains(&outcome)) {
                    return Err(missing(field(), "a progression of the outcome"));
                }
                Ok(Criterion { outcome, progression, level, level_count: known.levels, comment })
            });
        criteria.collect()
    }

    /// Asks for each progression once; a refusal names the first place that needs it.
    async fn progressions<'a>(
        &self,
        actor: &Actor,
        names: impl Iterator<Item = &'a FrameworkChild>,
    ) -> Result<HashMap<FrameworkChild, KnownProgression>> {
        let mut first: HashMap<&FrameworkChild, String> = HashMap::new();
        for (place, name) in names.enumerate() {
            first.entry(name).or_insert_with(|| format!("assessment.criteria[{place}].progression"));
        }
        let asked = first.into_iter().map(|(name, field)| async move {
            let known = self.neighbours.progression(actor, name, &field).await?;
            Ok::<_, Failure>((name.clone(), known))
        });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }
}

/// Refuses unless all of the evidence is handed in and of the learner's.
async fn require_evidence(tx: &Tx, judgement: &Judgement) -> Result<()> {
    let found: Vec<Evidence> = store::find_many(tx, &judgement.evidence).await?;
    for (place, id) in judgement.evidence.iter().enumerate() {
        let usable = found.iter().any(|evidence| {
            evidence.id == *id
                && evidence.state == EvidenceState::Submitted
                && evidence.is_by(judgement.learner)
        });
        if !usable {
            let field = format!("assessment.evidence[{place}]");
            return Err(missing(field, "evidence of the learner that is handed in"));
        }
    }
    Ok(())
}

/// The assessment of the learner that another one corrects; it must be final.
async fn superseded(tx: &Tx, id: Uuid, learner: Uuid) -> Result<Assessment> {
    let older: Option<Assessment> = store::find(tx, id).await?;
    let older = older
        .filter(|older| older.judgement.learner == learner)
        .ok_or_else(|| missing("assessment.supersedes", "an assessment of the learner"))?;
    older.require_final()?;
    Ok(older)
}

async fn kept(tx: &Tx, id: Uuid) -> Result<Assessment> {
    store::find(tx, id).await?.ok_or_else(Failure::access_denied)
}

fn tell(tx: &mut Tx, kind: &'static str, assessment: &Assessment, payload: Option<Payload>) {
    let name = within(tx.district(), "assessments", assessment.id);
    let mut told = told(kind, &name, types::ASSESSMENT, vec![assessment.judgement.learner]);
    told.payload = payload;
    tx.tell(told);
}
