//! Reading a refusal as a client does.

use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// The reason of a refusal, `FIELD_VIOLATION`; none when it carries none.
pub fn reason(status: &Status) -> Option<String> {
    Some(status.get_details_error_info()?.reason)
}

/// The fields that a refusal names, each with what it asks for.
pub fn violations(status: &Status) -> Vec<(String, String)> {
    let violations = status.get_details_bad_request().map(|request| request.field_violations);
    violations.into_iter().flatten().map(|violation| (violation.field, violation.description)).collect()
}

/// The refusal, when it is of this code and this reason.
///
/// # Panics
///
/// When the call was answered, or refused otherwise.
#[track_caller]
pub fn refused<T>(answer: Result<Response<T>, Status>, code: Code, because: &str) -> Status {
    let Err(status) = answer else { panic!("should be refused as {code:?} {because}") };
    let found = reason(&status);
    assert_eq!((status.code(), found.as_deref()), (code, Some(because)), "{status:?}");
    status
}
