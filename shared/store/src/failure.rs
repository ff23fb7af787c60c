//! The only place where a driver's error becomes a failure.

use std::time::Duration;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use trellis_kernel::{Failure, Reason};

/// When a client may come back to an overloaded or absent database.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Turns a driver's error into a failure. No text of the driver, no SQL and no value reaches a client
/// or a log: texts of constraint violations quote the row.
///
/// A key that is taken becomes `RESOURCE_EXISTS`; a row that another one refers to, or a reference
/// that leads nowhere, `STATE_CONFLICT`; a transaction that lost against another, `ABORTED`; a
/// database that is away or overloaded, `STORE_UNAVAILABLE`; everything else is a defect.
#[expect(clippy::needless_pass_by_value, reason = "written to stand in map_err(failure)")]
pub fn failure(error: DbErr) -> Failure {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            return Failure::exists(Reason::ResourceExists, "A resource with this identity exists already.");
        }
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            return Failure::precondition(
                Reason::StateConflict,
                "The change would leave a reference to a row that does not exist.",
            );
        }
        _ => {}
    }
    match &error {
        DbErr::ConnectionAcquire(_) => unavailable("no connection was free in time"),
        // Its text names the server and the role, which whoever runs this must read; no row is in it.
        DbErr::Conn(cause) => unavailable(format!("no connection: {cause}")),
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            driver(cause)
        }
        DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => {
            Failure::internal("a row that must be there is not")
        }
        _ => Failure::internal(kind(&error)),
    }
}

fn driver(error: &SqlxError) -> Failure {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => unavailable("the connection was lost"),
        SqlxError::Database(told) => coded(told.code().as_deref().unwrap_or_default()),
        _ => Failure::internal("the driver failed outside the database"),
    }
}

/// Reads an `SQLSTATE` of `PostgreSQL` (five characters) or an extended result code of `SQLite` (a
/// number, whose low byte is the primary code).
fn coded(code: &str) -> Failure {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    let aborted = || {
        Failure::aborted(Reason::StateConflict, "Another change came first: repeat the request.")
            .retry_after(Duration::from_millis(100))
    };
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => return aborted(),
        // Lock not available, statement cancelled, idle in transaction for too long.
        "55P03" | "57014" | "25P03" => return unavailable("the database is overloaded"),
        _ => {}
    }
    // Connection exception, insufficient resources, operator intervention.
    if code.len() == 5 && (code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")) {
        return unavailable("the database is away");
    }
    match code.parse::<u32>() {
        Ok(number) if code.len() != 5 && matches!(number & 0xff, BUSY | LOCKED) => {
            unavailable("the database is busy")
        }
        _ => Failure::internal(format!("the database refused a statement with code {code}")),
    }
}

fn unavailable(cause: impl Into<String>) -> Failure {
    Failure::unavailable(Reason::StoreUnavailable, "The database is busy or away; try again.", RETRY_AFTER)
        .because(cause.into())
}

fn kind(error: &DbErr) -> &'static str {
    match error {
        DbErr::TryIntoErr { .. } | DbErr::Type(_) => "a column holds a value of another type",
        DbErr::Json(_) => "a column holds JSON of another shape",
        DbErr::AttrNotSet(_) => "a row was written without one of its columns",
        DbErr::Migration(_) => "a migration failed",
        DbErr::RecordNotInserted => "no row was inserted",
        _ => "the store failed",
    }
}
