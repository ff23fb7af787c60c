//! What a server does not bear.

use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use trellis_contracts::common::WhoAmIRequest;
use trellis_contracts::internal::StreamEventsRequest;
use trellis_rpc::{Limits, Target};
use trellis_testkit::run;

use crate::house::{Does, EventServiceClient, House, Running, identity, reason, signed, soon};
use crate::raw::{Raw, WINDOW_UPDATE};

#[test]
fn a_message_that_is_too_large_is_refused_with_a_reason() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let target = Target::remote("events", &server.url()).expect("a URL");
        let mut client = EventServiceClient::new(house.peer("outcome", &target).itself());
        let request = StreamEventsRequest { producer: "x".repeat(5 << 20), ..StreamEventsRequest::default() };
        let refused = client.stream_events(request).await.expect_err("5 MiB");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason(&refused).as_deref(), Some("LIMIT_EXCEEDED"));
    });
}

#[test]
fn a_body_that_is_no_message_is_the_callers_mistake() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        // Compressed in a way that the service does not take.
        let refused =
            post(&server, &[("grpc-encoding", "zstd")], vec![1, 0, 0, 0, 0], &house.person(7)).await;
        assert_eq!(refused.0, Some(Code::Unimplemented));
        let answer = reqwest::Client::builder()
            .http1_only()
            .build()
            .expect("a client")
            .post(format!("{}/trellis.common.v1.IdentityService/WhoAmI", server.url()))
            .header("content-type", "application/grpc-web+proto")
            // A frame whose message is cut off inside a field.
            .body(vec![0, 0, 0, 0, 1, 0x0a])
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.headers()["grpc-status"], "3");
    });
}

/// Makes a call by hand, over gRPC-Web; answers its code, where it stands in the headers, and its body.
async fn post(
    server: &Running,
    extra: &[(&str, &str)],
    body: Vec<u8>,
    token: &str,
) -> (Option<Code>, HeaderMap, Vec<u8>) {
    let client = reqwest::Client::builder().http1_only().build().expect("a client");
    let mut request = client
        .post(format!("{}/trellis.common.v1.IdentityService/WhoAmI", server.url()))
        .header("content-type", "application/grpc-web+proto")
        .bearer_auth(token)
        .body(body);
    for (name, value) in extra {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("an answer");
    let headers = answer.headers().clone();
    let code = headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    (code, headers, answer.bytes().await.expect("a body").to_vec())
}

#[test]
fn gzip_is_spoken_to_those_who_ask_for_it_where_it_is_worth_it() {
    run(async {
        let house = House::new();
        let long = Running::start(house.routes(Does::Fill(100_000)), Limits::default()).await;
        let short = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let mut client = identity(long.channel().await)
            .send_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Gzip);
        let answer = client.who_am_i(signed(WhoAmIRequest {}, &house.person(7))).await.expect("an answer");
        assert_eq!(answer.metadata().get("grpc-encoding").expect("named"), "gzip");
        assert_eq!(answer.into_inner().subject.len(), 100_000);
        let accepts = [("grpc-accept-encoding", "identity,gzip")];
        let (_, _, body) = post(&long, &accepts, vec![0; 5], &house.person(7)).await;
        assert!(body[0] == 1 && body.len() < 10_000, "{} bytes", body.len());
        let (_, _, body) = post(&short, &accepts, vec![0; 5], &house.person(7)).await;
        assert_eq!(body[0], 0, "a few bytes were compressed");
        let (_, headers, body) = post(&long, &[], vec![0; 5], &house.person(7)).await;
        assert!(body[0] == 0 && body.len() > 100_000 && !headers.contains_key("grpc-encoding"));
    });
}

#[test]
fn a_message_that_is_large_once_unpacked_is_refused() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Answer), Limits::default()).await;
        let target = Target::remote("events", &server.url()).expect("a URL");
        let channel = house.peer("outcome", &target).itself();
        let mut client = EventServiceClient::new(channel).send_compressed(CompressionEncoding::Gzip);
        let request =
            StreamEventsRequest { producer: "x".repeat(64 << 20), ..StreamEventsRequest::default() };
        let refused = client.stream_events(request).await.expect_err("64 MiB in few bytes");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason(&refused).as_deref(), Some("LIMIT_EXCEEDED"));
    });
}

#[test]
fn an_answer_that_is_too_large_is_refused_with_a_reason() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Fill(5 << 20)), Limits::default()).await;
        let mut client = identity(server.channel().await).max_decoding_message_size(16 << 20);
        let refused = client.who_am_i(signed(WhoAmIRequest {}, &house.person(7))).await.expect_err("5 MiB");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(reason(&refused).as_deref(), Some("LIMIT_EXCEEDED"));
    });
}

#[test]
fn a_call_may_not_take_longer_than_the_limit_whatever_its_caller_allows() {
    run(async {
        let house = House::new();
        let limits = Limits { unary_timeout: Duration::from_millis(50), ..Limits::default() };
        let server = Running::start(house.routes(Does::Hang), limits).await;
        let mut client = identity(server.channel().await);
        let refused = soon(client.who_am_i(signed(WhoAmIRequest {}, &house.person(7)))).await;
        let refused = refused.expect_err("it hangs");
        assert_eq!(refused.code(), Code::DeadlineExceeded);
        assert_eq!(reason(&refused).as_deref(), Some("DEADLINE_EXCEEDED"));
    });
}

#[test]
fn a_panic_is_an_internal_failure_and_the_connection_lives_on() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Panic), Limits::default()).await;
        let channel = server.channel().await;
        for _ in 0..2 {
            let request = signed(WhoAmIRequest {}, &house.person(7));
            let failed = identity(channel.clone()).who_am_i(request).await.expect_err("it panics");
            assert_eq!(failed.code(), Code::Internal);
            assert_eq!(reason(&failed).as_deref(), Some("INTERNAL"));
        }
    });
}

#[test]
fn a_panic_in_a_stream_ends_it_with_a_status() {
    run(async {
        let house = House::new();
        let server = Running::start(house.routes(Does::Panic), Limits::default()).await;
        let target = Target::remote("events", &server.url()).expect("a URL");
        let mut client = EventServiceClient::new(house.peer("outcome", &target).itself());
        let request =
            StreamEventsRequest { producer: "outcome".to_owned(), ..StreamEventsRequest::default() };
        let mut stream = client.stream_events(request).await.expect("a stream").into_inner();
        // What came before the panic may or may not have been sent.
        let failed = loop {
            match soon(stream.message()).await {
                Ok(message) => drop(message.expect("not an end as if all were well")),
                Err(failed) => break failed,
            }
        };
        assert_eq!(failed.code(), Code::Internal);
        assert_eq!(reason(&failed).as_deref(), Some("INTERNAL"));
    });
}

#[test]
fn headers_that_are_too_large_are_refused() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let answer = reqwest::Client::builder()
            .http1_only()
            .build()
            .expect("a client")
            .get(format!("{}/livez", server.url()))
            .header("x-large", "x".repeat(64 * 1024))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), reqwest::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    });
}

#[test]
fn a_connection_more_than_the_server_bears_waits_for_a_place() {
    run(async {
        let limits = Limits { max_connections: 1, ..Limits::default() };
        let server = Running::start(House::new().routes(Does::Answer), limits).await;
        let first = TcpStream::connect(server.address).await.expect("a connection");
        let mut second = TcpStream::connect(server.address).await.expect("in the backlog");
        second.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut heard = String::new();
        let waited =
            tokio::time::timeout(Duration::from_millis(200), second.read_to_string(&mut heard)).await;
        assert!(waited.is_err(), "served beside the first: {heard}");
        drop(first);
        soon(second.read_to_string(&mut heard)).await.expect("served");
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    });
}

#[test]
fn a_stream_that_is_not_read_leaves_room_for_the_others_on_its_connection() {
    run(async {
        let server = Running::start(House::new().routes(Does::Answer), Limits::default()).await;
        let mut raw = Raw::connect(server.address, &[]).await;
        raw.settle().await;
        while soon(raw.next()).await.expect("a greeting").kind != WINDOW_UPDATE {}
        let (stream, connection) = (raw.window(1), raw.connection_window());
        assert!(connection >= 4 * stream, "{stream} bytes of a stream, {connection} of the connection");
    });
}
