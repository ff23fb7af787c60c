//! Experiences: opened from published designs, and cancelled.

use std::collections::HashMap;

use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Scope as _, Tx, Write};

use super::{App, Caller, told, types};
use crate::domain::experience::{Experience, Terms};
use crate::domain::reference::{missing as missing_reference, within};
use crate::store;

impl App {
    /// Opens an experience from the given revision of a design.
    pub(crate) async fn open_experience(
        &self,
        caller: Caller<'_>,
        (design, revision): (Uuid, u32),
        terms: Terms,
    ) -> Result<Experience> {
        let terms = terms.checked()?;
        let home = caller.district();
        let field = |place: usize| format!("experience.facilitators[{place}]");
        self.neighbours.people(home, &terms.facilitators, &field).await?;
        if let Some(organization) = terms.organization {
            self.neighbours.organization(home, organization, "experience.organization").await?;
        }
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let from = store::revision(&tx, design, revision)
            .await?
            .ok_or_else(|| missing_reference("experience.design", "a published revision of a design"))?;
        let experience = Experience::open(tx.new_id(), from, terms, tx.now());
        store::insert(&tx, &experience).await?;
        tell(&mut tx, "experience.opened", experience.id);
        tx.commit(experience).await
    }

    /// Reads an experience.
    pub(crate) async fn experience(&self, district: &District, id: Uuid) -> Result<Experience> {
        store::find(&self.store.read(district), id).await?.ok_or_else(|| missing(district, id))
    }

    /// Lists the experiences of a district.
    pub(crate) async fn experiences(
        &self,
        district: &District,
        page: &PageRequest,
    ) -> Result<Page<Experience>> {
        store::experiences(&self.store.read(district), page).await
    }

    /// Reads several experiences, in the order of the ids: all of them, or none.
    pub(crate) async fn experiences_of_ids(
        &self,
        district: &District,
        ids: &[Uuid],
    ) -> Result<Vec<Experience>> {
        let found: Vec<Experience> = store::find_many(&self.store.read(district), ids).await?;
        let by_id: HashMap<Uuid, Experience> =
            found.into_iter().map(|experience| (experience.id, experience)).collect();
        ids.iter().map(|id| by_id.get(id).cloned().ok_or_else(|| missing(district, *id))).collect()
    }

    /// Cancels an experience.
    pub(crate) async fn cancel_experience(
        &self,
        caller: Caller<'_>,
        id: Uuid,
        etag: &str,
    ) -> Result<Experience> {
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut experience: Experience =
            store::find(&tx, id).await?.ok_or_else(|| missing(tx.district(), id))?;
        experience.etag().check(etag)?;
        let read_as = experience.version;
        experience.cancel(tx.now())?;
        store::replace(&tx, &experience, read_as).await?;
        tell(&mut tx, "experience.cancelled", id);
        tx.commit(experience).await
    }
}

fn missing(district: &District, id: Uuid) -> Failure {
    Failure::not_found(types::EXPERIENCE, within(district, "experiences", id).to_string())
}

fn tell(tx: &mut Tx, kind: &'static str, id: Uuid) {
    let name = within(tx.district(), "experiences", id);
    tx.tell(told(kind, &name, types::EXPERIENCE, Vec::new()));
}
