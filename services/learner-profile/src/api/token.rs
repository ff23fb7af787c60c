//! `trellis.profile.v1alpha1.TokenService`.

use async_trait::async_trait;
use trellis_contracts::guard::Call;
use trellis_contracts::profile::{
    ListRevokedTokensRequest, ListRevokedTokensResponse, RevokeTokenRequest, RevokedToken, TokenServiceApi,
};
use trellis_contracts::values;
use trellis_kernel::{District, Failure, PageRequest, Result, Timestamp};
use trellis_store::Store;

use super::convert::roster::in_collection;
use super::roster::district;
use crate::app::token;
use crate::domain::token::Revoked;
use crate::store::tokens;

/// Keeps the list of tokens that were taken back.
pub(crate) struct Tokens {
    store: Store,
}

impl Tokens {
    /// The list in this store.
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }
}

#[async_trait]
impl TokenServiceApi for Tokens {
    async fn revoke_token(&self, call: Call<RevokeTokenRequest>) -> Result<RevokedToken> {
        let change = trellis_rpc::change(&call, &call.message.request_id)?;
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let expire = message.expire_time.as_ref().map(instant).transpose()?;
        let revoked = token::revoke(&self.store, change, &message.token_id, expire).await?;
        Ok(shown(&district, revoked))
    }

    async fn list_revoked_tokens(
        &self,
        call: Call<ListRevokedTokensRequest>,
    ) -> Result<ListRevokedTokensResponse> {
        let (_, message) = call.into_parts();
        let district = district("parent", &message.parent)?;
        let request = PageRequest::parse(message.page_size, message.page_token)?;
        let now = self.store.clock().now();
        let page = tokens::page(&self.store.read(&district), &request, now).await?;
        let page = page.map(|revoked| shown(&district, revoked));
        Ok(ListRevokedTokensResponse { revoked_tokens: page.items, next_page_token: page.next })
    }
}

fn instant(at: &prost_types::Timestamp) -> Result<Timestamp> {
    values::instant(at).ok_or_else(|| Failure::field("expire_time", "must be a timestamp that can be kept"))
}

fn shown(district: &District, revoked: Revoked) -> RevokedToken {
    let Revoked { id, token_id, expire, create_time } = revoked;
    RevokedToken {
        name: in_collection(district, "revokedTokens", id),
        uid: id.to_string(),
        token_id,
        expire_time: Some(values::timestamp(expire)),
        create_time: Some(values::timestamp(create_time)),
    }
}
