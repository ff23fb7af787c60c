//! The learner's calendar over plain HTTP, as iCalendar (RFC 5545).

mod icalendar;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use trellis_kernel::Failure;
use trellis_rpc::http;

use crate::app::App;
use crate::domain::feed::hex;

/// The routes of the service.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new().route("/calendars/{file}", get(calendar)).with_state(app)
}

/// What may be kept of a reply, and by whom: by the reader alone, and only to ask again.
const PRIVATE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));

/// Answers with the calendar of a feed. An unknown token, one that was taken back and one that is not
/// well formed are answered alike, and no token is ever written to a log.
async fn calendar(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let engagements = match app.read_feed(file.strip_suffix(".ics").unwrap_or_default()).await {
        Ok(Some(engagements)) => engagements,
        Ok(None) => return absent(),
        Err(failure) => return refused(failure),
    };
    let text = match icalendar::render(&engagements) {
        Ok(text) => text,
        Err(failure) => return refused(failure),
    };
    let etag = format!("\"{}\"", &hex(&Sha256::digest(&text))[..32]);
    if http::is_known(&headers, &etag) {
        return (StatusCode::NOT_MODIFIED, [PRIVATE], [(ETAG, etag)]).into_response();
    }
    let content_type = (CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    ([PRIVATE, content_type], [(ETAG, etag)], text).into_response()
}

fn absent() -> Response {
    (StatusCode::NOT_FOUND, [PRIVATE], "There is no calendar here.\n").into_response()
}

fn refused(failure: Failure) -> Response {
    ([PRIVATE], http::refuse(failure)).into_response()
}
