//! `trellis.profile.v1alpha1.GoalService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    ActivateGoalRequest, CreateGoalRequest, EndorseGoalRequest, GetGoalRequest, Goal, GoalServiceApi,
    ListGoalsRequest, ListGoalsResponse,
};
use trellis_kernel::{Failure, Name, PageRequest, Result};
use trellis_rpc::Peer;
use trellis_store::Store;

use super::convert::{entry as words, goal as convert};
use super::entry::{plain_name, viewer};
use super::goal_outcome;
use crate::app::goal;

/// Keeps learners' goals.
pub(crate) struct Goals {
    store: Store,
    outcome: Peer,
}

impl Goals {
    /// Goals in this store, on outcomes of that service.
    pub(crate) const fn new(store: Store, outcome: Peer) -> Self {
        Self { store, outcome }
    }
}

#[async_trait]
impl GoalServiceApi for Goals {
    async fn create_goal(&self, call: Call<CreateGoalRequest>) -> Result<Goal> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (admission, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let learner = parent.learner().ok_or_else(Failure::access_denied)?;
        let new = convert::new_goal(&parent.district, message.goal.unwrap_or_default())?;
        goal_outcome::require(&self.outcome, &admission.actor, &parent.district, &new.outcome).await?;
        let made = goal::create(&self.store, change, learner, &viewer(&admission), new).await?;
        Ok(convert::goal(&parent.district, made))
    }

    async fn get_goal(&self, call: Call<GetGoalRequest>) -> Result<Goal> {
        let name = goal_name(&call.message.name)?;
        Ok(convert::goal(&name.district, goal::get(&self.store, &name).await?))
    }

    async fn list_goals(&self, call: Call<ListGoalsRequest>) -> Result<ListGoalsResponse> {
        let (_, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = goal::list(&self.store, &parent, &request).await?;
        let page = page.map(|one| convert::goal(&parent.district, one));
        Ok(ListGoalsResponse { goals: page.items, next_page_token: page.next })
    }

    async fn activate_goal(&self, call: Call<ActivateGoalRequest>) -> Result<Goal> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let name = goal_name(&call.message.name)?;
        let etag = &call.message.etag;
        let active = goal::activate(&self.store, change, &name, call.actor().person(), etag).await?;
        Ok(convert::goal(&name.district, active))
    }

    async fn endorse_goal(&self, call: Call<EndorseGoalRequest>) -> Result<Goal> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (admission, message) = call.into_parts();
        let name = goal_name(&message.name)?;
        let words = words::words("words", message.words)?;
        let endorsed = goal::endorse(&self.store, change, &name, &viewer(&admission), words).await?;
        Ok(convert::goal(&name.district, endorsed))
    }
}

fn goal_name(text: &str) -> Result<Name> {
    plain_name("name", text, &["learners", "goals"])
}
