//! The contract's methods: each reads the message, calls a use case, and writes the answer.

mod calendars;
mod changes;
mod convert;
mod feeds;
mod offerings;
mod plans;
mod read;
mod requests;
mod timetables;

use std::sync::Arc;

use async_trait::async_trait;
use trellis_auth::Subjects;
use trellis_contracts::guard::Call;
use trellis_kernel::{Name, Relation, Result, Uuid};
use trellis_rpc::changes::ChangeFeed;

use crate::app::App;
pub(crate) use changes::Changes;

/// What serves every method of the service.
pub(crate) struct Api {
    pub(crate) app: Arc<App>,
    pub(crate) changes: ChangeFeed<Changes>,
}

/// Whom the resources of this service are about. Those that a call may be decided on and that are about
/// learners name them (`learners/{learner}/feeds/{feed}`), or the call names them in a field of its own;
/// the others are about nobody.
pub(crate) struct NamedSubjects;

#[async_trait]
impl Subjects for NamedSubjects {
    async fn learners(&self, _name: &Name) -> Result<Vec<Uuid>> {
        Ok(Vec::new())
    }
}

/// Whether the caller is of those who prepare plans, and so sees drafts.
fn prepares<M>(call: &Call<M>) -> bool {
    [Relation::Educator, Relation::School, Relation::District].into_iter().any(|relation| call.is(relation))
}
