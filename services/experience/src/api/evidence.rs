//! `EvidenceService`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use trellis_contracts::common::DataClass;
use trellis_contracts::experience::{
    CreateEvidenceRequest, Evidence as EvidenceMessage, EvidenceServiceApi, Feedback, GetEvidenceRequest,
    GiveFeedbackRequest, ListEvidenceRequest, ListEvidenceResponse, ListFeedbackRequest,
    ListFeedbackResponse, SubmitEvidenceRequest,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{Actor, District, PageRequest, Party, Relation, Relations, Result, Uuid};

use super::convert::evidence as convert;
use super::{Api, Changing, relations, require_parent, required};
use crate::domain::evidence::Evidence;
use crate::domain::reference::local;
use crate::domain::text::said;

#[async_trait]
impl EvidenceServiceApi for Api {
    async fn create_evidence(&self, call: Call<CreateEvidenceRequest>) -> Result<EvidenceMessage> {
        let call = Changing::of(call, |message| &message.request_id)?;
        require_parent(&call.message.parent, &call.home)?;
        let evidence = required(call.message.evidence.clone(), "evidence")?;
        let (work, named) = convert::work(evidence, &call.home)?;
        let evidence = self.app.create_evidence(call.caller(), work, &named).await?;
        Ok(convert::evidence(&call.home, &evidence))
    }

    async fn get_evidence(&self, call: Call<GetEvidenceRequest>) -> Result<EvidenceMessage> {
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
        let shown = self.shown(call.actor(), home, page.items).await?;
        let about = shown.iter().flat_map(|evidence| evidence.work.contributors()).copied();
        self.guard.show_besides(call.method(), call.admission(), about).await?;
        Ok(ListEvidenceResponse {
            evidence: shown.iter().map(|item| convert::evidence(home, item)).collect(),
            next_page_token: page.next,
        })
    }

    async fn submit_evidence(&self, call: Call<SubmitEvidenceRequest>) -> Result<EvidenceMessage> {
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

impl Api {
    /// What of a learner's evidence the caller could also get one by one: the call was decided on that
    /// learner, but an application must be allowed every contributor.
    async fn shown(&self, actor: &Actor, home: &District, items: Vec<Evidence>) -> Result<Vec<Evidence>> {
        if !matches!(actor.principal().party, Party::Application(_)) {
            return Ok(items);
        }
        let all: BTreeSet<Uuid> =
            items.iter().flat_map(|evidence| evidence.work.contributors()).copied().collect();
        if all.is_empty() {
            return Ok(items);
        }
        let all: Vec<Uuid> = all.into_iter().collect();
        let application = Relations::NONE.with(Relation::Application);
        let class = DataClass::EducationRecord;
        let allowed = self.guard.visible(actor, home, class, application, &all).await?;
        let allowed: BTreeSet<Uuid> = all
            .into_iter()
            .zip(allowed)
            .filter(|(_, allowed)| *allowed)
            .map(|(learner, _)| learner)
            .collect();
        let open = |evidence: &Evidence| {
            evidence.work.contributors().iter().all(|learner| allowed.contains(learner))
        };
        Ok(items.into_iter().filter(open).collect())
    }
}
