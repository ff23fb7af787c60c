//! Why imports are refused.

use trellis_kernel::{Failure, Reason};

use crate::domain::case::{MAX_BYTES, Refusal};
use crate::domain::transfer::{Issue, Place, Severity, State};

/// Why an import was not carried out, and what is kept of it.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) issues: Vec<Issue>,
    /// Whether it failed, or was cancelled.
    pub(super) state: State,
}

impl Refused {
    pub(super) fn failed(failure: Failure, issues: Vec<Issue>) -> Self {
        Self { failure, issues, state: State::Failed }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::failed(failure, Vec::new())
    }
}

/// A document that cannot be taken.
pub(super) fn refused(refusal: Refusal) -> Refused {
    let Refusal { place, text, issues } = refusal;
    let failure = Failure::invalid(Reason::DocumentMalformed, text)
        .with("pointer", &place.pointer)
        .with("line", place.line)
        .with("column", place.column);
    Refused::failed(failure, issues)
}

/// A document that is larger than one may be.
pub(super) fn too_large() -> Refused {
    let text = "The document is larger than 128 MiB.";
    let failure = Failure::exhausted(Reason::DocumentTooLarge, text).with("limit_bytes", MAX_BYTES);
    Refused::failed(failure, vec![whole("DOCUMENT_TOO_LARGE", text)])
}

/// An import that somebody has ended.
pub(super) fn cancelled() -> Refused {
    let text = "The import was cancelled.";
    Refused {
        failure: Failure::aborted(Reason::StateConflict, text),
        issues: vec![whole("CANCELLED", text)],
        state: State::Cancelled,
    }
}

/// An import whose client went away before its end.
pub(super) fn abandoned() -> Refused {
    let text = "The client went away before the import had ended.";
    Refused::failed(Failure::aborted(Reason::StateConflict, text), vec![whole("CLIENT_GONE", text)])
}

/// An error that is about the whole document.
pub(super) fn whole(code: &str, text: &str) -> Issue {
    Issue {
        severity: Severity::Error,
        code: code.to_owned(),
        place: Place::default(),
        text: text.to_owned(),
        repair: String::new(),
    }
}

/// An id that stands for another request.
pub(super) fn reused() -> Failure {
    Failure::invalid(
        Reason::RequestIdReused,
        "This request_id was used before with another request: use a new one.",
    )
    .violation("request_id", "must be new for every different request")
}
