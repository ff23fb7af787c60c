//! `trellis.outcome.v1alpha1.AssociationService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    Association, AssociationServiceApi, CreateAssociationRequest, DeleteAssociationRequest,
    GetAssociationRequest, ListAssociationsRequest, ListAssociationsResponse, UpdateAssociationRequest,
};
use trellis_kernel::{Failure, PageRequest, Result};
use trellis_store::Store;

use super::convert::association as convert;
use super::{mask, required};
use crate::app::associations;
use crate::domain::association::{parse_association, parse_draft_association};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::parse_outcome;

/// Serves associations.
pub(crate) struct Associations {
    store: Store,
}

impl Associations {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl AssociationServiceApi for Associations {
    async fn get_association(&self, call: Call<GetAssociationRequest>) -> Result<Association> {
        let (framework, id) = parse_association("name", &call.message.name)?;
        associations::get(&self.store, &framework, id).await.map(convert::write)
    }

    async fn list_associations(
        &self,
        call: Call<ListAssociationsRequest>,
    ) -> Result<ListAssociationsResponse> {
        let ListAssociationsRequest { parent, page_size, page_token, r#type, outcome } = call.message;
        let framework = FrameworkRef::parse("parent", &parent)?;
        let outcome = match outcome.as_str() {
            "" => None,
            name => Some(own_outcome(name, &framework)?),
        };
        let page = PageRequest::parse(page_size, page_token)?;
        let page =
            associations::list(&self.store, &framework, convert::read_type(r#type), outcome, &page).await?;
        let associations = page.items.into_iter().map(convert::write).collect();
        Ok(ListAssociationsResponse { associations, next_page_token: page.next })
    }

    async fn create_association(&self, call: Call<CreateAssociationRequest>) -> Result<Association> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateAssociationRequest { parent, association, request_id: _ } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("parent", &parent)?;
        let content = convert::read(&of, required(association, "association")?)?.whole()?;
        associations::create(&self.store, change, &of, content).await.map(convert::write)
    }

    async fn update_association(&self, call: Call<UpdateAssociationRequest>) -> Result<Association> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateAssociationRequest { association, update_mask, request_id: _ } = call.into_parts().1;
        let association = required(association, "association")?;
        let (of, id) = parse_draft_association("association.name", &association.name)?;
        let etag = association.etag.clone();
        let said = convert::read(&of, association)?;
        let paths = mask::paths(update_mask, &said.fields())?;
        let [origin, destination] = said.ends(&paths);
        let edit = |own| said.over(own, &paths);
        associations::update(&self.store, change, (&of, id), &etag, [&origin, &destination], edit)
            .await
            .map(convert::write)
    }

    async fn delete_association(&self, call: Call<DeleteAssociationRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (of, id) = parse_draft_association("name", &call.message.name)?;
        associations::delete(&self.store, change, (&of, id), &call.message.etag).await
    }
}

/// The outcome of a framework that a filter names, pinned or not.
pub(super) fn own_outcome(text: &str, framework: &FrameworkRef) -> Result<trellis_kernel::Uuid> {
    let (own, id) = parse_outcome("outcome", text)?;
    if !own.same_framework(framework) {
        return Err(Failure::field("outcome", "must be an outcome of the framework of the list"));
    }
    Ok(id)
}
