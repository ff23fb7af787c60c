//! The outcome and the profile service, as far as this service asks them: one framework at revision 2,
//! and the people of one school.

use std::convert::Infallible;

use axum::Router;
use axum::routing::post_service;
use prost::Message;
use tonic::server::Grpc;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;
use trellis_contracts::outcome::{
    BatchGetOutcomesRequest, BatchGetOutcomesResponse, GetProgressionRequest, Outcome, Progression,
    ProgressionLevel,
};
use trellis_contracts::profile::{
    BatchGetPeopleRequest, BatchGetPeopleResponse, GetOrganizationRequest, Organization, Person,
};
use trellis_contracts::status::refuse;
use trellis_kernel::{Failure, Name};

use crate::house::{FRAMEWORK, PEOPLE, SCHOOL, id};

/// The outcomes of the framework; the last of them is in no revision yet.
pub(crate) const OUTCOMES: [u128; 3] = [0xa1, 0xa2, 0xaf];
/// Describes the first outcome in four levels.
pub(crate) const PROGRESSION: u128 = 0xb1;

/// Serves one method; every message crosses the wire.
fn unary<Req, Resp>(routes: Router, path: &str, answer: fn(&Req) -> Result<Resp, Failure>) -> Router
where
    Req: Message + Default + 'static,
    Resp: Message + Default + 'static,
{
    let service = service_fn(move |request: http::Request<axum::body::Body>| async move {
        let handler = service_fn(move |request: Request<Req>| async move {
            answer(request.get_ref()).map(Response::new).map_err(refuse)
        });
        let mut grpc = Grpc::new(ProstCodec::<Resp, Req>::default());
        Ok::<_, Infallible>(grpc.unary(handler, request).await)
    });
    routes.route_service(path, post_service(service))
}

/// The outcome service.
pub(crate) fn outcome() -> Routes {
    let routes =
        Router::new().fallback(|| async { Status::unimplemented("").into_http::<axum::body::Body>() });
    let routes = unary(routes, "/trellis.outcome.v1.OutcomeService/BatchGetOutcomes", outcomes);
    Routes::from(unary(routes, "/trellis.outcome.v1.ProgressionService/GetProgression", progression))
}

/// The profile service.
pub(crate) fn profile() -> Routes {
    let routes =
        Router::new().fallback(|| async { Status::unimplemented("").into_http::<axum::body::Body>() });
    let routes = unary(routes, "/trellis.profile.v1alpha1.RosterService/BatchGetPeople", people);
    Routes::from(unary(routes, "/trellis.profile.v1alpha1.RosterService/GetOrganization", organization))
}

fn outcomes(request: &BatchGetOutcomesRequest) -> Result<BatchGetOutcomesResponse, Failure> {
    let outcome = |text: &String| {
        let name = Name::of("names", text, &["frameworks", "outcomes"])?;
        let known = framework(&name) && OUTCOMES.iter().any(|outcome| name.id() == Some(id(*outcome)));
        if !known {
            return Err(Failure::not_found("trellis.dev/Outcome", text.clone()));
        }
        let mut pinned = name.clone();
        pinned.segments[0].revision = Some(name.segments[0].revision.unwrap_or(2));
        let unpublished = name.id() == Some(id(OUTCOMES[2]));
        let pinned_name = if unpublished { String::new() } else { pinned.to_string() };
        Ok(Outcome { name: text.clone(), pinned_name, ..Outcome::default() })
    };
    let outcomes = request.names.iter().map(outcome).collect::<Result<_, Failure>>()?;
    Ok(BatchGetOutcomesResponse::of(outcomes))
}

fn progression(request: &GetProgressionRequest) -> Result<Progression, Failure> {
    let name = Name::of("name", &request.name, &["frameworks", "progressions"])?;
    if !framework(&name) || name.id() != Some(id(PROGRESSION)) {
        return Err(Failure::not_found("trellis.dev/Progression", request.name.clone()));
    }
    let mut outcome = name.clone();
    outcome.segments.truncate(1);
    let outcome = outcome.child("outcomes", id(OUTCOMES[0]));
    Ok(Progression {
        name: request.name.clone(),
        outcomes: vec![outcome.to_string()],
        levels: vec![ProgressionLevel::default(); 4],
        ..Progression::default()
    })
}

/// Whether it is of the framework, at a revision there is.
fn framework(name: &Name) -> bool {
    let segment = &name.segments[0];
    segment.id == id(FRAMEWORK) && segment.revision.is_none_or(|revision| revision <= 2)
}

fn people(request: &BatchGetPeopleRequest) -> Result<BatchGetPeopleResponse, Failure> {
    let person = |text: &String| {
        let name = Name::of("names", text, &["people"])?;
        if PEOPLE.iter().all(|person| name.id() != Some(id(*person))) {
            // As the profile service answers: without saying who of them is not there.
            return Err(Failure::access_denied());
        }
        Ok(Person { name: text.clone(), ..Person::default() })
    };
    Ok(BatchGetPeopleResponse { people: request.names.iter().map(person).collect::<Result<_, Failure>>()? })
}

fn organization(request: &GetOrganizationRequest) -> Result<Organization, Failure> {
    let name = Name::of("name", &request.name, &["organizations"])?;
    if name.id() != Some(id(SCHOOL)) {
        return Err(Failure::not_found("trellis.dev/Organization", request.name.clone()));
    }
    Ok(Organization { name: request.name.clone(), ..Organization::default() })
}
