//! Evidence, and the feedback on it.

use trellis_kernel::{Actor, District, Failure, Page, PageRequest, Relations, Result, Uuid};
use trellis_store::{Scope as _, Tx, Write};

use super::{App, Caller, told, types};
use crate::domain::evidence::{Evidence, Feedback, Work};
use crate::domain::experience::Experience;
use crate::domain::reference::{missing, within};
use crate::domain::voice::Voice;
use crate::store;

impl App {
    /// Creates evidence, a draft.
    pub(crate) async fn create_evidence(
        &self,
        caller: Caller<'_>,
        work: Work,
        named: &[Uuid],
    ) -> Result<Evidence> {
        let home = caller.district();
        if !named.is_empty() {
            let field = |place: usize| format!("evidence.contributors[{place}]");
            self.neighbours.people(home, named, &field).await?;
        }
        self.require_outcomes(caller.actor, home, &work.outcomes, "evidence").await?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        if let Some(experience) = work.experience
            && store::find::<Experience, _>(&tx, experience).await?.is_none()
        {
            return Err(missing("evidence.experience", "an experience"));
        }
        let evidence = Evidence::new(tx.new_id(), work, tx.now());
        store::insert_evidence(&tx, &evidence).await?;
        tell(&mut tx, "evidence.created", &evidence);
        tx.commit(evidence).await
    }

    /// Reads evidence, unless it is a draft of others.
    pub(crate) async fn evidence(&self, actor: &Actor, district: &District, id: Uuid) -> Result<Evidence> {
        let evidence: Evidence =
            store::find(&self.store.read(district), id).await?.ok_or_else(Failure::access_denied)?;
        open_to(actor.person(), evidence)
    }

    /// Lists what a learner contributed to; drafts for themself only.
    pub(crate) async fn evidence_list(
        &self,
        actor: &Actor,
        district: &District,
        learner: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Evidence>> {
        let drafts = actor.person() == Some(learner);
        store::evidence_of(&self.store.read(district), learner, drafts, page).await
    }

    /// Hands evidence in.
    pub(crate) async fn submit_evidence(&self, caller: Caller<'_>, id: Uuid, etag: &str) -> Result<Evidence> {
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut evidence: Evidence = store::find(&tx, id).await?.ok_or_else(Failure::access_denied)?;
        evidence.etag().require(etag)?;
        let read_as = evidence.version;
        evidence.submit(tx.now())?;
        store::replace(&tx, &evidence, read_as).await?;
        tell(&mut tx, "evidence.submitted", &evidence);
        tx.commit(evidence).await
    }

    /// Gives feedback; `relations` are those in which the caller stands to any contributor.
    pub(crate) async fn give_feedback(
        &self,
        caller: Caller<'_>,
        relations: Relations,
        on: Uuid,
        text: String,
    ) -> Result<Feedback> {
        let author = caller.person()?;
        let voice = Voice::of_adviser(relations)?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let evidence: Evidence = store::find(&tx, on).await?.ok_or_else(Failure::access_denied)?;
        let evidence = open_to(Some(author), evidence)?;
        let feedback = Feedback { id: tx.new_id(), evidence: on, text, voice, author, create_time: tx.now() };
        store::insert(&tx, &feedback).await?;
        let name = within(tx.district(), "evidence", on).child("feedback", feedback.id);
        tx.tell(told("feedback.given", &name, types::FEEDBACK, evidence.work.contributors().to_vec()));
        tx.commit(feedback).await
    }

    /// Lists the feedback on evidence.
    pub(crate) async fn feedback(
        &self,
        actor: &Actor,
        district: &District,
        on: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Feedback>> {
        self.evidence(actor, district, on).await?;
        store::feedback_on(&self.store.read(district), on, page).await
    }
}

/// A draft is not there for anyone but its contributors.
fn open_to(person: Option<Uuid>, evidence: Evidence) -> Result<Evidence> {
    if evidence.is_open_to(person) { Ok(evidence) } else { Err(Failure::access_denied()) }
}

fn tell(tx: &mut Tx, kind: &'static str, evidence: &Evidence) {
    let name = within(tx.district(), "evidence", evidence.id);
    tx.tell(told(kind, &name, types::EVIDENCE, evidence.work.contributors().to_vec()));
}
