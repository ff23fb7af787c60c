//! Services call each other alike, wherever they are.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::ServiceExt as _;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_kernel::{Actor, District, Party, Scopes, SystemClock, Uuid};
use trellis_rpc::{Limits, Target};
use trellis_testkit::run;

use crate::house::{Does, EventServiceClient, House, Running, identity, reason, signed, soon};

/// The same routes, in this process and behind a socket.
async fn both(house: &House, does: &Does) -> (Running, [Target; 2]) {
    let here = Target::in_process("identity");
    here.serve(house.routes(does.clone()));
    let server = Running::start(house.routes(does.clone()), Limits::default()).await;
    let there = Target::remote("identity", &server.url()).expect("a URL");
    (server, [here, there])
}

fn learner() -> Actor {
    Actor {
        subject: "people/7".to_owned(),
        party: Party::Person(Uuid::from_u128(7)),
        district: Some(District::parse("grand-bend").expect("a district")),
        scopes: Scopes::default(),
        expire_time: trellis_kernel::Clock::now(&SystemClock) + Duration::from_hours(1),
        token_id: None,
    }
}

#[test]
fn a_service_calls_as_itself_and_on_behalf_of_an_actor() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Answer).await;
        for target in targets {
            let peer = house.peer("outcome", &target);
            let own = identity(peer.itself()).who_am_i(WhoAmIRequest {}).await.expect("an answer");
            assert_eq!(own.into_inner().subject, "services/outcome");
            let on_behalf = identity(peer.on_behalf_of(&learner())).who_am_i(WhoAmIRequest {}).await;
            let subject = on_behalf.expect("an answer").into_inner().subject;
            assert_eq!(subject, "people/00000000-0000-0000-0000-000000000007");
        }
    });
}

#[test]
fn a_stream_crosses_as_it_comes() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Answer).await;
        for target in targets {
            let mut client = EventServiceClient::new(house.peer("outcome", &target).itself());
            let request =
                StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() };
            let mut stream = client.stream_events(request).await.expect("a stream").into_inner();
            soon(stream.message()).await.expect("the first").expect("a message");
        }
    });
}

#[test]
fn a_refusal_arrives_with_its_reason() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Answer).await;
        for target in targets {
            let mut client = EventServiceClient::new(house.peer("outcome", &target).itself());
            let request =
                StreamEventsRequest { producer: "nobody".to_owned(), ..StreamEventsRequest::default() };
            let refused = client.stream_events(request).await.expect_err("no such producer");
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert_eq!(reason(&refused).as_deref(), Some("FIELD_VIOLATION"));
        }
    });
}

#[test]
fn a_panic_at_the_other_side_is_a_failure_on_this_one() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Panic).await;
        for target in targets {
            let mut client = identity(house.peer("outcome", &target).itself());
            let failed = client.who_am_i(WhoAmIRequest {}).await.expect_err("it panics");
            assert_eq!(failed.code(), Code::Internal);
        }
    });
}

#[test]
fn a_deadline_ends_a_call_that_hangs() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Hang).await;
        for target in targets {
            let mut request = tonic::Request::new(WhoAmIRequest {});
            request.set_timeout(Duration::from_millis(50));
            let mut client = identity(house.peer("outcome", &target).itself());
            let failed = soon(client.who_am_i(request)).await.expect_err("it hangs");
            assert_eq!(failed.code(), Code::DeadlineExceeded);
            assert_eq!(reason(&failed).as_deref(), Some("DEADLINE_EXCEEDED"));
        }
    });
}

/// Routes that write down what reaches them, and answer nothing.
fn noting<T: Send + 'static>(
    note: impl Fn(&Request) -> T + Clone + Send + Sync + 'static,
) -> (Routes, Arc<Mutex<Vec<T>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let kept = notes.clone();
    let router = Router::new().fallback(move |request: Request| {
        kept.lock().expect("no panic").push(note(&request));
        async { Status::unimplemented("only noting").into_http::<axum::body::Body>().into_response() }
    });
    (Routes::from(router), notes)
}

#[test]
fn no_extension_crosses_to_the_callee() {
    run(async {
        let house = House::new();
        let (routes, arrived) = noting(|request| request.extensions().get::<Actor>().cloned());
        let target = Target::in_process("noting");
        target.serve(routes);
        let mut request = http::Request::post("/trellis.common.v1.IdentityService/WhoAmI")
            .body(tonic::body::Body::empty())
            .expect("a request");
        request.extensions_mut().insert(learner());
        house.peer("outcome", &target).itself().oneshot(request).await.expect("an answer");
        assert_eq!(*arrived.lock().expect("no panic"), [None]);
    });
}

#[test]
fn a_forged_token_does_not_pass_for_the_services_own() {
    run(async {
        let house = House::new();
        let (_server, targets) = both(&house, &Does::Answer).await;
        for target in targets {
            let request = signed(WhoAmIRequest {}, "forged");
            let answer = identity(house.peer("outcome", &target).itself()).who_am_i(request).await;
            assert_eq!(answer.expect("its own token").into_inner().subject, "services/outcome");
        }
    });
}

#[test]
fn the_callee_is_told_the_time_that_is_left_and_the_trace() {
    run(async {
        let options =
            trellis_telemetry::Options { log: "off".parse().expect("a level"), ..Default::default() };
        let _telemetry = trellis_telemetry::init(&options).expect("the only test that begins it");
        let house = House::new();
        let header = |request: &Request, name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let (routes, arrived) =
            noting(move |request| (header(request, "grpc-timeout"), header(request, "traceparent")));
        let target = Target::in_process("noting");
        target.serve(routes);
        let asks = Does::Ask(house.peer("outcome", &target));
        let server = Running::start(house.routes(asks), Limits::default()).await;
        let mut request = signed(WhoAmIRequest {}, &house.person(7));
        request.set_timeout(Duration::from_secs(3));
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let parent = format!("00-{trace}-b7ad6b7169203331-01").parse().expect("a header");
        request.metadata_mut().insert("traceparent", parent);
        identity(server.channel().await).who_am_i(request).await.expect_err("only noted");

        let (timeout, parent) = arrived.lock().expect("no panic").remove(0);
        let left = timeout.as_deref().and_then(|t| t.strip_suffix('m')).expect("milliseconds");
        assert!((1..=3000).contains(&left.parse().expect("a number")), "{left}");
        let parent = parent.expect("a trace");
        assert_eq!(parent.split('-').nth(1), Some(trace));
        assert_ne!(parent.split('-').nth(2), Some("b7ad6b7169203331"), "the caller's span, not its caller's");
    });
}

#[test]
fn a_service_that_is_not_there_is_unavailable_and_says_when_to_try_again() {
    run(async {
        let house = House::new();
        let targets = [
            Target::missing("identity"),
            Target::in_process("identity"),
            Target::remote("identity", "http://127.0.0.1:1").expect("a URL"),
        ];
        for target in targets {
            let mut client = identity(house.peer("outcome", &target).itself());
            let refused = soon(client.who_am_i(WhoAmIRequest {})).await.expect_err("nobody is there");
            assert_eq!(refused.code(), Code::Unavailable);
            assert_eq!(reason(&refused).as_deref(), Some("PEER_UNAVAILABLE"));
            let failure = trellis_contracts::status::received(&refused);
            assert_eq!(failure.retry(), Some(Duration::from_secs(1)));
        }
    });
}

#[test]
fn a_service_that_came_back_is_reached_again() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let address = server.address;
        let target = Target::remote("identity", &server.url()).expect("a URL");
        let mut client = identity(house.peer("outcome", &target).itself());
        client.who_am_i(WhoAmIRequest {}).await.expect("an answer");
        soon(server.end()).await.expect("no panic").expect("a clean end");
        let listener = tokio::net::TcpListener::bind(address).await.expect("the same port");
        let again = trellis_rpc::Server::new(Limits::default()).routes(house.routes(Does::Answer));
        let _served = tokio::spawn(again.serve(listener, std::future::pending()));
        client.who_am_i(WhoAmIRequest {}).await.expect("an answer again");
    });
}
