//! More calls than the server bears: whom it serves, and what it tells the others.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use trellis_contracts::common::{WhoAmIRequest, WhoAmIResponse};
use trellis_contracts::internal::StreamEventsRequest;
use trellis_rpc::{Limits, Rate, Server, Target};
use trellis_testkit::run;

use crate::house::{Does, EventServiceClient, House, Running, Turnstile, identity, reason, signed, soon};

async fn ask(channel: Channel, token: String) -> Result<(), Status> {
    identity(channel).who_am_i(signed(WhoAmIRequest {}, &token)).await.map(drop)
}

/// What a refused caller is told to wait.
fn wait(status: &Status) -> Option<Duration> {
    status.get_error_details().retry_info().and_then(|info| info.retry_delay)
}

/// Waits until the condition holds.
async fn until(holds: impl Fn() -> bool) {
    soon(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn limits() -> Limits {
    Limits { max_calls: 2, max_waiting: 1, max_wait: Duration::from_mins(5), ..Limits::default() }
}

#[test]
fn a_call_too_many_is_refused_with_a_time_to_come_back_and_health_goes_on() {
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits()).await;
        let channel = server.channel().await;
        let mut calls = JoinSet::new();
        for id in 1..=4 {
            calls.spawn(ask(channel.clone(), house.person(id)));
        }
        // Two in work, one waits: the fourth is too many, and the first to be answered.
        let refused =
            soon(calls.join_next()).await.expect("a call").expect("no panic").expect_err("too many");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason(&refused).as_deref(), Some("OVERLOADED"));
        assert!(wait(&refused).is_some_and(|wait| !wait.is_zero()), "no time to come back");
        let ready = reqwest::get(format!("{}/readyz", server.url())).await.expect("an answer");
        assert!(ready.status().is_success());
        turnstile.through.add_permits(3);
        while let Some(call) = soon(calls.join_next()).await {
            call.expect("no panic").expect("one of the three");
        }
        assert_eq!(turnstile.most.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_known_caller_too_many_is_refused_before_the_call_is_read() {
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let server = Server::new(limits()).recognise(house.authority.clone());
        let server = Running::serve(server.routes(house.routes(Does::Gate(turnstile.clone())))).await;
        let channel = server.channel().await;
        let (known, stranger) = (house.person(9), house.person(10));
        turnstile.through.add_permits(1);
        ask(channel.clone(), known.clone()).await.expect("the first is answered");
        let mut calls = JoinSet::new();
        for id in 1..=4 {
            calls.spawn(ask(channel.clone(), house.person(id)));
        }
        soon(calls.join_next()).await.expect("a call").expect("no panic").expect_err("too many");
        // What is read of it is refused for its size, by whoever reads it.
        assert_eq!(reason(&too_large(&channel, &known).await).as_deref(), Some("OVERLOADED"));
        assert_eq!(reason(&too_large(&channel, &stranger).await).as_deref(), Some("LIMIT_EXCEEDED"));
        turnstile.through.add_permits(3);
        while let Some(call) = soon(calls.join_next()).await {
            call.expect("no panic").expect("one of the three");
        }
        assert_eq!(reason(&too_large(&channel, &known).await).as_deref(), Some("LIMIT_EXCEEDED"));
    });
}

/// What a message that is larger than the limit is answered with.
async fn too_large(channel: &Channel, token: &str) -> Status {
    let message = StreamEventsRequest { producer: "x".repeat(5 << 20), ..StreamEventsRequest::default() };
    let path = http::uri::PathAndQuery::from_static("/trellis.common.v1.IdentityService/WhoAmI");
    let codec = tonic_prost::ProstCodec::<StreamEventsRequest, WhoAmIResponse>::default();
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("a connection");
    client.unary(signed(message, token), path, codec).await.expect_err("it is too large")
}

#[test]
fn a_call_whose_turn_does_not_come_in_time_is_refused() {
    run(async {
        let house = House::new();
        let limits = Limits { max_calls: 1, max_wait: Duration::from_millis(20), ..Limits::default() };
        let server = Running::start(house.routes(Does::Hang), limits).await;
        let channel = server.channel().await;
        let mut calls = JoinSet::new();
        for id in 1..=2 {
            calls.spawn(ask(channel.clone(), house.person(id)));
        }
        let refused =
            soon(calls.join_next()).await.expect("a call").expect("no panic").expect_err("too late");
        assert_eq!(reason(&refused).as_deref(), Some("OVERLOADED"));
    });
}

#[test]
fn a_caller_who_goes_away_leaves_the_place_to_the_next() {
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let limits = Limits { max_calls: 1, ..limits() };
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits).await;
        let channel = server.channel().await;
        let gone = tokio::spawn(ask(channel.clone(), house.person(1)));
        until(|| turnstile.inside.load(Ordering::SeqCst) == 1).await;
        let next = tokio::spawn(ask(channel, house.person(2)));
        gone.abort();
        turnstile.through.add_permits(2);
        soon(next).await.expect("no panic").expect("answered");
    });
}

#[test]
fn a_quiet_district_is_served_while_a_loud_one_takes_all_it_can() {
    run(async {
        let house = House::new();
        let limits = Limits { max_calls: 8, max_waiting: 16, ..limits() };
        let server = Running::start(house.routes(Does::HangFor("loud")), limits).await;
        let loud = server.channel().await;
        let mut calls = JoinSet::new();
        for id in 1..=100 {
            calls.spawn(ask(loud.clone(), house.person_of("loud", id)));
        }
        // 7 hang and 16 wait; the others are refused: the house is full.
        for _ in 0..77 {
            let refused = soon(calls.join_next()).await.expect("a call").expect("no panic");
            assert_eq!(reason(&refused.expect_err("too many")).as_deref(), Some("OVERLOADED"));
        }
        let quiet = server.channel().await;
        for id in 1..=20 {
            soon(ask(quiet.clone(), house.person_of("quiet", id))).await.expect("answered at once");
        }
    });
}

#[test]
fn under_twice_the_load_all_that_is_worked_on_is_answered() {
    const WORK: usize = 300;
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let limits = Limits { max_calls: 4, max_waiting: 4, caller_rate: None, ..limits() };
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits).await;
        let channel = server.channel().await;
        let (answered, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for id in 0..16 {
            let (channel, token) = (channel.clone(), house.person_of("loud", id));
            let (answered, refused) = (answered.clone(), refused.clone());
            callers.spawn(async move {
                loop {
                    match ask(channel.clone(), token.clone()).await {
                        Ok(()) => answered.fetch_add(1, Ordering::SeqCst),
                        Err(status) => {
                            assert_eq!(reason(&status).as_deref(), Some("OVERLOADED"));
                            refused.fetch_add(1, Ordering::SeqCst)
                        }
                    };
                }
            });
        }
        for done in 0..WORK {
            // One unit of work: whoever is inside is answered, and another gets the place.
            turnstile.through.add_permits(1);
            until(|| answered.load(Ordering::SeqCst) == done + 1).await;
        }
        until(|| refused.load(Ordering::SeqCst) > 0).await;
        assert_eq!(answered.load(Ordering::SeqCst), WORK);
        assert!(turnstile.most.load(Ordering::SeqCst) <= 4);
    });
}

fn rate(burst: u32) -> Rate {
    Rate { burst: NonZeroU32::new(burst).expect("not zero"), each: Duration::from_hours(1) }
}

#[test]
fn a_caller_who_calls_too_often_is_told_when_to_come_back_and_others_are_served() {
    run(async {
        let house = House::new();
        let limits = Limits { caller_rate: Some(rate(2)), ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let channel = server.channel().await;
        for _ in 0..2 {
            ask(channel.clone(), house.person(7)).await.expect("within the rate");
        }
        let refused = ask(channel.clone(), house.person(7)).await.expect_err("the third");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason(&refused).as_deref(), Some("RATE_LIMITED"));
        let wait = wait(&refused).expect("a time to come back");
        assert!(wait > Duration::from_mins(50) && wait <= Duration::from_hours(1), "{wait:?}");
        ask(channel.clone(), house.person(8)).await.expect("another");
        ask(channel, house.person_of("elsewhere", 7)).await.expect("the same number in another district");
        let peer = house.peer("outcome", &Target::remote("identity", &server.url()).expect("a URL"));
        for _ in 0..4 {
            identity(peer.itself()).who_am_i(WhoAmIRequest {}).await.expect("a service of the suite");
        }
    });
}

#[test]
fn calls_that_prove_nobody_are_limited_by_address_and_known_callers_go_on() {
    run(async {
        let house = House::new();
        let limits = Limits { failure_rate: Some(rate(2)), ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let channel = server.channel().await;
        let known = house.person(7);
        ask(channel.clone(), known.clone()).await.expect("a good token");
        for _ in 0..2 {
            let refused = ask(channel.clone(), "nonsense".to_owned()).await.expect_err("no token");
            assert_eq!(refused.code(), Code::Unauthenticated);
        }
        let refused = ask(channel.clone(), "nonsense".to_owned()).await.expect_err("no token");
        assert_eq!(reason(&refused).as_deref(), Some("RATE_LIMITED"));
        assert!(wait(&refused).is_some());
        ask(channel.clone(), known).await.expect("a token that is known");
        let refused = ask(channel, house.person(8)).await.expect_err("a token that must be verified first");
        assert_eq!(reason(&refused).as_deref(), Some("RATE_LIMITED"));
    });
}

#[test]
fn streams_are_counted_apart_from_calls() {
    run(async {
        let house = House::new();
        let limits = Limits { max_streams: 2, max_calls: 1, ..Limits::default() };
        let server = Running::start(house.routes(Does::Answer), limits).await;
        let target = Target::remote("events", &server.url()).expect("a URL");
        let peer = house.peer("outcome", &target);
        let open = async || {
            let request =
                StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() };
            let mut stream =
                EventServiceClient::new(peer.itself()).stream_events(request).await?.into_inner();
            stream.message().await?;
            Ok::<_, Status>(stream)
        };
        let first = open().await.expect("a stream");
        let _second = open().await.expect("a stream");
        let refused = open().await.expect_err("the third");
        assert_eq!(reason(&refused).as_deref(), Some("OVERLOADED"));
        ask(server.channel().await, house.person(7)).await.expect("a call beside the streams");
        drop(first);
        soon(async { while open().await.is_err() {} }).await;
    });
}
