//! Rubrics, and which outcomes their criteria look at.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(rubrics()).await?;
        manager.create_table(rubric_outcomes()).await?;
        let mut index = Index::create();
        index.name("rubrics_by_outcome").table("rubric_outcomes");
        for column in ["district", "framework", "revision", "outcome"] {
            index.col(column);
        }
        manager.create_index(index).await
    }
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn table(name: &'static str, key: &[&'static str], columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(text("district"));
    let mut primary = Index::create();
    primary.col("district");
    for column in columns {
        table.col(column);
    }
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

fn rubrics() -> TableCreateStatement {
    let columns = vec![
        id("framework"),
        number("revision"),
        id("id"),
        long("version"),
        text("content"),
        long("create_time"),
        long("update_time"),
    ];
    table("rubrics", &["framework", "revision", "id"], columns)
}

fn rubric_outcomes() -> TableCreateStatement {
    let columns = vec![id("framework"), number("revision"), id("rubric"), id("outcome"), text("held")];
    table("rubric_outcomes", &["framework", "revision", "rubric", "outcome"], columns)
}
