//! `ExperienceService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    BatchGetExperiencesRequest, BatchGetExperiencesResponse, CancelExperienceRequest, Experience,
    ExperienceServiceApi, GetExperienceRequest, ListExperiencesRequest, ListExperiencesResponse,
    OpenExperienceRequest,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{PageRequest, Result};

use super::convert::{experience as convert, ids_in};
use super::{Api, Changing, required};
use crate::domain::reference::local;

#[async_trait]
impl ExperienceServiceApi for Api {
    async fn open_experience(&self, call: Call<OpenExperienceRequest>) -> Result<Experience> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let experience = required(call.message.experience.as_ref(), "experience")?;
        let (from, terms) = convert::opening(experience, &call.home)?;
        let experience = self.app.open_experience(call.caller(), from, terms).await?;
        Ok(convert::experience(&call.home, &experience))
    }

    async fn get_experience(&self, call: Call<GetExperienceRequest>) -> Result<Experience> {
        let home = call.district()?;
        let id = local("name", &call.message.name, &["experiences"], home)?;
        Ok(convert::experience(home, &self.app.experience(home, id).await?))
    }

    async fn list_experiences(&self, call: Call<ListExperiencesRequest>) -> Result<ListExperiencesResponse> {
        let home = call.district()?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.experiences(home, &request).await?;
        Ok(ListExperiencesResponse {
            experiences: page.items.iter().map(|item| convert::experience(home, item)).collect(),
            next_page_token: page.next,
        })
    }

    async fn batch_get_experiences(
        &self,
        call: Call<BatchGetExperiencesRequest>,
    ) -> Result<BatchGetExperiencesResponse> {
        let home = call.district()?;
        let ids = ids_in("names", &call.message.names, "experiences", home)?;
        let found = self.app.experiences_of_ids(home, &ids).await?;
        Ok(BatchGetExperiencesResponse {
            experiences: found.iter().map(|item| convert::experience(home, item)).collect(),
        })
    }

    async fn cancel_experience(&self, call: Call<CancelExperienceRequest>) -> Result<Experience> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = local("name", &call.message.name, &["experiences"], &call.home)?;
        let experience = self.app.cancel_experience(call.caller(), id, &call.message.etag).await?;
        Ok(convert::experience(&call.home, &experience))
    }
}
