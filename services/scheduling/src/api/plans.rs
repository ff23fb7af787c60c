//! `PlanService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{
    CreatePlanRequest, ExplainPlacementsRequest, ExplainPlacementsResponse, GetPlanRequest,
    ListPlacementsRequest, ListPlacementsResponse, ListPlansRequest, ListPlansResponse,
    ListUnmetRequirementsRequest, ListUnmetRequirementsResponse, Plan, PlanServiceApi, PublishPlanRequest,
};
use trellis_kernel::{Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::{absent, plan};
use super::{Api, prepares, read};
use crate::app::plans::Wanted;

/// The plan that a field names, for this caller.
fn wanted<M>(call: &Call<M>, field: &str, name: &str) -> Result<Wanted> {
    let (timetable, plan, revision) = read::plan(call.district()?, field, name)?;
    Ok(Wanted { timetable, plan, revision, drafts: prepares(call) })
}

#[async_trait]
impl PlanServiceApi for Api {
    async fn create_plan(&self, call: Call<CreatePlanRequest>) -> Result<Plan> {
        let district = call.district()?;
        let change = change(&call, &call.message.request_id)?;
        let timetable = read::id(district, "parent", &call.message.parent, &["timetables"])?;
        let seed = call.message.plan.as_ref().ok_or_else(|| absent("plan"))?.seed;
        Ok(plan::message(district, &self.app.create_plan(change, timetable, seed).await?))
    }

    async fn get_plan(&self, call: Call<GetPlanRequest>) -> Result<Plan> {
        let district = call.district()?;
        let wanted = wanted(&call, "name", &call.message.name)?;
        Ok(plan::message(district, &self.app.plan(district, wanted).await?))
    }

    async fn list_plans(&self, call: Call<ListPlansRequest>) -> Result<ListPlansResponse> {
        let (district, drafts) = (call.district()?.clone(), prepares(&call));
        let (_, ListPlansRequest { parent, page_size, page_token }) = call.into_parts();
        let timetable = read::id(&district, "parent", &parent, &["timetables"])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.plans(&district, timetable, drafts, &page).await?;
        let plans = items.iter().map(|item| plan::message(&district, item)).collect();
        Ok(ListPlansResponse { plans, next_page_token: next })
    }

    async fn list_placements(&self, call: Call<ListPlacementsRequest>) -> Result<ListPlacementsResponse> {
        let district = call.district()?.clone();
        let wanted = wanted(&call, "parent", &call.message.parent)?;
        let (_, ListPlacementsRequest { parent: _, learner, page_size, page_token }) = call.into_parts();
        let learner = read::id(&district, "learner", &learner, &["learners"])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.placements(&district, wanted, learner, &page).await?;
        let placements = items.into_iter().map(|item| plan::placement(&district, wanted.timetable, item));
        Ok(ListPlacementsResponse { placements: placements.collect(), next_page_token: next })
    }

    async fn explain_placements(
        &self,
        call: Call<ExplainPlacementsRequest>,
    ) -> Result<ExplainPlacementsResponse> {
        let district = call.district()?;
        let wanted = wanted(&call, "plan", &call.message.plan)?;
        let learner = read::id(district, "learner", &call.message.learner, &["learners"])?;
        let explanations = self.app.explain_placements(district, wanted, learner).await?;
        let explanations =
            explanations.into_iter().map(|item| plan::explanation(district, wanted.timetable, item));
        Ok(ExplainPlacementsResponse { explanations: explanations.collect() })
    }

    async fn list_unmet_requirements(
        &self,
        call: Call<ListUnmetRequirementsRequest>,
    ) -> Result<ListUnmetRequirementsResponse> {
        let district = call.district()?;
        let wanted = wanted(&call, "parent", &call.message.parent)?;
        let page = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let Page { items, next } = self.app.unmet_requirements(call.actor(), district, wanted, &page).await?;
        let unmet = items.into_iter().map(|item| plan::explanation(district, wanted.timetable, item));
        Ok(ListUnmetRequirementsResponse { unmet_requirements: unmet.collect(), next_page_token: next })
    }

    async fn publish_plan(&self, call: Call<PublishPlanRequest>) -> Result<Plan> {
        let district = call.district()?;
        let PublishPlanRequest { name, etag, request_id } = &call.message;
        let change = change(&call, request_id)?;
        let (timetable, id) = read::in_timetable(district, "name", name, "plans")?;
        let published = self.app.publish_plan(call.actor(), change, timetable, id, etag).await?;
        Ok(plan::message(district, &published))
    }
}
