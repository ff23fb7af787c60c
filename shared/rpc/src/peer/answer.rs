//! What an answer says of whether the call should be made again.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use trellis_contracts::status::DOMAIN;
use trellis_kernel::Reason;

use super::member::Lease;
use super::methods::Method;
use super::missed::Missed;
use super::target::Answer;

/// The most bytes of an answer that is read before it is handed over; the clients' own limits are lower.
const LARGEST: usize = 64 * 1024 * 1024;

/// An answer as far as it was read.
pub(super) struct Read {
    pub(super) response: http::Response<Body>,
    /// The status, where the answer is there in whole; a stream's comes at its end.
    pub(super) status: Option<Status>,
    /// What a stream goes on by.
    pub(super) lease: Option<Lease>,
}

/// What a status asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Nothing: it is the answer.
    Nothing,
    /// To come again: after this time, if it says after which.
    Again(Option<Duration>),
}

impl Read {
    /// Reads the answer to a call with one answer in whole, so that what breaks on the way can be asked
    /// for again; a stream is read no further than its beginning.
    pub(super) async fn of(answer: Answer, method: &Method) -> Result<Self, Missed> {
        let Answer { response, lease } = answer;
        let (head, body) = response.into_parts();
        if let Some(status) = status(&head.headers) {
            return Ok(Self {
                response: http::Response::from_parts(head, body),
                status: Some(status),
                lease: None,
            });
        }
        if is_gateway(head.status) {
            return Err(Missed::broken(format!("HTTP status {}", head.status.as_u16())));
        }
        if head.status != StatusCode::OK {
            // Somebody between the two refuses it, or what is there is no gRPC: as often as it is asked.
            let status = Status::new(refusal(head.status), format!("HTTP status {}", head.status.as_u16()));
            let response = http::Response::from_parts(head, body);
            return Ok(Self { response, status: Some(status), lease: None });
        }
        if !method.is_unary() {
            return Ok(Self { response: http::Response::from_parts(head, body), status: None, lease });
        }
        let whole = Limited::new(body, LARGEST).collect().await.map_err(Missed::broken)?;
        let Some(status) = whole.trailers().and_then(status) else {
            return Err(Missed::broken("the answer ended without a status"));
        };
        let response = http::Response::from_parts(head, Body::new(whole));
        Ok(Self { response, status: Some(status), lease: None })
    }
}

fn status(headers: &HeaderMap) -> Option<Status> {
    headers.contains_key(Status::GRPC_STATUS).then(|| Status::from_header_map(headers)).flatten()
}

/// What something between the two says when it does not reach the other
/// (grpc/doc/http-grpc-status-mapping.md: those that mean `UNAVAILABLE`).
fn is_gateway(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// What an answer means that is neither gRPC's nor a gateway's (grpc/doc/http-grpc-status-mapping.md).
const fn refusal(status: StatusCode) -> Code {
    match status {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        _ => Code::Unknown,
    }
}

/// Whether a status means that the same call may be answered soon.
///
/// Not where the other service has waited for a third: it has repeated that call itself, and a chain of
/// services would multiply what each of them repeats.
pub(super) fn asks(status: &Status) -> Asks {
    if !matches!(status.code(), Code::Unavailable | Code::ResourceExhausted) {
        return Asks::Nothing;
    }
    if !is_ours(status) {
        return if status.code() == Code::Unavailable { Asks::Again(None) } else { Asks::Nothing };
    }
    let details = status.get_error_details();
    let reason = details.error_info().map_or("", |info| info.reason.as_str());
    let after = details.retry_info().and_then(|retry| retry.retry_delay);
    match after {
        Some(after) if reason != Reason::PeerUnavailable.as_str() => Asks::Again(Some(after)),
        _ => Asks::Nothing,
    }
}

/// Whether a status comes from the service itself, and not from something before it.
pub(super) fn is_ours(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.domain == DOMAIN)
}

#[cfg(test)]
mod tests {
    use trellis_contracts::status::refuse;
    use trellis_kernel::Failure;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_says_when_to_come_again_is_asked_again_then() {
        for reason in [Reason::Overloaded, Reason::RateLimited] {
            let refused = refuse(Failure::exhausted(reason, "Come again.").retry_after(SECOND));
            assert_eq!(asks(&refused), Asks::Again(Some(SECOND)), "{reason:?}");
        }
        let ending = refuse(Failure::unavailable(Reason::ShuttingDown, "Come again.", SECOND));
        assert_eq!(asks(&ending), Asks::Again(Some(SECOND)));
        assert_eq!(asks(&Status::unavailable("from a proxy")), Asks::Again(None));
    }

    #[test]
    fn a_refusal_is_the_answer() {
        let large = Failure::exhausted(Reason::LimitExceeded, "Too large.");
        let relayed = Failure::unavailable(Reason::PeerUnavailable, "A third is away.", SECOND);
        for failure in [large, relayed, Failure::access_denied(), Failure::field("name", "must be one")] {
            assert_eq!(asks(&refuse(failure)), Asks::Nothing);
        }
        assert_eq!(asks(&Status::resource_exhausted("larger than the limit")), Asks::Nothing);
        assert_eq!(asks(&Status::ok("")), Asks::Nothing);
    }
}
