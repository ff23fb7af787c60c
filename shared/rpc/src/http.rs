//! What plain HTTP shares with the calls: the limits of the server, the count of what is not read, and how
//! a failure is told.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tonic::metadata::MetadataMap;
use trellis_auth::door;
use trellis_kernel::{Failure, Kind, Reason};

use crate::admission::{Admission, CallDoor};
use crate::calls::{Origin, PlainBody};

/// Puts the routes behind the limits: each of their requests has a door, which it goes through once it
/// is known whose it is, and leaves when the answer is there.
pub(crate) fn limited(routes: Router, admission: Arc<Admission>) -> Router {
    routes.layer(from_fn_with_state(admission, answer))
}

async fn answer(State(admission): State<Arc<Admission>>, mut request: Request, next: Next) -> Response {
    let origin = request.extensions_mut().remove::<Arc<Origin>>();
    let door = Arc::new(CallDoor::new(admission, origin.clone(), true));
    let response = door::behind(door, next.run(request)).await;
    match origin {
        Some(origin) => response.map(|body| Body::new(PlainBody::new(body, origin))),
        None => response,
    }
}

/// What a failure is answered with over plain HTTP: its status, when to come again, and its message. Its
/// cause stays here, in the log.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
pub fn refuse(failure: Failure) -> Response {
    if let Some(cause) = failure.cause() {
        tracing::error!(reason = failure.reason().as_str(), cause = %cause, "failed");
    }
    let mut response = (status(&failure), format!("{}\n", failure.message())).into_response();
    if let Some(wait) = failure.retry() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The headers of a request, as the guard reads them.
pub fn metadata(headers: &HeaderMap) -> MetadataMap {
    MetadataMap::from_headers(headers.clone())
}

/// Whether the reader has this version already (RFC 9110, section 13.1.2).
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let held = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    held.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|value| value == "*" || value.strip_prefix("W/").unwrap_or(value) == etag)
}

fn status(failure: &Failure) -> StatusCode {
    match failure.kind() {
        // Others ask for too much, and not this caller.
        Kind::ResourceExhausted if failure.reason() == Reason::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        Kind::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Kind::InvalidArgument | Kind::OutOfRange | Kind::FailedPrecondition => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PermissionDenied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Aborted | Kind::AlreadyExists => StatusCode::CONFLICT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::DeadlineExceeded | Kind::Cancelled => StatusCode::GATEWAY_TIMEOUT,
        Kind::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Kind::DataLoss | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_refused_is_told_when_to_come_again_in_whole_seconds() {
        for (wait, told) in [(1, "1"), (1000, "1"), (1001, "2")] {
            let refused = Failure::exhausted(Reason::RateLimited, "Too often.")
                .retry_after(Duration::from_millis(wait));
            let response = refuse(refused);
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(response.headers()[RETRY_AFTER], told);
        }
        let full = refuse(Failure::exhausted(Reason::Overloaded, "Too many."));
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!full.headers().contains_key(RETRY_AFTER));
    }
}
