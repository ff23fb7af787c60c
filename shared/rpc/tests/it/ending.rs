//! How a server ends.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_rpc::{Limits, Target};
use trellis_testkit::run;

use crate::alone::{alone, ended, until};
use crate::direct::{Direct, STREAM_EVENTS, WHO_AM_I, answered, framed, request};
use crate::house::{Does, EventServiceClient, House, Running, Turnstile, identity, reason, signed, soon};
use crate::raw::NOTHING;

fn events() -> StreamEventsRequest {
    StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() }
}

#[test]
fn an_open_stream_and_a_silent_connection_do_not_keep_a_server_from_ending() {
    run(async {
        let house = House::new();
        let limits = Limits { drain: Duration::from_secs(15), ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let target = Target::remote("events", &server.url()).expect("a URL");
        let mut client = EventServiceClient::new(house.peer("outcome", &target).itself());
        let mut stream = client.stream_events(events()).await.expect("a stream").into_inner();
        stream.message().await.expect("the first").expect("a message");
        let _silent = TcpStream::connect(server.address).await.expect("a connection");
        let _idle = server.channel().await;

        let begun = Instant::now();
        let ended = server.end();
        let told = soon(stream.message()).await.expect_err("it should end");
        assert_eq!(told.code(), Code::Unavailable);
        assert_eq!(reason(&told).as_deref(), Some("SHUTTING_DOWN"));
        soon(ended).await.expect("no panic").expect("a clean end");
        assert!(begun.elapsed() < Duration::from_secs(10), "it needed force: {:?}", begun.elapsed());
    });
}

#[test]
fn a_call_under_way_is_answered_before_the_end() {
    run(async {
        let house = House::new();
        let limits = Limits { unary_timeout: Duration::from_millis(500), ..Limits::default() };
        let server = Running::start(house.routes(Does::Hang), limits).await;
        let mut client = identity(server.channel().await);
        let call =
            tokio::spawn(async move { client.who_am_i(signed(WhoAmIRequest {}, &house.person(7))).await });
        wait_until_counted(&server).await;
        let ended = server.end();
        let answer = soon(call).await.expect("no panic").expect_err("it hangs until its deadline");
        assert_eq!(answer.code(), Code::DeadlineExceeded, "cut off: {answer}");
        soon(ended).await.expect("no panic").expect("a clean end");
    });
}

/// Waits until the server says that a call is under way.
async fn wait_until_counted(server: &Running) {
    let series = r#"trellis_rpc_server_active_calls{rpc_method="trellis.common.v1.IdentityService/WhoAmI"} "#;
    soon(async {
        loop {
            let answer = reqwest::get(format!("{}/metrics", server.url())).await.expect("an answer");
            let text = answer.text().await.expect("text");
            let active = text.lines().find_map(|line| line.strip_prefix(series));
            if active.is_some_and(|count| count != "0") {
                return;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn what_does_not_end_is_cut_off_when_the_time_is_over() {
    run(async {
        let house = House::new();
        let limits = Limits { drain: Duration::from_millis(300), ..Limits::default() };
        let server = Running::start(house.routes(Does::Hang), limits).await;
        let mut client = identity(server.channel().await);
        let token = house.person(7);
        let call = tokio::spawn(async move { client.who_am_i(signed(WhoAmIRequest {}, &token)).await });
        wait_until_counted(&server).await;
        soon(server.end()).await.expect("no panic").expect("a clean end");
        soon(call).await.expect("no panic").expect_err("cut off");
    });
}

#[test]
fn health_says_that_the_end_has_begun() {
    run(async {
        let limits = Limits { lame_duck: Duration::from_secs(2), ..Limits::default() };
        let server = Running::start(House::new().routes(Does::Answer), limits).await;
        let channel = server.channel().await;
        let url = server.url();
        let mut client = HealthClient::new(channel);
        let service = "trellis.common.v1.IdentityService".to_owned();
        let mut states = client.watch(HealthCheckRequest { service }).await.expect("a watch").into_inner();
        let serving = states.message().await.expect("a state").expect("one");
        assert_eq!(serving.status, ServingStatus::Serving as i32);
        let ended = server.end();
        let ending = soon(states.message()).await.expect("a state").expect("one");
        assert_eq!(ending.status, ServingStatus::NotServing as i32);
        // Still served, so that whoever has not noticed yet does not fail.
        let ready = reqwest::get(format!("{url}/readyz")).await.expect("an answer");
        assert_eq!(ready.status(), reqwest::StatusCode::SERVICE_UNAVAILABLE);
        soon(ended).await.expect("no panic").expect("a clean end");
    });
}

#[test]
fn no_call_through_a_peer_fails_while_connections_grow_old() {
    run(async {
        let house = House::new();
        let limits = Limits {
            connection_age: Duration::from_millis(100),
            connection_grace: Duration::from_secs(5),
            ..Limits::default()
        };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let target = Target::remote("identity", &server.url()).expect("a URL");
        let peer = house.peer("outcome", &target);
        let callers = (0..8).map(|_| {
            let peer = peer.clone();
            tokio::spawn(async move {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(1500) {
                    identity(peer.itself()).who_am_i(WhoAmIRequest {}).await.expect("an answer");
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            soon(caller).await.expect("every call was answered");
        }
    });
}

#[test]
fn a_connection_that_grows_old_ends_in_order() {
    if !alone("ending::a_connection_that_grows_old_ends_in_order") {
        return;
    }
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let limits = Limits {
            connection_age: Duration::from_secs(1),
            connection_grace: Duration::from_millis(500),
            ..Limits::default()
        };
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits).await;
        let before = ended("old");
        let mut client = Direct::connect(server.address).await;
        let call = client.call(request(WHO_AM_I, &house.person(7)), &NOTHING).await;
        let asked = request(STREAM_EVENTS, &house.service("outcome"));
        let stream = client.call(asked, &framed(&events())).await;
        until(|| turnstile.inside.load(Ordering::SeqCst) == 1).await;

        let told = client.told_to_go().await;
        assert!(told.is_go_away() && told.is_remote(), "{told}");
        assert_eq!(told.reason(), Some(h2::Reason::NO_ERROR));
        assert_eq!(ended("old"), before + 1);
        let (heartbeat, told) = answered(stream).await;
        assert_eq!(heartbeat[..], NOTHING);
        assert_eq!(told.code(), Code::Unavailable);
        assert_eq!(reason(&told).as_deref(), Some("SHUTTING_DOWN"));
        // Later than any stream was told: a call under way is let finish all the same.
        turnstile.through.add_permits(1);
        assert_eq!(answered(call).await.1.code(), Code::Ok);
        soon(client.connection).await.expect("no panic").expect("a clean end");
        assert_eq!(ended("old"), before + 1, "counted twice");
    });
}
