//! Running a statement of the query builder on a connection of the driver.

use std::sync::Arc;

use sea_orm::sea_query::Values;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{AssertSqlSafe, Database, Error, Executor, IntoArguments};
use sea_orm::{ConnAcquireErr, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Value};
use sea_query_sqlx::SqlxValues;
use sqlx_core::database::HasStatementCache;

/// What a statement answers with; `prepares` says whether the connection keeps it prepared.
pub(super) async fn rows<'c, D, E>(
    on: E,
    statement: Statement,
    prepares: bool,
) -> Result<Vec<QueryResult>, Error>
where
    D: Database + HasStatementCache,
    E: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
    QueryResult: From<D::Row>,
{
    let rows = query::<D>(literal(statement)).persistent(prepares).fetch_all(on).await?;
    Ok(rows.into_iter().map(QueryResult::from).collect())
}

/// The same of one that answers with nothing.
pub(super) async fn execute<'c, D, E>(
    on: E,
    statement: Statement,
    prepares: bool,
) -> Result<ExecResult, Error>
where
    D: Database + HasStatementCache,
    E: Executor<'c, Database = D>,
    SqlxValues: IntoArguments<D>,
    ExecResult: From<D::QueryResult>,
{
    // Without values it may be several statements, which only a plain execution takes.
    Ok(match statement.values {
        None => on.execute(AssertSqlSafe(statement.sql)).await?.into(),
        Some(_) => query::<D>(statement).persistent(prepares).execute(on).await?.into(),
    })
}

/// The statement is safe to run: services write it with placeholders, and the query builder does.
fn query<D>(statement: Statement) -> Query<'static, D, SqlxValues>
where
    D: Database + HasStatementCache,
    SqlxValues: IntoArguments<D>,
{
    let mut values = statement.values.unwrap_or_else(|| Values(Vec::new()));
    if statement.db_backend == DbBackend::Postgres {
        values.0.iter_mut().for_each(widen);
    }
    sea_orm::sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

/// Gives all whole numbers one type, and all others one.
///
/// The driver keeps a prepared statement by its text alone, with the types of its first values: the
/// same text with a narrower number would be refused. The database narrows a number as it stores it.
fn widen(value: &mut Value) {
    let wide = match value {
        Value::TinyInt(number) => Value::BigInt(number.map(i64::from)),
        Value::SmallInt(number) => Value::BigInt(number.map(i64::from)),
        Value::Int(number) => Value::BigInt(number.map(i64::from)),
        Value::TinyUnsigned(number) => Value::BigInt(number.map(i64::from)),
        Value::SmallUnsigned(number) => Value::BigInt(number.map(i64::from)),
        Value::Unsigned(number) => Value::BigInt(number.map(i64::from)),
        Value::Float(number) => Value::Double(number.map(f64::from)),
        _ => return,
    };
    *value = wide;
}

/// Writes a limit that the query builder has bound into the statement's text.
///
/// A bound limit makes `SQLite` plan the statement anew at every run, which costs more than the read
/// of a row does. On `PostgreSQL` only the limit of one row is written: every other would make a
/// prepared statement of its own for each size of page.
fn literal(mut statement: Statement) -> Statement {
    let Some(values) = &mut statement.values else { return statement };
    let Some(Value::BigUnsigned(Some(limit))) = values.0.last() else { return statement };
    let limit = *limit;
    let placeholder = match statement.db_backend {
        DbBackend::Sqlite => " LIMIT ?".to_owned(),
        _ if limit == 1 => format!(" LIMIT ${}", values.0.len()),
        _ => return statement,
    };
    if statement.sql.ends_with(&placeholder) {
        let kept = statement.sql.len() - placeholder.len();
        statement.sql.truncate(kept);
        statement.sql.push_str(" LIMIT ");
        statement.sql.push_str(&limit.to_string());
        values.0.pop();
    }
    statement
}

pub(super) fn no_connection(error: Error) -> DbErr {
    match error {
        Error::PoolTimedOut => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        Error::PoolClosed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
        error => DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))),
    }
}

pub(super) fn not_run(error: Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}
