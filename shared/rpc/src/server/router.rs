//! Everything that one listener answers.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowHeaders, Any as AnyOrigin, CorsLayer};
use tower_http::timeout::TimeoutLayer;
use trellis_contracts::{DESCRIPTOR_POOL, DESCRIPTOR_SET};
use trellis_kernel::{Failure, Result};

use super::entry::Entry;
use super::health::{Health, MAX_QUESTION};
use super::{Limits, unservable};
use crate::admission::Admission;
use crate::calls::{Calls, CallsLayer};
use crate::http::limited;

const REFLECTION: [&str; 2] =
    ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
const HEALTH: &str = "grpc.health.v1.Health";

/// What a browser may read of an answer.
const EXPOSED: [HeaderName; 6] = [
    HeaderName::from_static("etag"),
    HeaderName::from_static("link"),
    HeaderName::from_static("x-total-count"),
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
];

/// What was mounted.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) grpc: Vec<Routes>,
    pub(super) http: Vec<Router>,
}

/// What answers, and the names of the gRPC services in it.
pub(super) struct Assembled {
    pub(super) entry: Entry,
    pub(super) services: Vec<String>,
}

impl Parts {
    pub(super) async fn assemble(
        self,
        health: &Health,
        limits: &Limits,
        admission: Arc<Admission>,
    ) -> Result<Assembled> {
        let mounted = merge(self.grpc.into_iter().map(Routes::into_axum_router));
        let mut services = served_by(&mounted).await;
        let shown = services.iter().map(String::as_str).chain(REFLECTION).chain([HEALTH]);
        let grpc = mounted.merge(own(health.grpc())).merge(reflection(shown)?);
        services.extend(REFLECTION.map(str::to_owned));
        let calls = CallsLayer { unary: limits.unary_timeout, admission: Some(admission.clone()) };
        let web = grpc.clone().layer(ServiceBuilder::new().layer(GrpcWebLayer::new()).layer(calls));
        let http = limited(merge(self.http), admission.clone())
            .merge(health.http())
            .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limits.unary_timeout))
            .layer(CatchPanicLayer::custom(panicked));
        let grpc =
            Calls::new(grpc.fallback(nothing_here).with_state(()), limits.unary_timeout, Some(admission));
        let others = web.merge(http).fallback(nothing_here).layer(cors()).with_state(());
        Ok(Assembled { entry: Entry::new(grpc, others), services })
    }
}

fn own(routes: Routes) -> Router {
    routes.into_axum_router().reset_fallback()
}

/// One router of several. None of them keeps what it answers to paths that are nobody's.
fn merge(routers: impl IntoIterator<Item = Router>) -> Router {
    routers.into_iter().fold(Router::new(), |all, router| all.merge(router.reset_fallback()))
}

/// The services of the contract that the router has: it answers even a method that they do not have,
/// where anyone else's path is not found.
async fn served_by(router: &Router) -> Vec<String> {
    let mut served = Vec::new();
    for service in DESCRIPTOR_POOL.services() {
        let path = format!("/{}/-", service.full_name());
        let Ok(request) = Request::post(path).body(Body::empty()) else { continue };
        let answer = router.clone().oneshot(request).await;
        if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            served.push(service.full_name().to_owned());
        }
    }
    served
}

/// Both versions of reflection: grpcurl before 1.8.8 knows only the older.
fn reflection<'a>(services: impl Iterator<Item = &'a str>) -> Result<Router> {
    let mut v1 = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
    let mut v1alpha = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET);
    for service in services {
        v1 = v1.with_service_name(service);
        v1alpha = v1alpha.with_service_name(service);
    }
    let v1 = v1.build_v1().map_err(unservable)?.max_decoding_message_size(MAX_QUESTION);
    let v1alpha = v1alpha.build_v1alpha().map_err(unservable)?.max_decoding_message_size(MAX_QUESTION);
    Ok(own(Routes::new(v1)).merge(own(Routes::new(v1alpha))))
}

/// Any page may call: it has no more than the token that it was given, and no cookie is ever read.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods(AnyOrigin)
        // The star of the Fetch standard does not stand for `authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED)
}

/// An unknown path: in gRPC's words for a gRPC call, in HTTP's for any other.
async fn nothing_here(request: Request<Body>) -> Response<Body> {
    let grpc = |value: &HeaderValue| value.as_bytes().starts_with(b"application/grpc");
    if request.headers().get(CONTENT_TYPE).is_some_and(grpc) {
        return tonic::Status::unimplemented("No such service is served here.").into_http();
    }
    (StatusCode::NOT_FOUND, "Nothing is served under this path.\n").into_response()
}

fn panicked(_panic: Box<dyn Any + Send>) -> Response<Body> {
    let failure = Failure::internal("a handler of plain HTTP panicked; the log says where");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{}\n", failure.message())).into_response()
}
