//! `ChangeService`.

use std::sync::Arc;

use async_trait::async_trait;
use trellis_contracts::guard::{Call, Method, Outbound};
use trellis_contracts::scheduling::scheduling_change::Body;
use trellis_contracts::scheduling::{self, ChangeServiceApi, SchedulingChange};
use trellis_contracts::scheduling::{ListChangesRequest, ListChangesResponse, WatchChangesRequest};
use trellis_kernel::{Actor, District, Name, Result, Uuid};
use trellis_rpc::changes::{Change, Listed, Resources, Row};

use super::convert::{calendar, offering, plan, request, timetable};
use super::{Api, read};
use crate::app::App;
use crate::app::changes::{Item, Which};
use crate::domain::names;

/// The resources of the change feed, as messages.
pub(crate) struct Changes(pub(crate) Arc<App>);

/// What the feed tells of, each with the method that shows it: its access is the change's.
static TYPES: &[(&str, &Method)] = &[
    (names::CALENDAR, &scheduling::CALENDAR_SERVICE_GET_CALENDAR),
    (names::TIMETABLE, &scheduling::TIMETABLE_SERVICE_GET_TIMETABLE),
    (names::OFFERING, &scheduling::OFFERING_SERVICE_GET_OFFERING),
    (names::REQUEST, &scheduling::REQUEST_SERVICE_LIST_REQUESTS),
    (names::PLAN, &scheduling::PLAN_SERVICE_GET_PLAN),
    (names::PLACEMENT, &scheduling::PLAN_SERVICE_LIST_PLACEMENTS),
];

#[async_trait]
impl Resources for Changes {
    type Body = Body;
    type Message = SchedulingChange;

    fn types(&self) -> &'static [(&'static str, &'static Method)] {
        TYPES
    }

    async fn current(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        names: &[Name],
    ) -> Result<Vec<Row<Body>>> {
        let ids: Vec<Uuid> = names.iter().filter_map(Name::id).collect();
        let items = self.0.items(district, resource_type, Which::Some(&ids)).await?;
        Ok(items.into_iter().map(|item| row(district, item)).collect())
    }

    async fn batch(
        &self,
        _actor: &Actor,
        district: &District,
        resource_type: &str,
        after: Option<&Name>,
        limit: u64,
    ) -> Result<Vec<Row<Body>>> {
        let after = after.and_then(Name::id);
        let items = self.0.items(district, resource_type, Which::Next(after, limit)).await?;
        Ok(items.into_iter().map(|item| row(district, item)).collect())
    }

    fn compose(&self, change: Change<Body>) -> SchedulingChange {
        let Change { kind, resource, resource_type, change_time, resume_token, body } = change;
        SchedulingChange { kind: kind.into(), resource, resource_type, change_time, resume_token, body }
    }
}

fn row(district: &District, item: Item) -> Row<Body> {
    let name = item.name(district);
    let subjects = item.learner().into_iter().collect();
    let update_time = item.updated();
    let body = match item {
        Item::Calendar(item) => Body::Calendar(calendar::message(district, item)),
        Item::Timetable(item) => Body::Timetable(timetable::message(district, item)),
        Item::Offering(item) => Body::Offering(offering::message(district, item)),
        Item::Request(item) => Body::Request(request::message(district, &item)),
        Item::Plan(item) => Body::Plan(plan::message(district, &item)),
        Item::Placement { timetable, outcome } => {
            Body::Placement(plan::placement(district, timetable, outcome))
        }
    };
    Row { name, subjects, update_time, body: Some(body) }
}

#[async_trait]
impl ChangeServiceApi for Api {
    async fn list_changes(&self, call: Call<ListChangesRequest>) -> Result<ListChangesResponse> {
        let district = call.district()?;
        let ListChangesRequest { parent, resume_token, page_size } = &call.message;
        read::name(district, "parent", parent, &[])?;
        let Listed { changes, resume_token, more } =
            self.changes.list(call.actor(), district, resume_token, *page_size).await?;
        Ok(ListChangesResponse { changes, resume_token, more })
    }

    async fn watch_changes(&self, call: Call<WatchChangesRequest>) -> Result<Outbound<SchedulingChange>> {
        let district = call.district()?.clone();
        let WatchChangesRequest { parent, snapshot, resume_token } = &call.message;
        read::name(&district, "parent", parent, &[])?;
        self.changes.watch(call.actor().clone(), district, *snapshot, resume_token)
    }
}
