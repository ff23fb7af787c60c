//! What a revision changes, and what takes its place: release notes, deprecations, successions.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "the trait spells it so, and async_trait wants the same")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Rows that an older program still writes during a rollout have no note.
        let mut note = ColumnDef::new("release_note");
        note.text().not_null().default("[]");
        manager.alter_table(Table::alter().table("frameworks").add_column(note).take()).await?;
        manager.create_table(deprecations()).await?;
        manager.create_table(successions()).await?;
        let mut index = Index::create();
        index.name("successions_by_origin").table("successions").col("district").col("origin");
        manager.create_index(index).await?;
        manager.get_connection().execute_unprepared(PUBLISHED).await?;
        Ok(())
    }
}

/// What was published before: the replacements within one framework, as its last revision has them. Those
/// between frameworks are told by their next publication.
const PUBLISHED: &str = "INSERT INTO successions \
    (district, framework, association, origin_framework, origin, destination_district, \
     destination_framework, destination) \
    SELECT a.district, a.framework, a.id, a.framework, a.origin, a.district, a.framework, a.destination \
    FROM associations a JOIN frameworks f ON f.district = a.district AND f.id = a.framework \
    AND f.revision = 0 AND f.latest_revision = a.revision \
    WHERE a.revision > 0 AND a.kind = 'replacedBy' AND a.origin IS NOT NULL AND a.destination IS NOT NULL \
    AND a.origin <> a.framework AND a.destination <> a.framework";

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

fn table(name: &'static str, columns: Vec<ColumnDef>, key: &[&'static str]) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(text("district"));
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create();
    primary.col("district");
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

fn deprecations() -> TableCreateStatement {
    table("deprecations", vec![id("framework"), text("content")], &["framework"])
}

fn successions() -> TableCreateStatement {
    let columns = vec![
        id("framework"),
        id("association"),
        id("origin_framework"),
        id("origin"),
        text("destination_district"),
        id("destination_framework"),
        id("destination"),
    ];
    table("successions", columns, &["framework", "association"])
}
