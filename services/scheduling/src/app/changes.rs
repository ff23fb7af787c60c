//! The resources that the change feed tells of, as they are now.

use std::collections::HashMap;

use trellis_kernel::{District, Name, Result, Timestamp, Uuid};
use trellis_store::Reader;

use super::App;
use crate::domain::calendar::Calendar;
use crate::domain::names;
use crate::domain::offering::Offering;
use crate::domain::plan::{Outcome, Plan, State};
use crate::domain::request::Request;
use crate::domain::timetable::Timetable;
use crate::store;

/// Any resource of the service that is told of.
#[derive(Debug)]
pub(crate) enum Item {
    Calendar(Calendar),
    Timetable(Timetable),
    Offering(Offering),
    Request(Request),
    Plan(Plan),
    Placement {
        /// The timetable of its plan.
        timetable: Uuid,
        outcome: Outcome,
    },
}

impl Item {
    /// Its name.
    pub(crate) fn name(&self, district: &District) -> Name {
        match self {
            Self::Calendar(calendar) => names::calendar(district, calendar.id),
            Self::Timetable(timetable) => names::timetable(district, timetable.id),
            Self::Offering(offering) => names::offering(district, offering.timetable, offering.id),
            Self::Request(request) => names::request(district, request.timetable, request.id),
            Self::Plan(plan) => names::plan(district, plan.timetable, plan.id),
            Self::Placement { timetable, outcome } => {
                names::placement(district, *timetable, outcome.plan, outcome.id)
            }
        }
    }

    /// The learner whom it is about, if it is about one.
    pub(crate) fn learner(&self) -> Option<Uuid> {
        match self {
            Self::Request(request) => Some(request.learner),
            Self::Placement { outcome, .. } => Some(outcome.decision.demand.learner),
            Self::Calendar(_) | Self::Timetable(_) | Self::Offering(_) | Self::Plan(_) => None,
        }
    }

    /// When it last changed.
    pub(crate) fn updated(&self) -> Timestamp {
        match self {
            Self::Calendar(calendar) => calendar.stamps.updated,
            Self::Timetable(timetable) => timetable.stamps.updated,
            Self::Offering(offering) => offering.stamps.updated,
            Self::Request(request) => request.stamps.updated,
            Self::Plan(plan) => plan.stamps.updated,
            Self::Placement { outcome, .. } => outcome.created,
        }
    }
}

/// Which resources of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which<'a> {
    /// Those with these ids.
    Some(&'a [Uuid]),
    /// The next in the order of their ids: those after one (or from the first), this many at most.
    Next(Option<Uuid>, u64),
}

impl App {
    /// The resources of a type as they are now: no drafts, and no placements of plans that are not
    /// published.
    pub(crate) async fn items(
        &self,
        district: &District,
        resource_type: &str,
        which: Which<'_>,
    ) -> Result<Vec<Item>> {
        let reader = self.store.read(district);
        match resource_type {
            names::CALENDAR => Ok(calendars(&reader, which).await?.into_iter().map(Item::Calendar).collect()),
            names::TIMETABLE => {
                Ok(timetables(&reader, which).await?.into_iter().map(Item::Timetable).collect())
            }
            names::OFFERING => Ok(offerings(&reader, which).await?.into_iter().map(Item::Offering).collect()),
            names::REQUEST => Ok(requests(&reader, which).await?.into_iter().map(Item::Request).collect()),
            names::PLAN => {
                let plans = plans(&reader, which).await?.into_iter();
                Ok(plans.filter(|plan| plan.state != State::Draft).map(Item::Plan).collect())
            }
            names::PLACEMENT => placements(&reader, which).await,
            _ => Ok(Vec::new()),
        }
    }
}

async fn calendars(reader: &Reader, which: Which<'_>) -> Result<Vec<Calendar>> {
    match which {
        Which::Some(ids) => store::calendars::some(reader, ids).await,
        Which::Next(after, limit) => store::calendars::batch(reader, after, limit).await,
    }
}

async fn timetables(reader: &Reader, which: Which<'_>) -> Result<Vec<Timetable>> {
    match which {
        Which::Some(ids) => store::timetables::some(reader, ids).await,
        Which::Next(after, limit) => store::timetables::batch(reader, after, limit).await,
    }
}

async fn offerings(reader: &Reader, which: Which<'_>) -> Result<Vec<Offering>> {
    match which {
        Which::Some(ids) => store::offerings::some(reader, ids).await,
        Which::Next(after, limit) => store::offerings::batch(reader, after, limit).await,
    }
}

async fn requests(reader: &Reader, which: Which<'_>) -> Result<Vec<Request>> {
    match which {
        Which::Some(ids) => store::requests::some(reader, ids).await,
        Which::Next(after, limit) => store::requests::batch(reader, after, limit).await,
    }
}

async fn plans(reader: &Reader, which: Which<'_>) -> Result<Vec<Plan>> {
    match which {
        Which::Some(ids) => store::plans::some(reader, ids).await,
        Which::Next(after, limit) => store::plans::batch(reader, after, limit).await,
    }
}

async fn placements(reader: &Reader, which: Which<'_>) -> Result<Vec<Item>> {
    let outcomes = match which {
        Which::Some(ids) => store::outcomes::live(reader, ids).await?,
        Which::Next(after, limit) => store::outcomes::batch(reader, after, limit).await?,
    };
    let mut ids: Vec<Uuid> = outcomes.iter().map(|outcome| outcome.plan).collect();
    ids.sort_unstable();
    ids.dedup();
    let timetables: HashMap<Uuid, Uuid> =
        store::plans::some(reader, &ids).await?.into_iter().map(|plan| (plan.id, plan.timetable)).collect();
    let item = |outcome: Outcome| {
        let timetable = *timetables.get(&outcome.plan)?;
        Some(Item::Placement { timetable, outcome })
    };
    Ok(outcomes.into_iter().filter_map(item).collect())
}
