//! What learners think of their own work.

use trellis_kernel::{District, Failure, Page, PageRequest, Result, Uuid};
use trellis_store::{Scope as _, Write};

use super::{App, Caller, told, types};
use crate::domain::evidence::{Evidence, Reflection};
use crate::domain::reference::{missing, within};
use crate::store;

impl App {
    /// Writes a reflection on evidence that the learner contributed to.
    pub(crate) async fn create_reflection(
        &self,
        caller: Caller<'_>,
        learner: Uuid,
        on: Uuid,
        text: String,
    ) -> Result<Reflection> {
        let mut tx = match self.store.write(caller.change).await? {
            Write::Replay(reply) => return Ok(reply),
            Write::Begin(tx) => tx,
        };
        let evidence: Option<Evidence> = store::find(&tx, on).await?;
        if !evidence.is_some_and(|evidence| evidence.is_by(learner)) {
            return Err(missing("reflection.evidence", "evidence that the learner contributed to"));
        }
        let reflection = Reflection { id: tx.new_id(), learner, evidence: on, text, create_time: tx.now() };
        store::insert(&tx, &reflection).await?;
        let name = within(tx.district(), "learners", learner).child("reflections", reflection.id);
        tx.tell(told("reflection.created", &name, types::REFLECTION, vec![learner]));
        tx.commit(reflection).await
    }

    /// Reads a reflection of the given learner.
    pub(crate) async fn reflection(
        &self,
        district: &District,
        learner: Uuid,
        id: Uuid,
    ) -> Result<Reflection> {
        let reflection: Option<Reflection> = store::find(&self.store.read(district), id).await?;
        // The name says whose it is, and was decided on; the row must agree.
        reflection.filter(|reflection| reflection.learner == learner).ok_or_else(|| {
            let name = within(district, "learners", learner).child("reflections", id);
            Failure::not_found(types::REFLECTION, name.to_string())
        })
    }

    /// Lists a learner's reflections.
    pub(crate) async fn reflections(
        &self,
        district: &District,
        filter: store::ReflectionFilter,
        page: &PageRequest,
    ) -> Result<Page<Reflection>> {
        store::reflections_of(&self.store.read(district), filter, page).await
    }
}
