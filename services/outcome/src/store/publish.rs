//! Copying a draft into a revision: rows that no statement changes afterwards.

use sea_orm::{ConnectionTrait, Statement, Value};
use trellis_kernel::{Result, Uuid};
use trellis_store::{Scope, Tx, failure};

/// The tables of what a framework holds, each with the columns that are copied as they are.
const TABLES: [(&str, &str); 6] = [
    (
        "outcomes",
        "id, version, kind, code, item_type, parent, list_order, published, content, create_time, update_time",
    ),
    ("associations", "id, version, kind, position, origin, destination, content, create_time, update_time"),
    ("progressions", "id, version, outcomes, content, create_time, update_time"),
    ("rubrics", "id, version, content, create_time, update_time"),
    ("rubric_outcomes", "rubric, outcome, held"),
    ("case_entries", "section, id, title, digest, json"),
];

/// Copies everything that the draft of a framework holds into a revision.
pub(crate) async fn copy(tx: &Tx, framework: Uuid, revision: i32) -> Result<()> {
    let sql = "UPDATE outcomes SET published = $1 WHERE district = $2 AND framework = $3 AND revision = 0";
    run(tx, sql, vec![revision.into(), tx.district().as_str().into(), framework.into()]).await?;
    for (table, columns) in TABLES {
        let sql = format!(
            "INSERT INTO {table} (district, framework, revision, {columns}) \
             SELECT district, framework, {revision}, {columns} FROM {table} \
             WHERE district = $1 AND framework = $2 AND revision = 0"
        );
        run(tx, &sql, vec![tx.district().as_str().into(), framework.into()]).await?;
    }
    Ok(())
}

async fn run(tx: &Tx, sql: &str, values: Vec<Value>) -> Result<()> {
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    tx.conn().execute_raw(statement).await.map_err(failure)?;
    Ok(())
}
