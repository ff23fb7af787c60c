//! `AssessmentService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    Assessment, AssessmentServiceApi, CreateAssessmentRequest, FinalizeAssessmentRequest,
    GetAssessmentRequest, ListAssessmentsRequest, ListAssessmentsResponse, RespondToAssessmentRequest,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{PageRequest, Result};

use super::convert::assessment as convert;
use super::{Api, Changing, relations, require_parent, required};
use crate::domain::reference::local;
use crate::domain::text::said;

#[async_trait]
impl AssessmentServiceApi for Api {
    async fn create_assessment(&self, call: Call<CreateAssessmentRequest>) -> Result<Assessment> {
        let call = Changing::of(call, |message| &message.request_id)?;
        require_parent(&call.message.parent, &call.home)?;
        let new = convert::new(required(call.message.assessment.clone(), "assessment")?, &call.home)?;
        let stands = relations(&call.admission);
        let assessment = self.app.create_assessment(call.caller(), stands, new).await?;
        Ok(convert::assessment(&call.home, &assessment))
    }

    async fn get_assessment(&self, call: Call<GetAssessmentRequest>) -> Result<Assessment> {
        let home = call.district()?;
        let id = local("name", &call.message.name, &["assessments"], home)?;
        let stands = relations(call.admission());
        Ok(convert::assessment(home, &self.app.assessment(stands, home, id).await?))
    }

    async fn list_assessments(&self, call: Call<ListAssessmentsRequest>) -> Result<ListAssessmentsResponse> {
        let home = call.district()?;
        require_parent(&call.message.parent, home)?;
        let learner = local("learner", &call.message.learner, &["learners"], home)?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let stands = relations(call.admission());
        let page = self.app.assessments(stands, home, learner, &request).await?;
        Ok(ListAssessmentsResponse {
            assessments: page.items.iter().map(|item| convert::assessment(home, item)).collect(),
            next_page_token: page.next,
        })
    }

    async fn respond_to_assessment(&self, call: Call<RespondToAssessmentRequest>) -> Result<Assessment> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = local("name", &call.message.name, &["assessments"], &call.home)?;
        let text = said("response", call.message.response.clone())?;
        let assessment = self.app.respond(call.caller(), id, &call.message.etag, text).await?;
        Ok(convert::assessment(&call.home, &assessment))
    }

    async fn finalize_assessment(&self, call: Call<FinalizeAssessmentRequest>) -> Result<Assessment> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = local("name", &call.message.name, &["assessments"], &call.home)?;
        let assessment = self.app.finalize(call.caller(), id, &call.message.etag).await?;
        Ok(convert::assessment(&call.home, &assessment))
    }
}
