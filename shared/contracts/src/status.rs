//! The one place where a [`Failure`] becomes a gRPC status, and where a received status becomes a
//! failure again.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use trellis_kernel::{Failure, Kind, Reason};

/// The domain of every `google.rpc.ErrorInfo` of ours.
pub const DOMAIN: &str = "trellis";

/// Turns a failure into what the client reads. Its cause stays here, in the log.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
pub fn refuse(failure: Failure) -> Status {
    if let Some(cause) = failure.cause() {
        tracing::error!(reason = failure.reason().as_str(), cause = %cause, "failed");
    }
    let metadata: HashMap<String, String> =
        failure.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut details = ErrorDetails::with_error_info(failure.reason().as_str(), DOMAIN, metadata);
    for violation in failure.violations() {
        details.add_bad_request_violation(violation.field.clone(), violation.description.clone());
    }
    if let Some(resource) = failure.resource() {
        details.set_resource_info(resource.kind.clone(), resource.name.clone(), "", "");
    }
    if let Some(after) = failure.retry() {
        details.set_retry_info(Some(after));
    }
    Status::with_error_details(code(failure.kind()), failure.message(), details)
}

/// Reads the status that another service answered with.
///
/// A refusal of the caller's doing keeps its kind and reason; anything else means that the other
/// service is away or broken, which is not the caller's fault, and says so.
pub fn received(status: &Status) -> Failure {
    let details = status.get_error_details();
    let info = details.error_info();
    let reason = info.filter(|i| i.domain == DOMAIN).and_then(|i| Reason::from_text(&i.reason));
    let (Some(kind), Some(reason)) = (kind(status.code()), reason) else {
        return away(status);
    };
    let mut failure = Failure::new(kind, reason, status.message().to_owned());
    for (key, value) in info.map(|i| &i.metadata).into_iter().flatten() {
        failure = failure.with(key.clone(), value);
    }
    for violation in details.bad_request().map(|b| &b.field_violations).into_iter().flatten() {
        failure = failure.violation(violation.field.clone(), violation.description.clone());
    }
    if let Some(resource) = details.resource_info() {
        failure = failure.about(resource.resource_type.clone(), resource.resource_name.clone());
    }
    if let Some(after) = details.retry_info().and_then(|r| r.retry_delay) {
        failure = failure.retry_after(after);
    }
    failure
}

fn away(status: &Status) -> Failure {
    let cause = format!("peer answered {:?}", status.code());
    match status.code() {
        Code::DeadlineExceeded => {
            Failure::new(Kind::DeadlineExceeded, Reason::DeadlineExceeded, "The deadline of the call passed.")
        }
        Code::Cancelled => {
            Failure::new(Kind::Cancelled, Reason::DeadlineExceeded, "The caller ended the call.")
        }
        Code::ResourceExhausted | Code::OutOfRange => {
            Failure::exhausted(Reason::LimitExceeded, "A message is larger than the limit.")
        }
        Code::Internal | Code::Unknown | Code::DataLoss => Failure::internal(cause),
        _ => Failure::unavailable(
            Reason::PeerUnavailable,
            "Another service that this call needs is away; try again.",
            Duration::from_secs(1),
        )
        .because(cause),
    }
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Cancelled => Code::Cancelled,
        Kind::Unimplemented => Code::Unimplemented,
        Kind::DataLoss => Code::DataLoss,
        Kind::Internal => Code::Internal,
    }
}

const fn kind(code: Code) -> Option<Kind> {
    Some(match code {
        Code::InvalidArgument => Kind::InvalidArgument,
        Code::OutOfRange => Kind::OutOfRange,
        Code::FailedPrecondition => Kind::FailedPrecondition,
        Code::Aborted => Kind::Aborted,
        Code::NotFound => Kind::NotFound,
        Code::AlreadyExists => Kind::AlreadyExists,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::PermissionDenied => Kind::PermissionDenied,
        Code::ResourceExhausted => Kind::ResourceExhausted,
        Code::Unavailable => Kind::Unavailable,
        Code::DeadlineExceeded => Kind::DeadlineExceeded,
        Code::Cancelled => Kind::Cancelled,
        Code::Unimplemented => Kind::Unimplemented,
        Code::DataLoss => Kind::DataLoss,
        Code::Internal => Kind::Internal,
        Code::Ok | Code::Unknown => return None,
    })
}
