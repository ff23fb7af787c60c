//! Offerings.

use trellis_kernel::{Actor, District, Failure, Page, PageRequest, Reason, Result, Uuid};
use trellis_store::{Change, Write};

use super::{App, missing, told};
use crate::domain::offering::{self, Offering};
use crate::domain::{Stamps, names};
use crate::store;

/// What a new offering says.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) timetable: Uuid,
    pub(crate) experience: Uuid,
    pub(crate) capacity: u32,
    pub(crate) blocks: Vec<String>,
}

impl App {
    /// Creates an offering.
    pub(crate) async fn create_offering(
        &self,
        actor: &Actor,
        change: Change,
        draft: Draft,
    ) -> Result<Offering> {
        let district = change.district.clone();
        let Draft { timetable, experience, capacity, blocks } = draft;
        // Before the experience is asked for, so that what is not there is said first.
        let calendar = self.timetable(&district, timetable).await?.calendar;
        let known = self.experience(actor, &district, experience).await?;
        let mut tx = match self.store.write(change).await? {
            Write::Replay(offering) => return Ok(offering),
            Write::Begin(tx) => tx,
        };
        let calendar = store::calendars::referred(&tx, calendar).await?;
        offering::check_blocks(&calendar.term, &blocks)?;
        if store::offerings::count(&tx, timetable).await? >= offering::MOST {
            return Err(Failure::exhausted(
                Reason::LimitExceeded,
                "The timetable holds as many offerings as it may.",
            )
            .with("limit", offering::MOST));
        }
        let offering = Offering {
            id: tx.new_id(),
            stamps: Stamps::new(tx.now()),
            timetable,
            experience,
            particulars: known.particulars,
            capacity,
            blocks,
        };
        store::offerings::insert(&tx, &offering).await?;
        let name = names::offering(&district, timetable, offering.id);
        tx.tell(told("offering.created", names::OFFERING, &name, Vec::new()));
        tx.commit(offering).await
    }

    /// Answers with an offering.
    pub(crate) async fn offering(&self, district: &District, timetable: Uuid, id: Uuid) -> Result<Offering> {
        let offering = store::offerings::find(&self.store.read(district), timetable, id).await?;
        offering.ok_or_else(|| missing(names::OFFERING, &names::offering(district, timetable, id)))
    }

    /// Lists the offerings of a timetable.
    pub(crate) async fn offerings(
        &self,
        district: &District,
        timetable: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Offering>> {
        self.timetable(district, timetable).await?;
        store::offerings::list(&self.store.read(district), timetable, page).await
    }
}
