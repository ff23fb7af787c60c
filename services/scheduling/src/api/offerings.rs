//! `OfferingService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{
    CreateOfferingRequest, GetOfferingRequest, ListOfferingsRequest, ListOfferingsResponse, Offering,
    OfferingServiceApi,
};
use trellis_kernel::{Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::{absent, offering};
use super::{Api, read};

#[async_trait]
impl OfferingServiceApi for Api {
    async fn create_offering(&self, call: Call<CreateOfferingRequest>) -> Result<Offering> {
        let district = call.district()?.clone();
        let change = change(&call, &call.message.request_id)?;
        let timetable = read::id(&district, "parent", &call.message.parent, &["timetables"])?;
        let message = call.message.offering.clone().ok_or_else(|| absent("offering"))?;
        let draft = offering::draft(&district, timetable, message)?;
        let created = self.app.create_offering(call.actor(), change, draft).await?;
        Ok(offering::message(&district, created))
    }

    async fn get_offering(&self, call: Call<GetOfferingRequest>) -> Result<Offering> {
        let district = call.district()?;
        let (timetable, id) = read::in_timetable(district, "name", &call.message.name, "offerings")?;
        Ok(offering::message(district, self.app.offering(district, timetable, id).await?))
    }

    async fn list_offerings(&self, call: Call<ListOfferingsRequest>) -> Result<ListOfferingsResponse> {
        let district = call.district()?.clone();
        let (_, ListOfferingsRequest { parent, page_size, page_token }) = call.into_parts();
        let timetable = read::id(&district, "parent", &parent, &["timetables"])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.offerings(&district, timetable, &page).await?;
        let offerings = items.into_iter().map(|item| offering::message(&district, item)).collect();
        Ok(ListOfferingsResponse { offerings, next_page_token: next })
    }
}
