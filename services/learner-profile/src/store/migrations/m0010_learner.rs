//! Entries, goals and growth.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "async_trait makes another signature of a written one")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            entries(),
            goals(),
            goal_endorsements(),
            growth_rules(),
            growth_assessments(),
            ratings(),
            levels(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// A table whose primary key is the district and these columns.
fn table(name: &'static str, keys: &[&'static str], columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(ColumnDef::new("district").text().not_null());
    for key in keys {
        table.col(ColumnDef::new(*key).uuid().not_null());
    }
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create();
    primary.col("district");
    for key in keys {
        primary.col(*key);
    }
    table.primary_key(&mut primary).to_owned()
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().to_owned()
}

/// A moment in microseconds, or a version.
fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

fn double(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).double().not_null().to_owned()
}

fn maybe_id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().to_owned()
}

fn maybe_long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().to_owned()
}

fn entries() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        text("facet"),
        text("other_facet"),
        json("text"),
        id("author"),
        text("voice"),
        text("audience"),
        maybe_long("learner_read_time"),
        long("create_time"),
        long("update_time"),
        long("version"),
    ];
    table("entries", &["id"], columns)
}

fn goals() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        text("outcome"),
        json("why"),
        json("milestones"),
        ColumnDef::new("target_date").text().null().to_owned(),
        id("proposed_by"),
        text("proposer_voice"),
        maybe_id("decided_by"),
        maybe_long("decide_time"),
        long("create_time"),
        long("update_time"),
        long("version"),
    ];
    table("goals", &["id"], columns)
}

fn goal_endorsements() -> TableCreateStatement {
    let columns = vec![text("voice"), json("words"), long("endorse_time")];
    table("goal_endorsements", &["goal", "person"], columns)
}

fn growth_rules() -> TableCreateStatement {
    let columns = vec![
        json("title"),
        text("method"),
        number("last_count"),
        double("next_weight"),
        long("create_time"),
        long("version"),
    ];
    table("growth_rules", &["id"], columns)
}

fn growth_assessments() -> TableCreateStatement {
    let columns = vec![id("learner"), maybe_id("supersedes"), long("create_time")];
    table("growth_assessments", &["id"], columns)
}

fn ratings() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        text("outcome_key"),
        text("outcome"),
        text("progression"),
        number("level"),
        number("level_count"),
        id("assessment"),
        long("assess_time"),
        maybe_id("superseded_by"),
        long("create_time"),
        long("update_time"),
        long("version"),
    ];
    table("ratings", &["id"], columns)
}

fn levels() -> TableCreateStatement {
    let columns = vec![
        id("learner"),
        text("outcome_key"),
        text("outcome"),
        id("rule"),
        number("rule_revision"),
        text("progression"),
        double("value"),
        number("level_count"),
        number("rating_count"),
        long("latest_assess_time"),
        long("create_time"),
        long("update_time"),
        long("version"),
    ];
    table("levels", &["id"], columns)
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table).col("district");
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("entries_learner", "entries", &["learner", "id"]),
        index("goals_learner", "goals", &["learner", "id"]),
        index("growth_assessments_supersedes", "growth_assessments", &["supersedes"]),
        index("ratings_learner", "ratings", &["learner", "assess_time", "id"]),
        index("ratings_outcome", "ratings", &["learner", "outcome_key"]),
        index("ratings_assessment", "ratings", &["assessment"]),
        index("levels_one", "levels", &["learner", "outcome_key", "rule"]).unique().to_owned(),
        index("levels_learner", "levels", &["learner", "id"]),
    ]
}
