//! Which frameworks everybody may read over CASE.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("public_frameworks");
        table.col(ColumnDef::new("district").text().not_null());
        table.col(ColumnDef::new("framework").uuid().not_null());
        table.primary_key(Index::create().col("district").col("framework"));
        manager.create_table(table).await
    }
}
