//! What a plan gives, and why.

use std::collections::HashMap;

use trellis_auth::Guard;
use trellis_contracts::common::DataClass;
use trellis_kernel::{Actor, District, Page, PageRequest, Relation, Relations, Result, Uuid};
use trellis_store::Reader;

use super::App;
use super::plans::Wanted;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::offering::Offering;
use crate::domain::plan::{self, Outcome, Plan};
use crate::store;

/// A decision with the sentence that says why.
#[derive(Debug)]
pub(crate) struct Explanation {
    pub(crate) decision: Decision,
    pub(crate) text: String,
}

/// Who sees what a plan could not do for a learner.
const STAFF: Relations =
    Relations::NONE.with(Relation::Educator).with(Relation::School).with(Relation::District);

impl App {
    /// Lists the places that a plan gives to a learner.
    pub(crate) async fn placements(
        &self,
        district: &District,
        wanted: Wanted,
        learner: Uuid,
        page: &PageRequest,
    ) -> Result<Page<Outcome>> {
        let plan = self.plan(district, wanted).await?;
        store::outcomes::list_placements(&self.store.read(district), plan.id, learner, page).await
    }

    /// Says of each request of a learner what came of it.
    pub(crate) async fn explain_placements(
        &self,
        district: &District,
        wanted: Wanted,
        learner: Uuid,
    ) -> Result<Vec<Explanation>> {
        let Plan { id, .. } = self.plan(district, wanted).await?;
        let reader = self.store.read(district);
        let outcomes = store::outcomes::of_learner(&reader, id, learner).await?;
        explain(&reader, outcomes).await
    }

    /// Lists the required requests that a plan could not meet, of the learners whose records the caller
    /// may see.
    pub(crate) async fn unmet_requirements(
        &self,
        actor: &Actor,
        district: &District,
        wanted: Wanted,
        page: &PageRequest,
    ) -> Result<Page<Explanation>> {
        let Plan { id, .. } = self.plan(district, wanted).await?;
        let reader = self.store.read(district);
        let Page { items, next } = store::outcomes::list_unmet(&reader, id, page).await?;
        let items = seen(&self.guard, actor, district, items).await?;
        Ok(Page { items: explain(&reader, items).await?, next })
    }
}

/// The method that lists what was not met, for the trail.
const UNMET: &str = "/trellis.scheduling.v1alpha1.PlanService/ListUnmetRequirements";

async fn seen(
    guard: &Guard,
    actor: &Actor,
    district: &District,
    outcomes: Vec<Outcome>,
) -> Result<Vec<Outcome>> {
    if outcomes.is_empty() {
        return Ok(outcomes);
    }
    let rows: Vec<&[Uuid]> =
        outcomes.iter().map(|outcome| std::slice::from_ref(&outcome.decision.demand.learner)).collect();
    let class = DataClass::EducationRecord;
    let visible = guard.show(actor, UNMET, district, class, STAFF, &rows).await?;
    Ok(outcomes
        .into_iter()
        .zip(visible)
        .filter_map(|(outcome, visible)| visible.then_some(outcome))
        .collect())
}

async fn explain(reader: &Reader, outcomes: Vec<Outcome>) -> Result<Vec<Explanation>> {
    let mut ids: Vec<Uuid> = Vec::new();
    for Outcome { decision, .. } in &outcomes {
        ids.push(decision.demand.offering);
        if let Verdict::Refused(refusal) = &decision.verdict {
            ids.extend(&refusal.clashes);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    let offerings = store::offerings::some(reader, &ids).await?;
    let offerings: HashMap<Uuid, Offering> =
        offerings.into_iter().map(|offering| (offering.id, offering)).collect();
    let title = |id: Uuid| offerings.get(&id).map(|offering| offering.particulars.headline());
    let explanation = |outcome: Outcome| {
        let decision = outcome.decision;
        let clashes = match &decision.verdict {
            Verdict::Refused(refusal) => refusal.clashes.iter().filter_map(|id| title(*id)).collect(),
            _ => Vec::new(),
        };
        let text = plan::explain(&decision, title(decision.demand.offering).unwrap_or_default(), &clashes);
        Explanation { decision, text }
    };
    Ok(outcomes.into_iter().map(explanation).collect())
}
