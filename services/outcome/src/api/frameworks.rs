//! `trellis.outcome.v1.FrameworkService`.

use async_trait::async_trait;
use futures::StreamExt as _;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::outcome::{
    CreateFrameworkRequest, DeleteFrameworkRequest, DeprecateFrameworkRequest, DiffFrameworkRevisionsRequest,
    DiffFrameworkRevisionsResponse, Framework, FrameworkServiceApi, GetFrameworkRequest,
    ListFrameworkRevisionsRequest, ListFrameworkRevisionsResponse, ListFrameworksRequest,
    ListFrameworksResponse, PublishFrameworkRequest, SetFrameworkVisibilityRequest,
    UndeprecateFrameworkRequest, UpdateFrameworkRequest,
};
use trellis_kernel::{Failure, Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::diff::write as write_part;
use super::convert::{framework as convert, read_texts};
use super::{mask, required};
use crate::app::{currency, deprecations, diff, frameworks, visibility};
use crate::domain::framework::{Framework as Own, FrameworkRef};

/// Serves frameworks.
pub(crate) struct Frameworks {
    store: Store,
}

impl Frameworks {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn shown(&self, framework: Own) -> Result<Framework> {
        let currency = currency::of_framework(&self.store, &framework.place).await?;
        Ok(convert::write(framework, currency))
    }
}

#[async_trait]
impl FrameworkServiceApi for Frameworks {
    async fn get_framework(&self, call: Call<GetFrameworkRequest>) -> Result<Framework> {
        let of = FrameworkRef::parse("name", &call.message.name)?;
        self.shown(frameworks::get(&self.store, &of).await?).await
    }

    async fn list_frameworks(&self, call: Call<ListFrameworksRequest>) -> Result<ListFrameworksResponse> {
        let ListFrameworksRequest { parent, page_size, page_token, kind } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = frameworks::list(&self.store, &district, convert::read_kind(kind), &page).await?;
        let frameworks = show(&self.store, page.items).await?;
        Ok(ListFrameworksResponse { frameworks, next_page_token: page.next })
    }

    async fn create_framework(&self, call: Call<CreateFrameworkRequest>) -> Result<Framework> {
        Name::of("parent", &call.message.parent, &[])?;
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let content = convert::read(required(call.into_parts().1.framework, "framework")?);
        self.shown(frameworks::create(&self.store, change, content).await?).await
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
        self.shown(frameworks::update(&self.store, change, &of, &etag, edit).await?).await
    }

    async fn publish_framework(&self, call: Call<PublishFrameworkRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let PublishFrameworkRequest { name, etag, request_id: _, release_note } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("name", &name)?;
        let note = read_texts(release_note);
        self.shown(frameworks::publish(&self.store, change, &of, &etag, note).await?).await
    }

    async fn delete_framework(&self, call: Call<DeleteFrameworkRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = FrameworkRef::parse_draft("name", &call.message.name)?;
        frameworks::delete(&self.store, change, &of, &call.message.etag).await
    }

    async fn set_framework_visibility(&self, call: Call<SetFrameworkVisibilityRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let SetFrameworkVisibilityRequest { name, visibility, etag, request_id: _ } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("name", &name)?;
        let visibility = convert::read_visibility(visibility);
        self.shown(visibility::set(&self.store, change, &of, &etag, visibility).await?).await
    }

    async fn list_framework_revisions(
        &self,
        call: Call<ListFrameworkRevisionsRequest>,
    ) -> Result<ListFrameworkRevisionsResponse> {
        let ListFrameworkRevisionsRequest { name, page_size, page_token } = call.message;
        let of = FrameworkRef::parse_draft("name", &name)?;
        let page = PageRequest::parse(page_size, page_token)?;
        let page = frameworks::revisions(&self.store, &of, &page).await?;
        let revisions = show(&self.store, page.items).await?;
        Ok(ListFrameworkRevisionsResponse { revisions, next_page_token: page.next })
    }

    async fn diff_framework_revisions(
        &self,
        call: Call<DiffFrameworkRevisionsRequest>,
    ) -> Result<Outbound<DiffFrameworkRevisionsResponse>> {
        let DiffFrameworkRevisionsRequest { name, base } = &call.message;
        let (of, base) = (FrameworkRef::parse("name", name)?, FrameworkRef::parse("base", base)?);
        if !base.same_framework(&of) {
            return Err(Failure::field(
                "base",
                "must be the same framework, at another revision or in draft",
            ));
        }
        let parts = diff::between(&self.store, base, of).await?;
        Ok(Box::pin(parts.map(|part| part.map(write_part))))
    }

    async fn deprecate_framework(&self, call: Call<DeprecateFrameworkRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let DeprecateFrameworkRequest { name, replacing_framework, reason, etag, request_id: _ } =
            call.into_parts().1;
        let of = FrameworkRef::parse_draft("name", &name)?;
        let replacing = match replacing_framework.as_str() {
            "" => None,
            replacing => Some(reachable("replacing_framework", replacing, &of)?),
        };
        let why = (replacing, read_texts(reason));
        self.shown(deprecations::deprecate(&self.store, change, &of, &etag, why).await?).await
    }

    async fn undeprecate_framework(&self, call: Call<UndeprecateFrameworkRequest>) -> Result<Framework> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let of = FrameworkRef::parse_draft("name", &call.message.name)?;
        self.shown(deprecations::undeprecate(&self.store, change, &of, &call.message.etag).await?).await
    }
}

/// A framework that another one may be replaced by, unpinned: of its district or of the commons.
fn reachable(field: &str, text: &str, of: &FrameworkRef) -> Result<FrameworkRef> {
    let framework = FrameworkRef::parse(field, text)?;
    if framework.district != of.district && !framework.district.is_commons() {
        return Err(Failure::field(field, "must be in this district or in the commons"));
    }
    if framework.pin.is_some() {
        return Err(Failure::field(field, "must not be pinned: its newest revision is what to use"));
    }
    Ok(framework)
}

/// Frameworks as the contract has them, each with whether it is current.
pub(super) async fn show(store: &Store, frameworks: Vec<Own>) -> Result<Vec<Framework>> {
    let places: Vec<FrameworkRef> = frameworks.iter().map(|own| own.place.clone()).collect();
    let currencies = currency::of_frameworks(store, &places).await?;
    Ok(frameworks.into_iter().zip(currencies).map(|(own, currency)| convert::write(own, currency)).collect())
}
