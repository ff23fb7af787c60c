//! `RequestService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{
    ListRequestsRequest, ListRequestsResponse, Request, RequestServiceApi, RequireOfferingRequest,
    SubmitRequestsRequest, SubmitRequestsResponse,
};
use trellis_kernel::{Etag, Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::request;
use super::{Api, read};
use crate::app::requests::Submitted;

#[async_trait]
impl RequestServiceApi for Api {
    async fn submit_requests(&self, call: Call<SubmitRequestsRequest>) -> Result<SubmitRequestsResponse> {
        let district = call.district()?.clone();
        let change = change(&call, &call.message.request_id)?;
        let list = request::ranked_list(&district, call.into_parts().1)?;
        let Submitted { requests, version } = self.app.submit_requests(change, list).await?;
        Ok(SubmitRequestsResponse {
            requests: requests.iter().map(|item| request::message(&district, item)).collect(),
            etag: Etag::new(version).to_string(),
        })
    }

    async fn require_offering(&self, call: Call<RequireOfferingRequest>) -> Result<Request> {
        let district = call.district()?;
        let RequireOfferingRequest { offering, learner, request_id } = &call.message;
        let change = change(&call, request_id)?;
        let (timetable, offering) = read::in_timetable(district, "offering", offering, "offerings")?;
        let learner = read::id(district, "learner", learner, &["learners"])?;
        let required = self.app.require_offering(change, timetable, offering, learner).await?;
        Ok(request::message(district, &required))
    }

    async fn list_requests(&self, call: Call<ListRequestsRequest>) -> Result<ListRequestsResponse> {
        let district = call.district()?.clone();
        let (_, ListRequestsRequest { parent, learner, page_size, page_token }) = call.into_parts();
        let timetable = read::id(&district, "parent", &parent, &["timetables"])?;
        let learner = read::id(&district, "learner", &learner, &["learners"])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let (Page { items, next }, version) = self.app.requests(&district, timetable, learner, &page).await?;
        Ok(ListRequestsResponse {
            requests: items.iter().map(|item| request::message(&district, item)).collect(),
            next_page_token: next,
            etag: Etag::new(version).to_string(),
        })
    }
}
