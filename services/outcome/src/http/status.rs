//! What is refused, as CASE says it (`imsx_StatusInfo`).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use trellis_kernel::{Failure, Kind};
use trellis_rpc::http;

use crate::domain::case::query::Unanswerable;

/// Who says so, where a code is told.
const HERE: &str = "trellis";

/// Why a request is not answered.
pub(super) struct Refusal {
    response: Box<Response>,
    name: &'static str,
    code: &'static str,
    description: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self { response: Box::new(status.into_response()), name: HERE, code, description: description.into() }
    }

    /// There is no such thing, or none that the caller may see.
    pub(super) fn unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknownobject", "Unknown Object")
    }

    /// What stands for an identifier is none.
    pub(super) fn invalid_uuid() -> Self {
        Self::new(StatusCode::NOT_FOUND, "invalid_uuid", "Invalid UUID")
    }

    /// The query of a list cannot be answered. The text of the binding has a code for filters that its
    /// schema does not have: it stands where the schema lets any name stand.
    pub(super) fn unanswerable(why: Unanswerable) -> Self {
        let selection =
            |description: String| Self::new(StatusCode::BAD_REQUEST, "invalid_selection_field", description);
        let filter =
            |description: &str| Self { name: "invalid_filter_field", ..selection(description.to_owned()) };
        match why {
            Unanswerable::Parameter(parameter) => {
                selection(format!("The parameter {parameter} says nothing that it may say."))
            }
            Unanswerable::Filter => filter(
                "The filter must be <field><predicate>'<value>', once or twice with AND or OR between.",
            ),
            Unanswerable::FilterField => filter("The filter names a field that a CFDocument does not have."),
        }
    }

    /// With more headers.
    pub(super) fn with(mut self, headers: HeaderMap) -> Self {
        self.response.headers_mut().extend(headers);
        self
    }

    /// The answer.
    pub(super) fn into_response(self) -> Response {
        let Self { response, name, code, description } = self;
        let told = json!({
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": description,
            "imsx_codeMinor": {"imsx_codeMinorField": [
                {"imsx_codeMinorFieldName": name, "imsx_codeMinorFieldValue": code},
            ]},
        });
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if parts.status == StatusCode::UNAUTHORIZED {
            parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Response::from_parts(parts, told.to_string().into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let code = match failure.kind() {
            Kind::Unauthenticated => "unauthorised_request",
            Kind::PermissionDenied => "forbidden",
            Kind::NotFound => "unknownobject",
            Kind::ResourceExhausted | Kind::Unavailable | Kind::DeadlineExceeded => "server_busy",
            _ => "internal_server_error",
        };
        let description = failure.message().to_owned();
        Self { response: Box::new(http::refuse(failure)), name: HERE, code, description }
    }
}
