//! The only place where a driver's error becomes a failure.

use std::time::Duration;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{DbErr, RuntimeErr, SqlErr};
use trellis_kernel::{Failure, Kind, Reason};

/// When a client may come back to an overloaded or absent database.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// When a client may come back to a database that somebody must see to.
const MEND: Duration = Duration::from_secs(30);

/// Turns a driver's error into a failure. No text of the driver, no SQL and no value reaches a client
/// or a log: texts of constraint violations quote the row.
///
/// A key that is taken becomes `RESOURCE_EXISTS`; a row that another one refers to, or a reference
/// that leads nowhere, `STATE_CONFLICT`; a transaction that lost against another, `ABORTED`; a
/// database that is away or overloaded, `STORE_UNAVAILABLE`; one that is full, read-only or damaged,
/// `STORE_FULL`, `STORE_READ_ONLY` and `STORE_CORRUPT`; everything else is a defect.
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
        DbErr::Conn(cause) => match cause {
            RuntimeErr::SqlxError(cause) => connecting(cause),
            RuntimeErr::Internal(_) => unavailable(format!("no connection: {cause}")),
        },
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            driver(cause)
        }
        DbErr::RecordNotFound(_) | DbErr::RecordNotUpdated => {
            Failure::internal("a row that must be there is not")
        }
        _ => Failure::internal(kind(&error)),
    }
}

/// Why there is no connection. What is wrong with a file is often met when it is opened.
fn connecting(error: &SqlxError) -> Failure {
    let code = match error {
        SqlxError::Database(told) => told.code().unwrap_or_default(),
        _ => return unavailable(format!("no connection: {error}")),
    };
    broken(&code).unwrap_or_else(|| unavailable(format!("no connection: {error}")))
}

fn driver(error: &SqlxError) -> Failure {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::Protocol(_)
        | SqlxError::WorkerCrashed => unavailable("the connection was lost"),
        SqlxError::Database(told) => coded(told.code().as_deref().unwrap_or_default()),
        _ => Failure::internal("the driver failed outside the database"),
    }
}

/// Reads an `SQLSTATE` of `PostgreSQL` (five characters) or an extended result code of `SQLite` (a
/// number, whose low byte is the primary code).
fn coded(code: &str) -> Failure {
    if let Some(failure) = broken(code) {
        return failure;
    }
    let Some(number) = sqlite(code) else { return sqlstate(code) };
    match number & 0xff {
        // Busy, locked.
        5 | 6 => unavailable("the database is busy"),
        // Interrupted: by our own clock.
        9 => unavailable("a statement took too long"),
        // Out of memory, I/O error, the file cannot be opened, locking protocol.
        7 | 10 | 14 | 15 => unavailable(format!("the database's file failed with code {number}")),
        _ => defect(code),
    }
}

fn sqlstate(code: &str) -> Failure {
    match code {
        // Serialization failure, deadlock.
        "40001" | "40P01" => {
            Failure::aborted(Reason::StateConflict, "Another change came first: repeat the request.")
                .retry_after(Duration::from_millis(100))
        }
        // Lock not available, statement cancelled, idle in transaction for too long.
        "55P03" | "57014" | "25P03" => unavailable("the database is overloaded"),
        // Connection exception, insufficient resources, operator intervention.
        _ if ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) => {
            unavailable("the database is away")
        }
        _ => defect(code),
    }
}

/// What somebody must see to: a database that is full, cannot be written, or is damaged. It is well
/// again without a restart once they have.
fn broken(code: &str) -> Option<Failure> {
    let lost = |reason, words| Failure::new(Kind::Unavailable, reason, words).retry_after(MEND);
    let full = || lost(Reason::StoreFull, "The database has no room left.").because("the disk is full");
    let read_only =
        || lost(Reason::StoreReadOnly, "The database takes no changes.").because("the database is read-only");
    let corrupt = || {
        Failure::new(Kind::DataLoss, Reason::StoreCorrupt, "The database is damaged.")
            .because("the database is damaged: check it, and restore a backup")
    };
    match sqlite(code) {
        // The file system found the damage: IOERR_DATA, IOERR_CORRUPTFS.
        Some(8202 | 8458) => Some(corrupt()),
        Some(number) => match number & 0xff {
            13 => Some(full()),
            8 => Some(read_only()),
            11 | 26 => Some(corrupt()),
            _ => None,
        },
        None => match code {
            "53100" => Some(full()),
            "25006" => Some(read_only()),
            "XX001" | "XX002" => Some(corrupt()),
            _ => None,
        },
    }
}

/// The number of an `SQLite` result code. An `SQLSTATE` has five characters, and no code of `SQLite`
/// has so many.
fn sqlite(code: &str) -> Option<u32> {
    if code.len() == 5 { None } else { code.parse().ok() }
}

fn defect(code: &str) -> Failure {
    Failure::internal(format!("the database refused a statement with code {code}"))
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
