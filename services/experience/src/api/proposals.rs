//! `ProposalService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    CreateProposalRequest, DecideProposalRequest, GetProposalRequest, ListProposalsRequest,
    ListProposalsResponse, Proposal, ProposalServiceApi,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{PageRequest, Result};

use super::convert::proposal as convert;
use super::{Api, Changing, require_parent, required};
use crate::domain::reference::local;
use crate::domain::text::said;

#[async_trait]
impl ProposalServiceApi for Api {
    async fn create_proposal(&self, call: Call<CreateProposalRequest>) -> Result<Proposal> {
        let call = Changing::of(call, |message| &message.request_id)?;
        require_parent(&call.message.parent, &call.home)?;
        let idea = convert::idea(required(call.message.proposal.clone(), "proposal")?, &call.home)?;
        let proposal = self.app.create_proposal(call.caller(), idea).await?;
        Ok(convert::proposal(&call.home, &proposal))
    }

    async fn get_proposal(&self, call: Call<GetProposalRequest>) -> Result<Proposal> {
        let home = call.district()?;
        let id = local("name", &call.message.name, &["proposals"], home)?;
        Ok(convert::proposal(home, &self.app.proposal(home, id).await?))
    }

    async fn list_proposals(&self, call: Call<ListProposalsRequest>) -> Result<ListProposalsResponse> {
        let home = call.district()?;
        require_parent(&call.message.parent, home)?;
        let learner = local("learner", &call.message.learner, &["learners"], home)?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.proposals(home, learner, &request).await?;
        Ok(ListProposalsResponse {
            proposals: page.items.iter().map(|item| convert::proposal(home, item)).collect(),
            next_page_token: page.next,
        })
    }

    async fn decide_proposal(&self, call: Call<DecideProposalRequest>) -> Result<Proposal> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = local("name", &call.message.name, &["proposals"], &call.home)?;
        let verdict = convert::verdict(call.message.verdict)?;
        let reasons = said("reasons", call.message.reasons.clone())?;
        let decision = (verdict, reasons);
        let proposal = self.app.decide_proposal(call.caller(), id, &call.message.etag, decision).await?;
        Ok(convert::proposal(&call.home, &proposal))
    }
}
