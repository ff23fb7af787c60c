//! Solves: begun, read, followed, told to end.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::Stream;
use trellis_kernel::{District, Failure, JobState, Page, PageRequest, Reason, Result, Uuid};
use trellis_rpc::jobs::Read;
use trellis_store::{Change, Write};

use super::solving::Job;
use super::{App, missing};
use crate::domain::names;
use crate::domain::plan::MOST_REQUESTS;
use crate::domain::solve::{Asked, Order, Solve};
use crate::store;
use crate::store::solves::Kept;

/// What a solve is asked to do.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) timetable: Uuid,
    pub(crate) seed: i64,
    /// How long it may take; without one, it goes by the number of requests.
    pub(crate) limit: Option<Duration>,
    /// What is good enough to stop before.
    pub(crate) enough: u64,
    /// What another solve did, to do it again; empty when it is to go by the clock.
    pub(crate) effort: String,
}

impl App {
    /// Begins to make a plan of the requests as they are now.
    pub(crate) async fn solve_plan(self: &Arc<Self>, change: Change, draft: Draft) -> Result<Solve> {
        let district = change.district.clone();
        let mut work = Change { idempotency: None, ..change.clone() };
        let tx = match self.store.write(change).await? {
            Write::Replay(solve) => return Ok(solve),
            Write::Begin(tx) => tx,
        };
        let Draft { timetable, seed, limit, enough, effort } = draft;
        store::timetables::find(&tx, timetable)
            .await?
            .ok_or_else(|| missing(names::TIMETABLE, &names::timetable(&district, timetable)))?;
        let requests = store::requests::count(&tx, timetable).await?;
        if requests > MOST_REQUESTS {
            return Err(Failure::exhausted(
                Reason::LimitExceeded,
                "The timetable holds more requests than a plan can be made of.",
            )
            .with("limit", MOST_REQUESTS));
        }
        let asked = Asked::new(seed, limit, enough, effort, requests)?;
        let solve = Solve::begin(tx.new_id(), timetable, asked, tx.now());
        store::solves::insert(&tx, &solve).await?;
        // Shown before it can be read, so that nobody takes it for lost.
        let running = self.jobs.begin(&district, solve.id, solve.clone()).ok_or_else(|| {
            // Of before a reset, by another process.
            let text = "A solve of this name is ending here: try again.";
            Failure::unavailable(Reason::StateConflict, text, JobState::BEAT)
        })?;
        work.since = tx.since();
        let solve = tx.commit(solve).await?;
        let job = Job { app: Arc::clone(self), change: work, solve: solve.clone(), running };
        tokio::spawn(job.run());
        Ok(solve)
    }

    /// Answers with a solve as it is now.
    pub(crate) async fn solve(&self, district: &District, timetable: Uuid, id: Uuid) -> Result<Solve> {
        // Read again where it seems to run elsewhere: it may have ended here meanwhile.
        let mut kept = None;
        for _ in 0..2 {
            if let Some(now) = self.jobs.now(district, id).filter(|solve| solve.timetable == timetable) {
                return Ok(now);
            }
            kept = store::solves::find(&self.store.read_latest(district), timetable, id).await?;
            if kept.as_ref().is_none_or(|kept| kept.solve.is_over()) {
                break;
            }
        }
        let kept = kept.ok_or_else(|| missing(names::SOLVE, &names::solve(district, timetable, id)))?;
        Ok(self.seen(kept))
    }

    /// Lists the solves of a timetable.
    pub(crate) async fn solves(
        &self,
        district: &District,
        timetable: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Solve>> {
        self.timetable(district, timetable).await?;
        let Page { items, next } =
            store::solves::list(&self.store.read_latest(district), timetable, page).await?;
        let seen = |kept: Kept| {
            let here = self.jobs.now(district, kept.solve.id).filter(|_| !kept.solve.is_over());
            here.unwrap_or_else(|| self.seen(kept))
        };
        Ok(Page { items: items.into_iter().map(seen).collect(), next })
    }

    fn seen(&self, kept: Kept) -> Solve {
        kept.solve.seen_at(self.store.clock().now(), kept.heard, self.store.is_embedded())
    }

    /// Follows a solve until it has ended.
    pub(crate) async fn watch_solve(
        self: &Arc<Self>,
        district: District,
        timetable: Uuid,
        id: Uuid,
    ) -> Result<impl Stream<Item = Result<Solve>> + Send + use<>> {
        let (app, of) = (Arc::clone(self), district.clone());
        let read: Read<Solve> = Box::new(move || {
            let (app, district) = (Arc::clone(&app), of.clone());
            Box::pin(async move { app.solve(&district, timetable, id).await })
        });
        self.jobs.follow(&district, id, read).await
    }

    /// Tells a solve to end, with what it has or with nothing, here or in another process.
    pub(crate) async fn end_solve(
        &self,
        change: Change,
        timetable: Uuid,
        id: Uuid,
        order: Order,
    ) -> Result<Solve> {
        let district = change.district.clone();
        let solve = self.solve(&district, timetable, id).await?;
        let tx = match self.store.write(change).await? {
            Write::Replay(solve) => return Ok(solve),
            Write::Begin(tx) => tx,
        };
        if solve.is_over() && !(order == Order::Cancel && solve.state == JobState::Cancelled) {
            return Err(Failure::precondition(Reason::StateConflict, "The solve has ended."));
        }
        store::solves::tell(&tx, id, order).await?;
        let solve = tx.commit(solve).await?;
        match order {
            Order::Cancel => self.jobs.cancel(&district, id),
            Order::Finish => self.jobs.finish(&district, id),
        }
        Ok(solve)
    }
}
