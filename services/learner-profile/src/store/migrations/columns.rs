//! The column types of this service's tables, alike on both databases.

use sea_orm_migration::prelude::*;

/// A text that is always there.
pub(super) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// Yes or no.
pub(super) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// An identity.
pub(super) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A small number.
pub(super) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

/// A moment in microseconds, or a version.
pub(super) fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A list or an object.
pub(super) fn json(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).json_binary().not_null().take()
}

/// A table whose primary key is the district and `keys`.
pub(super) fn table(
    name: &'static str,
    keys: Vec<ColumnDef>,
    columns: Vec<ColumnDef>,
) -> TableCreateStatement {
    let mut table = Table::create();
    let mut primary = Index::create();
    table.table(name).col(text("district"));
    primary.col("district");
    for key in keys {
        primary.col(Alias::new(key.get_column_name()));
        table.col(key);
    }
    for column in columns {
        table.col(column);
    }
    table.primary_key(&mut primary).take()
}

/// A table of resources: identity, columns, times and version.
pub(super) fn record(name: &'static str, columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut columns = columns;
    columns.extend([long("create_time"), long("update_time"), long("version")]);
    table(name, vec![id("id")], columns)
}

/// An index whose first column is the district.
pub(super) fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table).col("district");
    for column in columns {
        index.col(*column);
    }
    index.take()
}
