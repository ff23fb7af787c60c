//! Proficiency scales, as drafts and as revisions.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(proficiency_scales()).await?;
        for (name, table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(*name).table(*table);
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// Name, table and columns.
const INDEXES: &[(&str, &str, &[&str])] = &[(
    "proficiency_scales_by_creation",
    "proficiency_scales",
    &["district", "revision", "create_time", "id"],
)];

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

fn proficiency_scales() -> TableCreateStatement {
    let columns = vec![
        id("id"),
        number("revision"),
        long("version"),
        number("latest_revision"),
        ColumnDef::new("latest_time").big_integer().null().take(),
        ColumnDef::new("unpublished").boolean().not_null().take(),
        text("content"),
        long("create_time"),
        long("update_time"),
    ];
    table("proficiency_scales", &["id", "revision"], columns)
}
