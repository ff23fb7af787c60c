//! Proposals, and the decisions on them.

use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Scope as _, Tx, Write};

use super::{App, Caller, told, types};
use crate::domain::proposal::{Idea, Proposal, Verdict};
use crate::domain::reference::within;
use crate::store;

impl App {
    /// Proposes an experience.
    pub(crate) async fn create_proposal(&self, caller: Caller<'_>, idea: Idea) -> Result<Proposal> {
        self.require_outcomes(caller.actor, caller.district(), &idea.outcomes, "proposal").await?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let proposal = Proposal::new(tx.new_id(), idea, tx.now());
        store::insert(&tx, &proposal).await?;
        tell(&mut tx, "proposal.created", &proposal);
        tx.commit(proposal).await
    }

    /// Reads a proposal.
    pub(crate) async fn proposal(&self, district: &District, id: Uuid) -> Result<Proposal> {
        store::find(&self.store.read(district), id).await?.ok_or_else(Failure::access_denied)
    }

    /// Lists a learner's proposals.
    pub(crate) async fn proposals(
        &self,
        district: &District,
        learner: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Proposal>> {
        store::proposals_of(&self.store.read(district), learner, page).await
    }

    /// Decides on a proposal.
    pub(crate) async fn decide_proposal(
        &self,
        caller: Caller<'_>,
        id: Uuid,
        etag: &str,
        (verdict, reasons): (Verdict, String),
    ) -> Result<Proposal> {
        let decider = caller.person()?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut proposal: Proposal = store::find(&tx, id).await?.ok_or_else(Failure::access_denied)?;
        proposal.etag().check(etag)?;
        let read_as = proposal.version;
        proposal.decide(verdict, reasons, decider, tx.now())?;
        store::replace(&tx, &proposal, read_as).await?;
        tell(&mut tx, "proposal.decided", &proposal);
        tx.commit(proposal).await
    }
}

fn tell(tx: &mut Tx, kind: &'static str, proposal: &Proposal) {
    let name = within(tx.district(), "proposals", proposal.id);
    tx.tell(told(kind, &name, types::PROPOSAL, vec![proposal.idea.learner]));
}
