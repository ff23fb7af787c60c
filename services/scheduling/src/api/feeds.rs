//! `FeedService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::scheduling::{CreateFeedRequest, DeleteFeedRequest, Feed, FeedServiceApi};
use trellis_kernel::{Failure, Result};
use trellis_rpc::change;

use super::convert::feed;
use super::{Api, read};

#[async_trait]
impl FeedServiceApi for Api {
    async fn create_feed(&self, call: Call<CreateFeedRequest>) -> Result<Feed> {
        let district = call.district()?;
        let change = change(&call, &call.message.request_id)?;
        let learner = read::id(district, "parent", &call.message.parent, &["learners"])?;
        let given = self.app.create_feed(call.actor(), change, learner).await?;
        Ok(feed::message(district, given))
    }

    async fn delete_feed(&self, call: Call<DeleteFeedRequest>) -> Result<()> {
        let district = call.district()?;
        let change = change(&call, &call.message.request_id)?;
        let name = read::name(district, "name", &call.message.name, &["learners", "feeds"])?;
        let (Some(learner), Some(id)) = (name.learner(), name.id()) else {
            return Err(Failure::internal("a name of a feed has no learner"));
        };
        self.app.delete_feed(change, learner, id).await
    }
}
