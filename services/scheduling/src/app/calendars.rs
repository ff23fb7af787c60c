//! Calendars.

use trellis_kernel::{Actor, District, Page, PageRequest, Result, Uuid};
use trellis_store::{Change, Write};

use super::{App, missing, told};
use crate::domain::calendar::{Calendar, Term};
use crate::domain::{Stamps, names};
use crate::store;

/// What a new calendar says.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) organization: Uuid,
    pub(crate) title: String,
    pub(crate) term: Term,
}

impl App {
    /// Creates a calendar.
    pub(crate) async fn create_calendar(
        &self,
        actor: &Actor,
        change: Change,
        draft: Draft,
    ) -> Result<Calendar> {
        let district = change.district.clone();
        let Draft { organization, title, term } = draft;
        self.require_organization(actor, &district, organization).await?;
        let mut tx = match self.store.write(change).await? {
            Write::Replay(calendar) => return Ok(calendar),
            Write::Begin(tx) => tx,
        };
        let calendar = Calendar { id: tx.new_id(), stamps: Stamps::new(tx.now()), organization, title, term };
        store::calendars::insert(&tx, &calendar).await?;
        let name = names::calendar(&district, calendar.id);
        tx.tell(told("calendar.created", names::CALENDAR, &name, Vec::new()));
        tx.commit(calendar).await
    }

    /// Answers with a calendar.
    pub(crate) async fn calendar(&self, district: &District, id: Uuid) -> Result<Calendar> {
        let calendar = store::calendars::find(&self.store.read(district), id).await?;
        calendar.ok_or_else(|| missing(names::CALENDAR, &names::calendar(district, id)))
    }

    /// Lists the calendars.
    pub(crate) async fn calendars(&self, district: &District, page: &PageRequest) -> Result<Page<Calendar>> {
        store::calendars::list(&self.store.read(district), page).await
    }
}
