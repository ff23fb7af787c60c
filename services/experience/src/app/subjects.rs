//! Whom a resource is about, where its name does not say so.

use async_trait::async_trait;
use trellis_auth::Subjects;
use trellis_kernel::{Failure, Name, Result, Uuid};
use trellis_store::Store;

use crate::domain::assessment::Assessment;
use crate::domain::evidence::Evidence;
use crate::domain::proposal::Proposal;
use crate::store;

/// Answers for the resources of this service, from its tables.
pub(crate) struct EvidenceSubjects {
    store: Store,
}

impl EvidenceSubjects {
    /// Answers from this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Subjects for EvidenceSubjects {
    async fn learners(&self, name: &Name) -> Result<Vec<Uuid>> {
        let Some(outermost) = name.segments.first() else { return Ok(Vec::new()) };
        let reader = self.store.read_latest(&name.district);
        let id = outermost.id;
        let learners = match outermost.collection.as_str() {
            "evidence" => store::find::<Evidence, _>(&reader, id)
                .await?
                .map(|evidence| evidence.work.contributors().to_vec()),
            "proposals" => {
                store::find::<Proposal, _>(&reader, id).await?.map(|proposal| vec![proposal.idea.learner])
            }
            "assessments" => store::find::<Assessment, _>(&reader, id)
                .await?
                .map(|assessment| vec![assessment.judgement.learner]),
            _ => Some(Vec::new()),
        };
        learners.ok_or_else(Failure::access_denied)
    }
}
