//! The CASE provider over plain HTTP (CASE 1.1, REST binding), below `/case/{district}/ims/case/v1p1` and,
//! for old clients, `/case/{district}/ims/case/v1p0`.

mod discovery;
mod page;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use trellis_auth::{Guard, door};
use trellis_contracts::guard::{Gate as _, Names};
use trellis_contracts::outcome::{FRAMEWORK_SERVICE_LIST_FRAMEWORKS, ListFrameworksRequest};
use trellis_kernel::{Actor, District, Failure, Kind, Name, Party, Result, Scopes, Uuid};
use trellis_rpc::http;
use trellis_store::Store;

use crate::app::provider::{self, Answer, Shelf, Sight};
use crate::domain::case::query::Query;
use crate::domain::case::write::{Json, Version};
use status::Refusal;

/// The routes of the service.
pub(crate) fn routes(store: Store, guard: Guard, public_url: String) -> Router {
    Router::new()
        .route("/case/{district}/ims/case/{version}/{collection}", get(list))
        .route("/case/{district}/ims/case/{version}/{collection}/{id}", get(resource))
        .with_state(Arc::new(Case { store, guard, public_url }))
}

struct Case {
    store: Store,
    guard: Guard,
    public_url: String,
}

/// What of a path says whose frameworks are asked for.
struct Place {
    district: District,
    version: Version,
}

impl Place {
    fn read(district: &str, version: &str) -> Result<Self, Refusal> {
        let version = [Version::V1p1, Version::V1p0].into_iter().find(|own| own.path() == version);
        match (District::parse(district), version) {
            (Ok(district), Some(version)) => Ok(Self { district, version }),
            _ => Err(Refusal::unknown()),
        }
    }
}

impl Case {
    /// Lets a caller in, as a member or product of the district or as anybody; answers with what they see.
    async fn enter(&self, place: &Place, headers: &HeaderMap) -> Result<Sight> {
        if !headers.contains_key(AUTHORIZATION) {
            let open = provider::public(&self.store, &place.district);
            let entered = door::enter_by(open, |_| self.anybody(&place.district)).await?;
            return entered.ok_or_else(|| Failure::unauthenticated("A bearer token is required."));
        }
        let metadata = http::metadata(headers);
        let parent = Name::district(place.district.clone()).to_string();
        let names = Names { decided: vec![parent.clone()], placed: Vec::new() };
        let message = ListFrameworksRequest { parent, ..ListFrameworksRequest::default() };
        match self.guard.admit(&FRAMEWORK_SERVICE_LIST_FRAMEWORKS, &metadata, names, &message).await {
            Ok(_) => Ok(Sight::District),
            // Who may not read the district's frameworks may read what everybody may.
            Err(denied) if denied.kind() == Kind::PermissionDenied => {
                provider::public(&self.store, &place.district).await?.ok_or(denied)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Who reads without a token: all of them together, in one district, are one caller to the limits of
    /// the server. Nothing else is decided by this.
    fn anybody(&self, district: &District) -> Actor {
        Actor {
            subject: "anybody".to_owned(),
            party: Party::Person(Uuid::nil()),
            district: Some(district.clone()),
            scopes: Scopes::default(),
            expire_time: self.store.clock().now(),
            token_id: None,
        }
    }

    fn shelf(&self, place: &Place, sight: Sight) -> Shelf {
        Shelf::of(&self.store, &place.district, &self.public_url, place.version, sight)
    }
}

/// Lists frameworks (`getAllCFDocuments`), the only list that CASE has.
async fn list(
    State(case): State<Arc<Case>>,
    Path((district, version, collection)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let listed = async {
        let place = Place::read(&district, &version)?;
        let sight = case.enter(&place, &headers).await?;
        if collection != "CFDocuments" {
            return Err(Refusal::unknown());
        }
        let parameters = page::parameters(query.as_deref().unwrap_or_default());
        let asked = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let query = Query::read(asked, place.version).map_err(Refusal::unanswerable)?;
        let shelf = case.shelf(&place, sight);
        let selected = query.select(shelf.documents().await?);
        let total = selected.len();
        let window = query.window(selected);
        let about = page::headers(&format!("{}/CFDocuments", shelf.base()), &parameters, &query, total);
        if window.is_empty() {
            // A set of none is nothing that CASE's schema knows.
            return Err(Refusal::unknown().with(about));
        }
        let set = Json::Object(vec![("CFDocuments".to_owned(), Json::Array(window))]);
        let mut response = answer(&headers, &set);
        response.headers_mut().extend(about);
        Ok(response)
    };
    listed.await.unwrap_or_else(Refusal::into_response)
}

/// Answers with one resource.
async fn resource(
    State(case): State<Arc<Case>>,
    Path((district, version, collection, id)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let place = Place::read(&district, &version)?;
        if collection == "discovery" {
            return case.discovery(&place, &id, &headers).await;
        }
        let sight = case.enter(&place, &headers).await?;
        let id = Uuid::try_parse(&id).map_err(|_| Refusal::invalid_uuid())?;
        let shelf = case.shelf(&place, sight);
        let found = match collection.as_str() {
            "CFDocuments" => shelf.document(id).await?,
            "CFItems" => shelf.item(id).await?,
            "CFItemAssociations" => shelf.item_associations(id).await?,
            "CFAssociations" => shelf.association(id).await?,
            "CFRubrics" => shelf.rubric(id).await?,
            "CFLicenses" | "CFAssociationGroupings" => {
                shelf.definition(&collection, id, Answer::Alone).await?
            }
            "CFConcepts" | "CFSubjects" | "CFItemTypes" => {
                shelf.definition(&collection, id, Answer::WithChildren).await?
            }
            "CFPackages" => return case.package(shelf, id, &headers).await,
            _ => None,
        };
        found.map(|json| answer(&headers, &json)).ok_or_else(Refusal::unknown)
    };
    found.await.unwrap_or_else(Refusal::into_response)
}

impl Case {
    /// The description of the service, which says nothing of what a district has: everybody may read it.
    async fn discovery(&self, place: &Place, file: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
        door::enter_by(async { Ok(Some(())) }, |()| self.anybody(&place.district)).await?;
        if file != discovery::file(place.version) {
            return Err(Refusal::unknown());
        }
        let base = self.shelf(place, Sight::District).base();
        Ok(answer(headers, &Json::Plain(discovery::document(&base, place.version))))
    }

    /// A package is as long as its framework: it is written while it is sent. It says all that its
    /// revision says, so the revision's number, with where and how it is written, tells one from another.
    async fn package(&self, frameworks: Shelf, id: Uuid, headers: &HeaderMap) -> Result<Response, Refusal> {
        let framework = frameworks.framework(id).await?.ok_or_else(Refusal::unknown)?;
        let written =
            format!("{}@{} {} {}", id, framework.revision, frameworks.base(), env!("CARGO_PKG_VERSION"));
        let etag = etag(written.as_bytes());
        if http::is_known(headers, &etag) {
            return Ok(unchanged(&etag));
        }
        let pieces = Box::pin(frameworks.package(framework)).inspect(|piece| {
            if let Err(failure) = piece {
                tracing::error!(reason = failure.reason().as_str(), "a package broke off");
            }
        });
        let pieces = pieces.map(|piece| piece.map_err(|failure| failure.message().to_owned()));
        Ok(whole(&etag, Body::from_stream(pieces)))
    }
}

/// Answers with a document, or that it is as the reader knows it.
fn answer(headers: &HeaderMap, json: &Json) -> Response {
    let text = json.to_string();
    let etag = etag(text.as_bytes());
    if http::is_known(headers, &etag) { unchanged(&etag) } else { whole(&etag, Body::from(text)) }
}

/// What may be kept of an answer: by the reader alone, and only to ask again.
const KEPT: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
/// What makes answers differ.
const DIFFERS: (HeaderName, HeaderValue) = (VARY, HeaderValue::from_static("authorization"));

fn whole(etag: &str, body: Body) -> Response {
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([json, KEPT, DIFFERS], [(ETAG, etag)], body).into_response()
}

fn unchanged(etag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [KEPT, DIFFERS], [(ETAG, etag)]).into_response()
}

fn etag(of: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(of).into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    format!("\"{:032x}\"", u128::from_be_bytes(half))
}
