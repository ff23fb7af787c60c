//! `trellis.outcome.v1.ProgressionService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    CreateProgressionRequest, DeleteProgressionRequest, GetProgressionRequest, ListProgressionsRequest,
    ListProgressionsResponse, Progression, ProgressionServiceApi, UpdateProgressionRequest,
};
use trellis_kernel::{PageRequest, Result};
use trellis_store::Store;

use super::associations::own_outcome;
use super::convert::progression as convert;
use super::{mask, required};
use crate::app::progressions;
use crate::domain::framework::FrameworkRef;
use crate::domain::progression::{parse_draft_progression, parse_progression};

/// Serves progressions.
pub(crate) struct Progressions {
    store: Store,
}

impl Progressions {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ProgressionServiceApi for Progressions {
    async fn get_progression(&self, call: Call<GetProgressionRequest>) -> Result<Progression> {
        let (framework, id) = parse_progression("name", &call.message.name)?;
        progressions::get(&self.store, &framework, id).await.map(convert::write)
    }

    async fn list_progressions(
        &self,
        call: Call<ListProgressionsRequest>,
    ) -> Result<ListProgressionsResponse> {
        let ListProgressionsRequest { parent, page_size, page_token, outcome } = call.message;
        let framework = FrameworkRef::parse("parent", &parent)?;
        let outcome = match outcome.as_str() {
            "" => None,
            name => Some(own_outcome(name, &framework)?),
        };
        let page = PageRequest::parse(page_size, page_token)?;
        let page = progressions::list(&self.store, &framework, outcome, &page).await?;
        let progressions = page.items.into_iter().map(convert::write).collect();
        Ok(ListProgressionsResponse { progressions, next_page_token: page.next })
    }

    async fn create_progression(&self, call: Call<CreateProgressionRequest>) -> Result<Progression> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateProgressionRequest { parent, progression, request_id: _ } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("parent", &parent)?;
        let content = convert::read(&of, required(progression, "progression")?)?;
        progressions::create(&self.store, change, &of, content).await.map(convert::write)
    }

    async fn update_progression(&self, call: Call<UpdateProgressionRequest>) -> Result<Progression> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateProgressionRequest { progression, update_mask, request_id: _ } = call.into_parts().1;
        let progression = required(progression, "progression")?;
        let (of, id) = parse_draft_progression("progression.name", &progression.name)?;
        let etag = progression.etag.clone();
        let new = convert::read(&of, progression)?;
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(own, new, &paths);
        progressions::update(&self.store, change, (&of, id), &etag, edit).await.map(convert::write)
    }

    async fn delete_progression(&self, call: Call<DeleteProgressionRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (of, id) = parse_draft_progression("name", &call.message.name)?;
        progressions::delete(&self.store, change, (&of, id), &call.message.etag).await
    }
}
