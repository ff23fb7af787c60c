//! Adoptions: which revision of a framework is used, by whom and when.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(adoptions()).await?;
        manager.create_table(organizations()).await?;
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
const INDEXES: &[(&str, &str, &[&str])] = &[
    ("adoptions_by_creation", "adoptions", &["district", "create_time", "id"]),
    ("adoptions_by_framework", "adoptions", &["district", "framework", "start_date"]),
    ("adoptions_by_reach", "adoptions", &["district", "district_wide", "start_date"]),
    (
        "adoption_organizations_by_organization",
        "adoption_organizations",
        &["district", "organization", "adoption"],
    ),
];

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
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

fn adoptions() -> TableCreateStatement {
    let columns = vec![
        id("id"),
        long("version"),
        text("framework_district"),
        id("framework"),
        ColumnDef::new("framework_revision").integer().not_null().take(),
        ColumnDef::new("district_wide").boolean().not_null().take(),
        text("start_date"),
        ColumnDef::new("end_date").text().null().take(),
        text("content"),
        long("create_time"),
        long("update_time"),
    ];
    table("adoptions", &["id"], columns)
}

fn organizations() -> TableCreateStatement {
    table("adoption_organizations", &["adoption", "organization"], vec![id("adoption"), id("organization")])
}
