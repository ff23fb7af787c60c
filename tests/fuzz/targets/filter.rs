//! Filters: what is read becomes a condition of bounded size; what is not is refused at a column.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sea_orm::entity::prelude::*;
use sea_orm::{DbBackend, QueryTrait as _};
use trellis_store::filter::{Field, Kind, MAX_CHARACTERS, parse};

mod row {
    //! A table with a column of every kind that a filter can compare.

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "row")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub(crate) id: Uuid,
        pub(crate) title: String,
        pub(crate) count: i64,
        pub(crate) weight: f64,
        pub(crate) active: bool,
        pub(crate) day: String,
        pub(crate) create_time: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn fields() -> [Field<row::Column>; 8] {
    let field = |name, column, kind| Field { name, column, kind };
    [
        field("uid", row::Column::Id, Kind::Id),
        field("title", row::Column::Title, Kind::Text),
        field("count", row::Column::Count, Kind::Integer),
        field("weight", row::Column::Weight, Kind::Number),
        field("active", row::Column::Active, Kind::Boolean),
        field("day", row::Column::Day, Kind::Date),
        field("create_time", row::Column::CreateTime, Kind::Time),
        field("goal", row::Column::Id, Kind::Name(&["goals"])),
    ]
}

fuzz_target!(|text: &str| {
    match parse(text, &fields()) {
        Ok(condition) => {
            assert!(text.chars().count() <= MAX_CHARACTERS);
            let statement = row::Entity::find().filter(condition).build(DbBackend::Postgres);
            let values = statement.values.map_or(0, |values| values.0.len());
            let placeholders = statement.sql.matches('$').count();
            assert_eq!(placeholders, values, "a text of the filter stands in the statement itself");
        }
        Err(failure) => {
            assert!(!failure.violations().is_empty(), "a refusal says which field it is about");
        }
    }
});
