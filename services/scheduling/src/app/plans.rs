//! Plans: read, listed.

use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result, Uuid};

use super::{App, missing};
use crate::domain::names;
use crate::domain::plan::{Made, Plan, State};
use crate::store;

/// A plan, as a caller names it and may see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) timetable: Uuid,
    pub(crate) plan: Uuid,
    /// The revision that the name is pinned to.
    pub(crate) revision: Option<u32>,
    /// Whether the caller may see drafts.
    pub(crate) drafts: bool,
}

impl App {
    /// Answers with a plan, unless it is a draft that the caller may not see.
    pub(crate) async fn plan(&self, district: &District, wanted: Wanted) -> Result<Plan> {
        let Wanted { timetable, plan, revision, drafts } = wanted;
        store::plans::find(&self.store.read(district), timetable, plan)
            .await?
            .filter(|plan| drafts || plan.state != State::Draft)
            .filter(|plan| revision.is_none_or(|revision| revision <= plan.revision))
            .ok_or_else(|| missing(names::PLAN, &names::plan(district, timetable, plan)))
    }

    /// Answers with how fair a plan is; refuses one from before that was counted.
    pub(crate) async fn fairness(&self, district: &District, wanted: Wanted) -> Result<Made> {
        self.plan(district, wanted).await?.made.ok_or_else(|| {
            Failure::precondition(Reason::StateConflict, "The plan is from before fairness was counted.")
        })
    }

    /// Lists the plans of a timetable.
    pub(crate) async fn plans(
        &self,
        district: &District,
        timetable: Uuid,
        drafts: bool,
        page: &PageRequest,
    ) -> Result<Page<Plan>> {
        self.timetable(district, timetable).await?;
        store::plans::list(&self.store.read(district), timetable, drafts, page).await
    }
}
