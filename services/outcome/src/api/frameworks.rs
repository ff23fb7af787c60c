//! `trellis.outcome.v1alpha1.FrameworkService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, DeleteFrameworkRequest, Framework, FrameworkServiceApi, GetFrameworkRequest,
    ListFrameworksRequest, ListFrameworksResponse, PublishFrameworkRequest, UpdateFrameworkRequest,
};
use trellis_kernel::{Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::framework as convert;
use super::{mask, required};
use crate::app::frameworks;
use crate::domain::framework::FrameworkRef;

/// Serves frameworks.
pub(crate) struct Frameworks {
    store: Store,
}

impl Frameworks {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl FrameworkServiceApi for Frameworks {
    async fn get_framework(&self, call: Call<GetFrameworkRequest>) -> Result<Framework> {
        let of = FrameworkRef::parse("name", &call.message.name)?;
        frameworks::get(&self.store, &of).await.map(convert::write)
    }

    async fn list_frameworks(&self, call: Call<ListFrameworksRequest>) -> Result<ListFrameworksResponse> {
        let ListFrameworksRequest { parent, page_size, page_token, kind } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = frameworks::list(&self.store, &district, convert::read_kind(kind), &page).await?;
        let frameworks = page.items.into_iter().map(convert::write).collect();
        Ok(ListFrameworksResponse { frameworks, next_page_token: page.next })
    }

    async fn create_framework(&self, call: Call<CreateFrameworkRequest>) -> Result<Framework> {
        Name::of("parent", &call.message.parent, &[])?;
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let content = convert::read(required(call.into_parts().1.framework, "framework")?);
        frameworks::create(&self.store, change, content).await.map(convert::write)
    }

    async fn update_framework(&self, call: Call<UpdateFrameworkRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateFrameworkRequest { framework, update_mask, request_id: _ } = call.into_parts().1;
        let framework = required(framework, "framework")?;
        let of = FrameworkRef::parse_draft("framework.name", &framework.name)?;
        let etag = framework.etag.clone();
        let new = convert::read(framework);
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(own, new, &paths);
        frameworks::update(&self.store, change, &of, &etag, edit).await.map(convert::write)
    }

    async fn publish_framework(&self, call: Call<PublishFrameworkRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = FrameworkRef::parse_draft("name", &call.message.name)?;
        frameworks::publish(&self.store, change, &of, &call.message.etag).await.map(convert::write)
    }

    async fn delete_framework(&self, call: Call<DeleteFrameworkRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = FrameworkRef::parse_draft("name", &call.message.name)?;
        frameworks::delete(&self.store, change, &of, &call.message.etag).await
    }
}
