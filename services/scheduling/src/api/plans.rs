//! `PlanService`.

use async_trait::async_trait;
use futures::StreamExt as _;
use prost::Message;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::scheduling::{
    CancelSolveRequest, ExplainPlacementsRequest, ExplainPlacementsResponse, FinishSolveRequest,
    GetPlanFairnessRequest, GetPlanRequest, GetSolveRequest, ListPlacementsRequest, ListPlacementsResponse,
    ListPlansRequest, ListPlansResponse, ListSolvesRequest, ListSolvesResponse, ListUnmetRequirementsRequest,
    ListUnmetRequirementsResponse, Plan, PlanFairness, PlanServiceApi, PublishPlanRequest, Solve,
    SolvePlanRequest, WatchSolveRequest, WatchSolveResponse,
};
use trellis_kernel::{Failure, Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::{plan, solve};
use super::{Api, prepares, read};
use crate::app::plans::Wanted;
use crate::app::solves::Draft;
use crate::domain::solve::{self as job, Order};

/// The plan that a field names, for this caller.
fn wanted<M>(call: &Call<M>, field: &str, name: &str) -> Result<Wanted> {
    let (timetable, plan, revision) = read::plan(call.district()?, field, name)?;
    Ok(Wanted { timetable, plan, revision, drafts: prepares(call) })
}

impl Api {
    async fn end_solve<M: Message>(
        &self,
        call: &Call<M>,
        name: &str,
        request_id: &str,
        order: Order,
    ) -> Result<Solve> {
        let district = call.district()?;
        let change = change(call, request_id)?;
        let (timetable, id) = read::in_timetable(district, "name", name, "solves")?;
        Ok(solve::message(district, &self.app.end_solve(change, timetable, id, order).await?))
    }
}

#[async_trait]
impl PlanServiceApi for Api {
    async fn solve_plan(&self, call: Call<SolvePlanRequest>) -> Result<Solve> {
        let change = change(&call, &call.message.request_id)?;
        let district = call.district()?.clone();
        let (_, message) = call.into_parts();
        let SolvePlanRequest { parent, seed, time_limit, enough_cost, effort, request_id: _ } = message;
        let timetable = read::id(&district, "parent", &parent, &["timetables"])?;
        let limit = solve::limit(time_limit)?;
        let enough =
            u64::try_from(enough_cost).map_err(|_| Failure::field("enough_cost", "must not be negative"))?;
        let draft = Draft { timetable, seed, limit, enough, effort };
        Ok(solve::message(&district, &self.app.solve_plan(change, draft).await?))
    }

    async fn get_solve(&self, call: Call<GetSolveRequest>) -> Result<Solve> {
        let district = call.district()?;
        let (timetable, id) = read::in_timetable(district, "name", &call.message.name, "solves")?;
        Ok(solve::message(district, &self.app.solve(district, timetable, id).await?))
    }

    async fn list_solves(&self, call: Call<ListSolvesRequest>) -> Result<ListSolvesResponse> {
        let district = call.district()?.clone();
        let (_, ListSolvesRequest { parent, page_size, page_token }) = call.into_parts();
        let timetable = read::id(&district, "parent", &parent, &["timetables"])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.solves(&district, timetable, &page).await?;
        let solves = items.iter().map(|item| solve::message(&district, item)).collect();
        Ok(ListSolvesResponse { solves, next_page_token: next })
    }

    async fn watch_solve(&self, call: Call<WatchSolveRequest>) -> Result<Outbound<WatchSolveResponse>> {
        let district = call.district()?.clone();
        let (timetable, id) = read::in_timetable(&district, "name", &call.message.name, "solves")?;
        let watched = self.app.watch_solve(district.clone(), timetable, id).await?;
        let told =
            move |solve: job::Solve| WatchSolveResponse { solve: Some(solve::message(&district, &solve)) };
        Ok(Box::pin(watched.map(move |solve| solve.map(&told))))
    }

    async fn finish_solve(&self, call: Call<FinishSolveRequest>) -> Result<Solve> {
        let FinishSolveRequest { name, request_id } = &call.message;
        self.end_solve(&call, name, request_id, Order::Finish).await
    }

    async fn cancel_solve(&self, call: Call<CancelSolveRequest>) -> Result<Solve> {
        let CancelSolveRequest { name, request_id } = &call.message;
        self.end_solve(&call, name, request_id, Order::Cancel).await
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

    async fn get_plan_fairness(&self, call: Call<GetPlanFairnessRequest>) -> Result<PlanFairness> {
        let wanted = wanted(&call, "plan", &call.message.plan)?;
        Ok(solve::fairness(self.app.fairness(call.district()?, wanted).await?))
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
