//! Streams, and calls at once on one connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use tonic::Code;
use tonic::service::Routes;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::guard::{Call, Outbound};
use trellis_contracts::internal::{
    Event, EventServiceApi, StreamEventsRequest, StreamEventsResponse, event_service,
};
use trellis_kernel::Result;
use trellis_rpc::{Limits, Server};
use trellis_testkit::run;

use crate::alone::{MEBIBYTE, alone, ended, memory, until};
use crate::direct::{Direct, STREAM_EVENTS, WHO_AM_I, answered, framed, request};
use crate::house::{Does, House, Running, Turnstile, identity, reason, signed, soon};
use crate::raw::{
    DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, NOTHING, RST_STREAM, Raw, call, frame,
};

const REFUSED_STREAM: u32 = 7;
fn events() -> StreamEventsRequest {
    StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() }
}

/// Has an event of 64 KiB whenever somebody asks for one.
struct Pours;

#[async_trait]
impl EventServiceApi for Pours {
    async fn stream_events(
        &self,
        _call: Call<StreamEventsRequest>,
    ) -> Result<Outbound<StreamEventsResponse>> {
        let event = Event { resource: "x".repeat(64 * 1024), ..Event::default() };
        let told = StreamEventsResponse { event: Some(event), ..StreamEventsResponse::default() };
        Ok(futures::stream::repeat_with(move || Ok(told.clone())).boxed())
    }
}

#[test]
fn a_stream_whose_reader_stops_takes_bounded_memory_and_ends_its_connection() {
    if !alone("streams::a_stream_whose_reader_stops_takes_bounded_memory_and_ends_its_connection") {
        return;
    }
    run(async {
        let house = House::new();
        let limits = Limits { max_stall: Duration::from_millis(300), ..Limits::default() };
        let pours = Routes::new(event_service(Arc::new(Pours), house.guard()));
        let server = Running::serve(Server::new(limits).routes(pours)).await;
        // What the streams are given room for: nothing, a single byte, and what is usual.
        for window in [0, 1, 65_535] {
            let (before, held) = (ended("stalled"), memory());
            let mut raw = Raw::connect(server.address, &[(INITIAL_WINDOW_SIZE, window)]).await;
            let headers = call(STREAM_EVENTS, &house.service("outcome"));
            for stream in (1..400).step_by(2) {
                raw.send(&frame(HEADERS, END_HEADERS, stream, &headers)).await.expect("sent");
                raw.send(&frame(DATA, END_STREAM, stream, &framed(&events()))).await.expect("sent");
            }
            soon(raw.closed()).await;
            until(|| ended("stalled") == before + 1).await;
            let more = memory().saturating_sub(held) / MEBIBYTE;
            assert!(more < 64, "{more} MiB more with a window of {window}");
        }
        let live = reqwest::get(format!("{}/livez", server.url())).await.expect("an answer");
        assert!(live.status().is_success());
    });
}

#[test]
fn a_deadline_ends_a_stream_at_the_server() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let mut client = Direct::connect(server.address).await;
        let mut asked = request(STREAM_EVENTS, &house.service("outcome"));
        asked.headers_mut().insert("grpc-timeout", "50m".parse().expect("a header"));
        let (bytes, status) = answered(client.call(asked, &framed(&events())).await).await;
        assert_eq!(bytes[..], NOTHING, "the heartbeat came first");
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(reason(&status).as_deref(), Some("DEADLINE_EXCEEDED"));
    });
}

#[test]
fn a_browser_reads_a_stream_by_grpc_web_over_http_1_1() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let client = reqwest::Client::builder().http1_only().build().expect("a client");
        let mut answer = client
            .post(format!("{}{STREAM_EVENTS}", server.url()))
            .header("content-type", "application/grpc-web+proto")
            .header("grpc-timeout", "1S")
            .bearer_auth(house.service("outcome"))
            .body(framed(&events()))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.headers()["transfer-encoding"], "chunked");
        let heartbeat = soon(answer.chunk()).await.expect("it goes on").expect("one");
        assert_eq!(heartbeat[..], NOTHING, "what the stream has is not held back");
        let mut rest = Vec::new();
        while let Some(chunk) = soon(answer.chunk()).await.expect("it ends in order") {
            rest.extend(chunk);
        }
        // The frame that stands for trailers (gRPC-Web's protocol, "Response-Trailers").
        assert_eq!(rest[0], 0x80);
        let trailers = String::from_utf8_lossy(&rest[5..]).into_owned();
        assert!(trailers.contains("grpc-status:4"), "{trailers}");
    });
}

#[test]
fn a_call_more_than_a_connection_may_have_at_once_is_refused_untouched() {
    run(async {
        let house = House::new();
        let turnstile = Turnstile::closed();
        let limits = Limits { max_concurrent_streams: 4, ..Limits::default() };
        let server = Running::start(house.routes(Does::Gate(turnstile.clone())), limits).await;
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.settle().await;
        let headers = call(WHO_AM_I, &house.person(7));
        let asked = |stream| {
            [frame(HEADERS, END_HEADERS, stream, &headers), frame(DATA, END_STREAM, stream, &NOTHING)]
                .concat()
        };
        for stream in [1, 3, 5, 7] {
            raw.send(&asked(stream)).await.expect("sent");
        }
        until(|| turnstile.inside.load(Ordering::SeqCst) == 4).await;
        raw.send(&asked(9)).await.expect("sent");
        let refused = heard(&mut raw, RST_STREAM).await;
        assert_eq!(refused.stream, 9);
        assert_eq!(refused.payload, REFUSED_STREAM.to_be_bytes());
        turnstile.through.add_permits(5);
        for _ in 0..4 {
            assert!(heard(&mut raw, DATA).await.stream < 9);
        }
        raw.send(&asked(11)).await.expect("sent");
        assert_eq!(heard(&mut raw, DATA).await.stream, 11);
        assert_eq!(turnstile.most.load(Ordering::SeqCst), 4);
        turnstile.through.add_permits(1);
        let other = signed(WhoAmIRequest {}, &house.person(8));
        soon(identity(server.channel().await).who_am_i(other)).await.expect("an answer");
    });
}

/// The next frame of this kind.
async fn heard(raw: &mut Raw, kind: u8) -> crate::raw::Frame {
    soon(async {
        loop {
            let frame = raw.next().await.expect("the connection lives");
            if frame.kind == kind {
                return frame;
            }
        }
    })
    .await
}
