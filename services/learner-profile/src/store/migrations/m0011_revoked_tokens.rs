//! Tokens that are no longer believed though they have not ended.

use sea_orm_migration::prelude::*;

use super::columns::{id, index, long, table, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "async_trait makes another signature of a written one")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("token_id"), long("expire_time"), long("create_time")];
        manager.create_table(table("revoked_tokens", vec![id("id")], columns)).await?;
        let one = index("revoked_tokens_one", "revoked_tokens", &["token_id"]).unique().to_owned();
        manager.create_index(one).await?;
        manager.create_index(index("revoked_tokens_ended", "revoked_tokens", &["expire_time"])).await
    }
}
