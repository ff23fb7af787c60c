//! The contract became `v1`: messages that wait in the feed are told under their new types.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(RENAMED).await?;
        Ok(())
    }
}

/// The messages themselves are as they were.
const RENAMED: &str = "UPDATE outbox \
    SET payload_type = replace(payload_type, '/trellis.outcome.v1alpha1.', '/trellis.outcome.v1.') \
    WHERE payload_type LIKE '%/trellis.outcome.v1alpha1.%'";
