//! `trellis.outcome.v1.OutcomeService`.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::outcome::move_outcome_request::Place;
use trellis_contracts::outcome::{
    BatchGetOutcomesRequest, BatchGetOutcomesResponse, CreateOutcomeRequest, DeleteOutcomeRequest,
    GetOutcomeRequest, ListAncestorsRequest, ListAncestorsResponse, ListDescendantsRequest,
    ListDescendantsResponse, ListOutcomesRequest, ListOutcomesResponse, ListPrerequisitesRequest,
    ListPrerequisitesResponse, MoveOutcomeRequest, Outcome, OutcomeServiceApi, SearchOutcomesRequest,
    SearchOutcomesResponse, UpdateOutcomeRequest,
};
use trellis_kernel::{Failure, Name, PageRequest, Result, Uuid};
use trellis_store::Store;

use super::convert::{graph as graph_convert, outcome as convert, search as search_convert};
use super::{mask, required};
use crate::app::moves::{self, Beside, Destination};
use crate::app::outcomes::{self, Stand};
use crate::app::replaced::Replaced;
use crate::app::{currency, descendants, graph, removals, search};
use crate::domain::framework::{FRAMEWORKS, FrameworkRef};
use crate::domain::outcome::{OUTCOME, OUTCOMES, Outcome as Own, parse_draft_outcome, parse_outcome};
use crate::domain::succession::OutcomeId;
use crate::search::SearchIndex;
use crate::snapshot::Snapshots;
use crate::store::outcomes::{Below, Filter};

/// Serves outcomes.
pub(crate) struct Outcomes {
    store: Store,
    snapshots: Snapshots,
    index: SearchIndex,
    replaced: Replaced,
}

impl Outcomes {
    /// Serves those of a store.
    pub(crate) const fn new(
        store: Store,
        snapshots: Snapshots,
        index: SearchIndex,
        replaced: Replaced,
    ) -> Self {
        Self { store, snapshots, index, replaced }
    }

    async fn shown(&self, outcome: Own) -> Result<Outcome> {
        one(self.current(written(vec![outcome])).await?)
    }

    /// Messages of outcomes, each told what replaces it. Whatever the revision, that is asked anew.
    async fn current(&self, outcomes: Vec<(OutcomeId, Outcome)>) -> Result<Vec<Outcome>> {
        let replaced = self.replaced.of(outcomes.iter().map(|(id, _)| id)).await?;
        Ok(told(outcomes, &replaced))
    }
}

#[async_trait]
impl OutcomeServiceApi for Outcomes {
    async fn get_outcome(&self, call: Call<GetOutcomeRequest>) -> Result<Outcome> {
        let (framework, id) = parse_outcome("name", &call.message.name)?;
        let outcome = outcomes::get(&self.store, &self.snapshots, &framework, id).await?;
        one(self.current(vec![(OutcomeId::of(&framework, id), outcome)]).await?)
    }

    async fn list_outcomes(&self, call: Call<ListOutcomesRequest>) -> Result<ListOutcomesResponse> {
        let ListOutcomesRequest { parent, page_size, page_token, child_of, r#type, code, kind } =
            call.message;
        let framework = FrameworkRef::parse("parent", &parent)?;
        let below = match child_of.as_str() {
            "" => Below::Any,
            name => within("child_of", name, &framework)?,
        };
        let filter = Filter { below, item_type: r#type, code, kind: convert::read_kind(kind) };
        let page = PageRequest::parse(page_size, page_token)?;
        let page = outcomes::list(&self.store, &framework, &filter, &page).await?;
        let outcomes = self.current(written(page.items)).await?;
        Ok(ListOutcomesResponse { outcomes, next_page_token: page.next })
    }

    async fn create_outcome(&self, call: Call<CreateOutcomeRequest>) -> Result<Outcome> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let CreateOutcomeRequest { parent, outcome, request_id: _ } = call.into_parts().1;
        let of = FrameworkRef::parse_draft("parent", &parent)?;
        let outcome = required(outcome, "outcome")?;
        let parent = match outcome.parent_outcome.as_str() {
            "" => None,
            name => Some(own_outcome("outcome.parent_outcome", name, &of)?),
        };
        let stand = Stand { parent, order: outcome.list_order };
        self.shown(outcomes::create(&self.store, change, &of, convert::read(outcome)?, stand).await?).await
    }

    async fn update_outcome(&self, call: Call<UpdateOutcomeRequest>) -> Result<Outcome> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let UpdateOutcomeRequest { outcome, update_mask, request_id: _ } = call.into_parts().1;
        let outcome = required(outcome, "outcome")?;
        let (of, id) = parse_draft_outcome("outcome.name", &outcome.name)?;
        let etag = outcome.etag.clone();
        let new = convert::read(outcome)?;
        let paths = mask::paths(update_mask, &convert::fields(&new))?;
        let edit = |own| convert::merge(own, new, &paths);
        self.shown(outcomes::update(&self.store, change, (&of, id), &etag, edit).await?).await
    }

    async fn move_outcome(&self, call: Call<MoveOutcomeRequest>) -> Result<Outcome> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let MoveOutcomeRequest { name, parent_outcome, place, etag, request_id: _ } = call.into_parts().1;
        let (of, id) = parse_draft_outcome("name", &name)?;
        let parent = match parent_outcome.as_str() {
            "" => None,
            name => Some(own_outcome("parent_outcome", name, &of)?),
        };
        let beside = match place {
            None => Beside::Last,
            Some(Place::Before(sibling)) => Beside::Before(own_outcome("before", &sibling, &of)?),
            Some(Place::After(sibling)) => Beside::After(own_outcome("after", &sibling, &of)?),
        };
        let to = Destination { parent, beside };
        self.shown(moves::to(&self.store, change, (&of, id), &etag, to).await?).await
    }

    async fn delete_outcome(&self, call: Call<DeleteOutcomeRequest>) -> Result<()> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let DeleteOutcomeRequest { name, etag, force, request_id: _ } = &call.message;
        let (of, id) = parse_draft_outcome("name", name)?;
        removals::remove(&self.store, change, (&of, id), etag, *force).await
    }

    async fn batch_get_outcomes(
        &self,
        call: Call<BatchGetOutcomesRequest>,
    ) -> Result<BatchGetOutcomesResponse> {
        let BatchGetOutcomesRequest { parent, names } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let mut asked = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let own = parse_outcome("names", name);
            let (framework, id) = own.or_else(|_| parse_outcome(&format!("names[{index}]"), name))?;
            if framework.district != district && !framework.district.is_commons() {
                // Whether it exists in another district is nobody's business here.
                return Err(Failure::not_found(OUTCOME, name.clone()));
            }
            asked.push((framework, id));
        }
        let outcomes = outcomes::batch_get(&self.store, &self.snapshots, &asked).await?;
        let ids: Vec<OutcomeId> = asked.iter().map(|(framework, id)| OutcomeId::of(framework, *id)).collect();
        let replaced = self.replaced.of(ids.iter()).await?;
        let beside = |id: &OutcomeId| Outcome {
            superseded_by: replaced.get(id).map(|by| names_of(by)).unwrap_or_default(),
            ..Outcome::default()
        };
        let told = ids.iter().zip(&outcomes).map(|(id, outcome)| {
            let beside = (!replaced.is_empty()).then(|| beside(id));
            (outcome.as_ref(), beside)
        });
        Ok(BatchGetOutcomesResponse::encoded(told))
    }

    async fn list_descendants(
        &self,
        call: Call<ListDescendantsRequest>,
    ) -> Result<Outbound<ListDescendantsResponse>> {
        let ListDescendantsRequest { parent, max_depth } = &call.message;
        let name = framework_or_outcome("parent", parent)?;
        let (framework, root) = match name.id_in(OUTCOMES) {
            Some(_) => parse_outcome("parent", parent).map(|(framework, id)| (framework, Some(id)))?,
            None => (FrameworkRef::of(&name)?, None),
        };
        let read =
            descendants::descendants(&self.store, &self.snapshots, framework, root, *max_depth).await?;
        Ok(Box::pin(read.map(|descendant| descendant.map(graph_convert::write_descendant))))
    }

    async fn list_ancestors(
        &self,
        call: Call<ListAncestorsRequest>,
    ) -> Result<Outbound<ListAncestorsResponse>> {
        let ListAncestorsRequest { name, max_depth } = call.message;
        let (framework, id) = parse_outcome("name", &name)?;
        let found = graph::ancestors(&self.snapshots, &framework, id, max_depth.unsigned_abs()).await?;
        Ok(Box::pin(stream::iter(graph_convert::write_ancestors(found))))
    }

    async fn list_prerequisites(
        &self,
        call: Call<ListPrerequisitesRequest>,
    ) -> Result<Outbound<ListPrerequisitesResponse>> {
        let ListPrerequisitesRequest { name, max_depth } = call.message;
        let (framework, id) = parse_outcome("name", &name)?;
        let found =
            graph::prerequisites(&self.store, &self.snapshots, &framework, id, max_depth.unsigned_abs())
                .await?;
        Ok(Box::pin(stream::iter(graph_convert::write_prerequisites(found))))
    }

    async fn search_outcomes(&self, call: Call<SearchOutcomesRequest>) -> Result<SearchOutcomesResponse> {
        let page = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let asked = search_convert::read(call.message)?;
        let found = search::search(&self.store, &self.snapshots, &self.index, &asked, &page).await?;
        Ok(search_convert::write(found))
    }
}

/// Reads the name of a framework or of an outcome.
fn framework_or_outcome(field: &str, text: &str) -> Result<Name> {
    Name::of(field, text, &[FRAMEWORKS, OUTCOMES]).or_else(|_| Name::of(field, text, &[FRAMEWORKS]))
}

/// What of a framework a name names: an outcome, or the framework itself.
fn within(field: &str, text: &str, framework: &FrameworkRef) -> Result<Below> {
    let name = framework_or_outcome(field, text)?;
    if !FrameworkRef::of(&name)?.same_framework(framework) {
        return Err(Failure::field(field, "must be the framework of the list, or an outcome of it"));
    }
    Ok(name.id_in(OUTCOMES).map_or(Below::Framework, Below::Outcome))
}

/// An outcome that a request names and that must be in the same draft.
fn own_outcome(field: &str, text: &str, of: &FrameworkRef) -> Result<Uuid> {
    let (framework, id) = parse_draft_outcome(field, text)?;
    if framework != *of {
        return Err(Failure::field(field, "must be an outcome of the same framework"));
    }
    Ok(id)
}

/// Outcomes as the contract has them, each with what replaces it by the rows of this moment.
pub(super) async fn show(store: &Store, outcomes: Vec<Own>) -> Result<Vec<Outcome>> {
    let outcomes = written(outcomes);
    let replaced = currency::of_outcomes(store, outcomes.iter().map(|(id, _)| id.clone()).collect()).await?;
    Ok(told(outcomes, &replaced))
}

/// The messages of outcomes.
fn written(outcomes: Vec<Own>) -> Vec<(OutcomeId, Outcome)> {
    let written = |own: Own| (OutcomeId::of(&own.framework, own.id), convert::write(own));
    outcomes.into_iter().map(written).collect()
}

/// Tells messages of outcomes what replaces each.
fn told(outcomes: Vec<(OutcomeId, Outcome)>, replaced: &HashMap<OutcomeId, Vec<Name>>) -> Vec<Outcome> {
    let told = |(id, mut outcome): (OutcomeId, Outcome)| {
        if let Some(by) = replaced.get(&id) {
            outcome.superseded_by = names_of(by);
        }
        outcome
    };
    outcomes.into_iter().map(told).collect()
}

fn names_of(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

fn one(mut shown: Vec<Outcome>) -> Result<Outcome> {
    shown.pop().ok_or_else(|| Failure::internal("an outcome was not shown"))
}
