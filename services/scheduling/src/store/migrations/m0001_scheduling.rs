//! Calendars, timetables, offerings, requests, plans and what came of them, feeds.

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
        let tables = [
            calendars(),
            timetables(),
            offerings(),
            requests(),
            request_lists(),
            plans(),
            outcomes(),
            feeds(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

/// A table whose primary key is the district and the id, with these columns.
fn table(name: &'static str, columns: impl IntoIterator<Item = ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name).col(text("district")).col(id("id"));
    for column in columns {
        table.col(column);
    }
    table.primary_key(Index::create().col("district").col("id")).to_owned()
}

/// The columns of what can change.
fn stamps() -> [ColumnDef; 3] {
    [long("create_time"), long("update_time"), long("version")]
}

fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().to_owned()
}

fn maybe_id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().to_owned()
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().to_owned()
}

/// A moment in microseconds, a version, a seed.
fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn maybe_long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().to_owned()
}

fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().to_owned()
}

fn calendars() -> TableCreateStatement {
    let columns = [
        id("organization"),
        text("title"),
        text("time_zone"),
        text("first_date"),
        text("last_date"),
        json("blocks"),
        json("exceptions"),
    ];
    table("calendars", columns.into_iter().chain(stamps()))
}

fn timetables() -> TableCreateStatement {
    let columns = [
        id("calendar"),
        maybe_id("academic_session"),
        text("title"),
        maybe_long("request_open_time"),
        maybe_long("request_close_time"),
        // Kept here, so that there can be only one.
        maybe_id("published_plan"),
    ];
    table("timetables", columns.into_iter().chain(stamps()))
}

fn offerings() -> TableCreateStatement {
    let columns = [
        id("timetable"),
        id("experience"),
        json("title"),
        text("start_date"),
        text("end_date"),
        number("capacity"),
        json("blocks"),
    ];
    table("offerings", columns.into_iter().chain(stamps()))
}

fn requests() -> TableCreateStatement {
    let columns = [id("timetable"), id("learner"), id("offering"), flag("required"), number("rank")];
    table("requests", columns.into_iter().chain(stamps()))
}

/// The version of each learner's ranked list; the id is made of the timetable and the learner.
fn request_lists() -> TableCreateStatement {
    table("request_lists", [long("version")])
}

fn plans() -> TableCreateStatement {
    let columns = [
        id("timetable"),
        long("seed"),
        text("state"),
        number("revision"),
        maybe_long("publish_time"),
        number("learner_count"),
        number("request_count"),
        number("placement_count"),
        number("first_choice_count"),
        number("unmet_count"),
    ];
    table("plans", columns.into_iter().chain(stamps()))
}

fn outcomes() -> TableCreateStatement {
    let columns = [
        id("plan"),
        id("learner"),
        id("offering"),
        number("rank"),
        text("verdict"),
        maybe_id("clashes_with"),
        long("create_time"),
    ];
    table("plan_outcomes", columns)
}

/// Feeds, without their tokens: the digest alone finds one.
fn feeds() -> TableCreateStatement {
    table("feeds", [id("learner"), id("creator"), text("digest"), long("create_time")])
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table).col("district");
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("offerings_of_timetable", "offerings", &["timetable", "id"]),
        index("one_request", "requests", &["timetable", "learner", "offering", "required"])
            .unique()
            .to_owned(),
        index("plans_of_timetable", "plans", &["timetable", "id"]),
        index("outcomes_of_learner", "plan_outcomes", &["plan", "learner", "rank", "id"]),
        index("outcomes_by_rank", "plan_outcomes", &["plan", "rank", "verdict", "id"]),
        index("feed_of_digest", "feeds", &["digest"]).unique().to_owned(),
        index("feeds_of_learner", "feeds", &["learner"]),
    ]
}
