//! Why a call brought no answer, and what that means for a second one.

use std::error::Error;

use h2::Reason;
use http::Request;
use tonic::body::Body;
use tower::BoxError;

use super::figures::Because;

/// A call that brought no answer.
pub(super) struct Missed {
    pub(super) how: How,
    /// What was to be sent, where nothing of it was.
    pub(super) request: Option<Request<Body>>,
    pub(super) cause: BoxError,
    /// Whether the connection is no good for another call.
    pub(super) ends_connection: bool,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// There was no connection to send it by.
    Away,
    /// The connection ended before it was sent: tonic's own client answers such a call `CANCELLED`,
    /// "operation was canceled".
    Unsent,
    /// The other side was leaving as it came (GOAWAY without an error), or refused it unseen
    /// (`REFUSED_STREAM`). Most likely it was not served, and if it was, its answer is lost; tonic's own
    /// client answers such a call `INTERNAL`, "h2 protocol error".
    Leaving,
    /// The connection broke while it was under way: it may have been served.
    Broken,
}

impl From<How> for Because {
    fn from(how: How) -> Self {
        match how {
            How::Away => Self::Away,
            How::Unsent => Self::Unsent,
            How::Leaving => Self::Leaving,
            How::Broken => Self::Broken,
        }
    }
}

impl Missed {
    pub(super) fn away(cause: impl Into<BoxError>, request: Request<Body>) -> Self {
        Self { how: How::Away, request: Some(request), cause: cause.into(), ends_connection: false }
    }

    /// What became of a call that was given to a connection; the request comes back if it was not sent.
    pub(super) fn of(request: Option<Request<Body>>, error: hyper::Error) -> Self {
        let h2 = error.source().and_then(|source| source.downcast_ref::<h2::Error>());
        let leaving = h2.is_some_and(|h2| {
            (h2.is_go_away() && h2.is_remote() && h2.reason() == Some(Reason::NO_ERROR))
                || (h2.is_reset() && h2.reason() == Some(Reason::REFUSED_STREAM))
        });
        let how = match () {
            () if request.is_some() => How::Unsent,
            () if leaving => How::Leaving,
            () => How::Broken,
        };
        let ends_connection = h2.is_none_or(|h2| !h2.is_reset());
        Self { how, request, cause: error.into(), ends_connection }
    }

    /// An answer that began, and then broke off.
    pub(super) fn broken(cause: impl Into<BoxError>) -> Self {
        Self { how: How::Broken, request: None, cause: cause.into(), ends_connection: false }
    }
}
