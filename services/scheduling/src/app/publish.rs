//! The plan that learners live by.

use prost::Message;
use trellis_contracts::scheduling::PlanPublished;
use trellis_kernel::{Actor, District, Reason, Result, Uuid};
use trellis_store::{Change, Payload, Told, Tx, Write};

use super::{App, gone, missing, told};
use crate::domain::names;
use crate::domain::offering::Offering;
use crate::domain::plan::{Outcome, Plan};
use crate::store;

impl App {
    /// Makes a plan the one of its timetable, in the place of the one before.
    pub(crate) async fn publish_plan(
        &self,
        actor: &Actor,
        change: Change,
        timetable: Uuid,
        plan: Uuid,
        etag: &str,
    ) -> Result<Plan> {
        let district = change.district.clone();
        let renewed = self.renewed(actor, &district, timetable).await?;
        let mut tx = match self.store.write(change).await? {
            Write::Replay(plan) => return Ok(plan),
            Write::Begin(tx) => tx,
        };
        let plan = store::plans::find(&tx, timetable, plan)
            .await?
            .ok_or_else(|| missing(names::PLAN, &names::plan(&district, timetable, plan)))?;
        plan.stamps.etag().require(etag)?;
        let before = store::timetables::published(&tx, timetable).await?;
        let plan = plan.publish(tx.now())?;
        store::timetables::publish(&tx, timetable, before, plan.id).await?;
        store::plans::update(&tx, &plan).await?;
        if let Some(before) = before {
            replace(&mut tx, timetable, before).await?;
        }
        renew(&mut tx, renewed).await?;
        tx.tell(published(&district, &plan));
        for Outcome { id, decision, .. } in store::outcomes::placements(&tx, plan.id).await? {
            let name = names::placement(&district, timetable, plan.id, id);
            tx.tell(told("placement.given", names::PLACEMENT, &name, vec![decision.demand.learner]));
        }
        tx.commit(plan).await
    }

    /// The offerings of the timetable whose experiences have changed since they were read, as they are
    /// now. Asked for before the transaction, which must not wait for another service.
    async fn renewed(&self, actor: &Actor, district: &District, timetable: Uuid) -> Result<Vec<Offering>> {
        let offerings = store::offerings::of_timetable(&self.store.read(district), timetable).await?;
        let mut experiences: Vec<Uuid> = offerings.iter().map(|offering| offering.experience).collect();
        experiences.sort_unstable();
        experiences.dedup();
        let known = self.experiences(actor, district, &experiences).await?;
        let renew = |mut offering: Offering| {
            let particulars = &known.get(&offering.experience)?.particulars;
            (offering.particulars != *particulars).then(|| {
                offering.particulars.clone_from(particulars);
                offering
            })
        };
        Ok(offerings.into_iter().filter_map(renew).collect())
    }
}

/// Takes the plan that was published back, and its placements with it.
async fn replace(tx: &mut Tx, timetable: Uuid, before: Uuid) -> Result<()> {
    use trellis_store::Scope;
    let district = tx.district().clone();
    let Some(plan) = store::plans::find(tx, timetable, before).await? else { return Ok(()) };
    let plan = plan.replace(tx.now());
    store::plans::update(tx, &plan).await?;
    tx.tell(told("plan.replaced", names::PLAN, &names::plan(&district, timetable, before), Vec::new()));
    for Outcome { id, decision, .. } in store::outcomes::placements(tx, before).await? {
        let name = names::placement(&district, timetable, before, id);
        tx.tell(gone("placement.withdrawn", names::PLACEMENT, &name, vec![decision.demand.learner]));
    }
    Ok(())
}

async fn renew(tx: &mut Tx, offerings: Vec<Offering>) -> Result<()> {
    use trellis_store::Scope;
    let district = tx.district().clone();
    for mut offering in offerings {
        offering.stamps = offering.stamps.touched(tx.now());
        match store::offerings::renew(tx, &offering).await {
            Ok(()) => {
                let name = names::offering(&district, offering.timetable, offering.id);
                tx.tell(told("offering.renewed", names::OFFERING, &name, Vec::new()));
            }
            // Another publication renewed it meanwhile, from the same source.
            Err(failure) if failure.reason() == Reason::EtagMismatch => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn published(district: &District, plan: &Plan) -> Told {
    let name = names::plan(district, plan.timetable, plan.id);
    let event = PlanPublished { plan: name.clone().at_revision(plan.revision).to_string() };
    let payload = Payload {
        type_url: "type.googleapis.com/trellis.scheduling.v1alpha1.PlanPublished".to_owned(),
        value: event.encode_to_vec(),
    };
    Told { payload: Some(payload), ..told("plan.published", names::PLAN, &name, Vec::new()) }
}
