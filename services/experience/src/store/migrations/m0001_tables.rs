//! The first tables: designs, experiences, proposals, evidence, feedback, reflections, assessments.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[expect(elided_lifetimes_in_paths, reason = "async_trait takes the trait's own signature, which elides one")]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = [
            designs(),
            design_revisions(),
            experiences(),
            proposals(),
            evidence(),
            evidence_contributors(),
            feedback(),
            reflections(),
            assessments(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for (table, column) in [
            ("proposals", "learner"),
            ("feedback", "evidence"),
            ("reflections", "learner"),
            ("assessments", "learner"),
        ] {
            let mut index = Index::create();
            index.name(format!("{table}_by_{column}")).table(table).col("district").col(column).col("id");
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// A table whose primary key is the district and `keys`.
fn table(name: &'static str, keys: Vec<ColumnDef>, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut primary = Index::create();
    primary.col("district");
    let mut table = Table::create();
    table.table(name).col(text("district"));
    for key in keys {
        primary.col(key.get_column_name());
        table.col(key);
    }
    for column in columns {
        table.col(column);
    }
    table.primary_key(&mut primary).to_owned()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

fn id_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

/// An instant in microseconds, or a version.
fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn long_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().to_owned()
}

fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().to_owned()
}

fn json_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().null().to_owned()
}

/// The columns of a resource that changes.
fn changing(mut columns: Vec<ColumnDef>) -> Vec<ColumnDef> {
    columns.extend([long("create_time"), long("update_time"), long("version")]);
    columns
}

fn designs() -> TableCreateStatement {
    let published = ColumnDef::new("published_revision").integer().null().to_owned();
    let columns =
        vec![json("plan"), published, long_or_null("published_version"), long_or_null("publish_time")];
    table("designs", vec![id("id")], changing(columns))
}

fn design_revisions() -> TableCreateStatement {
    let columns = vec![json("plan"), long("publish_time"), long("version")];
    table("design_revisions", vec![id("design"), number("revision")], columns)
}

fn experiences() -> TableCreateStatement {
    let columns = vec![
        id("design"),
        number("revision"),
        text("kind"),
        json("title"),
        json("outcomes"),
        json("facilitators"),
        id_or_null("organization"),
        text("start_date"),
        text("end_date"),
        number("capacity"),
        text("state"),
    ];
    table("experiences", vec![id("id")], changing(columns))
}

fn proposals() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        text("title"),
        text("driving_question"),
        json("outcomes"),
        text("why"),
        text("state"),
        json_or_null("decision"),
    ];
    table("proposals", vec![id("id")], changing(columns))
}

fn evidence() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        json("contributors"),
        id_or_null("experience"),
        json("outcomes"),
        text("title"),
        text("text"),
        json("artifacts"),
        text("state"),
        long_or_null("submit_time"),
    ];
    table("evidence", vec![id("id")], changing(columns))
}

fn evidence_contributors() -> TableCreateStatement {
    table("evidence_contributors", vec![id("learner"), id("evidence")], Vec::new())
}

fn feedback() -> TableCreateStatement {
    let columns = vec![id("evidence"), text("text"), text("voice"), id("author"), long("create_time")];
    table("feedback", vec![id("id")], columns)
}

fn reflections() -> TableCreateStatement {
    let columns = vec![id("learner"), id("evidence"), text("text"), long("create_time")];
    table("reflections", vec![id("id")], columns)
}

fn assessments() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        json("evidence"),
        text("voice"),
        id("assessor"),
        json("criteria"),
        text("comment"),
        id_or_null("supersedes"),
        id_or_null("superseded_by"),
        json_or_null("response"),
        text("state"),
        long_or_null("finalize_time"),
    ];
    table("assessments", vec![id("id")], changing(columns))
}
