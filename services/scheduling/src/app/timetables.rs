//! Timetables.

use trellis_kernel::{Actor, District, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Write};

use super::{App, dangling, missing, told};
use crate::domain::timetable::{Timetable, Window};
use crate::domain::{Stamps, names};
use crate::store;

/// What a new timetable says.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) calendar: Uuid,
    pub(crate) session: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) window: Window,
}

impl App {
    /// Creates a timetable.
    pub(crate) async fn create_timetable(
        &self,
        actor: &Actor,
        change: Change,
        draft: Draft,
    ) -> Result<Timetable> {
        let district = change.district.clone();
        let Draft { calendar, session, title, window } = draft;
        if let Some(session) = session {
            self.require_session(actor, &district, session).await?;
        }
        let mut tx = match self.store.write(change).await? {
            Write::Replay(timetable) => return Ok(timetable),
            Write::Begin(tx) => tx,
        };
        if store::calendars::find(&tx, calendar).await?.is_none() {
            return Err(dangling("timetable.calendar", "must be a calendar of the district"));
        }
        let timetable =
            Timetable { id: tx.new_id(), stamps: Stamps::new(tx.now()), calendar, session, title, window };
        store::timetables::insert(&tx, &timetable).await?;
        let name = names::timetable(&district, timetable.id);
        tx.tell(told("timetable.created", names::TIMETABLE, &name, Vec::new()));
        tx.commit(timetable).await
    }

    /// Answers with a timetable.
    pub(crate) async fn timetable(&self, district: &District, id: Uuid) -> Result<Timetable> {
        let timetable = store::timetables::find(&self.store.read(district), id).await?;
        timetable.ok_or_else(|| missing(names::TIMETABLE, &names::timetable(district, id)))
    }

    /// Lists the timetables.
    pub(crate) async fn timetables(
        &self,
        district: &District,
        page: &PageRequest,
    ) -> Result<Page<Timetable>> {
        store::timetables::list(&self.store.read(district), page).await
    }
}
