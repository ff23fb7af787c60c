//! What each import changed, entry by entry; imports that are to end; outcomes by their identity alone.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(changes()).await?;
        let cancelled = ColumnDef::new("cancelled").boolean().not_null().default(false).take();
        manager.alter_table(Table::alter().table("transfers").add_column(cancelled).take()).await?;
        let mut index = Index::create();
        index.name("outcomes_by_identity").table("outcomes").col("district").col("id");
        manager.create_index(index).await
    }
}

fn changes() -> TableCreateStatement {
    let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
    let id = |name: &'static str| ColumnDef::new(name).uuid().not_null().take();
    let mut table = Table::create();
    table.table("transfer_changes").col(text("district")).col(id("framework")).col(id("transfer"));
    table.col(ColumnDef::new("number").integer().not_null());
    table.col(text("action")).col(text("section")).col(id("entry")).col(text("fields"));
    let mut key = Index::create();
    key.col("district").col("framework").col("transfer").col("number");
    table.primary_key(&mut key);
    table
}
