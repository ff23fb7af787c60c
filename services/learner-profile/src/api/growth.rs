//! `trellis.profile.v1alpha1.GrowthService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    CreateGrowthRuleRequest, ExplainLevelRequest, ExplainLevelResponse, GetGrowthRuleRequest,
    GetLevelRequest, GrowthRule, GrowthServiceApi, Level, ListGrowthRulesRequest, ListGrowthRulesResponse,
    ListLevelsRequest, ListLevelsResponse, ListRatingsRequest, ListRatingsResponse,
};
use trellis_kernel::{Name, PageRequest, Result};
use trellis_store::Store;

use super::convert::growth as convert;
use super::entry::plain_name;
use crate::app::{growth, growth_rules};

/// Keeps growth rules, ratings and levels.
pub(crate) struct Growth {
    store: Store,
}

impl Growth {
    /// Growth in this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl GrowthServiceApi for Growth {
    async fn create_growth_rule(&self, call: Call<CreateGrowthRuleRequest>) -> Result<GrowthRule> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, message) = call.into_parts();
        let parent = Name::of("parent", &message.parent, &[])?;
        let (title, method) = convert::new_rule(message.growth_rule.unwrap_or_default())?;
        let made = growth_rules::create(&self.store, change, title, method).await?;
        Ok(convert::rule(&parent.district, made))
    }

    async fn get_growth_rule(&self, call: Call<GetGrowthRuleRequest>) -> Result<GrowthRule> {
        let name = Name::of("name", &call.message.name, &["growthRules"])?;
        Ok(convert::rule(&name.district, growth_rules::get(&self.store, &name).await?))
    }

    async fn list_growth_rules(&self, call: Call<ListGrowthRulesRequest>) -> Result<ListGrowthRulesResponse> {
        let (_, message) = call.into_parts();
        let parent = Name::of("parent", &message.parent, &[])?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = growth_rules::list(&self.store, &parent, &request).await?;
        let page = page.map(|one| convert::rule(&parent.district, one));
        Ok(ListGrowthRulesResponse { growth_rules: page.items, next_page_token: page.next })
    }

    async fn list_ratings(&self, call: Call<ListRatingsRequest>) -> Result<ListRatingsResponse> {
        let (_, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = growth::ratings(&self.store, &parent, &request).await?;
        let page = page.map(|one| convert::rating(&parent.district, one));
        Ok(ListRatingsResponse { ratings: page.items, next_page_token: page.next })
    }

    async fn list_levels(&self, call: Call<ListLevelsRequest>) -> Result<ListLevelsResponse> {
        let (_, message) = call.into_parts();
        let parent = plain_name("parent", &message.parent, &["learners"])?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let page = growth::levels(&self.store, &parent, &message.filter, &request).await?;
        let page = page.map(|one| convert::level(&parent.district, one));
        Ok(ListLevelsResponse { levels: page.items, next_page_token: page.next })
    }

    async fn get_level(&self, call: Call<GetLevelRequest>) -> Result<Level> {
        let name = level_name(&call.message.name)?;
        Ok(convert::level(&name.district, growth::level(&self.store, &name).await?))
    }

    async fn explain_level(&self, call: Call<ExplainLevelRequest>) -> Result<ExplainLevelResponse> {
        let name = level_name(&call.message.name)?;
        Ok(convert::explained(&name.district, growth::explain(&self.store, &name).await?))
    }
}

fn level_name(text: &str) -> Result<Name> {
    plain_name("name", text, &["learners", "levels"])
}
