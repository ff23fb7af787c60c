//! What a schema is made of, as lines that can be compared.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use trellis_suite::config::Service;

use super::dump::{open, superuser};

/// Tables, columns, indexes, constraints and policies, each a line.
pub(super) type Schema = BTreeSet<String>;

/// What every service's file holds, as it was written.
pub(super) async fn sqlite(data: &Path) -> Schema {
    let mut schema = Schema::new();
    for service in Service::ALL {
        let mut conn = open(&data.join(format!("{}.db", service.name())), false).await;
        let sql = "SELECT type || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL \
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let objects: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut conn).await.expect("the schema");
        schema.extend(objects.into_iter().map(|object| format!("{} {object}", service.name())));
    }
    schema
}

/// What every service's schema holds.
pub(super) async fn postgres(url: &str) -> Schema {
    const QUESTIONS: [&str; 4] = [
        "SELECT concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         a.attidentity, pg_get_expr(d.adbin, d.adrelid)) FROM pg_attribute a \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = TABLE AND a.attnum > 0 AND NOT a.attisdropped",
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = TABLE",
        "SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = TABLE",
        "SELECT concat_ws(' ', 'policy', polname, polcmd, polroles, pg_get_expr(polqual, polrelid), \
         pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE polrelid = TABLE",
    ];
    let mut conn = PgConnection::connect(&superuser(url)).await.expect("a connection");
    let mut schema = Schema::new();
    for service in Service::ALL {
        let tables = "SELECT c.relname::text, concat_ws(' ', c.oid) FROM pg_class c \
                      JOIN pg_namespace n ON n.oid = c.relnamespace \
                      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')";
        let tables: Vec<(String, String)> =
            sqlx::query_as(tables).bind(service.name()).fetch_all(&mut conn).await.expect("the tables");
        for (table, oid) in tables {
            for question in QUESTIONS {
                let sql = AssertSqlSafe(question.replace("TABLE", &oid));
                let lines: Vec<String> =
                    sqlx::query_scalar(sql).fetch_all(&mut conn).await.expect("its parts");
                schema.extend(lines.into_iter().map(|line| format!("{}.{table}: {line}", service.name())));
            }
        }
    }
    schema
}

/// Fails with what one has and the other lacks.
pub(super) fn are_alike(one: &Schema, other: &Schema, what: &str) {
    let only = |here: &Schema, there: &Schema| here.difference(there).cloned().collect::<Vec<_>>();
    let (more, less) = (only(one, other), only(other, one));
    assert!(more.is_empty() && less.is_empty(), "{what}: more: {more:#?}, less: {less:#?}");
    assert!(one.len() > 100, "{what}: there is a schema");
}
