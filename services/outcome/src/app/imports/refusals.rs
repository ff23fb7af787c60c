//! Why imports are refused.

use trellis_kernel::{Failure, Reason};

use crate::domain::case::{MAX_BYTES, Refusal};
use crate::domain::transfer::{Issue, Place, Severity};

/// Why an import failed, and what is kept of it.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) issues: Vec<Issue>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, issues: Vec::new() }
    }
}

/// A document that cannot be taken.
pub(super) fn refused(refusal: Refusal) -> Refused {
    let Refusal { place, text, issues } = refusal;
    let failure = Failure::invalid(Reason::DocumentMalformed, text)
        .with("pointer", &place.pointer)
        .with("line", place.line)
        .with("column", place.column);
    Refused { failure, issues }
}

/// A document that is larger than one may be.
pub(super) fn too_large() -> Refused {
    let text = "The document is larger than 128 MiB.";
    let issue = Issue {
        severity: Severity::Error,
        code: "DOCUMENT_TOO_LARGE".to_owned(),
        place: Place::default(),
        text: text.to_owned(),
        repair: String::new(),
    };
    let failure = Failure::exhausted(Reason::DocumentTooLarge, text).with("limit_bytes", MAX_BYTES);
    Refused { failure, issues: vec![issue] }
}

/// The code of the issue that says that somebody has ended an import.
pub(super) const CANCELLED: &str = "CANCELLED";

/// An import that somebody has ended.
pub(super) fn cancelled() -> Refused {
    let text = "The import was cancelled.";
    let issue = Issue {
        severity: Severity::Error,
        code: CANCELLED.to_owned(),
        place: Place::default(),
        text: text.to_owned(),
        repair: String::new(),
    };
    Refused { failure: Failure::aborted(Reason::StateConflict, text), issues: vec![issue] }
}

/// An id that stands for another request.
pub(super) fn reused() -> Failure {
    Failure::invalid(
        Reason::RequestIdReused,
        "This request_id was used before with another request: use a new one.",
    )
    .violation("request_id", "must be new for every different request")
}
