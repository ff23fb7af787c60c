//! `TimetableService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{
    CreateTimetableRequest, GetTimetableRequest, ListTimetablesRequest, ListTimetablesResponse, Timetable,
    TimetableServiceApi,
};
use trellis_kernel::{Page, PageRequest, Result};
use trellis_rpc::change;

use super::convert::{absent, timetable};
use super::{Api, read};

#[async_trait]
impl TimetableServiceApi for Api {
    async fn create_timetable(&self, call: Call<CreateTimetableRequest>) -> Result<Timetable> {
        let district = call.district()?.clone();
        let change = change(&call, &call.message.request_id)?;
        read::name(&district, "parent", &call.message.parent, &[])?;
        let message = call.message.timetable.clone().ok_or_else(|| absent("timetable"))?;
        let draft = timetable::draft(&district, message)?;
        let created = self.app.create_timetable(call.actor(), change, draft).await?;
        Ok(timetable::message(&district, created))
    }

    async fn get_timetable(&self, call: Call<GetTimetableRequest>) -> Result<Timetable> {
        let district = call.district()?;
        let id = read::id(district, "name", &call.message.name, &["timetables"])?;
        Ok(timetable::message(district, self.app.timetable(district, id).await?))
    }

    async fn list_timetables(&self, call: Call<ListTimetablesRequest>) -> Result<ListTimetablesResponse> {
        let district = call.district()?.clone();
        let (_, ListTimetablesRequest { parent, page_size, page_token }) = call.into_parts();
        read::name(&district, "parent", &parent, &[])?;
        let page = PageRequest::parse(page_size, page_token)?;
        let Page { items, next } = self.app.timetables(&district, &page).await?;
        let timetables = items.into_iter().map(|item| timetable::message(&district, item)).collect();
        Ok(ListTimetablesResponse { timetables, next_page_token: next })
    }
}
