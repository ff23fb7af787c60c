//! `EvidenceService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    CreateEvidenceRequest, Evidence, EvidenceServiceApi, Feedback, GetEvidenceRequest, GiveFeedbackRequest,
    ListEvidenceRequest, ListEvidenceResponse, ListFeedbackRequest, ListFeedbackResponse,
    SubmitEvidenceRequest,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{PageRequest, Result};

use super::convert::evidence as convert;
use super::{Api, Changing, relations, require_parent, required};
use crate::domain::reference::local;
use crate::domain::text::said;

#[async_trait]
impl EvidenceServiceApi for Api {
    async fn create_evidence(&self, call: Call<CreateEvidenceRequest>) -> Result<Evidence> {
        let call = Changing::of(call, |message| &message.request_id)?;
        require_parent(&call.message.parent, &call.home)?;
        let evidence = required(call.message.evidence.clone(), "evidence")?;
        let (work, named) = convert::work(evidence, &call.home)?;
        let evidence = self.app.create_evidence(call.caller(), work, &named).await?;
        Ok(convert::evidence(&call.home, &evidence))
    }

    async fn get_evidence(&self, call: Call<GetEvidenceRequest>) -> Result<Evidence> {
        let home = call.district()?;
        let id = local("name", &call.message.name, &["evidence"], home)?;
        Ok(convert::evidence(home, &self.app.evidence(call.actor(), home, id).await?))
    }

    async fn list_evidence(&self, call: Call<ListEvidenceRequest>) -> Result<ListEvidenceResponse> {
        let home = call.district()?;
        require_parent(&call.message.parent, home)?;
        let learner = local("learner", &call.message.learner, &["learners"], home)?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.evidence_list(call.actor(), home, learner, &request).await?;
        Ok(ListEvidenceResponse {
            evidence: page.items.iter().map(|item| convert::evidence(home, item)).collect(),
            next_page_token: page.next,
        })
    }

    async fn submit_evidence(&self, call: Call<SubmitEvidenceRequest>) -> Result<Evidence> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = local("name", &call.message.name, &["evidence"], &call.home)?;
        let evidence = self.app.submit_evidence(call.caller(), id, &call.message.etag).await?;
        Ok(convert::evidence(&call.home, &evidence))
    }

    async fn give_feedback(&self, call: Call<GiveFeedbackRequest>) -> Result<Feedback> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let on = local("parent", &call.message.parent, &["evidence"], &call.home)?;
        let feedback = required(call.message.feedback.as_ref(), "feedback")?;
        let text = said("feedback.text", feedback.text.clone())?;
        let stands = relations(&call.admission);
        let feedback = self.app.give_feedback(call.caller(), stands, on, text).await?;
        Ok(convert::feedback(&call.home, &feedback))
    }

    async fn list_feedback(&self, call: Call<ListFeedbackRequest>) -> Result<ListFeedbackResponse> {
        let home = call.district()?;
        let on = local("parent", &call.message.parent, &["evidence"], home)?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.feedback(call.actor(), home, on, &request).await?;
        Ok(ListFeedbackResponse {
            feedback: page.items.iter().map(|item| convert::feedback(home, item)).collect(),
            next_page_token: page.next,
        })
    }
}
