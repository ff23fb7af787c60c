//! `trellis.outcome.v1.ProficiencyScaleService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    CreateProficiencyScaleRequest, DeleteProficiencyScaleRequest, GetProficiencyScaleRequest,
    ListProficiencyScaleRevisionsRequest, ListProficiencyScaleRevisionsResponse,
    ListProficiencyScalesRequest, ListProficiencyScalesResponse, ProficiencyScale,
    ProficiencyScaleServiceApi, PublishProficiencyScaleRequest, UpdateProficiencyScaleRequest,
};
use trellis_kernel::{Failure, Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::proficiency_scale as convert;
use super::{mask, required};
use crate::app::proficiency_scales as scales;
use crate::domain::proficiency_scale::ScaleRef;

/// Serves proficiency scales.
pub(crate) struct ProficiencyScales {
    store: Store,
}

impl ProficiencyScales {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ProficiencyScaleServiceApi for ProficiencyScales {
    async fn get_proficiency_scale(
        &self,
        call: Call<GetProficiencyScaleRequest>,
    ) -> Result<ProficiencyScale> {
        let of = ScaleRef::parse("name", &call.message.name)?;
        scales::get(&self.store, &of).await.map(convert::write)
    }

    async fn list_proficiency_scales(
        &self,
        call: Call<ListProficiencyScalesRequest>,
    ) -> Result<ListProficiencyScalesResponse> {
        let ListProficiencyScalesRequest { parent, page_size, page_token } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = scales::list(&self.store, &district, &page).await?;
        Ok(ListProficiencyScalesResponse {
            proficiency_scales: page.items.into_iter().map(convert::write).collect(),
            next_page_token: page.next,
        })
    }

    async fn list_proficiency_scale_revisions(
        &self,
        call: Call<ListProficiencyScaleRevisionsRequest>,
    ) -> Result<ListProficiencyScaleRevisionsResponse> {
        let ListProficiencyScaleRevisionsRequest { name, page_size, page_token } = call.message;
        let of = ScaleRef::parse("name", &name)?;
        if of.pin.is_some() {
            return Err(Failure::field("name", "must be the name of the scale, without a revision"));
        }
        let page = PageRequest::parse(page_size, page_token)?;
        let page = scales::revisions(&self.store, &of, &page).await?;
        Ok(ListProficiencyScaleRevisionsResponse {
            proficiency_scales: page.items.into_iter().map(convert::write).collect(),
            next_page_token: page.next,
        })
    }

    async fn create_proficiency_scale(
        &self,
        call: Call<CreateProficiencyScaleRequest>,
    ) -> Result<ProficiencyScale> {
        Name::of("parent", &call.message.parent, &[])?;
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let scale = required(call.into_parts().1.proficiency_scale, "proficiency_scale")?;
        scales::create(&self.store, change, convert::read(scale)?).await.map(convert::write)
    }

    async fn update_proficiency_scale(
        &self,
        call: Call<UpdateProficiencyScaleRequest>,
    ) -> Result<ProficiencyScale> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateProficiencyScaleRequest { proficiency_scale, update_mask, request_id: _ } =
            call.into_parts().1;
        let scale = required(proficiency_scale, "proficiency_scale")?;
        let of = ScaleRef::parse_draft("proficiency_scale.name", &scale.name)?;
        let etag = scale.etag.clone();
        let new = convert::read(scale)?;
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(own, new, &paths);
        scales::update(&self.store, change, &of, &etag, edit).await.map(convert::write)
    }

    async fn publish_proficiency_scale(
        &self,
        call: Call<PublishProficiencyScaleRequest>,
    ) -> Result<ProficiencyScale> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = ScaleRef::parse_draft("name", &call.message.name)?;
        scales::publish(&self.store, change, &of, &call.message.etag).await.map(convert::write)
    }

    async fn delete_proficiency_scale(&self, call: Call<DeleteProficiencyScaleRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = ScaleRef::parse_draft("name", &call.message.name)?;
        scales::delete(&self.store, change, &of, &call.message.etag).await
    }
}
