//! `trellis.outcome.v1.AssociationService`.

use async_trait::async_trait;
use futures::stream;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::outcome::{
    AnalyzeCoverageRequest, AnalyzeCoverageResponse, Association, AssociationServiceApi,
    CreateAssociationRequest, CrosswalkFrameworksRequest, CrosswalkFrameworksResponse,
    DeleteAssociationRequest, GetAssociationRequest, ListAssociationsRequest, ListAssociationsResponse,
    SuggestAssociationsRequest, SuggestAssociationsResponse, UpdateAssociationRequest,
};
use trellis_kernel::{District, Failure, Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::{association as convert, crosswalk as crosswalk_convert};
use super::{mask, required};
use crate::app::crosswalks::Question;
use crate::app::{associations, crosswalks};
use crate::domain::association::{parse_association, parse_draft_association};
use crate::domain::framework::FrameworkRef;
use crate::domain::likeness::Wanted;
use crate::domain::outcome::parse_outcome;
use crate::snapshot::Snapshots;

/// Serves associations.
pub(crate) struct Associations {
    store: Store,
    snapshots: Snapshots,
}

impl Associations {
    /// Serves those of a store.
    pub(crate) const fn new(store: Store, snapshots: Snapshots) -> Self {
        Self { store, snapshots }
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

    async fn crosswalk_frameworks(
        &self,
        call: Call<CrosswalkFrameworksRequest>,
    ) -> Result<Outbound<CrosswalkFrameworksResponse>> {
        let CrosswalkFrameworksRequest { parent, source, target, hubs, max_links, min_strength } =
            call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let question = Question {
            source: readable("source", &source, &district)?,
            target: readable("target", &target, &district)?,
            hubs: read_hubs(&hubs, &district)?,
            links: links(max_links),
            strength: min_strength.unsigned_abs(),
        };
        let found = crosswalks::crosswalk(&self.store, &self.snapshots, &question).await?;
        Ok(Box::pin(stream::iter(crosswalk_convert::write_crosswalk(found).map(Ok))))
    }

    async fn analyze_coverage(
        &self,
        call: Call<AnalyzeCoverageRequest>,
    ) -> Result<Outbound<AnalyzeCoverageResponse>> {
        let AnalyzeCoverageRequest { parent, framework, covering_framework, hubs, max_links, min_strength } =
            call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let question = Question {
            source: readable("framework", &framework, &district)?,
            target: readable("covering_framework", &covering_framework, &district)?,
            hubs: read_hubs(&hubs, &district)?,
            links: links(max_links),
            strength: min_strength.unsigned_abs(),
        };
        let found = crosswalks::crosswalk(&self.store, &self.snapshots, &question).await?;
        let analysis = crosswalks::analyze(&found);
        Ok(Box::pin(stream::iter(crosswalk_convert::write_coverage(found, analysis).map(Ok))))
    }

    async fn suggest_associations(
        &self,
        call: Call<SuggestAssociationsRequest>,
    ) -> Result<Outbound<SuggestAssociationsResponse>> {
        let SuggestAssociationsRequest { parent, source, target, min_score, per_outcome } = call.message;
        let district = Name::of("parent", &parent, &[])?.district;
        let source = readable("source", &source, &district)?;
        let target = readable("target", &target, &district)?;
        let wanted = Wanted {
            score: if min_score == 0 { 400 } else { min_score.unsigned_abs() },
            each: if per_outcome == 0 { 3 } else { usize::try_from(per_outcome).unwrap_or(3) },
        };
        let found = crosswalks::suggest(&self.snapshots, &source, &target, wanted).await?;
        Ok(Box::pin(stream::iter(crosswalk_convert::write_suggestions(found).map(Ok))))
    }
}

/// A framework that a reader of a district may read: its own, or one of the commons.
fn readable(field: &str, text: &str, district: &District) -> Result<FrameworkRef> {
    let framework = FrameworkRef::parse(field, text)?;
    if framework.district != *district && !framework.district.is_commons() {
        // Whether it exists in another district is nobody's business here.
        return Err(framework.missing());
    }
    Ok(framework)
}

fn read_hubs(hubs: &[String], district: &District) -> Result<Vec<FrameworkRef>> {
    let read = |(index, hub): (usize, &String)| readable(&format!("hubs[{index}]"), hub, district);
    hubs.iter().enumerate().map(read).collect()
}

/// Of how many links a way may be made; two where it is not said.
fn links(asked: i32) -> usize {
    usize::try_from(asked).ok().filter(|links| *links > 0).unwrap_or(2)
}

/// The outcome of a framework that a filter names, pinned or not.
pub(super) fn own_outcome(text: &str, framework: &FrameworkRef) -> Result<trellis_kernel::Uuid> {
    let (own, id) = parse_outcome("outcome", text)?;
    if !own.same_framework(framework) {
        return Err(Failure::field("outcome", "must be an outcome of the framework of the list"));
    }
    Ok(id)
}
