//! Designs: edited as drafts, published as revisions.

use trellis_kernel::{Actor, District, Failure, Name, Page, PageRequest, Result, Uuid};
use trellis_store::{Scope as _, Tx, Write};

use super::{App, Caller, told, types};
use crate::domain::design::{Design, Draft, Field, Plan, Revision};
use crate::domain::reference::{FrameworkChild, within};
use crate::store;

/// A design as it is now, or as a revision of it was published.
pub(crate) struct DesignView {
    /// The design; of a revision, it tells what never changes.
    pub(crate) design: Design,
    /// The revision that was asked for.
    pub(crate) revision: Option<Revision>,
}

impl App {
    /// Creates a design.
    pub(crate) async fn create_design(&self, caller: Caller<'_>, draft: Draft) -> Result<Design> {
        let plan = Plan::of(draft)?;
        self.require_outcomes(caller.actor, caller.district(), &plan.outcomes, "design").await?;
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let design = Design::new(tx.new_id(), plan, tx.now());
        store::insert(&tx, &design).await?;
        tell(&mut tx, "design.created", design.id);
        tx.commit(design).await
    }

    /// Reads a design, at a revision when one is given.
    pub(crate) async fn design(
        &self,
        district: &District,
        id: Uuid,
        revision: Option<u32>,
    ) -> Result<DesignView> {
        let reader = self.store.read(district);
        let design =
            store::find::<Design, _>(&reader, id).await?.ok_or_else(|| missing(district, id, revision))?;
        let revision = match revision {
            None => None,
            Some(number) => {
                let published = store::revision(&reader, id, number).await?;
                Some(published.ok_or_else(|| missing(district, id, revision))?)
            }
        };
        Ok(DesignView { design, revision })
    }

    /// Lists the designs of a district.
    pub(crate) async fn designs(&self, district: &District, page: &PageRequest) -> Result<Page<Design>> {
        store::designs(&self.store.read(district), page).await
    }

    /// Changes fields of a design.
    pub(crate) async fn update_design(
        &self,
        caller: Caller<'_>,
        id: Uuid,
        etag: &str,
        from: Draft,
        fields: &[Field],
    ) -> Result<Design> {
        if fields.contains(&Field::Outcomes) {
            self.require_outcomes(caller.actor, caller.district(), &from.outcomes, "design").await?;
        }
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut design = kept(&tx, id).await?;
        design.etag().check(etag)?;
        let (read_as, now) = (design.version, tx.now());
        let plan = design.plan.clone().patched(&from, fields)?;
        if design.edit(plan, now) {
            store::replace(&tx, &design, read_as).await?;
            tell(&mut tx, "design.updated", id);
        }
        tx.commit(design).await
    }

    /// Publishes a design as it is, as its next revision.
    pub(crate) async fn publish_design(&self, caller: Caller<'_>, id: Uuid, etag: &str) -> Result<Design> {
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let mut design = kept(&tx, id).await?;
        design.etag().require(etag)?;
        let read_as = design.version;
        let revision = design.publish(tx.now())?;
        store::replace(&tx, &design, read_as).await?;
        store::insert_revision(&tx, &revision).await?;
        tell(&mut tx, "design.published", id);
        tx.commit(design).await
    }

    /// Refuses unless every outcome exists; `owner` is the field that holds them.
    pub(super) async fn require_outcomes(
        &self,
        actor: &Actor,
        home: &District,
        outcomes: &[FrameworkChild],
        owner: &str,
    ) -> Result<()> {
        if outcomes.is_empty() {
            return Ok(());
        }
        let field = |place: usize| format!("{owner}.outcomes[{place}]");
        self.neighbours.outcomes(actor, home, outcomes, &field).await?;
        Ok(())
    }
}

async fn kept(tx: &Tx, id: Uuid) -> Result<Design> {
    store::find(tx, id).await?.ok_or_else(|| missing(tx.district(), id, None))
}

fn missing(district: &District, id: Uuid, revision: Option<u32>) -> Failure {
    let name: Name = within(district, "designs", id);
    let name = revision.map_or(name.clone(), |revision| name.at_revision(revision));
    Failure::not_found(types::DESIGN, name.to_string())
}

fn tell(tx: &mut Tx, kind: &'static str, id: Uuid) {
    let name = within(tx.district(), "designs", id);
    tx.tell(told(kind, &name, types::DESIGN, Vec::new()));
}
