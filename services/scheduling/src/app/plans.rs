//! Plans: made, read, listed.

use trellis_kernel::{District, Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Tx, Write};

use super::{App, missing};
use crate::domain::assign::{Decision, Demand, Seats, assign};
use crate::domain::blocks::Overlaps;
use crate::domain::calendar::Term;
use crate::domain::offering::Offering;
use crate::domain::plan::{Counts, MOST_REQUESTS, Outcome, Plan, State};
use crate::domain::timetable::Timetable;
use crate::domain::{Stamps, names};
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
    /// Makes a plan of the requests as they are now.
    pub(crate) async fn create_plan(&self, change: Change, timetable: Uuid, seed: i64) -> Result<Plan> {
        let district = change.district.clone();
        let tx = match self.store.write(change).await? {
            Write::Replay(plan) => return Ok(plan),
            Write::Begin(tx) => tx,
        };
        let timetable = store::timetables::find(&tx, timetable)
            .await?
            .ok_or_else(|| missing(names::TIMETABLE, &names::timetable(&district, timetable)))?;
        let decisions = decide(&tx, &timetable, seed).await?;
        let plan = Plan {
            id: tx.new_id(),
            stamps: Stamps::new(tx.now()),
            timetable: timetable.id,
            seed,
            state: State::Draft,
            revision: 0,
            published: None,
            counts: Counts::of(&decisions),
        };
        let created = tx.now();
        let outcome = |decision| Outcome { id: tx.new_id(), plan: plan.id, created, decision };
        let outcomes: Vec<Outcome> = decisions.into_iter().map(outcome).collect();
        store::plans::insert(&tx, &plan).await?;
        store::outcomes::insert(&tx, &outcomes).await?;
        // Told to nobody: a draft is the school's own.
        tx.commit(plan).await
    }

    /// Answers with a plan, unless it is a draft that the caller may not see.
    pub(crate) async fn plan(&self, district: &District, wanted: Wanted) -> Result<Plan> {
        let Wanted { timetable, plan, revision, drafts } = wanted;
        store::plans::find(&self.store.read(district), timetable, plan)
            .await?
            .filter(|plan| drafts || plan.state != State::Draft)
            .filter(|plan| revision.is_none_or(|revision| revision <= plan.revision))
            .ok_or_else(|| missing(names::PLAN, &names::plan(district, timetable, plan)))
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

/// Gives the places of a timetable, by the requests as they are now.
async fn decide(tx: &Tx, timetable: &Timetable, seed: i64) -> Result<Vec<Decision>> {
    if store::requests::count(tx, timetable.id).await? > MOST_REQUESTS {
        return Err(Failure::exhausted(
            Reason::LimitExceeded,
            "The timetable holds more requests than a plan can be made of.",
        )
        .with("limit", MOST_REQUESTS));
    }
    // The requests first: an offering that comes meanwhile is then only one that nobody asks for.
    let requests = store::requests::of_timetable(tx, timetable.id).await?;
    let offerings = store::offerings::of_timetable(tx, timetable.id).await?;
    let calendar = store::calendars::referred(tx, timetable.calendar).await?;
    let seats = seats(&calendar.term, &offerings)?;
    let demands: Vec<Demand> = requests
        .into_iter()
        .map(|request| Demand { learner: request.learner, kind: request.kind, offering: request.offering })
        .collect();
    // Off the threads that serve calls: a large school takes a while.
    tokio::task::spawn_blocking(move || assign(&seats, &demands, seed)).await.map_err(Failure::internal)?
}

fn seats(term: &Term, offerings: &[Offering]) -> Result<Vec<Seats>> {
    let (overlaps, places) = (Overlaps::of(term), term.places());
    let lost = || Failure::internal("an offering is in a block that its calendar does not have");
    offerings
        .iter()
        .map(|offering| {
            let blocks = offering.blocks.iter().map(|id| places.get(id.as_str()).copied());
            let blocks = blocks.collect::<Option<Vec<usize>>>().ok_or_else(lost)?;
            Ok(Seats {
                offering: offering.id,
                capacity: offering.capacity,
                meeting: overlaps.meeting(blocks),
            })
        })
        .collect()
}
