//! What learners ask for, and what is required for them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Etag, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Tx, Write};

use super::{App, dangling, gone, missing, told};
use crate::domain::request::{Kind, Replacement, Request, Submission};
use crate::domain::{Stamps, names};
use crate::store;

/// A learner's ranked list of a timetable.
#[derive(Debug)]
pub(crate) struct RankedList {
    pub(crate) timetable: Uuid,
    pub(crate) learner: Uuid,
    /// The offerings, the one they would like best first.
    pub(crate) offerings: Vec<Uuid>,
    /// The etag of the list that it replaces; empty for whatever there is.
    pub(crate) etag: String,
}

/// The list as it is after a submission.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Submitted {
    pub(crate) requests: Vec<Request>,
    /// The version of the list.
    pub(crate) version: i64,
}

impl App {
    /// Replaces a learner's ranked list.
    pub(crate) async fn submit_requests(&self, change: Change, list: RankedList) -> Result<Submitted> {
        let district = change.district.clone();
        let mut tx = match self.store.write(change).await? {
            Write::Replay(submitted) => return Ok(submitted),
            Write::Begin(tx) => tx,
        };
        let RankedList { timetable, learner, offerings, etag } = list;
        let window = store::timetables::find(&tx, timetable)
            .await?
            .ok_or_else(|| missing(names::TIMETABLE, &names::timetable(&district, timetable)))?
            .window;
        let version = store::requests::version(&tx, timetable, learner).await?;
        Etag::new(version).check(&etag)?;
        window.require_open(tx.now())?;
        require_offerings(&tx, timetable, &offerings).await?;
        let before = store::requests::ranked(&tx, timetable, learner).await?;
        let submission = Submission { timetable, learner, now: tx.now() };
        let replacement = submission.replace(before, &offerings, || tx.new_id());
        let version = store::requests::count_up(&tx, timetable, learner, version).await?;
        keep(&mut tx, &district, &replacement).await?;
        tx.commit(Submitted { requests: replacement.list, version }).await
    }

    /// Marks an offering as required for a learner.
    pub(crate) async fn require_offering(
        &self,
        change: Change,
        timetable: Uuid,
        offering: Uuid,
        learner: Uuid,
    ) -> Result<Request> {
        let district = change.district.clone();
        let mut tx = match self.store.write(change).await? {
            Write::Replay(request) => return Ok(request),
            Write::Begin(tx) => tx,
        };
        if store::offerings::find(&tx, timetable, offering).await?.is_none() {
            return Err(missing(names::OFFERING, &names::offering(&district, timetable, offering)));
        }
        if let Some(request) = store::requests::required(&tx, offering, learner).await? {
            return tx.commit(request).await;
        }
        let stamps = Stamps::new(tx.now());
        let kind = Kind::Required;
        let request = Request { id: tx.new_id(), stamps, timetable, learner, offering, kind };
        store::requests::insert(&tx, std::slice::from_ref(&request)).await?;
        let name = names::request(&district, timetable, request.id);
        tx.tell(told("request.required", names::REQUEST, &name, vec![learner]));
        tx.commit(request).await
    }

    /// Lists the requests of a learner, with the version of their ranked list.
    pub(crate) async fn requests(
        &self,
        district: &District,
        timetable: Uuid,
        learner: Uuid,
        page: &PageRequest,
    ) -> Result<(Page<Request>, i64)> {
        self.timetable(district, timetable).await?;
        let reader = self.store.read(district);
        // The version first: a change between the two makes the etag stale, not the list.
        let version = store::requests::version(&reader, timetable, learner).await?;
        Ok((store::requests::list(&reader, timetable, learner, page).await?, version))
    }
}

async fn require_offerings(tx: &Tx, timetable: Uuid, wanted: &[Uuid]) -> Result<()> {
    let found = store::offerings::some(tx, wanted).await?;
    let known: HashSet<Uuid> =
        found.iter().filter(|offering| offering.timetable == timetable).map(|offering| offering.id).collect();
    match wanted.iter().position(|id| !known.contains(id)) {
        Some(index) => {
            Err(dangling(format!("offerings[{index}]"), "must be an offering of the same timetable"))
        }
        None => Ok(()),
    }
}

async fn keep(tx: &mut Tx, district: &District, replacement: &Replacement) -> Result<()> {
    let Replacement { list: _, added, moved, removed } = replacement;
    let ids: Vec<Uuid> = removed.iter().map(|request| request.id).collect();
    store::requests::delete(tx, &ids).await?;
    for request in moved {
        store::requests::update(tx, request).await?;
    }
    if !added.is_empty() {
        store::requests::insert(tx, added).await?;
    }
    let name = |request: &Request| names::request(district, request.timetable, request.id);
    for request in removed {
        tx.tell(gone("request.withdrawn", names::REQUEST, &name(request), vec![request.learner]));
    }
    for request in moved {
        tx.tell(told("request.ranked", names::REQUEST, &name(request), vec![request.learner]));
    }
    for request in added {
        tx.tell(told("request.submitted", names::REQUEST, &name(request), vec![request.learner]));
    }
    Ok(())
}
