//! `DesignService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    CreateDesignRequest, Design, DesignServiceApi, GetDesignRequest, ListDesignsRequest, ListDesignsResponse,
    PublishDesignRequest, UpdateDesignRequest,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{Failure, Name, PageRequest, Result};

use super::convert::design as convert;
use super::{Api, Changing, mutable, required};

#[async_trait]
impl DesignServiceApi for Api {
    async fn create_design(&self, call: Call<CreateDesignRequest>) -> Result<Design> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let design = required(call.message.design.clone(), "design")?;
        let draft = convert::draft(design, &call.home)?;
        let design = self.app.create_design(call.caller(), draft).await?;
        Ok(convert::current(&call.home, &design))
    }

    async fn get_design(&self, call: Call<GetDesignRequest>) -> Result<Design> {
        let home = call.district()?;
        let name = Name::of("name", &call.message.name, &["designs"])?;
        let segment = name.segments.first().ok_or_else(Failure::access_denied)?;
        let view = self.app.design(home, segment.id, segment.revision).await?;
        Ok(convert::view(home, &view))
    }

    async fn list_designs(&self, call: Call<ListDesignsRequest>) -> Result<ListDesignsResponse> {
        let home = call.district()?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.designs(home, &request).await?;
        Ok(ListDesignsResponse {
            designs: page.items.iter().map(|design| convert::current(home, design)).collect(),
            next_page_token: page.next,
        })
    }

    async fn update_design(&self, call: Call<UpdateDesignRequest>) -> Result<Design> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let design = required(call.message.design.clone(), "design")?;
        let id = mutable("design.name", &design.name, "designs")?;
        let fields = convert::fields(call.message.update_mask.as_ref(), &design)?;
        let etag = design.etag.clone();
        let draft = convert::draft(design, &call.home)?;
        let design = self.app.update_design(call.caller(), id, &etag, draft, &fields).await?;
        Ok(convert::current(&call.home, &design))
    }

    async fn publish_design(&self, call: Call<PublishDesignRequest>) -> Result<Design> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let id = mutable("name", &call.message.name, "designs")?;
        let design = self.app.publish_design(call.caller(), id, &call.message.etag).await?;
        Ok(convert::current(&call.home, &design))
    }
}
