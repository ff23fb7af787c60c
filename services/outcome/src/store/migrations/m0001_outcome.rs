//! Frameworks and what they hold, as drafts and as revisions; imports.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            [frameworks(), outcomes(), associations(), progressions(), case_entries(), transfers(), issues()]
        {
            manager.create_table(table).await?;
        }
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
    ("frameworks_by_creation", "frameworks", &["district", "revision", "create_time", "id"]),
    ("outcomes_in_order", "outcomes", &["district", "framework", "revision", "list_order", "id"]),
    ("outcomes_by_parent", "outcomes", &["district", "framework", "revision", "parent", "list_order", "id"]),
    ("outcomes_by_code", "outcomes", &["district", "framework", "revision", "code"]),
    ("associations_in_order", "associations", &["district", "framework", "revision", "position", "id"]),
    ("associations_by_origin", "associations", &["district", "framework", "revision", "origin"]),
    ("associations_by_destination", "associations", &["district", "framework", "revision", "destination"]),
];

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

fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

fn maybe_id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().take()
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

fn frameworks() -> TableCreateStatement {
    let columns = vec![
        id("id"),
        number("revision"),
        long("version"),
        text("kind"),
        number("latest_revision"),
        ColumnDef::new("latest_time").big_integer().null().take(),
        flag("unpublished"),
        number("outcomes"),
        number("associations"),
        number("progressions"),
        text("content"),
        long("create_time"),
        long("update_time"),
    ];
    table("frameworks", &["id", "revision"], columns)
}

/// A table of what a framework holds.
fn held(name: &'static str, own: Vec<ColumnDef>) -> TableCreateStatement {
    let mut columns = vec![id("framework"), number("revision"), id("id"), long("version")];
    columns.extend(own);
    columns.extend([text("content"), long("create_time"), long("update_time")]);
    table(name, &["framework", "revision", "id"], columns)
}

fn outcomes() -> TableCreateStatement {
    let own = vec![
        text("kind"),
        text("code"),
        text("item_type"),
        maybe_id("parent"),
        number("list_order"),
        number("published"),
    ];
    held("outcomes", own)
}

fn associations() -> TableCreateStatement {
    held("associations", vec![text("kind"), number("position"), maybe_id("origin"), maybe_id("destination")])
}

fn progressions() -> TableCreateStatement {
    held("progressions", vec![text("outcomes")])
}

fn case_entries() -> TableCreateStatement {
    let columns = vec![
        id("framework"),
        number("revision"),
        text("section"),
        id("id"),
        text("title"),
        text("digest"),
        text("json"),
    ];
    table("case_entries", &["framework", "revision", "section", "id"], columns)
}

fn transfers() -> TableCreateStatement {
    let columns = vec![
        id("id"),
        long("version"),
        text("fingerprint"),
        flag("running"),
        text("content"),
        long("create_time"),
        long("update_time"),
    ];
    table("transfers", &["id"], columns)
}

fn issues() -> TableCreateStatement {
    table("transfer_issues", &["transfer", "number"], vec![id("transfer"), number("number"), text("content")])
}
