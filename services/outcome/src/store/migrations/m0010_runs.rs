//! What an import does alike to several entries, one after the other, is told by one row.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A row that is there already, or that an older program still writes during a rollout, tells of
        // one entry.
        let more = ColumnDef::new("more").text().not_null().default("").take();
        manager.alter_table(Table::alter().table("transfer_changes").add_column(more).take()).await
    }
}
