//! `CalendarService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{
    Calendar, CalendarServiceApi, CreateCalendarRequest, GetCalendarRequest, ListCalendarsRequest,
    ListCalendarsResponse,
};
use trellis_kernel::{Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::{absent, calendar};
use super::{Api, read};

#[async_trait]
impl CalendarServiceApi for Api {
    async fn create_calendar(&self, call: Call<CreateCalendarRequest>) -> Result<Calendar> {
        let district = call.district()?.clone();
        let change = change(&call, &call.message.request_id)?;
        read::name(&district, "parent", &call.message.parent, &[])?;
        let message = call.message.calendar.clone().ok_or_else(|| absent("calendar"))?;
        let draft = calendar::draft(&district, message)?;
        let created = self.app.create_calendar(call.actor(), change, draft).await?;
        Ok(calendar::message(&district, created))
    }

    async fn get_calendar(&self, call: Call<GetCalendarRequest>) -> Result<Calendar> {
        let district = call.district()?;
        let id = read::id(district, "name", &call.message.name, &["calendars"])?;
        Ok(calendar::message(district, self.app.calendar(district, id).await?))
    }

    async fn list_calendars(&self, call: Call<ListCalendarsRequest>) -> Result<ListCalendarsResponse> {
        let district = call.district()?.clone();
        let (_, ListCalendarsRequest { parent, page_size, page_token }) = call.into_parts();
        read::name(&district, "parent", &parent, &[])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.calendars(&district, &page).await?;
        let calendars = items.into_iter().map(|item| calendar::message(&district, item)).collect();
        Ok(ListCalendarsResponse { calendars, next_page_token: next })
    }
}
