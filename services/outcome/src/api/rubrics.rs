//! `trellis.outcome.v1.RubricService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::outcome::{
    CreateRubricRequest, DeleteRubricRequest, GetRubricRequest, ListRubricsRequest, ListRubricsResponse,
    Rubric, RubricServiceApi, UpdateRubricRequest,
};
use trellis_kernel::{PageRequest, Result};
use trellis_store::Store;

use super::convert::rubric as convert;
use super::{mask, required};
use crate::app::rubrics;
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::parse_outcome;
use crate::domain::rubric::{parse_draft_rubric, parse_rubric};

/// Serves rubrics.
pub(crate) struct Rubrics {
    store: Store,
}

impl Rubrics {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl RubricServiceApi for Rubrics {
    async fn get_rubric(&self, call: Call<GetRubricRequest>) -> Result<Rubric> {
        let (framework, id) = parse_rubric("name", &call.message.name)?;
        rubrics::get(&self.store, &framework, id).await.map(convert::write)
    }

    async fn list_rubrics(&self, call: Call<ListRubricsRequest>) -> Result<ListRubricsResponse> {
        let ListRubricsRequest { parent, page_size, page_token, outcome } = call.message;
        let framework = FrameworkRef::parse("parent", &parent)?;
        let outcome = match outcome.as_str() {
            "" => None,
            name => Some(parse_outcome("outcome", name)?.1),
        };
        let page = PageRequest::parse(page_size, page_token)?;
        let page = rubrics::list(&self.store, &framework, outcome, &page).await?;
        let rubrics = page.items.into_iter().map(convert::write).collect();
        Ok(ListRubricsResponse { rubrics, next_page_token: page.next })
    }

    async fn create_rubric(&self, call: Call<CreateRubricRequest>) -> Result<Rubric> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateRubricRequest { parent, rubric, request_id: _ } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("parent", &parent)?;
        let content = convert::read(&of, required(rubric, "rubric")?, self.store.ids())?;
        rubrics::create(&self.store, change, &of, content).await.map(convert::write)
    }

    async fn update_rubric(&self, call: Call<UpdateRubricRequest>) -> Result<Rubric> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateRubricRequest { rubric, update_mask, request_id: _ } = call.into_parts().1;
        let rubric = required(rubric, "rubric")?;
        let (of, id) = parse_draft_rubric("rubric.name", &rubric.name)?;
        let etag = rubric.etag.clone();
        let new = convert::read(&of, rubric, self.store.ids())?;
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(own, new, &paths);
        rubrics::update(&self.store, change, (&of, id), &etag, edit).await.map(convert::write)
    }

    async fn delete_rubric(&self, call: Call<DeleteRubricRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (of, id) = parse_draft_rubric("name", &call.message.name)?;
        rubrics::delete(&self.store, change, (&of, id), &call.message.etag).await
    }
}
