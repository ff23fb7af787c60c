//! Solves, and what plans say more of what they did.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(
        elided_lifetimes_in_paths,
        reason = "the trait leaves the lifetime out, and must be met to the letter"
    )]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(solves()).await?;
        manager.create_index(solves_of_timetable()).await?;
        for (table, column) in [("plans", "made"), ("plan_outcomes", "refusal")] {
            let json = ColumnDef::new(column).json_binary().null().to_owned();
            manager.alter_table(Table::alter().table(table).add_column(json).to_owned()).await?;
        }
        Ok(())
    }
}

fn solves() -> TableCreateStatement {
    Table::create()
        .table("solves")
        .col(ColumnDef::new("district").text().not_null())
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("timetable").uuid().not_null())
        .col(ColumnDef::new("running").boolean().not_null())
        // What it was told to do: nothing, `finish` or `cancel`.
        .col(ColumnDef::new("told").text().not_null())
        .col(ColumnDef::new("content").json_binary().not_null())
        .col(ColumnDef::new("create_time").big_integer().not_null())
        .col(ColumnDef::new("update_time").big_integer().not_null())
        .primary_key(Index::create().col("district").col("id"))
        .to_owned()
}

fn solves_of_timetable() -> IndexCreateStatement {
    Index::create()
        .name("solves_of_timetable")
        .table("solves")
        .col("district")
        .col("timetable")
        .col("id")
        .to_owned()
}
